"""Plans and outcomes as people read them: pure functions from the model to text."""
