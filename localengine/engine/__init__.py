"""The engine: reads registrations, plans steps, executes them, and keeps the state while it does."""
