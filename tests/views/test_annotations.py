"""What was found, in the forms of code scanners and forges: where, how severe, and how many."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator

from reconciler.apply.outcome import Failure
from reconciler.model import Finding, Place, Severity
from reconciler.review.model import Danger, DatasetReview, FindingCounts, ProjectReview, Review
from reconciler.text import sentence
from reconciler.views import VIEWS, How

SARIF = Path(__file__).parents[1] / "data" / "schemas" / "sarif-2.1.0.json"
NASTY = "[a](https://b)\x1b[31m\u202e\n::error::100%,:<b>&\"']]>\x00"


def finding(
    code: str = "odd", line: int = 1, severity: Severity = Severity.ERROR, message: str = "it is odd"
) -> Finding:
    """A finding in the training manifest."""
    return Finding(severity, code, Place("datasets/cells/train.jsonl", line, 3), message, "make it even")


def review(*findings: Finding, dangers: tuple[Danger, ...] = (), error: Failure | None = None, more: int = 0) -> Review:
    """A review of two datasets; the training manifest has these findings, and `more` that are not shown."""
    counts = {one: sum(found.severity is one for found in findings) for one in Severity}
    found = FindingCounts(
        errors=counts[Severity.ERROR] + more,
        marked=counts[Severity.MARKED],
        notes=counts[Severity.NOTE],
        shown=findings,
    )
    datasets = tuple(
        DatasetReview(
            title=f"cells {kind}",
            project="cells",
            type=kind,
            manifest=f"datasets/cells/{kind}.jsonl",
            status="valid",
            findings=found if kind == "train" else FindingCounts(),
        )
        for kind in ("train", "test")
    )
    project = ProjectReview(name="cells", folder="datasets/cells", datasets=datasets)
    return Review(command="validate", projects=(project,), dangers=dangers, error=error)


def view(name: str, one: Review) -> str:
    """A review in a view."""
    return VIEWS[name].make(one, How())


def sarif(one: Review) -> dict[str, Any]:
    """The run of a log that is valid."""
    log = json.loads(view("sarif", one))
    Draft7Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


ALL = review(
    finding("a", 7, Severity.NOTE),
    finding("b", 9),
    finding("c", 2, Severity.MARKED),
    dangers=(
        Danger(level="danger", kind="split-overlap", project="cells", words=sentence("3 images in both")),
        Danger(level="danger", kind="guard", project="cells", dataset="cells test", words=sentence("too many")),
        Danger(level="danger", kind="finding-error", project="cells", words=sentence("1 error")),
    ),
)


def test_sarif_has_each_problem_with_its_place_and_level() -> None:
    """A log is valid by SARIF's schema: errors first, a rule for each code, places of findings and dangers."""
    run = sarif(ALL)

    results = [(one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]) for one in run["results"]]
    assert [one[:2] for one in results] == [
        ("danger-guard", "error"),
        ("b", "error"),
        ("danger-split-overlap", "warning"),
        ("c", "warning"),
        ("a", "note"),
    ]
    assert results[1][2] == {
        "artifactLocation": {"uri": "datasets/cells/train.jsonl"},
        "region": {"startLine": 9, "startColumn": 3},
    }
    assert results[0][2] == {"artifactLocation": {"uri": "datasets/cells/test.jsonl"}}
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == [one[0] for one in results]
    assert run["results"][1]["message"]["text"] == "it is odd (make it even)"


def test_what_a_file_has_often_is_one_result_with_its_number() -> None:
    """Twenty results of a code are shown each, one more makes them one."""
    assert len(sarif(review(*(finding(line=line) for line in range(1, 21))))["results"]) == 20
    (result,) = sarif(review(*(finding(line=line) for line in range(1, 22))))["results"]
    assert result["message"]["text"].startswith("21 times in this file, in lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and")


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_what_is_not_shown_is_counted(name: str) -> None:
    """A review keeps the first findings of each class; how many more there are is a problem of its own."""
    assert "1,234 more findings in this file" in view(name, review(finding(), more=1234))


