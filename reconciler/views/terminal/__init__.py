"""A review as text for a terminal."""
