"""The questions that public material leaves open, each with its answers."""
