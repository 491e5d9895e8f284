"""What the service remembers: projects, datasets, entries, the time."""
