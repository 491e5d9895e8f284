"""A review as a comment on a pull request."""
