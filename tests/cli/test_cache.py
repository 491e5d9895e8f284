"""A manifest that was read before: what is remembered of it in `.reconciler/cache/`, and when that is used."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.errors import BadInput
from reconciler.ledger import LIVE_ONLY, Ledger
from reconciler.manifest import read_manifest
from reconciler.model import Change, DatasetDeclaration, DatasetType, Place, Retirement, Verb
from reconciler.policy import Marking, Policy
from reconciler.shell import desired
from tests.cli.repository import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

FAULTY = ('{"source-ref": "s3://acme-vision/cells/0001.jpg"}', '{"no": 1}', "{", '{"source-ref": "s3://other/1.jpg"}')


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The manifests that are read line by line, of any size."""
    found: list[str] = []

    def counting(dataset: DatasetDeclaration, *rest: Any) -> Any:  # noqa: ANN401 - it is handed on
        found.append(dataset.shown)
        return read_manifest(dataset, *rest)

    monkeypatch.setattr(desired, "WORTH_IT", 0)
    monkeypatch.setattr(desired, "read_manifest", counting)
    return found


def as_sent(line: str) -> str:
    """The line without blanks, which is how it is sent."""
    return json.dumps(json.loads(line), separators=(",", ":"))


def declared(world: World, *more: str, suffix: str = "jsonl") -> DatasetDeclaration:
    """A dataset with 20 boxes, and lines with findings of all classes."""
    manifest = world.folder / f"train.{suffix}"
    manifest.write_text("\n".join([*map(as_sent, world.many(20)), *FAULTY, *more]))
    return DatasetDeclaration(DatasetType.TRAIN, manifest, "datasets/cells/train.jsonl")


def read(dataset: DatasetDeclaration, beside: Path | None, labels: tuple[str, ...] | None = None) -> list[Any]:
    """Findings and all entries of a manifest."""
    with Ledger() as ledger:
        findings = desired.read_once(dataset, labels, ledger, beside)
        rows = list(ledger.desired_rows())
        return [findings, rows, ledger.predicted_codes(row.key for row in rows)]


def kept(world: World) -> list[Path]:
    """The files of the cache."""
    return sorted((world.folder / ".reconciler" / "cache").glob("*"))


