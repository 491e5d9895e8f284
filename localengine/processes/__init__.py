"""The processes that the engine starts and stops: the program, the providers, and a watchdog."""
