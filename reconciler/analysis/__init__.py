"""Desired against live: which entries change, and what the change means.

verbs        which entries change; words: one of them in one line
detail       one entry told apart (boxes matched by `boxes`, other `fields`)
groups       the same change on many entries (`marks`, `fates`, `repoint`)
balance, provenance, splits, lookalike: whole datasets, streamed by `sides`
differences  the forms of what is said of entries; figures: of whole datasets
"""

from reconciler.changes import changed, changes, live_only, loads, unlabelled

__all__ = ["changed", "changes", "live_only", "loads", "unlabelled"]
