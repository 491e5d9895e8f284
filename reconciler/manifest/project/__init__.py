"""`project.yaml` and the folders around it."""
