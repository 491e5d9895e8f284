"""Guards: plans that look like an accident are refused before anything is sent, unless somebody says why.

`rules` is the table of guards, `figures` what they may ask, `overrides` how people say why.
"""

from reconciler.guards.figures import Figures, Labels
from reconciler.guards.overrides import override_of, parse_allow, read_variable, refusals_of
from reconciler.guards.rules import GUARDS, OFF, Asked, Guard, judged, read_threshold, threshold_of, written

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
    "refusals_of",
    "threshold_of",
    "written",
]
