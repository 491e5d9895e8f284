"""Guards: plans that look like an accident are blocked before anything is sent, unless overridden with a reason.

`rules` has the table of guards and `Figures`, which they read; `overrides` reads and writes overrides.
"""

from reconciler.guards.names import CAUSES, THEIRS, thing_of
from reconciler.guards.overrides import configuration_of, declaration_of, override_of, parse_allow, read_variable
from reconciler.guards.rules import (
    GUARDS,
    LEAST_ENTRIES,
    OFF,
    Asked,
    Figures,
    Guard,
    Labels,
    Leaks,
    judged,
    read_threshold,
    threshold_forms,
    written,
)

__all__ = [
    "CAUSES",
    "GUARDS",
    "LEAST_ENTRIES",
    "OFF",
    "THEIRS",
    "Asked",
    "Figures",
    "Guard",
    "Labels",
    "Leaks",
    "configuration_of",
    "declaration_of",
    "judged",
    "override_of",
    "parse_allow",
    "read_threshold",
    "read_variable",
    "thing_of",
    "threshold_forms",
    "written",
]
