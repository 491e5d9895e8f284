"""The processes that the engine starts and stops."""
