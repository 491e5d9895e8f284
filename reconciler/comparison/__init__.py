"""Desired against live: which entries change, and what the change means.

    words        which entries change, and one of them in words
    differences  the forms of what is said of entries; figures: of whole datasets

Knows meaning and figures. Refuses to know policies beyond `extra`, limits, sending and views.
"""

from reconciler.comparison.verbs import changed, changes, live_only, loads, unlabelled
from reconciler.comparison.words import describe

__all__ = ["changed", "changes", "describe", "live_only", "loads", "unlabelled"]
