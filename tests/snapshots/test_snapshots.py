"""A snapshot holds every line as it was listed, or there is none; and nobody but its owner reads it."""

from __future__ import annotations

import gzip
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import BadInput, ReconcilerError, ServiceError
from reconciler.snapshots.snapshot import read_snapshot, snapshot_name, write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 31, 12, 30, 15, 250, tzinfo=UTC)
ARN = "arn:aws:rekognition:us-east-1:111122223333:project/blood-cells/dataset/train/1690564858106"
LINES = ['{"source-ref":"s3://b/1.jpg"}', '{"source-ref":"s3://b/2.jpg","note":"Gr\\u00f6\u00dfe"}']


@given(st.lists(st.text(st.characters(codec=None, exclude_characters="\n")), max_size=20))
@settings(max_examples=50, deadline=None)
def test_what_was_written_is_read_again_whatever_the_lines(lines: list[str]) -> None:
    """Lines with lone surrogates, carriage returns or NUL and empty lines are read as written."""
    with TemporaryDirectory() as folder:
        snapshot = write_snapshot(Path(folder), "x", NOW, lines)
        assert (list(read_snapshot(Path(snapshot.where))), snapshot.entries) == (lines, len(lines))


def test_it_is_plain_gzip_of_json_lines(tmp_path: Path) -> None:
    """A snapshot is gzip of JSON Lines, so that any tool can read it."""
    snapshot = write_snapshot(tmp_path, "train-cells", NOW, LINES)
    assert Path(snapshot.where).name == "train-cells-20260131T123015000250Z.jsonl.gz"
    assert gzip.decompress(Path(snapshot.where).read_bytes()).decode() == "".join(f"{line}\n" for line in LINES)


def test_only_the_owner_may_read_it_and_git_ignores_it(tmp_path: Path) -> None:
    """Mode 0600, in a folder that git does not see."""
    snapshot = write_snapshot(tmp_path / ".reconciler" / "snapshots", "x", NOW, LINES)
    assert stat.S_IMODE(Path(snapshot.where).stat().st_mode) == 0o600
    assert (tmp_path / ".reconciler" / ".gitignore").read_text() == "*\n"


def test_a_folder_of_the_users_own_gets_no_other_files(tmp_path: Path) -> None:
    """`reconciler:snapshots: backups` may well be under version control."""
    write_snapshot(tmp_path / "backups", "x", NOW, LINES)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x-20260131T123015000250Z.jsonl.gz"]


def test_a_listing_that_breaks_off_leaves_no_snapshot(tmp_path: Path) -> None:
    """What it left has another name, and stays."""

    def lines() -> Iterator[str]:
        yield LINES[0]
        raise ServiceError("the listing failed")

    with pytest.raises(ServiceError):
        write_snapshot(tmp_path, "x", NOW, lines())
    assert [path.suffix for path in tmp_path.iterdir()] == [".partial"]


def test_a_line_that_would_be_read_as_two_is_no_snapshot(tmp_path: Path) -> None:
    """JSON Lines cannot hold it; nothing may be deleted then."""
    with pytest.raises(ReconcilerError, match="does not read back as it was written; nothing was deleted"):
        write_snapshot(tmp_path, "x", NOW, ['{"source-ref":\n"s3://b/1.jpg"}'])
    assert not list(tmp_path.glob("*.gz"))


def test_a_disk_that_changes_bytes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read back before it has its name."""
    flush = os.fsync

    def spoil(descriptor: int) -> None:
        flush(descriptor)
        for path in tmp_path.glob("*.partial"):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 0xFF
            path.write_bytes(content)

    monkeypatch.setattr(os, "fsync", spoil)
    with pytest.raises(ReconcilerError, match="nothing was deleted"):
        write_snapshot(tmp_path, "x", NOW, LINES * 50)
    assert not list(tmp_path.glob("*.gz"))


def test_a_folder_that_cannot_be_made_is_a_sentence_with_the_cure(tmp_path: Path) -> None:
    """A file is in the folder's place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReconcilerError, match=r"no snapshot could be written to .*file.*nothing was deleted: make"):
        write_snapshot(tmp_path / "file", "x", NOW, LINES)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", gzip.compress(b"x\n" * 999, mtime=0)[:-9], gzip.compress(b"\xff\n", mtime=0)]
)
def test_what_is_no_snapshot_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    """A foreign, cut or damaged file is named; an empty one holds nothing that could be missing."""
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(content)
    if not content:
        assert list(read_snapshot(path)) == []
        return
    with pytest.raises(BadInput, match=r"x.jsonl.gz cannot be read as a snapshot: "):
        list(read_snapshot(path))


def test_a_snapshot_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """The error for a missing snapshot has its name as the user gave it."""
    with pytest.raises(BadInput, match=r"^my snapshot cannot be read as a snapshot: No such file"):
        list(read_snapshot(tmp_path / "none", "my snapshot"))


def test_names_tell_type_project_and_twins_apart_and_fit_a_file() -> None:
    """A dataset that is created again has a different name; a project's name may have 255 characters."""
    assert snapshot_name(ARN).startswith("train-blood-cells-")
    assert snapshot_name(ARN) != snapshot_name(ARN.replace("1690564858106", "1690564858107"))
    assert len(snapshot_name(ARN.replace("blood-cells", "x" * 255))) < 130
    assert "/" not in snapshot_name("nonsense/../../etc")
