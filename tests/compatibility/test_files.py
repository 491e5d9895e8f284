"""What 0.1.0 left in `.reconciler/` and as saved plans is read: snapshots, memories, records, notes, documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.compatibility.stack import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.compatibility.stack import Stack

    Left = Callable[[str], Stack]

NOTED = ("--project", "noted")
KILLED = "6ef83f46f98445c2"
EDITED = {"s3://acme-vision/cells/0.jpg", "s3://acme-vision/cells/new.jpg"}


def snapshot(stack: Stack, kind: str) -> str:
    """The snapshot of the dataset `cells` of a type, relative to the stack's folder."""
    (path,) = (stack.folder / ".reconciler" / "snapshots").glob(f"{kind}-cells-*.jsonl.gz")
    return str(path.relative_to(stack.folder))


def test_a_snapshot_is_restored_over_what_is_live(left: Left) -> None:
    """Entries that went away and one that was edited are live again as the snapshot has them."""
    stack = left("records")
    stack.emulator.remove_entries(stack.arn("cells"), ["s3://acme-vision/cells/0.jpg"])
    stack.emulator.edit_entries(stack.arn("cells"), [json.dumps({"source-ref": "s3://acme-vision/cells/1.jpg"})])
    stack.reconciler("restore", snapshot(stack, "train"), "--project", "cells", "--type", "train", "--yes")
    assert stack.live("cells") == stack.was_live("cells")


def test_a_snapshot_brings_a_deleted_dataset_back(left: Left) -> None:
    """The dataset is created and loaded."""
    stack = left("records")
    stack.emulator.client().delete_dataset(DatasetArn=stack.arn("cells", "test"))
    stack.reconciler("restore", snapshot(stack, "test"), "--project", "cells", "--type", "test", "--yes")
    assert stack.live("cells", "test") == stack.was_live("cells", "test")


def test_a_snapshot_of_a_replaced_dataset_is_restored_by_its_arn(left: Left) -> None:
    """`extra: replace` kept an entry that is not live any more."""
    stack = left("settings")
    (path,) = (stack.folder / "kept" / "snapshots").glob("*.jsonl.gz")
    stack.reconciler("restore", str(path), "--dataset-arn", stack.arn("replaced"), "--yes")
    assert set(stack.live("replaced")) - set(stack.was_live("replaced")) == {"s3://acme-vision/replaced/3.jpg"}


def test_settled_pairs_are_honoured_by_plan_and_apply(left: Left) -> None:
    """What is stored differently from how it was sent is neither planned nor sent, and stays remembered."""
    stack = left("records")
    (memory,) = (stack.folder / ".reconciler" / "settled").iterdir()
    before = memory.read_text()
    assert sorted(json.loads(before)) == sorted(names()["settledFile"])
    stack.reconciler("plan", "--exit-code", *NOTED)
    stack.reconciler("apply", "--yes", *NOTED)
    assert stack.sent == []
    assert memory.read_text() == before


def test_without_the_settled_pairs_the_same_dataset_is_not_up_to_date(left: Left) -> None:
    """It is the file that keeps the plan empty, and nothing else."""
    stack = left("records")
    (memory,) = (stack.folder / ".reconciler" / "settled").iterdir()
    memory.unlink()
    stack.reconciler("plan", "--exit-code", *NOTED, expected=2)


def test_the_note_of_a_killed_apply_becomes_its_record(left: Left) -> None:
    """The next apply adds it once, after the records that are there, which stay as they are."""
    stack = left("records")
    before = stack.records()
    stack.reconciler("apply", "--yes", *NOTED)
    killed, ended = stack.records()[len(before) :]
    assert stack.records()[: len(before)] == before
    assert (killed["id"], killed["outcome"], killed["version"]) == (KILLED, "killed", "0.1.0")
    assert ended["outcome"] == "done"
    assert not list((stack.folder / ".reconciler" / "audit").glob("begun-*"))


