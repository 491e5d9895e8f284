"""One run of a command: what it read, what is live, what it knows so far."""
