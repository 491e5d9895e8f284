"""AWS JSON 1.1: requests and replies as bytes, checked against the service model."""
