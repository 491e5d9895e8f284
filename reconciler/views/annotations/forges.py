"""Annotations of GitHub and GitLab, and JUnit's XML, which every pipeline shows."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from reconciler.review.model import Review
from reconciler.text import SHOWN_CHARACTERS, inert
from reconciler.views.annotations.problems import LEVELS, Level, Problem, at_most, problems_of

# GitHub shows so many annotations of each level of one step.
# Source: actions/toolkit, docs/problem-matchers.md (limitations).
_MOST_OF_A_LEVEL: Final = 10
_COMMANDS: Final[dict[Level, str]] = {"error": "error", "warning": "warning", "note": "notice"}
# Source: GitLab Docs, "Code Quality", report format.
_SEVERITIES: Final[dict[Level, str]] = {"error": "blocker", "warning": "major", "note": "info"}
# Characters that XML 1.0 cannot hold, escaped or not.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def github(review: Review, files: Callable[[str], str] = str) -> str:
    """Workflow commands, a line each; what GitHub would not show of a level is counted in its last annotation."""
    lines: list[str] = []
    problems = problems_of(review, files)
    for level in LEVELS:
        of_level = [one for one in problems if one.level == level]
        fits = len(of_level) <= _MOST_OF_A_LEVEL
        lines += [_command(one) for one in of_level[: _MOST_OF_A_LEVEL if fits else _MOST_OF_A_LEVEL - 1]]
        if not fits:
            rest = len(of_level) - _MOST_OF_A_LEVEL + 1
            lines.append(f"::{_COMMANDS[level]}::{rest:,} more; the log and the summary of this job have all")
    return "".join(f"{line}\n" for line in lines)


def _command(problem: Problem) -> str:
    place = problem.place
    properties = [("file", place.file), ("line", place.line), ("col", place.column), ("title", problem.code)]
    shown = ",".join(f"{name}={_escaped(str(value), property_=True)}" for name, value in properties if value)
    return f"::{_COMMANDS[problem.level]} {shown}::{_escaped(problem.text)}"


def _escaped(text: str, *, property_: bool = False) -> str:
    """Text of a workflow command. Source: actions/toolkit, packages/core, command."""
    for sign in ("%", "\r", "\n", *((":", ",") if property_ else ())):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def gitlab(review: Review, files: Callable[[str], str] = str) -> str:
    """A Code Quality report: a JSON list; problems without a file are of the datasets' folder."""
    seen: Counter[str] = Counter()
    folder = files(inert(review.compared.after))
    return json.dumps([_violation(one, folder, seen) for one in at_most(problems_of(review, files))], indent=1) + "\n"


def _violation(problem: Problem, folder: str, seen: Counter[str]) -> dict[str, Any]:
    path = problem.place.file or folder
    known = f"{path}\n{problem.code}\n{problem.message}"
    seen[known] += 1
    return {
        "description": problem.text,
        "check_name": problem.code,
        # The same from run to run, also when lines move; a second equal one has its number.
        "fingerprint": sha256(f"{known}\n{seen[known]}".encode("utf-8", "replace")).hexdigest(),
        "severity": _SEVERITIES[problem.level],
        "location": {"path": path, "lines": {"begin": max(problem.place.line, 1)}},
    }


def junit(review: Review, files: Callable[[str], str] = str) -> str:
    """A test suite for each manifest with a case for each code: errors and warnings fail, notes are output."""
    suites = "".join(_suite(file, problems) for file, problems in _by_file(review, files))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="reconciler">\n{suites}</testsuites>\n'


def _by_file(review: Review, files: Callable[[str], str]) -> Iterator[tuple[str, list[Problem]]]:
    """The problems of each file, and every manifest that has none."""
    found = sorted(at_most(problems_of(review, files)), key=lambda one: one.place.file)
    by_file = {file: list(group) for file, group in groupby(found, lambda one: one.place.file)}
    clean: dict[str, list[Problem]] = {files(inert(one.manifest, 2 * SHOWN_CHARACTERS)): [] for one in review.datasets}
    yield from sorted((clean | by_file).items())


def _suite(file: str, problems: list[Problem]) -> str:
    name = _attribute(file or "run")
    failures = sum(one.level != "note" for one in problems)
    cases = "".join(_case(one) for one in problems) or f"    <testcase name={_attribute('valid')} classname={name}/>\n"
    count = len(problems) or 1
    return f'  <testsuite name={name} tests="{count}" failures="{failures}">\n{cases}  </testsuite>\n'


def _case(problem: Problem) -> str:
    file = _attribute(problem.place.file or "run")
    where = f" line {problem.place.line}" if problem.place.line else ""
    begin = f"    <testcase name={_attribute(problem.code + where)} classname={file}"
    if problem.level == "note":
        return f"{begin}><system-out>{_text(problem.text)}</system-out></testcase>\n"
    about = f"type={_attribute(problem.level)} message={_attribute(problem.message)}"
    return f"{begin}><failure {about}>{_text(problem.text)}</failure></testcase>\n"


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", text))
