"""A row of the table of findings: a rule for manifests, project.yaml or annotations of other formats."""

from typing import Final

from msgspec import Struct

from reconciler.model import Finding, Place, Severity
from reconciler.text import inert

# Text of a manifest inside a sentence: long enough to recognise, short enough to skip.
_CHARACTERS: Final = 120
# A cure may spell out an address or a command, which is useless when it is cut.
_CURE: Final = 500
# The source of a rule that is this program's own, not AWS's.
OURS: Final = "this program"


class Rule(Struct, frozen=True):
    """A rule: its code, class, what is wrong, the cure, and where the rule comes from.

    `what` and `cure` are format strings; text that fills them is made inert and cut at 120 characters, a
    whole cure at 500.
    """

    code: str
    severity: Severity
    what: str
    cure: str
    source: str = OURS

    def finding(self, place: Place, severity: Severity | None = None, **details: object) -> Finding:
        """The rule broken at a place; `details` fill the braces, `severity` replaces the rule's own."""
        shown = {name: _shown(name, value) for name, value in details.items()}
        return Finding(
            severity or self.severity, self.code, place, self.what.format(**shown), self.cure.format(**shown)
        )


def _shown(name: str, value: object) -> object:
    return inert(value, _CURE if name in {"cure", "how"} else _CHARACTERS) if isinstance(value, str) else value


def error(code: str, what: str, cure: str, source: str = OURS) -> Rule:
    """A row of class error: the service would drop the line or fail the update, or its meaning is lost."""
    return Rule(code, Severity.ERROR, what, cure, source)


def marked(code: str, what: str, cure: str, source: str) -> Rule:
    """A row of class marked: the service keeps the line and marks it with this code."""
    return Rule(code, Severity.MARKED, what, cure, source)


def note(code: str, what: str, cure: str, source: str = OURS) -> Rule:
    """A row of class note: good to know."""
    return Rule(code, Severity.NOTE, what, cure, source)