def test_a_note_whose_record_was_written_is_not_recorded_again(left: Left) -> None:
    """The records of 0.1.0 are searched for its id."""
    stack = left("records")
    audit = stack.folder / ".reconciler" / "audit"
    (note,) = audit.glob("begun-*")
    before = stack.records()
    note.write_text(json.dumps(before[0]) + "\n")
    note.rename(note.with_name(f"begun-{before[0]['id']}.json"))
    stack.reconciler("apply", "--yes", *NOTED)
    assert [record["outcome"] for record in stack.records()[len(before) :]] == ["done"]
    assert not list(audit.glob("begun-*"))


def test_a_record_of_today_has_the_members_of_0_1_0_or_a_newer_format(left: Left) -> None:
    """Whoever reads records by format 1 finds in them what was in those of 0.1.0; new members may be added."""
    stack = left("records")
    before = stack.records()
    assert {record["action"] for record in before} == {"apply", "destroy", "restore"}
    assert {record["outcome"] for record in before} == {"done", "refused", "killed"}
    stack.reconciler("apply", "--yes")
    made = stack.records()[len(before) + 1 :]
    assert {record["type"] for record in made} == {"train", "test"}
    for record in (*before, *made):
        assert record["format"] > 1 or check_members(record)


def check_members(record: dict[str, object]) -> bool:
    """True; a member that is missing is an AssertionError."""
    assert set(record) >= set(names()["record"])
    for name, members in names()["recordParts"].items():
        part = record[name]
        assert part is None or (isinstance(part, dict) and set(part) >= set(members))
    return True


@pytest.mark.parametrize("document", ["plan.json", "outcome.json"])
@pytest.mark.parametrize("view", names()["views"])
def test_a_saved_document_is_shown_or_refused_in_a_sentence(left: Left, document: str, view: str) -> None:
    """`report` reads format 2, or names the format that it cannot read; it never shows a part of them."""
    stack = left("records")
    saved = json.loads((stack.folder / document).read_text())
    assert (saved["kind"], saved["format"]) == ("plan", 2)
    ended = stack.reconciler("report", document, "--format", view, expected="any")
    if ended.code == 0:
        keys = [one["key"] for project in saved["projects"] for each in project["datasets"] for one in each["changes"]]
        assert keys
        assert all(key.rpartition("/")[2] in ended.out for key in keys)
    else:
        check_refused(document, ended.code, ended.out, ended.err)


def test_a_saved_plan_is_applied_or_refused_in_a_sentence(left: Left) -> None:
    """Exactly what was reviewed is sent, or nothing at all."""
    stack = left("records")
    ended = stack.reconciler("apply", "--yes", "--plan", "plan.json", expected="any")
    if ended.code == 0:
        assert stack.sent == ["UpdateDatasetEntries"]
        assert {
            key for key in stack.live("cells") if stack.live("cells")[key] != stack.was_live("cells").get(key)
        } == EDITED
        return
    assert stack.sent == []
    if ended.code == 4:
        assert "review the plan as it is now" in ended.text
    else:
        check_refused("plan.json", ended.code, ended.out, ended.err)


def test_the_id_of_a_reviewed_plan_is_applied_or_refused_in_a_sentence(left: Left) -> None:
    """Ids may change with a version: then nothing is sent, and the sentence says what to do."""
    stack = left("records")
    ended = stack.reconciler("apply", "--yes", "--plan", saved_id(stack.folder), expected="any")
    assert ended.code in {0, 4}
    assert stack.sent == ([] if ended.code else ["UpdateDatasetEntries"])
    assert not ended.code or "review the plan as it is now" in ended.text


def saved_id(folder: Path) -> str:
    """The id of the plan that was saved."""
    return str(json.loads((folder / "plan.json").read_text())["plan_id"])


def check_refused(document: str, code: int, out: str, err: str) -> None:
    """Bad input, one line, with the file and the format that it has."""
    assert code == 3
    assert out == "" or json.loads(out)["error"]
    (line,) = err.strip().splitlines()
    assert document in line
    assert "format 2" in line
