"""Switches: the questions that AWS's public material leaves open, each with its possible answers and a default."""
