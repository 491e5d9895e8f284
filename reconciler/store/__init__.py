"""What is remembered between runs, in `.reconciler/` beside the datasets: small files, never needed for the truth."""

from reconciler.store.settled import SettledStore

__all__ = ["SettledStore"]
