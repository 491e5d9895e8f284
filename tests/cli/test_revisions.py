"""Git revisions as foreign input: trees that git itself would not check out, and what is said when git fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zlib
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import BadInput
from reconciler.git import checked_out
from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.cli.conftest import World

FILE: Final = "100644"
LINK: Final = "120000"
FOLDER: Final = "40000"
SUBMODULE: Final = "160000"
# An entry of a tree: mode, name, and a blob's bytes, the id of a submodule's commit, or the entries of a tree.
Entry = tuple[str, bytes, "bytes | str | Sequence[Entry]"]


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Git looks for no repository above the test's folder, where temporary folders are too."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def stored(repository: Path, kind: str, content: bytes) -> str:
    """The id of an object that is written as it is: git's own commands refuse what a push may contain."""
    whole = f"{kind} {len(content)}".encode() + b"\0" + content
    oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    path = repository / ".git" / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(whole))
    return oid


def tree(repository: Path, entries: Sequence[Entry]) -> str:
    """The id of a tree with these entries, in this order."""
    rows = b""
    for mode, name, content in entries:
        if isinstance(content, str):
            oid = content
        else:
            oid = stored(repository, "blob", content) if isinstance(content, bytes) else tree(repository, content)
        rows += mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid)
    return stored(repository, "tree", rows)


def tag(repository: Path, name: str, datasets: Sequence[Entry]) -> None:
    """A commit whose folder `datasets` has these entries, with a tag."""
    root = tree(repository, [(FOLDER, b"datasets", datasets)])
    text = f"tree {root}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nx\n"
    (repository / ".git" / "refs" / "tags" / name).write_text(stored(repository, "commit", text.encode()) + "\n")


