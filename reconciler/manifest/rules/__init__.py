"""The table of findings: every rule by which a declaration is checked, in three parts, and how a finding is made.

`lines` has the rules of files and lines with AWS's codes, `yaml` those of manifests in YAML, `project` those of
project.yaml. `findings` collects the findings.
"""
