"""Declarations on disk: `project.yaml` and manifests, read into projects and entries.

Every complaint is a finding with file:line:column, what is wrong and the cure.
"""

from reconciler.manifest.findings import Findings
from reconciler.manifest.project.folders import load_project, load_projects
from reconciler.manifest.read import read_manifest

__all__ = ["Findings", "load_project", "load_projects", "read_manifest"]