def test_the_same_files_are_read_once_by_several_commands(world: World, reads: list[str]) -> None:
    """The second command says the same without reading a line, and the file is private and out of git."""
    world.write("cells", world.many(3), world.many(3, first=10))
    first = world.run("validate", "datasets")
    assert len(reads) == 2
    again = world.run("validate", "datasets")
    assert (again.out, again.code, len(reads)) == (first.out, first.code, 2)
    assert [path.stat().st_mode & 0o777 for path in kept(world)] == [0o600] * 2
    assert (world.folder / ".reconciler" / ".gitignore").read_text() == "*\n"
    world.run("validate", "datasets/cells/train.jsonl")
    assert not (world.folder / "datasets" / "cells" / ".reconciler").exists()


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply"])
def test_on_a_runner_what_hardly_has_a_later_reader_leaves_no_cache(
    world: World, account: Account, reads: list[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Its files go with the job; the cache that a command before left is used, and elsewhere each leaves one."""
    account.create("cells")
    world.write("cells", world.many(3))
    monkeypatch.setenv("CI", "true")
    files = int(command == "validate")
    arguments = {"validate": ("datasets",), "apply": ("--yes",)}.get(command, ())
    world.run(command, *arguments)
    assert (len(kept(world)), len(reads)) == (files, 1)
    world.run("validate", "datasets")
    world.run(command, *arguments)
    assert (len(kept(world)), len(reads)) == (1, 2 - files)
    shutil.rmtree(world.folder / ".reconciler" / "cache")
    monkeypatch.delenv("CI")
    world.run(command, *arguments)
    assert len(kept(world)) == 1


def test_under_pulumi_a_runner_has_later_readers(
    world: World, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Program, preview and update read as `read_once` does unless it is told that no later process reads."""
    dataset = declared(world)
    monkeypatch.setenv("CI", "true")
    assert read(dataset, world.folder) == read(dataset, world.folder)
    assert (len(kept(world)), len(reads)) == (1, 1)


def test_whatever_reading_depends_on_makes_it_a_different_reading(world: World, reads: list[str]) -> None:
    """The content, the form, labels, `marked`, retired images and prefixes; the time of the file is none of it."""
    marked = '{"source-ref": "s3://acme-vision/cells/m.jpg", "boxes": 1}'
    dataset = declared(world, marked)
    left = (Retirement("s3://acme-vision/cells/0001.jpg", "blurred", place=Place("project.yaml", 3, 1)),)
    variants = [
        (dataset, None),
        (dataset, ("RBC",)),
        (dataset, ("WBC",)),
        (replace(dataset, policy=Policy(marked=Marking.REFUSE)), None),
        (replace(dataset, retired=left), None),
        (replace(dataset, images=(("s3://acme-vision/", "s3://acme-dev/"),)), None),
        (replace(dataset, shown="train.jsonl"), None),
        (replace(dataset, is_training_too=True), None),
        (declared(world, marked, suffix="yaml"), None),
    ]
    for number, (one, labels) in enumerate(variants, start=1):
        assert read(one, world.folder, labels) == read(one, world.folder, labels) == read(one, None, labels)
        assert len(reads) == 2 * number  # once for the cache, once without
    os.utime(dataset.manifest)
    read(dataset, world.folder)
    dataset.manifest.write_text(world.boxes("1.jpg", "RBC"))
    assert read(dataset, world.folder) == read(dataset, None)
    assert len(reads) == 2 * len(variants) + 2


def test_a_file_of_a_folder_that_gets_a_new_name_is_read_again(world: World, reads: list[str]) -> None:
    """Findings and entries name the file, and its name says in which form it is."""
    lines = declared(world).manifest
    (world.folder / "train").mkdir()
    dataset = DatasetDeclaration(DatasetType.TRAIN, world.folder / "train", "datasets/cells/train")
    for name in ("one.jsonl", "two.jsonl", "two.yaml"):
        lines = lines.rename(world.folder / "train" / name)
        assert read(dataset, world.folder) == read(dataset, world.folder) == read(dataset, None)
    assert len(reads) == 6


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_corruption_of_the_cache_gives_the_same_findings_and_entries(
    world: World, reads: list[str], data: st.DataObject
) -> None:
    """A byte that changed, a file that is cut, longer, empty, of a different key, a folder or a link is not used."""
    dataset, other = declared(world), replace(declared(world), shown="other.jsonl")
    plain = read(dataset, None)
    shutil.rmtree(world.folder / ".reconciler", ignore_errors=True)
    read(dataset, world.folder)
    (path,) = kept(world)
    content = path.read_bytes()
    kind = data.draw(st.sampled_from(["byte", "cut", "longer", "other", "folder", "link", "readable"]))
    position = data.draw(st.integers(0, len(content) - 1))
    if kind == "byte":
        flipped = content[position] ^ data.draw(st.integers(1, 255))
        path.write_bytes(content[:position] + bytes([flipped]) + content[position + 1 :])
    elif kind == "cut":
        path.write_bytes(content[:position])
    elif kind == "longer":
        path.write_bytes(content + data.draw(st.binary(min_size=1, max_size=9)))
    elif kind == "other":
        read(other, world.folder)
        (theirs,) = (one for one in kept(world) if one != path)
        theirs.rename(path.with_name(f"{path.name.partition('-')[0]}-{theirs.name.partition('-')[2]}"))
        path.unlink()
    elif kind == "readable":
        path.chmod(0o666)  # others may have written to it
    else:
        moved = path.rename(world.folder / f"moved-{kind}")
        path.mkdir() if kind == "folder" else path.symlink_to(moved)
    count = len(reads)
    assert read(dataset, world.folder) == plain
    assert len(reads) == count + 1
    assert read(dataset, world.folder) == plain
    assert len(reads) == count + (2 if kind == "folder" else 1)


def test_a_cache_that_git_tracks_is_not_used(world: World, reads: list[str]) -> None:
    """What came with a repository is not this user's word."""
    dataset = declared(world)
    plain = read(dataset, world.folder)
    git(world.folder, "init", "-q")
    git(world.folder, "add", "-f", ".reconciler")
    assert read(dataset, world.folder) == plain
    assert len(reads) == 2


def test_where_no_file_can_be_written_manifests_are_read(world: World, reads: list[str]) -> None:
    """A file in the place of the folder, and a folder that is not there, lead to no message."""
    world.write("cells", world.many(3))
    (world.folder / ".reconciler").write_text("")
    assert [world.run("validate", "datasets").err for _time in range(2)] == ["", ""]
    assert read(declared(world), world.folder / "gone" / "\0") == read(declared(world), None)
    assert len(reads) == 4


def test_a_manifest_that_changes_while_it_is_read_is_not_remembered(world: World, reads: list[str]) -> None:
    """What was read then belongs to no content."""
    dataset = declared(world)

    def edit(_progress: object) -> None:
        dataset.manifest.write_text("")

    with Ledger() as ledger:
        desired.read_once(dataset, None, ledger, world.folder, edit)
    assert kept(world) == []
    assert len(reads) == 1


def test_processes_that_read_at_once_leave_one_file(world: World, reads: list[str]) -> None:
    """Each writes a file of its own, which has its name when it is whole."""
    dataset = declared(world)
    plain = read(dataset, None)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _number: read(dataset, world.folder), range(8))) == [plain] * 8
    count = len(reads)
    assert read(dataset, world.folder) == plain
    assert (len(reads), len(kept(world))) == (count, 1)