def outside(folder: Path) -> list[str]:
    """Everything in the test's folder that is neither git's own nor below a folder that is being filled."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git" and not name.startswith("reconciler-")]
        found += [os.path.join(place, name) for name in (*folders, *files)]  # noqa: PTH118 - may not be UTF-8
    return sorted(found)


UNSAFE: Final[dict[str, list[Entry]]] = {
    "the folder above": [(FOLDER, b"..", [(FILE, b"planted", b"x")])],
    "two folders above": [(FOLDER, b"..", [(FOLDER, b"..", [(FILE, b"planted", b"x")])])],
    "a file named as the folder above": [(FILE, b"..", b"x")],
    "the folder itself": [(FOLDER, b".", [(FILE, b"a", b"x")])],
    "a slash in a name": [(FILE, b"../../planted", b"x")],
    "an absolute name": [(FILE, b"/planted", b"x")],
    "no name": [(FOLDER, b"", [(FILE, b"a", b"x")])],
    "git's own folder": [(FOLDER, b".git", [(FILE, b"config", b"x")])],
    "git's own folder in capitals": [(FOLDER, b"p", [(FOLDER, b".GIT", [(FILE, b"config", b"x")])])],
    "a link beside a folder of its name": [(LINK, b"p", b"../.."), (FOLDER, b"p", [(FILE, b"planted", b"x")])],
    "a file beside a folder of its name": [(FOLDER, b"p", [(FILE, b"a", b"x")]), (FILE, b"p", b"x")],
    "a link and a file of one name": [(LINK, b"a", b"../../planted"), (FILE, b"a", b"x")],
    "a file twice": [(FILE, b"a", b"x"), (FILE, b"a", b"y")],
}


@pytest.mark.parametrize("entries", UNSAFE.values(), ids=UNSAFE)
@pytest.mark.parametrize("command", [("diff", "bad", "datasets"), ("diff", "bad:datasets", "HEAD:datasets")], ids=str)
def test_a_tree_that_would_be_written_outside_its_folder_is_refused(
    world: World, tmp_path: Path, entries: Sequence[Entry], command: Sequence[str]
) -> None:
    """The path is named, nothing is written anywhere, and what could be written is not compared either."""
    world.write("cells", world.many(1))
    commit(world.folder)
    tag(world.folder, "bad", [*entries, (FILE, b"z", b"")])
    before = outside(tmp_path)
    ran = world.run(*command)
    assert (ran.code, ran.out) == (3, ""), ran
    assert "nothing of it was read" in ran.err or "empty filename in tree entry" in ran.err  # the second is git's own
    assert outside(tmp_path) == before
    assert list((tmp_path / "temporary").iterdir()) == []


def linked(world: World, label: str) -> None:
    """A project outside of `datasets/`, and a link to it there; committed and tagged with the label."""
    folder = world.folder / "labels" / "mice"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text("managed: false\n")
    (folder / "train.jsonl").write_text(world.boxes("1.jpg", label) + "\n")
    link = world.folder / "datasets" / "mice"
    if not link.is_symlink():
        link.symlink_to("../labels/mice")
    git(world.folder, "add", "--all")
    git(world.folder, "commit", "--quiet", "--allow-empty", "--message", label)
    git(world.folder, "tag", label)


@pytest.mark.parametrize(("one", "two"), [("cat", "dog"), ("cat:datasets", "dog:datasets"), ("cat", "datasets")])
def test_a_project_behind_a_link_is_read_in_a_revision_as_on_the_disk(world: World, one: str, two: str) -> None:
    """A link out of the folder of the datasets neither hides a change nor makes one."""
    world.write("cells", world.many(1))
    commit(world.folder)
    linked(world, "cat")
    linked(world, "dog")
    assert world.run("diff", one, two, "--exit-code").code == 2
    assert "1 to update" in world.run("diff", one, two).out
    assert world.run("diff", "dog", "datasets", "--exit-code").code == 0


@pytest.mark.parametrize(
    "entry",
    [
        (LINK, b"mice", b"/etc"),
        (LINK, b"mice", b"../../outside"),
        (LINK, b"mice", b""),
        (LINK, b"mice", b"a\0b"),
        (SUBMODULE, b"mice", "1" * 40),
    ],
    ids=["absolute", "out of the repository", "nowhere", "no path", "submodule"],
)
@pytest.mark.parametrize("sides", [("bad", "datasets"), ("bad", "bad"), ("datasets", "bad")], ids=str)
def test_what_is_not_in_a_revision_is_never_compared(world: World, entry: Entry, sides: Sequence[str]) -> None:
    """A submodule, or a link that leads out of the repository, is named; nothing counts as unchanged or removed."""
    world.write("cells", world.many(1))
    commit(world.folder)
    tag(world.folder, "bad", [entry])
    ran = world.run("diff", *sides)
    assert (ran.code, ran.out) == (3, ""), ran
    assert "'mice'" in ran.err
    assert "nothing of it was read" in ran.err


@pytest.mark.parametrize("target", [b"a\0b", b"x" * 5000], ids=["no path", "too long"])
def test_a_link_to_what_no_file_can_be_called_is_a_sentence(world: World, target: bytes) -> None:
    """Below a project's folder too."""
    world.write("cells", world.many(1))
    commit(world.folder)
    tag(world.folder, "bad", [(FOLDER, b"p", [(LINK, b"l", target), (FILE, b"project.yaml", b"managed: false")])])
    ran = world.run("diff", "bad", "datasets")
    assert ran.code == 3, ran
    assert "the link 'p/l' leads to no path that a file can have" in ran.err


def test_a_base_with_such_a_tree_does_not_count_as_empty(world: World) -> None:
    """`plan --base` ends with the reason before it asks the service: not every entry is the branch's own."""
    world.write("cells", world.many(1))
    commit(world.folder)
    tag(world.folder, "bad", UNSAFE["the folder above"])
    ran = world.run("plan", "--base", "bad")
    assert ran.code == 3, ran
    assert "outside its folder" in ran.err


