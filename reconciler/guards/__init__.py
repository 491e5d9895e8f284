"""Guards: plans that look like an accident are blocked before anything is sent, unless overridden with a reason.

`rules` is the table of guards, `figures` what they may ask, `overrides` how they are overridden.
"""

from reconciler.guards.overrides import override_of, parse_allow, read_variable
from reconciler.guards.rules import GUARDS, OFF, Asked, Figures, Guard, Labels, judged, read_threshold, written

__all__ = [
    "GUARDS",
    "OFF",
    "Asked",
    "Figures",
    "Guard",
    "Labels",
    "judged",
    "override_of",
    "parse_allow",
    "read_threshold",
    "read_variable",
    "written",
]