def test_the_cache_is_bounded_and_leaves_of_killed_processes_go(
    world: World, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files that were used least recently are deleted; an unfinished one stays as long as it may be written."""
    dataset = declared(world)
    sizes = []
    for number in range(3):
        read(replace(dataset, shown=f"{number}.jsonl"), world.folder)
        for age, path in enumerate(sorted(kept(world), key=lambda one: one.stat().st_mtime_ns, reverse=True)):
            os.utime(path, (1_000_000 - age, 1_000_000 - age))
        sizes = [path.stat().st_size for path in kept(world)]
    folder = world.folder / ".reconciler" / "cache"
    for name, second in ((".old.part", 1), (".new.part", 4_000_000_000)):
        (folder / name).touch()
        os.utime(folder / name, (second, second))
    read(replace(dataset, shown="0.jsonl"), world.folder)  # it is used, so that it stays
    monkeypatch.setattr(desired, "MOST_BYTES", 2 * max(sizes))
    read(replace(dataset, shown="3.jsonl"), world.folder)
    assert len(reads) == 4
    assert [path.name for path in kept(world) if path.suffix == ".part"] == [".new.part"]
    for number, known in ((0, True), (3, True), (1, False)):
        count = len(reads)
        read(replace(dataset, shown=f"{number}.jsonl"), world.folder)
        assert (len(reads) == count) is known


def test_a_ledger_with_a_remembered_side_can_be_changed_and_leaves_the_file_as_it_is(
    world: World, reads: list[str]
) -> None:
    """Lines are dropped from the ledger's own copy."""
    dataset = declared(world)
    plain = read(dataset, world.folder)
    with Ledger() as ledger:
        desired.read_once(dataset, None, ledger, world.folder)
        ledger.observe(world.boxes("live.jpg", "RBC"))
        assert ledger.set_aside(LIVE_ONLY) == 1
        ledger.drop(["s3://acme-vision/cells/0001.jpg"])
        assert [row.key for row in ledger.desired_rows()] == [
            row.key for row in plain[1] if row.key != "s3://acme-vision/cells/0001.jpg"
        ]
        ledger.forget_desired()
        assert list(ledger.desired_rows()) == []
    assert read(dataset, world.folder) == plain
    assert len(reads) == 1


def test_lines_that_are_sent_as_written_are_kept_in_the_manifest_alone(world: World, reads: list[str]) -> None:
    """The cache has where such a line is; a line with blanks is sent in a different form, and has its text."""
    dataset = declared(world)
    plain = read(dataset, world.folder)
    (cache,) = kept(world)
    assert b'"annotations"' not in cache.read_bytes()
    assert read(dataset, world.folder) == plain
    cache.unlink()
    dataset = declared(world, world.boxes("blanks.jpg", "RBC"))
    plain = read(dataset, world.folder)
    (cache,) = kept(world)
    assert cache.read_bytes().count(b'"annotations"') == 1
    assert read(dataset, world.folder) == plain
    assert len(reads) == 2


@pytest.mark.usefixtures("reads")
@pytest.mark.parametrize("times", [1, 2])
def test_a_manifest_that_changes_while_it_is_in_use_is_refused_with_a_sentence(world: World, times: int) -> None:
    """No other text takes the place of a line that was judged, when it is shown or copied, on a first read or later."""
    dataset = declared(world)
    for _ in range(times - 1):
        read(dataset, world.folder)
    with Ledger() as ledger:
        desired.read_once(dataset, None, ledger, world.folder)
        ledger.observe_own()
        dataset.manifest.write_text(dataset.manifest.read_text().replace("RBC", "WBC"))
        for use in (ledger.desired_rows, ledger.base.copied):
            with pytest.raises(
                BadInput, match=r"datasets/cells/train\.jsonl was changed while it was in use; run again"
            ):
                list(use())


@pytest.mark.usefixtures("reads")
@pytest.mark.parametrize("times", [1, 2])
def test_lines_that_wait_to_be_sent_are_those_that_were_judged(world: World, times: int) -> None:
    """Who edits the manifest while an apply runs neither stops it halfway nor changes what it sends."""
    dataset = declared(world)
    for _ in range(times - 1):
        read(dataset, world.folder)
    with Ledger() as ledger:
        desired.read_once(dataset, None, ledger, world.folder)
        rows = list(ledger.desired_rows())
        queue = ledger.send_queue([Change(Verb.ADD, row.key, row.seq, row.desired) for row in rows[:5]])
        dataset.manifest.write_text(dataset.manifest.read_text().replace("RBC", "WBC"))
        assert [change.desired for change in queue.changes()] == [row.desired for row in rows[:5]]


@pytest.mark.usefixtures("reads")
def test_a_manifest_that_is_replaced_while_it_is_in_use_is_read_as_it_was(world: World) -> None:
    """Git and most editors write a new file in its place; the old one is still open."""
    dataset = declared(world)
    with Ledger() as ledger:
        desired.read_once(dataset, None, ledger, world.folder)
        rows = list(ledger.desired_rows())
        new = world.folder / "new.jsonl"
        new.write_text("x")
        new.replace(dataset.manifest)
        assert list(ledger.desired_rows()) == rows


@pytest.mark.usefixtures("reads")
def test_a_manifest_of_several_files_is_read_line_by_line_from_each(world: World) -> None:
    """A place in one file is not looked for in another, whether all lines are read or the last ones of each."""
    folder = world.folder / "train"
    folder.mkdir()
    for number in range(3):
        lines = world.many(20, first=100 * number)
        (folder / f"{number}.jsonl").write_text("".join(f"{as_sent(line)}\n" for line in lines))
    dataset = DatasetDeclaration(DatasetType.TRAIN, folder, "datasets/cells/train")
    for _ in range(2):
        with Ledger() as ledger:
            desired.read_once(dataset, None, ledger, world.folder)
            rows = list(ledger.desired_rows())
            assert len(rows) == 60
            tails = [row for row in rows if row.seq % 20 in {18, 19, 0}]
            queue = ledger.send_queue([Change(Verb.ADD, row.key, row.seq, row.desired) for row in tails])
            assert [change.desired for change in queue.changes()] == [row.desired for row in tails]
