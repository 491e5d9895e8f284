"""HTTP: the server, AWS's front end, the control interface for tests and the status page."""
