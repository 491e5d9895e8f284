"""The HTML report of a review, in one file."""
