"""Every rule about files and lines, with the input that breaks it and the place that is named.

The sign § precedes the character whose line and column the finding must name; without it, the finding is about
the file as such.
"""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.entries.codes import ENTRY_CODES
from reconciler.manifest.findings import FINDINGS_KEPT
from reconciler.manifest.rules import files as file_rules
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.model import Severity
from reconciler.rule import Rule
from tests.manifest.json_cases import JSON_CASES
from tests.manifest.lines import BARE, BOXES, IMAGE, changed, found_at, split
from tests.manifest.project_cases import PROJECT_CASES, PROJECT_ELSEWHERE
from tests.manifest.yaml_cases import RAW_BOXES, RAW_CASES, YAML_CASES, entry

# Rules that need more than the text of one manifest; each has a test of its own.
ELSEWHERE = {
    "manifest-missing",
    "manifest-directory",
    "manifest-folder-empty",
    "large-file",
    "file-refused-by-github",
    "manifest-not-a-file",
    "manifest-unreadable",
    "manifest-too-large",
    "too-many-lines",
    "label-not-declared",
    "retired",
    "flag-expected",
    "head-below-entries",
    "test-is-train",
    "manifest-overlooked",
}


def table(rules: object) -> list[Rule]:
    """The rules of one part of the table."""
    return [rule for rule in vars(rules).values() if isinstance(rule, Rule)]


@pytest.mark.parametrize(("code", "text"), JSON_CASES)
def test_a_broken_rule_is_found_at_its_place_in_json_lines(code: str, text: str, read: Callable[..., Any]) -> None:
    """Each case names the rule and the exact line and column."""
    content, line, column = split(text)

    found = read(content).findings

    assert found_at(found, code)[:1] == [(line, column)], list(found)


@pytest.mark.parametrize(("code", "text"), YAML_CASES)
def test_a_broken_rule_is_found_at_its_place_in_yaml(code: str, text: str, read: Callable[..., Any]) -> None:
    """Each case names the rule and the exact line and column, and nothing more severe than the rule is reported."""
    content, line, column = split(text)

    found = read(content, "train.yaml").findings

    assert found_at(found, code)[:1] == [(line, column)], list(found)
    assert found.refused == any(finding.severity is Severity.ERROR for finding in found)
    assert found.error_count <= 1, list(found)


@pytest.mark.parametrize(("code", "old", "new"), RAW_CASES)
def test_a_raw_line_in_yaml_is_judged_at_its_place(code: str, old: str, new: str, read: Callable[..., Any]) -> None:
    """The rules are those for JSON Lines, the places those in the YAML; the line is good before it is spoilt."""
    content, line, column = split(entry(changed(RAW_BOXES, old, new)))

    assert read(entry(RAW_BOXES), "train.yaml").codes == []
    assert found_at(read(content, "train.yaml").findings, code)[:1] == [(line, column)]


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("train.jsonl", BARE.encode() + b'\n{"source-ref":"s3://pics/\xe9.jpg"}', 2, 26),
        ("train.jsonl", b"\xff\xfe{\x00}\x00", 1, 1),
        ("train.yaml", b"images: s3://pics/\nentries:\n  - image: a\xff.jpg\n", 3, 13),
        ("train.yaml", b"images: s3://pics/\nentries: # \xc3\xa9 \xc3\xa9 \xff\n", 2, 16),
        ("train.yaml", b"\xff\xfee\x00n\x00", 1, 1),
        ("train.yaml", b"entries: [] # \xc3", 1, 15),
    ],
)
def test_text_that_is_not_utf_8_is_found_at_its_byte(
    name: str, content: bytes, line: int, column: int, read: Callable[..., Any]
) -> None:
    """Columns count characters, also before a byte that is not part of one."""
    found = read(content, name).findings

    assert found_at(found, "not-utf-8") == [(line, column)]
    assert found.error_count == 1


def test_every_rule_has_a_case() -> None:
    """Every row of the table has a case that breaks its rule."""
    told = {code for code, *_ in (*JSON_CASES, *YAML_CASES, *PROJECT_CASES)} | ELSEWHERE | PROJECT_ELSEWHERE

    assert {rule.code for rule in (*table(file_rules), *table(line_rules), *table(yaml_rules))} == told | {"not-utf-8"}


def test_the_table_holds_aws_s_thirteen_codes_and_each_code_once() -> None:
    """Each code means one thing, and AWS's codes are all in the class of what the service marks."""
    rows = (*table(file_rules), *table(line_rules), *table(yaml_rules))

    assert len({row.code for row in rows}) == len(rows)
    assert {row.code for row in rows if row.severity is Severity.MARKED} == set(ENTRY_CODES) | {
        "box-members",
        "json-in-value",
        "suppress-expired",
    }
    assert all(row.what and row.cure and row.source for row in rows)


@pytest.mark.parametrize("line", [IMAGE, BOXES, BARE])
def test_a_good_line_has_no_finding(line: str, read: Callable[..., Any]) -> None:
    """The lines that the cases spoil are good before they are spoilt."""
    got = read(line)

    assert got.codes == []
    assert len(got.entries) == 1


def test_the_first_fifty_are_kept_and_all_are_counted(read: Callable[..., Any]) -> None:
    """A manifest with a fault in every line gives fifty findings and a count."""
    found = read(BARE + "\n" + '{"x":1}\n' * 70).findings

    assert found.error_count == 70
    assert len(found.errors) == FINDINGS_KEPT
    assert [finding.place.line for finding in found.errors] == list(range(2, 52))
