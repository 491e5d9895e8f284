"""AWS's protocol JSON 1.1: requests and replies on the wire, checked against the service model."""
