"""HTTP: sockets, routes, the control interface and the page."""
