"""What the service reads in one line of a manifest."""
