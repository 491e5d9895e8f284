"""A review as text, for a terminal or a log."""
