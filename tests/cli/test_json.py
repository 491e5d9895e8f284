"""What `--json` promises to programs: one document, of one form, on every way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Account, Ran, World

RUN = {"format", "command", "exit_code", "error", "findings", "datasets", "totals", "calls"}
DATASET = {
    *("project", "type", "manifest", "project_arn", "status"),
    *("content", "findings", "plan", "outcome", "error", "skipped"),
}
PLAN = {"action", "figures", "policy", "refusals", "desired", "live", "changes"}
OUTCOME = {"dataset_arn", "figures", "live", "statistics", "rejected", "marked", "snapshots"}
FINDINGS = {"errors", "marked", "notes", "shown"}
ERROR = {"kind", "message", "code", "operation", "request_id"}
TOTALS = {"datasets", "entries", "errors", "marked", "notes", "to_send", "live_only", "sent", "rejected"}


def _check(document: dict[str, Any]) -> None:
    """Hold a document against the form."""
    assert (set(document), document["format"]) == (RUN, 1)
    assert set(document["totals"]) == TOTALS
    assert (document["error"] is None) == (document["exit_code"] in {Exit.DONE, Exit.CHANGES})
    errors = [document["error"]]
    for dataset in document["datasets"]:
        assert set(dataset) == DATASET
        assert set(dataset["findings"]) == FINDINGS
        assert dataset["plan"] is None or set(dataset["plan"]) == PLAN
        assert dataset["outcome"] is None or set(dataset["outcome"]) == OUTCOME
        errors.append(dataset["error"])
    assert all(set(error) == ERROR for error in errors if error)


def _usage(account: Account, world: World) -> Ran:
    del account
    return world.run("plna", "--json")


def _declaration(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(1), settings="nonsense: 1")
    return world.run("plan", "--json")


def _manifest(account: Account, world: World) -> Ran:
    del account
    world.write("cells", ["{"])
    return world.run("apply", "--yes", "--json")


def _refused(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(1), settings="managed: true")
    return world.run("apply", "--yes", "--json")


def _changes(account: Account, world: World) -> Ran:
    account.create("cells")
    world.write("cells", world.many(2))
    return world.run("plan", "--json", "--exit-code")


def _done(account: Account, world: World) -> Ran:
    account.create("cells")
    world.write("cells", world.many(2))
    return world.run("apply", "--yes", "--json")


def _valid(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(2))
    return world.run("validate", "--json")


def _rejected(account: Account, world: World) -> Ran:
    account.create("cells")
    world.write("cells", world.many(2))
    account.emulator.load_faults("faults: [{fault: lose}]")
    return world.run("apply", "--yes", "--json")


def _failed(account: Account, world: World) -> Ran:
    account.create("cells")
    world.write("cells", world.many(2))
    account.emulator.load_faults("faults: [{fault: error, error: AccessDeniedException}]")
    return world.run("plan", "--json")


@pytest.mark.parametrize(
    ("way", "code"),
    [
        (_usage, 3),
        (_declaration, 3),
        (_manifest, 3),
        (_refused, 4),
        (_changes, 2),
        (_done, 0),
        (_valid, 0),
        (_rejected, 5),
        (_failed, 1),
    ],
)
def test_every_way_out_gives_one_document_of_the_same_form(
    account: Account, world: World, way: Callable[[Account, World], Ran], code: int
) -> None:
    """The exit code stands in the document, and standard output holds nothing else, in ASCII."""
    ran = way(account, world)
    assert ran.code == code, ran
    document = json.loads(ran.out)
    assert document["exit_code"] == code
    assert ran.out.isascii()
    _check(document)


def test_the_document_of_an_apply_says_what_was_planned_and_done(account: Account, world: World) -> None:
    """Plan, outcome, figures and calls agree with each other."""
    document = _done(account, world).document
    (dataset,) = document["datasets"]
    assert dataset["status"] == "applied"
    assert dataset["plan"]["figures"]["add"] == dataset["outcome"]["figures"]["add"] == 2
    assert dataset["outcome"]["live"]["entries"] == dataset["plan"]["desired"]["entries"] == 2
    assert dataset["outcome"]["dataset_arn"] == account.dataset("cells")
    assert document["totals"]["sent"] == document["totals"]["to_send"] == 2
    assert document["calls"]["UpdateDatasetEntries"] == 1


def test_a_rejected_line_is_named(account: Account, world: World) -> None:
    """Key, place and reason, for a program that opens the line in an editor."""
    (dataset,) = _rejected(account, world).document["datasets"]
    assert dataset["status"] == "failed"
    (line,) = dataset["outcome"]["rejected"]["shown"]
    assert line["place"] == {"file": "datasets/cells/train.jsonl", "line": 1, "column": 1}
    assert line["key"].endswith("/0000.jpg")


def test_a_marked_entry_says_since_when_and_what_to_do(account: Account, world: World) -> None:
    """Place, AWS's code, what it means and the cure; new ones first, in the next run none is new."""
    account.create("cells")
    world.write("cells", [*world.many(1), world.boxes("off.jpg", "RBC", left=630)])
    for new in (True, False):
        (dataset,) = world.run("apply", "--yes", "--json").document["datasets"]
        marked = dataset["outcome"]["marked"]
        assert (marked["total"], marked["new"]) == (1, int(new))
        (entry,) = marked["shown"]
        assert (entry["new"], entry["place"]["line"]) == (new, 2)
        mark = next(mark for mark in entry["marks"] if mark["code"] == "ERROR_INVALID_BOUNDING_BOX")
        assert (mark["meaning"], mark["cure"]) == ("a box lies off the image's frame", "clip the box to the image")


def test_statistics_stand_beside_what_was_read(account: Account, world: World) -> None:
    """With a word for whether they agree; the sentence with both figures is in the text."""
    assert _done(account, world).document["datasets"][0]["outcome"]["statistics"] == {
        "entries": 2,
        "marked": 0,
        "agree": True,
    }
    account.emulator.load_faults("faults: [{fault: stale-status, reads: 1000}]")
    world.write("cells", world.many(3))
    (dataset,) = world.run("apply", "--yes", "--json").document["datasets"]
    assert dataset["outcome"]["live"]["entries"] == 3
    assert dataset["outcome"]["statistics"] == {"entries": 2, "marked": 0, "agree": False}
    assert (
        "lists 3 entries, 0 of them marked with errors, but its statistics count 2 and 0"
        in world.run("apply", "--yes").out
    )


def test_a_change_says_what_changes(account: Account, world: World) -> None:
    """Verb, sign, key, words, place and labels before and after."""
    (dataset,) = _changes(account, world).document["datasets"]
    first = dataset["plan"]["changes"]["shown"][0]
    assert first == {
        "verb": "add",
        "sign": "+",
        "key": "s3://acme-vision/cells/0000.jpg",
        "what": "1 box: RBC",
        "place": {"file": "datasets/cells/train.jsonl", "line": 1, "column": 1},
        "labels": ["RBC"],
        "live_labels": [],
    }


def test_a_service_error_carries_what_support_asks_for(account: Account, world: World) -> None:
    """Code, operation and request id."""
    (dataset,) = _failed(account, world).document["datasets"]
    error = dataset["error"]
    assert (error["kind"], error["code"], error["operation"]) == (
        "AccessDenied",
        "AccessDeniedException",
        "DescribeProjects",
    )
    assert error["request_id"] == account.emulator.calls[-1].request_id
