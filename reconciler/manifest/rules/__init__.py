"""The table of findings: every rule by which a declaration is judged, in three parts.

`line_rules` holds the rules of files and lines with AWS's codes, `yaml_rules` those of manifests in YAML,
`project_rules` those of project.yaml.
"""
