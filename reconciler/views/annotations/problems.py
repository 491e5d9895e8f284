"""What was found in a run, as one list: findings, dangers, refusals and the error, each with its file and line.

A code that a file has more often than 20 times becomes one problem with the number and the first places, because forges
show a limited number and none twice. Findings beyond those that a review keeps are counted in a problem of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model import Finding, Place, Severity
from reconciler.review.model import Danger, DatasetReview, FindingCounts, Review
from reconciler.text import SHOWN_CHARACTERS, inert, plain

Level = Literal["error", "warning", "note"]
LEVELS: Final[Sequence[Level]] = ("error", "warning", "note")
_OF_SEVERITY: Final[dict[Severity, Level]] = {
    Severity.ERROR: "error",
    Severity.MARKED: "warning",
    Severity.NOTE: "note",
}
# Dangers that findings say already.
_SAID: Final = frozenset({"finding-error", "finding-marked"})
_REFUSING: Final = frozenset({"refusal", "guard"})
_MOST_OF_A_CODE: Final = 20
_PLACES_SHOWN: Final = 10
# GitHub shows so many results of a SARIF file: some megabytes, which GitLab takes too (30 MB of a JUnit report).
# Source: GitHub Docs, "SARIF support for code scanning"; GitLab Docs, "Unit test reports".
MOST: Final = 5000
_CHARACTERS: Final = 2 * SHOWN_CHARACTERS


class Problem(Struct, frozen=True):
    """One problem: `code` is a finding's, or `danger-KIND`; `cure` is empty where the message says all."""

    code: str
    level: Level
    place: Place
    message: str
    cure: str = ""

    @property
    def text(self) -> str:
        """The message and the cure as one text."""
        return f"{self.message} ({self.cure})" if self.cure else self.message


def problems_of(review: Review, files: Callable[[str], str] = str) -> list[Problem]:
    """All problems, errors first, then by file and line. Text in them is inert; `files` names files for the forge."""
    found = [*_findings(review.findings, "project.yaml")]
    for dataset in review.datasets:
        found += _findings(dataset.findings, dataset.manifest)
        if dataset.error:
            found.append(Problem("failed", "error", _at(dataset.manifest), inert(dataset.error.message, _CHARACTERS)))
    found += [_danger(one, review) for one in review.dangers if one.kind not in _SAID]
    if review.error and not any(one.level == "error" for one in found):
        found.append(Problem("failed", "error", Place(""), inert(review.error.message, _CHARACTERS)))
    named = (replace(one, place=_named(one.place, files)) for one in _gathered(found))
    return sorted(named, key=lambda one: (LEVELS.index(one.level), one.place, one.code))


def _named(place: Place, files: Callable[[str], str]) -> Place:
    return Place(files(place.file), place.line, place.column) if place.file else place


def at_most(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems, at most as many as a report should have; the last one counts what is left out."""
    if len(problems) <= MOST:
        return problems
    left = len(problems) - MOST + 1
    rest = Problem(
        "more-problems", problems[MOST - 1].level, Place(""), f"{left:,} more problems are not in this report"
    )
    return [*problems[: MOST - 1], rest]


def _findings(counts: FindingCounts, file: str) -> Iterator[Problem]:
    yield from map(_finding, counts.shown)
    rest = counts.total - len(counts.shown)
    if rest > 0:
        level: Level = "error" if counts.errors > len(counts.shown) else "warning"
        command = "`reconciler validate` shows the first of each class"
        yield Problem("more-findings", level, _at(file), f"{rest:,} more findings in this file; {command}")


def _at(file: str, line: int = 0, column: int = 0) -> Place:
    return Place(inert(file, _CHARACTERS), line, column)


def _finding(finding: Finding) -> Problem:
    place = finding.place
    level = _OF_SEVERITY[finding.severity]
    return Problem(
        inert(finding.code),
        level,
        _at(place.file, place.line, place.column),
        inert(finding.message, _CHARACTERS),
        inert(finding.cure, _CHARACTERS),
    )


def _danger(danger: Danger, review: Review) -> Problem:
    level: Level = "error" if danger.kind in _REFUSING else "note" if danger.level == "note" else "warning"
    words = inert(plain(danger.words), _CHARACTERS)
    title = f"{inert(danger.dataset or danger.project)}: "
    return Problem(f"danger-{danger.kind}", level, _at(_file(danger, review)), title + words)


def _file(danger: Danger, review: Review) -> str:
    """The manifest that a danger is about; for a whole project that of its first dataset."""
    named: list[DatasetReview] = [one for one in review.datasets if one.title == danger.dataset]
    rest = [one for one in review.datasets if one.project == danger.project]
    return (named or rest)[0].manifest if named or rest else danger.project


def _gathered(found: Sequence[Problem]) -> Iterator[Problem]:
    """The problems, those of one code in one file as one where they are many."""

    def kind(one: Problem) -> tuple[str, str, str]:
        return one.place.file, one.code, one.level

    for _, group in groupby(sorted(found, key=lambda one: (*kind(one), one.place)), kind):
        same = list(group)
        if len(same) <= _MOST_OF_A_CODE:
            yield from same
            continue
        lines = ", ".join(str(one.place.line) for one in same[:_PLACES_SHOWN])
        message = f"{len(same)} times in this file, in lines {lines} and further below; the first: {same[0].message}"
        yield replace(same[0], message=message)
