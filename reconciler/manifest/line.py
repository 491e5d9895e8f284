"""One line of a manifest after parsing, whichever form it was written in, and a fault found in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.model import Place
from reconciler.rule import Rule

MemberPath = tuple[str | int, ...]  # member names and indexes from the line's object down


@dataclass(frozen=True, slots=True)
class Line:
    """A parsed line: its JSON object, where it begins, and how to find where the member at a path is written.

    `locate` gives the place of the innermost value around a member that is missing.
    """

    document: Mapping[str, Any]
    place: Place
    locate: Callable[[MemberPath], Place]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule broken inside a line: by the member at `path`; `details` fill the rule's sentence."""

    rule: Rule
    path: MemberPath = ()
    details: Mapping[str, object] = field(default_factory=dict)


def broken(rule: Rule, path: MemberPath = (), detail: str = "") -> BrokenRule:
    """One of AWS's codes at `path`; `detail` describes exactly what is wrong."""
    return BrokenRule(rule, path, {"detail": f" ({detail})" if detail else ""})


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)


def kind_of(value: object) -> str:
    """What kind of JSON value this is, in words."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "null")
