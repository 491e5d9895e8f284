"""What `--json` promises to programs: one document, of one form, on every way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from reconciler.errors import Exit
from reconciler.review.model import EntryChange, Review
from tests.support.schema import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Account, Ran, World

RUN = set(Review.__struct_fields__)


def _check(document: dict[str, Any]) -> None:
    """Compare a document with the schema in the repository."""
    assert faults(document) == []
    assert (set(document), document["kind"], document["format"]) == (RUN, "plan", 3)
    assert (document["error"] is None) == (document["exit_code"] in {Exit.DONE, Exit.CHANGES})


def _usage(account: Account, world: World) -> Ran:
    del account
    return world.run("plna", "--json")


def _wrong(account: Account, world: World) -> Ran:
    del account
    return world.run("apply", "--json", "--limit", "many")


def _sides(account: Account, world: World) -> Ran:
    del account
    return world.run("diff", "only-one", "--format", "json")


def _absent(account: Account, world: World) -> Ran:
    del account
    return world.run("diff", "here.jsonl", "there.jsonl", "--format", "json")


def _nothing(account: Account, world: World) -> Ran:
    del account
    return world.run("validate", "--json")


def _declaration(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(1), settings="nonsense: 1")
    return world.run("plan", "--json")


def _manifest(account: Account, world: World) -> Ran:
    del account
    world.write("cells", ["{"])
    return world.run("apply", "--yes", "--json")


def _invalid(account: Account, world: World) -> Ran:
    del account
    world.write("cells", ["{"])
    return world.run("validate", "--json")


def _refused(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(1), settings="managed: true")
    return world.run("apply", "--yes", "--json")


def _missing(account: Account, world: World) -> Ran:
    del account
    world.write("cells", world.many(1))
    return world.run("plan", "--json")


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


WAYS = [
    (_usage, 3, ""),
    (_wrong, 3, "apply"),
    (_sides, 3, "diff"),
    (_absent, 3, "diff"),
    (_nothing, 3, "validate"),
    (_declaration, 3, "plan"),
    (_manifest, 3, "apply"),
    (_invalid, 3, "validate"),
    (_refused, 4, "apply"),
    (_missing, 1, "plan"),
    (_changes, 2, "plan"),
    (_done, 0, "apply"),
    (_valid, 0, "validate"),
    (_rejected, 5, "apply"),
    (_failed, 1, "plan"),
]


@pytest.mark.parametrize(("way", "code", "command"), WAYS)
def test_every_way_out_gives_one_document_of_the_same_form(
    account: Account, world: World, way: Callable[[Account, World], Ran], code: int, command: str
) -> None:
    """The document contains the exit code, and standard output holds nothing else, in ASCII."""
    ran = way(account, world)
    assert ran.code == code, ran
    document = ran.document
    assert (document["exit_code"], document["command"]) == (code, command)
    assert ran.out.isascii()
    _check(document)


@pytest.mark.parametrize(("way", "code", "command"), WAYS)
@pytest.mark.parametrize("view", ["text", "markdown", "html", "json"])
def test_every_document_can_be_shown_as_every_view(  # noqa: PLR0917 - a table's row, and the fixtures
    account: Account, world: World, way: Callable[[Account, World], Ran], code: int, command: str, view: str
) -> None:
    """`reconciler report` reads what any command wrote, however it ended."""
    del code, command
    document = way(account, world).out
    (world.folder / "run.json").write_text(document)
    ran = world.run("report", "run.json", "--format", view)
    assert ran.code == 0, ran
    error = json.loads(document)["error"]
    if view == "text" and error and "\n" not in error["message"]:
        assert " ".join(error["message"].split()[:3]) in ran.out
    if view == "json":
        assert msgspec.json.decode(ran.out, type=Review) == msgspec.structs.replace(
            msgspec.json.decode(document, type=Review), exit_code=0
        )


def test_the_document_of_an_apply_says_what_was_planned_and_done(account: Account, world: World) -> None:
    """Plan, outcome, figures and calls agree with each other."""
    ran = _done(account, world)
    (dataset,) = ran.datasets
    outcome = dataset["outcome"]
    assert (dataset["status"], dataset["action"]) == ("applied", "create")
    assert dataset["add"] == outcome["add"] == outcome["live"]["entries"] == dataset["content"]["entries"] == 2
    assert outcome["dataset_arn"] == dataset["dataset_arn"] == account.dataset("cells")
    assert (ran.document["totals"]["add"], ran.document["totals"]["sent"]) == (2, 2)
    assert ran.document["words"] == "1 dataset: 2 added"


def test_what_an_apply_took_stands_beside_its_estimate(account: Account, world: World) -> None:
    """The document has the calls by operation as the service counted them, batches, bytes and the time by the clock."""
    document = _done(account, world).document
    estimate, spent = document["estimate"], document["spent"]
    assert (
        spent["calls"]
        == document["calls"]
        == {
            name: account.emulator.count_calls(name)
            for name in {call.operation for call in account.emulator.calls} - {"CreateProject"}
        }
    )
    assert (spent["batches"], spent["bytes"]) == (estimate["batches"], estimate["bytes"])
    assert spent["calls"] == estimate["calls"]
    assert spent["minutes"] >= 0
    assert world.run("plan", "--json").document["spent"] is None


def test_a_rejected_line_is_named(account: Account, world: World) -> None:
    """The document names key, place and reason, for a program that opens the line in an editor."""
    (dataset,) = _rejected(account, world).datasets
    assert dataset["status"] == "failed"
    (line,) = dataset["outcome"]["rejected"]
    assert line["place"] == {"file": "datasets/cells/train.jsonl", "line": 1, "column": 1}
    assert line["key"].endswith("/0000.jpg")


def test_a_marked_entry_says_since_when_and_what_to_do(account: Account, world: World) -> None:
    """The document has place, AWS's code, its meaning and the cure; new ones first, and in the next run none is new."""
    account.create("cells")
    world.write("cells", [*world.many(1), world.boxes("off.jpg", "RBC", left=630)])
    for new in (True, False):
        (dataset,) = world.run("apply", "--yes", "--json", "--allow", "unusable=meant").datasets
        outcome = dataset["outcome"]
        assert (outcome["marked_total"], outcome["marked_new"]) == (1, int(new))
        (entry,) = outcome["marked"]
        assert (entry["is_new"], entry["place"]["line"]) == (new, 2)
        mark = next(mark for mark in entry["marks"] if mark["code"] == "ERROR_INVALID_BOUNDING_BOX")
        assert set(mark) == {"code", "message"}
        (seen,) = [line for line in world.run("apply", "--yes").out.splitlines() if "marked by the service" in line]
        assert "ERROR_INVALID_BOUNDING_BOX: a box is not inside the image; look at the image: " in seen


