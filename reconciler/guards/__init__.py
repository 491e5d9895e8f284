"""Guards: what looks like an accident is refused before anything is sent, unless somebody says why.

`figures` counts what an apply would do to live, `rules` asks every guard, `overrides` knows how people say why.
"""

from reconciler.guards.figures import Labels, labels_of_live
from reconciler.guards.overrides import override_for, parse_allow, read_variable, refusals_of
from reconciler.guards.rules import Asked, check_guards

__all__ = [
    "Asked",
    "Labels",
    "check_guards",
    "labels_of_live",
    "override_for",
    "parse_allow",
    "read_variable",
    "refusals_of",
]
