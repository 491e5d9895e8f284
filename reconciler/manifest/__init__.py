"""Declarations on disk: `project.yaml` and manifests, read into projects and entries.

Every complaint is a finding with file:line:column, what is wrong and the cure. Knows files, YAML, JSON Lines and the
rules of Custom Labels' manifests. Refuses to know the service, what is live, and how findings are shown.
"""

from reconciler.manifest.findings import Findings
from reconciler.manifest.folders import load_project, load_projects
from reconciler.manifest.reading import read_manifest

__all__ = ["Findings", "load_project", "load_projects", "read_manifest"]
