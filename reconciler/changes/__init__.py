"""Desired against live: which entries change, how many, and in which request bodies they fit."""

from reconciler.changes.batches import Batch, batches
from reconciler.changes.comparison import Action, Comparison, compare, shown_changes, shown_total
from reconciler.changes.verbs import changed, changes, live_only, loads, unlabelled

__all__ = [
    "Action",
    "Batch",
    "Comparison",
    "batches",
    "changed",
    "changes",
    "compare",
    "live_only",
    "loads",
    "shown_changes",
    "shown_total",
    "unlabelled",
]
