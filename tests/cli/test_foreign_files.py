"""Files in `.reconciler/` that came with a repository, or that others wrote, are not this program's word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.aws.clock import utc_now
from reconciler.entries import entry_of
from reconciler.ledger import pair_digest
from reconciler.model import DatasetType
from reconciler.records import Attempt
from reconciler.records.record import Stamp, begun
from reconciler.stored_differently import SettledStore
from tests.cli.repository import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

ID = "0123456789abcdef"


@pytest.fixture
def audit(world: World, account: Account) -> Path:
    """The folder of records of a declared project in a git repository."""
    account.create("cells")
    world.write("cells", world.many(2))
    git(world.folder, "init", "--quiet")
    folder = world.folder / ".reconciler" / "audit"
    folder.mkdir(parents=True)
    return folder


def a_note(folder: Path, **members: object) -> Path:
    """The note of an apply that was killed, with these members in place of its own."""
    attempt = Attempt("apply", "cells", "arn:project", DatasetType.TRAIN)
    record = begun(attempt, Stamp.of(attempt, utc_now(), {})) | {"id": ID} | members
    path = folder / f"begun-{ID}.json"
    path.write_text(json.dumps(record) + "\n")
    path.chmod(0o600)
    return path


def track(world: World, path: Path) -> None:
    """Commit a file that git would ignore."""
    git(world.folder, "add", "--force", str(path))
    git(world.folder, "commit", "--quiet", "--message", "a present")


def written(audit: Path) -> list[dict[str, Any]]:
    """The records of the month files."""
    return [json.loads(line) for path in audit.glob("*.jsonl") for line in path.read_text().splitlines()]


def test_the_note_of_a_killed_process_becomes_a_record(world: World, audit: Path) -> None:
    """A note that this program wrote itself is recorded: what the other tests change is what they are about."""
    note = a_note(audit)
    assert world.run("apply", "--yes").code == 0
    assert [one["outcome"] for one in written(audit)] == ["killed", "done"]
    assert not note.exists()


def test_a_note_that_git_tracks_never_becomes_a_record(world: World, audit: Path) -> None:
    """Its form is right and its mode private, and still it came with the repository."""
    note = a_note(audit)
    track(world, note)
    assert world.run("apply", "--yes").code == 0
    assert [one["outcome"] for one in written(audit)] == ["done"]
    assert note.exists()


@pytest.mark.parametrize(
    ("variable", "value"), [("PATH", "/nonexistent"), ("GIT_DIR", "/nonexistent")], ids=["no git", "no index"]
)
def test_a_note_is_not_believed_where_git_cannot_say(
    world: World, audit: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """In a repository a file may have come with it, and without an answer it is taken for such a file."""
    note = a_note(audit)
    track(world, note)
    monkeypatch.setenv(variable, value)
    assert world.run("apply", "--yes").code == 0
    assert note.exists()
    monkeypatch.delenv(variable) if variable != "PATH" else monkeypatch.undo()
    assert [one["outcome"] for one in written(audit)] == ["done"]


@pytest.mark.parametrize(
    "members",
    [
        {"at": "../../../outside-01-01"},
        {"at": "../../x"},
        {"at": 5},
        {"id": "../0123456789abcdef"},
        {"type": "../../train"},
        {"project": "../../cells"},
        {"project": ""},
        {"project_arn": "no arn"},
        {"dataset_arn": ["arn:aws:x"]},
        {"format": 2},
        {"action": "rm -rf"},
        {"snapshots": ["/etc/passwd"]},
        {"snapshots": "x"},
    ],
)
def test_a_note_with_a_member_of_another_form_writes_nothing_anywhere(
    world: World, audit: Path, members: dict[str, Any]
) -> None:
    """No member chooses a path or the key of an object."""
    a_note(audit, **members)
    before = {path for path in world.folder.rglob("*.jsonl") if audit not in path.parents}
    assert world.run("apply", "--yes").code == 0
    assert [one["outcome"] for one in written(audit)] == ["done"]
    assert {path for path in world.folder.rglob("*.jsonl") if audit not in path.parents} == before


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o700, 0o4600])
def test_a_note_that_others_can_write_is_left_alone(world: World, audit: Path, mode: int) -> None:
    """This program writes private files only; nobody else's word becomes a record."""
    a_note(audit).chmod(mode)
    assert world.run("apply", "--yes").code == 0
    assert [one["outcome"] for one in written(audit)] == ["done"]


def test_a_month_file_that_is_a_link_is_never_written_through(world: World, audit: Path) -> None:
    """A repository could hold a link to any file of this user; the apply is done, and warns that it has no record."""
    target = world.folder / "profile"
    target.write_text("mine\n")
    (audit / f"{utc_now():%Y-%m}.jsonl").symlink_to(target)
    ran = world.run("apply", "--yes")
    assert ran.code == 0
    assert "warning: the record of this apply was not written" in ran.err
    assert target.read_text() == "mine\n"


def test_a_folder_that_is_a_tracked_link_receives_nothing(world: World, audit: Path) -> None:
    """A repository does not choose where records are written; a link that the user made is followed."""
    place = world.folder / "elsewhere"
    place.mkdir()
    audit.rmdir()
    audit.symlink_to(place)
    assert world.run("apply", "--yes").err == ""
    assert [path.suffix for path in place.iterdir()] == [".jsonl"]
    (path,) = place.iterdir()
    path.unlink()
    track(world, audit)
    assert "git tracks this link" in world.run("apply", "--yes").err
    assert list(place.iterdir()) == []


def test_what_git_tracks_does_not_say_what_aws_stores_differently(world: World, account: Account, audit: Path) -> None:
    """A committed file would hide a difference for ever; of this program's own file the same pair is believed."""
    policy = "managed: false\npolicy: {compare: strict}"
    world.write("cells", world.many(2), settings=policy)
    assert world.run("apply", "--yes").code == 0
    edited = json.loads(world.boxes("0000.jpg", "RBC")) | {"note": "edited"}
    account.emulator.edit_entries(account.dataset("cells"), [json.dumps(edited)])
    wanted, found = entry_of(json.loads(world.many(1)[0])), entry_of(edited)
    project = account.emulator.client().describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
    store, pair = SettledStore(audit.parent / "settled"), pair_digest(wanted.key, wanted.content, found.content)
    store.write(project, DatasetType.TRAIN, frozenset({pair}))
    assert "no changes" in world.run("plan").out
    track(world, store.path(project, DatasetType.TRAIN))
    assert "1 to update" in world.run("plan").out
