"""What an apply would do to one dataset: in which order, in which batches, and why it must not."""
