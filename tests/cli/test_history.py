"""`reconciler history`: the records of the past, the newest first, with nothing asked of Rekognition."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from reconciler.records.log import append

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.cli.conftest import Account, World

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/cells/1795975986113"


def record(number: int, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a record
    """A record of an apply in this minute."""
    return {
        "format": 1,
        "id": f"{number:016x}",
        "action": "apply",
        "at": f"2026-01-02T03:{number:02}:05.000000Z",
        "who": {"user": "ada", "host": "laptop", "ci": None},
        "project": "cells",
        "type": "train",
        "project_arn": ARN,
        "dataset_arn": None,
        "manifest": {"commit": "1a2b3c4d5e6f7a8b9c0d", "dirty": True},
        "overrides": [{"guard": "updates", "reason": "agreed"}],
        "result": {"add": number, "update": 0, "unlabel": 0, "rejected": 0},
        "snapshots": [],
        "outcome": "done",
        "message": "",
    } | members


def written(world: World, *records: dict[str, Any]) -> Path:
    """Records in the folder of this user."""
    folder = world.write("cells").parents[1] / ".reconciler" / "audit"
    for one in records:
        append(folder, one)
    return folder


def test_what_was_applied_is_shown_with_who_and_why(world: World) -> None:
    """The newest first: figures, user and commit, overrides, and how to restore."""
    copy = "k/cells-20260102T030405000000Z.jsonl.gz"
    written(world, record(1), record(2, action="restore", overwritten=[copy], overrides=[]))
    ran = world.run("history")

    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "2026-01-02 03:02:05 UTC  cells train  restore done (2 added)",
            "  by ada on laptop, from commit 1a2b3c4d5e6f with changes that were not committed",
            "  record 0000000000000002; `reconciler restore 0000000000000002` brings back the lines that it overwrote",
            "2026-01-02 03:01:05 UTC  cells train  apply done (1 added)",
            "  by ada on laptop, from commit 1a2b3c4d5e6f with changes that were not committed",
            "  guard updates overridden: agreed",
            "  record 0000000000000001",
        ],
    )


def test_records_are_chosen_by_project_type_and_number(world: World) -> None:
    """`--project`, `--type` and `--limit` choose, and what is left out is said."""
    written(world, record(1), record(2, type="test"), record(3, project="other"), record(4))
    assert [one["id"][-1] for one in world.run("history", "--json").document["applies"]] == list("4321")
    chosen = world.run("history", "--project", "cells", "--type", "train", "--json").document
    assert [one["id"][-1] for one in chosen["applies"]] == list("41")
    assert "... and older ones; --limit N or --all" in world.run("history", "--limit", "2").out


def test_a_further_file_adds_its_records_once(world: World, tmp_path: Path) -> None:
    """A record in both places is shown once."""
    written(world, record(1))
    further = tmp_path / "all.jsonl"
    further.write_text("".join(json.dumps(record(number)) + "\n" for number in (1, 5)))
    further.chmod(0o600)
    ran = world.run("history", "--audit", str(further), "--json")
    assert [one["id"][-1] for one in ran.document["applies"]] == list("51")


def test_a_record_that_another_wrote_is_not_believed(world: World) -> None:
    """Records of a clone or of a different form are left out, and text in a record never acts."""
    folder = written(world, record(1, who={"user": "\x1b[31mada", "ci": {"actor": 5}}, overrides="no", result=[]))
    with (folder / "2026-01.jsonl").open("a") as file:
        file.write(json.dumps(record(2, project="../x")) + "\nnonsense\n")
    ran = world.run("history")
    assert ("\x1b" in ran.out, ran.out.count(" UTC  ")) == (False, 1)
    os.chmod(folder / "2026-01.jsonl", 0o666)  # noqa: PTH101, S103 - a file that others can write to
    assert "no record of an apply is at hand" in world.run("history").out


def test_an_apply_leaves_its_history(world: World, account: Account) -> None:
    """What `apply` did is what `history` shows, without a call to Rekognition."""
    account.create("cells")
    world.write("cells", world.many(2))
    assert world.run("apply", "--yes").code == 0
    calls = account.emulator.count_calls("DescribeProjects")
    assert "cells train  apply done (2 added)" in world.run("history").out
    assert account.emulator.count_calls("DescribeProjects") == calls


def test_a_project_that_nobody_knows_is_bad_input(world: World) -> None:
    """A misspelt name is not an empty history; a project that is only in records, or only declared, is known."""
    written(world, record(1), record(2, project="gone"))
    for name in ("cells", "new"):
        world.write(name, world.many(1))

    ran = world.run("history", "--project", "cels")
    assert (ran.code, "did you mean `cells`?" in ran.err) == (3, True)
    assert world.run("history", "--project", "gone").code == 0
    assert world.run("history", "--project", "new").code == 0
