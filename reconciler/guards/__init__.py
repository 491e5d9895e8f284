"""Guards: plans that look like an accident are refused before anything is sent, unless somebody says why.

`figures` counts what a plan does to live, `judging` asks every guard, `overriding` knows how people say why.
"""

from reconciler.guards.figures import Labels, labels_of_live
from reconciler.guards.overrides import guarded, parse_allow, read_variable
from reconciler.guards.rules import Asked, check_guards

__all__ = ["Asked", "Labels", "check_guards", "guarded", "labels_of_live", "parse_allow", "read_variable"]
