"""What both shells do: work in an account, refuse a plan that moved since its review."""