NAMES: Final = st.sampled_from([b"..", b".", b"", b".git", b"a", b"b", b"a/b", b"/a", b"../a", b"..\\a", b"\xff"])
TARGETS: Final = st.sampled_from([b"..", b"../..", b"a", b"/", b"."])
ENTRIES: Final = st.recursive(
    st.lists(st.one_of(st.tuples(st.just(FILE), NAMES, st.just(b"x")), st.tuples(st.just(LINK), NAMES, TARGETS))),
    lambda inner: st.lists(st.tuples(st.just(FOLDER), NAMES, inner), max_size=4),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ENTRIES, second=ENTRIES)
def test_no_tree_writes_outside_its_folder(
    world: World, tmp_path: Path, first: Sequence[Entry], second: Sequence[Entry]
) -> None:
    """Whatever entries a tree has: it is refused, or all that is written is below the folder that was made for it."""
    if not (world.folder / ".git").exists():
        git(world.folder, "init", "--quiet")
    tag(world.folder, "any", [*first, *second])
    before = outside(tmp_path)
    try:
        with checked_out("any:datasets", world.folder) as folder:
            assert folder.parent.parent == tmp_path / "temporary"
            assert list(folder.parent.iterdir()) == [folder]
            assert outside(tmp_path) == before
    except BadInput:
        pass
    assert outside(tmp_path) == before


def test_a_revision_that_ends_in_the_folder_above_is_written_inside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git takes `HEAD:../` for the folder above; a temporary folder has no such name."""
    world.write("cells", world.many(1))
    commit(world.folder)
    monkeypatch.chdir(world.folder / "datasets" / "cells")
    ran = world.run("diff", "HEAD:../", "..")
    assert ran.code == 0, ran
    assert "no changes" in ran.out


def test_without_git_the_reason_is_that_git_is_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was told as a folder outside of a repository."""
    world.write("cells", world.many(1))
    commit(world.folder)
    monkeypatch.setenv("PATH", "/nowhere")
    ran = world.run("diff", "HEAD", "datasets")
    assert ran.code == 3
    assert "git is not on PATH" in ran.err
    assert "repository" not in ran.err


def test_the_reason_is_gits_own(world: World) -> None:
    """A repository whose settings git cannot read is not reported as missing."""
    world.write("cells", world.many(1))
    commit(world.folder)
    (world.folder / ".git" / "config").write_text("[core\n")
    for command in (("diff", "HEAD", "datasets"), ("plan", "--base", "HEAD")):
        ran = world.run(*command)
        assert ran.code == 3
        assert "bad config line 1" in ran.err
        assert "not in a git repository" not in ran.err


@pytest.mark.parametrize("lost", ["datasets/cells", "datasets/cells/train.jsonl"])
def test_an_object_that_git_lost_does_not_count_as_empty(world: World, lost: str) -> None:
    """A damaged repository ends the command with git's words, and without a diff."""
    world.write("cells", world.many(1))
    commit(world.folder)
    oid = git(world.folder, "rev-parse", f"HEAD:{lost}").strip()
    (world.folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    ran = world.run("diff", "HEAD", "datasets")
    assert (ran.code, ran.out) == (3, ""), ran
    assert oid in ran.err


def test_a_shallow_clone_names_the_setting_that_fetches_more(world: World) -> None:
    """The runner of a continuous integration service has one commit; the sentence says how it gets the others."""
    world.write("cells", world.many(1))
    commit(world.folder)
    commit(world.folder, "v2")
    shutil.move(world.folder / ".git", world.folder.parent / "origin.git")
    git(world.folder.parent, "clone", "--quiet", "--depth", "1", f"file://{world.folder.parent}/origin.git", "clone")
    shutil.move(world.folder.parent / "clone" / ".git", world.folder / ".git")
    for command in (("diff", "HEAD~1", "datasets"), ("plan", "--base", "origin/release")):
        ran = world.run(*command)
        assert ran.code == 3
        assert "`fetch-depth: 0`" in ran.err, ran
    assert "fetch-depth" not in world.run("diff", "nonsense:..", "datasets").out
