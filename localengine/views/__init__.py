"""What the engine prints."""