def test_a_run_that_failed_has_its_error() -> None:
    """Without a finding that explains it, the error of the run is a problem; with one it is not told twice."""
    failed = Failure.of(ValueError("the project was not found"))
    run = sarif(review(error=failed))
    assert [one["ruleId"] for one in run["results"]] == ["failed"]
    assert run["invocations"] == [{"executionSuccessful": False}]
    assert [one["ruleId"] for one in sarif(review(finding(), error=failed))["results"]] == ["odd"]


def test_github_shows_ten_of_a_level_and_counts_the_rest() -> None:
    """The tenth annotation of a level says how many more there are."""
    ten = view("github", review(*(finding(f"c{n}", n) for n in range(1, 11)))).splitlines()
    assert (len(ten), ten[-1].startswith("::error file=datasets/cells/train.jsonl,line=10,col=3,title=c10::")) == (
        10,
        True,
    )
    many = view("github", review(*(finding(f"c{n:02}", n) for n in range(1, 14)))).splitlines()
    assert (len(many), many[-1]) == (10, "::error::4 more; the log and the summary of this job have all")


def test_fingerprints_stay_when_lines_move_and_are_never_the_same() -> None:
    """GitLab compares reports by fingerprint: what moved is known already, and two equal ones are two."""

    def prints(*lines: int) -> list[str]:
        return [
            one["fingerprint"] for one in json.loads(view("gitlab", review(*(finding(line=line) for line in lines))))
        ]

    assert prints(1, 2) == prints(5, 9)
    assert len(set(prints(1, 2))) == 2


def test_gitlab_has_a_path_and_a_line_for_everything() -> None:
    """Code Quality takes no problem without them."""
    report = json.loads(view("gitlab", ALL))
    assert [(one["severity"], one["location"]["lines"]["begin"]) for one in report] == [
        ("blocker", 1),
        ("blocker", 9),
        ("major", 1),
        ("major", 2),
        ("info", 7),
    ]
    assert all(one["location"]["path"].startswith("datasets/cells/") for one in report)


def test_junit_fails_for_errors_and_warnings() -> None:
    """A note is output of a case that passes, and a manifest without problems is a case that passes."""
    suites = {one.get("name"): one for one in ET.fromstring(view("junit", ALL))}  # noqa: S314 - our own output
    train, test = suites["datasets/cells/train.jsonl"], suites["datasets/cells/test.jsonl"]
    assert (train.get("tests"), train.get("failures")) == ("4", "3")
    assert (test.get("tests"), test.get("failures")) == ("1", "1")
    clean = ET.fromstring(view("junit", review()))  # noqa: S314 - likewise
    assert [(one.get("tests"), one.get("failures")) for one in clean] == [("1", "0"), ("1", "0")]


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit"])
def test_text_of_others_never_acts(name: str) -> None:
    """Neither a control nor a command nor markup of a manifest reaches a reader as such."""
    text = view(name, review(finding(NASTY, message=NASTY), error=Failure.of(ValueError(NASTY))))
    assert not {"\x1b", "\u202e", "\x00"} & set(text)
    if name == "github":
        assert text.startswith("::error file=")
        assert text.count("\n") == 1
    if name == "junit":
        assert "<b>" not in text
        ET.fromstring(text)  # noqa: S314 - our own output
    if name == "sarif":
        assert not [one for one in json.loads(text)["runs"][0]["results"] if "](" in one["message"]["text"]]


def test_a_name_of_a_file_is_a_valid_address() -> None:
    """Blanks, percent signs and letters of other alphabets are encoded in SARIF, and a colon begins no scheme."""
    odd = Finding(Severity.ERROR, "odd", Place("./a: b%/ü.jsonl", 1, 1), "it is odd", "make it even")
    (result,) = sarif(review(odd))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%3A%20b%25/%C3%BC.jsonl"


@pytest.mark.parametrize("name", ["gitlab", "junit"])
def test_a_report_has_at_most_as_many_as_a_forge_takes(name: str) -> None:
    """The last one says how many are left out."""
    text = view(name, review(*(finding(f"c{number}") for number in range(5_003))))
    assert "4 more problems are not in this report" in text
    assert text.count('"check_name"' if name == "gitlab" else "<testcase") == 5_000 + (name == "junit")
