"""What reading a manifest gives: parsed lines, rules broken inside them, and findings of three classes with counts."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.errors import InvalidDeclaration
from reconciler.model import Finding, Lines, Place, Severity, Suppression
from reconciler.policy import Marking
from reconciler.rule import Rule
from reconciler.text import PASTED_IN_A_CURE, path_for_shell

MemberPath = tuple[str | int, ...]  # member names and indexes from the line's object down


class ParsedLine(Struct, frozen=True):
    """A parsed line: its JSON object, where it begins, and how to find where the member at a path is written.

    `locate` gives the place of the innermost value around a member that is missing. `written` is its text with how many
    bytes of the file are before it, where the file has the object as JSON.
    """

    document: Mapping[str, Any]
    place: Place
    locate: Callable[[MemberPath], Place]
    written: tuple[int, bytes] | None = None


class BrokenRule(Struct, frozen=True):
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


# Findings of a class that are kept, so that a manifest with a fault in every line costs no memory.
FINDINGS_KEPT: Final = 50


class Findings(Struct, frozen=True):
    """Everything found in one manifest, and what it holds.

    `errors`, `marked` and `notes` hold the first 50 each in the file's order, the counts all of them; `by_policy`
    counts errors that only `marked: refuse` made errors. Findings that project.yaml suppresses (`suppressed`) and those
    of lines that a run does not judge (`unjudged`) are in no other count. `entries` are the lines that were accepted of
    `lines`, `boxes` their bounding boxes, `labels` their distinct labels in order of first use, `bucket` the bucket of
    their images (None without entries).
    """

    shown: str
    errors: tuple[Finding, ...] = ()
    marked: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    error_count: int = 0
    marked_count: int = 0
    note_count: int = 0
    entries: int = 0
    boxes: int = 0
    labels: tuple[str, ...] = ()
    bucket: str | None = None
    lines: int = 0
    by_policy: int = 0
    suppressed: int = 0
    unjudged: int = 0

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted((*self.errors, *self.marked, *self.notes), key=lambda finding: finding.place))

    @property
    def total(self) -> int:
        """The number of findings of all classes, kept or not."""
        return self.error_count + self.marked_count + self.note_count

    @property
    def refused(self) -> bool:
        """Whether any finding is of class error, so that nothing may be sent."""
        return self.error_count > 0

    def with_more(self, other: "Findings") -> "Findings":
        """The same with further findings about the same manifest: the first 50 of each class, and the counts of all."""

        def first(one: tuple[Finding, ...], more: tuple[Finding, ...]) -> tuple[Finding, ...]:
            return tuple(sorted((*one, *more), key=lambda finding: finding.place)[:FINDINGS_KEPT])

        return replace(
            self,
            errors=first(self.errors, other.errors),
            marked=first(self.marked, other.marked),
            notes=first(self.notes, other.notes),
            error_count=self.error_count + other.error_count,
            marked_count=self.marked_count + other.marked_count,
            note_count=self.note_count + other.note_count,
            suppressed=self.suppressed + other.suppressed,
            unjudged=self.unjudged + other.unjudged,
        )

    def raise_if_refused(self) -> None:
        """Do nothing for a manifest that may be sent.

        Raises:
            InvalidDeclaration: with the errors that are kept and the count of all.
        """
        if self.refused:
            raise InvalidDeclaration(self.errors, self.error_count, self.shown)


def inside(lines: Iterable[Lines]) -> Callable[[Place], bool]:
    """A function that tells whether a place is in these lines, which are in order in each file."""
    found: dict[str, tuple[list[int], list[int]]] = {}
    for one in lines:
        firsts, lasts = found.setdefault(one.file, ([], []))
        firsts.append(one.first)
        lasts.append(one.last)

    def has(place: Place) -> bool:
        firsts, lasts = found.get(place.file, ([], []))
        at = bisect_right(firsts, place.line) - 1
        return at >= 0 and place.line <= lasts[at]

    return has


class Collector:
    """Takes findings while a file is read; positions are looked up only for findings that are kept."""

    def __init__(
        self,
        shown: str,
        marked: Marking = Marking.WARN,
        suppress: Iterable[Suppression] = (),
        judged: Sequence[Lines] | None = None,
    ) -> None:
        self.shown = shown
        self._suppress, self._judged = tuple(suppress), None if judged is None else inside(judged)
        self._suppressed = self._unjudged = 0
        self._refuse_marked = marked is Marking.REFUSE
        self._kept: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}
        self._counts = dict.fromkeys(Severity, 0)
        self._errors = self._by_policy = 0

    @property
    def error_count(self) -> int:
        """Errors so far, also of lines that are not judged: what is wrong stays wrong."""
        return self._errors

    def has(self, *rules: Rule) -> int:
        """How many errors that are kept are of these rules."""
        codes = {rule.code for rule in rules}
        return sum(one.code in codes for one in self._kept[Severity.ERROR])

    def place(self, line: int = 0, column: int = 0) -> Place:
        """A place in this file."""
        return Place(self.shown, line, column)

    def report(self, rule: Rule, where: Place | Callable[[], Place] | None = None, /, **details: object) -> bool:
        """Count a finding and keep it when there is room; `where` is None for the file as such.

        Returns False for one that is suppressed, or of a line that is not judged.
        `where` and details that are functions are called only for a finding that is kept. The detail `file` is this
        file, `output` a manifest in its place, ready for a shell.
        """
        refused = rule.severity is Severity.MARKED and self._refuse_marked
        severity = Severity.ERROR if refused else rule.severity
        self._errors += severity is Severity.ERROR
        if self._judged is not None and not self._is_judged(where := where() if callable(where) else where, details):
            self._unjudged += 1
            return False
        made = partial(self._finding, rule, severity, where, details)
        if severity is not Severity.ERROR and self._is_suppressed(rule, made):
            self._suppressed += 1
            return False
        self._counts[severity] += 1
        self._by_policy += refused
        if self._counts[severity] <= FINDINGS_KEPT:
            self._kept[severity].append(made())
        return True

    def _is_judged(self, where: Place | None, details: Mapping[str, object]) -> bool:
        """Whether a finding touches what is judged: by its line, by another that it names, or as one of the file."""
        places = [one for one in (where, *details.values()) if isinstance(one, Place) and one.line]
        return not places or self._judged is None or any(map(self._judged, places))

    def _is_suppressed(self, rule: Rule, made: Callable[[], Finding]) -> bool:
        mine = [one for one in self._suppress if one.code == rule.code]
        return bool(mine) and any(fnmatchcase(made().message, f"*{one.pattern}*") for one in mine)

    def _finding(
        self,
        rule: Rule,
        severity: Severity,
        where: Place | Callable[[], Place] | None,
        details: Mapping[str, object],
    ) -> Finding:
        output = str(PurePath(self.shown).with_suffix(".jsonl")) if PurePath(self.shown).name else "train.jsonl"
        names = {"file": self.shown, "output": output}
        given = {**{name: path_for_shell(path, "FILE", PASTED_IN_A_CURE) for name, path in names.items()}, **details}
        details = {name: value() if callable(value) else value for name, value in given.items()}
        if severity is not rule.severity:
            details["detail"] = f"{details.get('detail', '')} (refused by `policy.marked: refuse`)"
        place = where() if callable(where) else where or self.place()
        return rule.finding(place, severity, **details)

    def report_at(self, rule: Rule, line: int, column: int, **details: object) -> None:
        """Report a finding at a line and column."""
        self.report(rule, self.place(line, column), **details)

    def findings(
        self, entries: int = 0, boxes: int = 0, labels: tuple[str, ...] = (), bucket: str | None = None
    ) -> Findings:
        """Everything found, with what the manifest holds."""
        errors, marked, notes = (tuple(sorted(kept, key=lambda one: one.place)) for kept in self._kept.values())
        return Findings(
            self.shown,
            errors,
            marked,
            notes,
            error_count=self._counts[Severity.ERROR],
            marked_count=self._counts[Severity.MARKED],
            note_count=self._counts[Severity.NOTE],
            entries=entries,
            boxes=boxes,
            labels=labels,
            bucket=bucket,
            by_policy=self._by_policy,
            suppressed=self._suppressed,
            unjudged=self._unjudged,
        )
