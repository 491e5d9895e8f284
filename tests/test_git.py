"""Which commit a manifest is of, read from real repositories."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from reconciler.git import blob_ids, commit_of

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        [shutil.which("git") or "git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A committed manifest, with a project.yaml beside it."""
    folder = tmp_path / "datasets" / "cells"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text("{}\n")
    (folder / "project.yaml").write_text("managed: false\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    return folder / "train.jsonl"


def test_a_committed_manifest_has_a_commit_and_is_clean(manifest: Path) -> None:
    """What is edited elsewhere in the repository does not count."""
    (manifest.parent / "other").write_text("x")
    commit = commit_of(manifest, manifest.parent / "project.yaml")
    assert commit is not None
    assert (commit.oid, commit.dirty) == (git(manifest.parent, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize("name", ["train.jsonl", "project.yaml"])
def test_an_edit_makes_it_dirty(manifest: Path, name: str) -> None:
    """An edit of the manifest, or of the file that declares it, makes the commit dirty."""
    (manifest.parent / name).write_text("edited\n")
    commit = commit_of(manifest, manifest.parent / "project.yaml")
    assert commit is not None
    assert commit.dirty


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_that_was_never_committed_is_dirty(manifest: Path, ignored: bool) -> None:  # noqa: FBT001 - two cases
    """Whether git ignores it or not: the commit does not say what it holds."""
    (manifest.parent / ".gitignore").write_text("new.jsonl\n" if ignored else "")
    new = manifest.parent / "new.jsonl"
    new.write_text("{}\n")
    commit = commit_of(new)
    assert commit is not None
    assert commit.dirty


def test_without_a_repository_or_a_commit_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known without a repository, without a commit, or in a missing folder."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path / "train.jsonl") is None
    assert commit_of(tmp_path / "none" / "train.jsonl") is None
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path / "train.jsonl") is None


def test_without_git_nothing_is_known(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not needed for an apply."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit_of(manifest) is None


def test_the_index_is_left_alone(manifest: Path) -> None:
    """A record must not take the lock from somebody who commits."""
    index = manifest.parents[2] / ".git" / "index"
    before = index.stat().st_mtime_ns
    manifest.touch()  # git would refresh its index
    commit_of(manifest)
    assert index.stat().st_mtime_ns == before


def test_a_large_manifest_has_the_id_that_git_stores(manifest: Path) -> None:
    """Git streams it; the id is that of `git add`, also where an attribute lets git change the ends of lines."""
    for attributes in ("", "*.jsonl text\n"):
        (manifest.parent / ".gitattributes").write_text(attributes)
        manifest.write_bytes(b'{"source-ref": "s3://b/1"}\r\n' * 50_000)
        git(manifest.parent, "add", manifest.name)
        assert blob_ids([manifest]) == (git(manifest.parent, "rev-parse", f":./{manifest.name}"),)
