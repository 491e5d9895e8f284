"""`pull` of any subset: exactly these entries are gone from the next plan, and no other byte of the manifest moved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.entries import entry_of, parse_live
from reconciler.manifest.write import yaml_manifest
from tests.cli.conftest import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Account, World

COUNT = 6
# Ways to write an entry of a YAML manifest with the label cat; the first owns the anchor that others use.
FIRST = ["  - image: 0.jpg # first", "    labels: &cat [cat]"]
FORMS = (
    ["  - image: {name} # a comment", "    labels: *cat"],
    ["  - {{image: {name}, labels: [cat]}}"],
    ["  -   labels:", "        - 'cat'", "", "      image: {name}"],
    ["  - image: |-", "      {name}", '    labels: ["cat"] # why', "    # below"],
)
# A process that pulls and is killed when the second of its files is on the disk, and none is in its place.
VICTIM = """
import os, signal
from reconciler.cli import main
real, calls = os.fsync, []
def dying(handle):
    calls.append(real(handle))
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = dying
main(["pull", "--discard-ours"])
"""


def line(name: str, label: str | None, date: str = "2000-01-01T00:00:00") -> str:
    """A listed line with an image-level label, or without any."""
    document: dict[str, object] = {"source-ref": f"{BUCKET}/{name}"}
    if label is not None:
        document["l"] = 1
        document["l-metadata"] = {
            "confidence": 1,
            "job-name": "labeling-job/l",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": date,
            "type": "groundtruth/image-classification",
        }
    return json.dumps(document)


@st.composite
def written(draw: st.DrawFn, *, is_yaml: bool) -> tuple[list[bytes], bytes, bytes]:
    """The bytes of each entry with what follows it, and what is before and after all of them."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    if not is_yaml:
        return [f"{line(f'{number}.jpg', 'cat')}{end}".encode() for number in range(COUNT)], b"", b""
    forms = [FIRST, *(draw(st.sampled_from(FORMS)) for _ in range(COUNT - 1))]
    blocks = []
    for number, form in enumerate(forms):
        between = draw(st.sampled_from(["", "  # between"]))
        lines = [
            *(one.format(name=f"{number}.jpg") if number else one for one in form),
            *([between] if between else []),
        ]
        blocks.append("".join(f"{one}{end}" for one in lines).encode())
    head = f"# head{end}images: {BUCKET}/{end}entries:{end}".encode()
    return blocks, head, draw(st.sampled_from([b"", f"created: 2000-01-01T00:00:00{end}# end".encode()]))


@pytest.fixture
def account_with_a_dataset(world: World, account: Account) -> Account:
    """An account whose project has a training dataset."""
    account.create("cells")
    world.write("cells", [line("0.jpg", "cat"), line("1.jpg", "dog")])
    assert world.run("apply", "--yes").code == 0
    return account


@pytest.mark.parametrize("is_yaml", [False, True], ids=["jsonl", "yaml"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_exactly_the_chosen_entries_change(
    world: World, account_with_a_dataset: Account, data: st.DataObject, *, is_yaml: bool
) -> None:
    """Entries are edited, go from live and come in live; a random part of that is pulled, by key."""
    emulator, arn = account_with_a_dataset.emulator, account_with_a_dataset.dataset("cells")
    blocks, head, tail = data.draw(written(is_yaml=is_yaml))
    numbers = st.sets(st.integers(1, COUNT - 1))
    edited, gone, came = data.draw(numbers), data.draw(numbers), data.draw(st.sets(st.integers(50, 52)))
    edited -= gone
    emulator.remove_entries(arn, [entry.key for entry in emulator.entries(arn)])
    live = {f"{number}.jpg": "dog" if number in edited else "cat" for number in range(COUNT) if number not in gone}
    emulator.edit_entries(arn, [line(*one) for one in (live | {f"{number}.jpg": "cat" for number in came}).items()])
    differ = sorted(edited | gone | came)
    chosen = data.draw(st.sets(st.sampled_from(differ))) if differ else set()
    folder = world.write("cells")
    for path in folder.glob("train.*"):
        path.unlink()
    path = folder / ("train.yaml" if is_yaml else "train.jsonl")
    path.write_bytes(head + b"".join(blocks) + tail)
    only = [word for number in chosen for word in ("--only", f"cells/{number}.jpg")]
    ran = world.run("pull", "--discard-ours", *(only or ["--only", "none"]))
    assert ran.code == (2 if set(differ) - chosen else 0), ran
    after = path.read_bytes()
    kept = [block for number, block in enumerate(blocks) if number not in chosen]
    where = after.find(head)
    for one in b"".join((head, *kept, tail)).splitlines(keepends=True):
        found = after.find(one, where)
        assert found >= 0, (one, after)
        where = found + len(one)
    assert b"\r\n" not in blocks[0] or after.count(b"\n") == after.count(b"\r\n")
    (dataset,) = world.run("plan", "--json").datasets
    left = {int(change["key"].rpartition("/")[2].partition(".")[0]) for change in dataset["changes"]}
    assert left == set(differ) - chosen


def test_a_killed_pull_leaves_every_file_as_it_was(world: World, account: Account) -> None:
    """A new manifest does not appear, one that is there has its old bytes, and the next pull writes both."""
    account.create("cells")
    folder = world.write("cells", world.many(3), world.many(3, first=50))
    assert world.run("apply", "--yes").code == 0
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
    (folder / "test.jsonl").unlink()
    before = (folder / "train.jsonl").read_bytes()
    killed = subprocess.run([sys.executable, "-c", VICTIM], check=False, capture_output=True, env=os.environ)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (folder / "train.jsonl").read_bytes() == before
    assert not (folder / "test.jsonl").exists()
    assert world.run("pull", "--discard-ours").code == 0
    assert world.run("plan", "--exit-code").code == 0


@pytest.mark.parametrize("kind", ["short", "whole"])
def test_few_entries_are_held_while_a_manifest_is_written(kind: str) -> None:
    """Of thousands of listed lines at most one batch is read and not written yet, whatever the form of the entries."""
    held = {"read": 0, "most": 0}
    total, written_entries = 3000, 0
    lines = [line(f"{number}.jpg", "cat", "2000-01-01T00:00:00") for number in range(total)]

    def listed() -> Iterator[str]:
        held["read"] = 0
        for one in lines:
            held["read"] += 1
            yield one

    marked = {entry_of(parse_live(one)).key for one in lines} if kind == "whole" else ()
    for piece in yaml_manifest(listed, marked):
        written_entries += "  - " in piece
        held["most"] = max(held["most"], held["read"] - written_entries)
    assert written_entries == total
    assert held["most"] <= 500
