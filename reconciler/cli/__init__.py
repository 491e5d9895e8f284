"""The command `reconciler`: arguments in, conductor called, text or JSON out. The only rooms that print."""

from reconciler.cli.run import main

__all__ = ["main"]
