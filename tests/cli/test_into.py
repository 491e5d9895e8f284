"""`reconciler convert --into`: a re-export changes what means something different, and no other byte."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import World

TACO = Path(__file__).parents[1] / "data" / "coco"
IMAGES = ("--image-prefix", "s3://acme-vision/c/")


def table(labels: dict[str, str]) -> str:
    """Annotations as a table without a header."""
    return "".join(f"{name},{label}\n" for name, label in labels.items())


@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_dates_alone_change_no_byte_and_a_new_version_only_what_it_means(world: World, form: str) -> None:
    """Three versions of a real COCO set: the merged manifest means what the newest means, with its comments kept."""
    manifest = world.folder / f"train.{form}"
    first = ("convert", "coco", str(TACO / "taco-v2.json"), *IMAGES)
    assert world.run(*first, "--to", form, "-o", manifest.name).code == 0
    if form == "yaml":
        manifest.write_text("# kept\n" + manifest.read_text())
    before = manifest.read_bytes()

    again = world.run(*first, "--created", "2031-01-01T00:00:00", "--into", manifest.name)
    assert (again.code, manifest.read_bytes()) == (0, before)
    assert again.out == f"{manifest.name} is unchanged: every entry means the same\n"

    newer = ("convert", "coco", str(TACO / "taco-v3.json"), *IMAGES)
    ran = world.run(*newer, "--into", manifest.name)
    assert (ran.code, " changed, " in ran.out) == (0, True)
    assert form == "jsonl" or manifest.read_text().startswith("# kept\n")
    assert world.run(*newer, "-o", "whole.jsonl").code == 0
    text = world.run("diff", manifest.name, "whole.jsonl", "--format", "json").document["projects"][0]["datasets"][0]
    assert (text["update"], text["add"]) == (0, 0)


@pytest.mark.parametrize("seed", range(8))
def test_k_changed_labels_change_exactly_k_lines(world: World, seed: int) -> None:
    """Any subset of relabelled images changes their lines, new images come last, and the rest keeps every byte."""
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    labels = {f"{number}.jpg": chance.choice(("cat", "dog")) for number in range(30)}
    (world.folder / "a.csv").write_text(table(labels))
    assert world.run("convert", "csv", "a.csv", *IMAGES, "-o", "train.jsonl").code == 0
    manifest = world.folder / "train.jsonl"
    lines = [line.replace(":", ": ", 1) for line in manifest.read_text().splitlines()]  # somebody's own spacing
    manifest.write_text("\n".join(lines) + "\n")

    chosen = chance.sample(sorted(labels), chance.randrange(30))
    new = {f"new{number}.jpg": "cat" for number in range(chance.randrange(3))}
    (world.folder / "a.csv").write_text(table(labels | dict.fromkeys(chosen, "bird") | new))
    ran = world.run("convert", "csv", "a.csv", *IMAGES, "--created", "2031-01-01T00:00:00", "--into", "train.jsonl")

    after = manifest.read_text().splitlines()
    changed = {
        json.loads(old)["source-ref"].rpartition("/")[2] for old, now in zip(lines, after, strict=False) if old != now
    }
    assert (ran.code, changed, len(after)) == (0, set(chosen), 30 + len(new))


def test_missing_entries_stay_and_are_named_or_are_retired(world: World) -> None:
    """What the annotations no longer have is never deleted unseen; with a reason it is retired in project.yaml."""
    folder = world.write("cells", world.many(3))
    manifest = folder / "train.jsonl"
    before = manifest.read_bytes()
    keep = world.folder / "keep.jsonl"
    keep.write_text("".join(f"{line}\n" for line in world.many(2)))
    merge = ("convert", "manifest", "keep.jsonl", "--into", str(manifest))

    ran = world.run(*merge)
    assert (ran.code, manifest.read_bytes()) == (0, before)
    assert "1 entry that the annotations do not have stay" in ran.out
    assert "  s3://acme-vision/cells/0002.jpg" in ran.out

    ran = world.run(*merge, "--retire-missing", "the camera was broken")
    assert (ran.code, manifest.read_bytes()) == (0, b"".join(before.splitlines(keepends=True)[:2]))
    assert "the camera was broken" in (folder / "project.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--into", "train.jsonl", "-o", "x.jsonl"), "leave -o and --to out"),
        (("--into", "train.jsonl", "--to", "yaml"), "leave -o and --to out"),
        (("--retire-missing", "why"), "belong to --into"),
        (("--into", "none.jsonl"), "none.jsonl is not a file"),
        (("--into", "train.jsonl", "--retire-missing", "why"), "no project.yaml beside train.jsonl"),
    ],
)
def test_what_cannot_be_merged_is_a_sentence(world: World, arguments: tuple[str, ...], said: str) -> None:
    """Arguments that exclude each other are refused, and nothing is written."""
    manifest = world.folder / "train.jsonl"
    manifest.write_text(world.boxes("a.jpg", "cat") + "\n")
    before = manifest.read_bytes()
    ran = world.run("convert", "manifest", "train.jsonl", *arguments)
    assert (ran.code, said in ran.err, manifest.read_bytes()) == (3, True, before)
