"""What the service makes of the lines of a manifest: entries, dropped lines, marks, statistics."""
