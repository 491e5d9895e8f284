"""Files of this program's own, most in `.reconciler/` beside the datasets: memories, snapshots, records; and git's."""

from reconciler.store.settled import SettledStore

__all__ = ["SettledStore"]
