"""The state of the service: projects, datasets, entries, tags and the clock."""