def test_statistics_stand_beside_what_was_read(account: Account, world: World) -> None:
    """Both are in the document; where they disagree, a sentence with both figures is in the text."""
    outcome = _done(account, world).datasets[0]["outcome"]
    counted = outcome["counted"]
    assert (outcome["live"]["entries"], counted.pop("listed")[:2]) == (2, "20")
    assert counted == {"entries": 2, "marked": 0, "labelled": 2, "copied": False}
    assert "its statistics count" not in world.run("apply", "--yes").out
    account.emulator.load_faults("faults: [{fault: stale-status, reads: 1000}]")
    world.write("cells", world.many(3))
    (dataset,) = world.run("apply", "--yes", "--json").datasets
    assert dataset["outcome"]["live"]["entries"] == 3
    counted = dataset["outcome"]["counted"]
    assert (counted["entries"], counted["marked"]) == (2, 0)
    assert (
        "lists 3 entries, 0 of them marked with errors, but its statistics count 2 and 0"
        in world.run("apply", "--yes").out
    )


def test_a_change_says_what_changes(account: Account, world: World) -> None:
    """The document has verb, sign, key, words, place and boxes."""
    (dataset,) = _changes(account, world).datasets
    first = dataset["changes"][0]
    assert {name: first[name] for name in ("verb", "sign", "key", "words", "place")} == {
        "verb": "add",
        "sign": "+",
        "key": "s3://acme-vision/cells/0000.jpg",
        "words": ["1 box: ", ["RBC"]],
        "place": {"file": "datasets/cells/train.jsonl", "line": 1, "column": 1},
    }
    (change,) = msgspec.convert(dataset["changes"][:1], type=tuple[EntryChange])
    assert [box.after.label for box in change.boxes if box.after] == ["RBC"]


def test_a_service_error_carries_what_support_asks_for(account: Account, world: World) -> None:
    """The document has code, operation and request id."""
    (dataset,) = _failed(account, world).datasets
    error = dataset["error"]
    assert (error["kind"], error["code"], error["operation"]) == (
        "AccessDenied",
        "AccessDeniedException",
        "DescribeProjects",
    )
    assert error["request_id"] == account.emulator.calls[-1].request_id
