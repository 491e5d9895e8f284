"""The short form of JSON Lines: a line with `image` in the place of `source-ref` is an entry as in YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.commands import pull
from tests.cli.conftest import BUCKET

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

SETTINGS = f"managed: false\nimages: {BUCKET}/\nsize: [640, 480]\ncreated: 2024-01-01T00:00:00"
BOX = {"label": "RBC", "left": 10, "top": 0, "width": 40, "height": 30}
LINES: list[dict[str, object]] = [
    {"image": "a.jpg", "boxes": [BOX]},
    {"image": "b.jpg", "labels": ["day", "sea"]},
    {"image": "c.jpg"},
]
MANIFESTS = sorted(Path(__file__).parents[1].joinpath("data", "manifests").rglob("*.jsonl")) + sorted(
    Path(__file__).parents[1].joinpath("data", "manifests").rglob("*.manifest")
)


def short(world: World, lines: list[dict[str, object]], settings: str = SETTINGS) -> Path:
    """A project whose training manifest has these short lines."""
    return world.write("cells", [json.dumps(line) for line in lines], settings=settings) / "train.jsonl"


def test_a_short_line_is_the_line_of_an_entry_in_yaml(world: World) -> None:
    """With the defaults of project.yaml, which hold for a YAML manifest too."""
    manifest = short(world, LINES)
    text = "entries:\n" + "".join(f"  - {json.dumps(line)}\n" for line in LINES)
    manifest.with_name("same.yaml").write_text(text)
    assert world.run("validate").code == 0
    ran = world.run("diff", str(manifest), str(manifest.with_name("same.yaml")), "--exit-code")
    assert ran.code == 0, ran


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ({"image": "a.jpg", "boxes": [{**BOX, "label": ""}]}, 40, "empty-label"),
        ({"image": "a.jpg", "lables": ["x"], "labels": []}, 30, "unknown-key"),
        ({"image": "", "labels": []}, 11, "empty-text"),
        ({"image": "a.jpg", "boxes": [{**BOX, "left": "10"}]}, 55, "number-expected"),
        ({"image": "a.jpg", "labels": "x"}, 30, "list-expected"),
    ],
)
def test_a_fault_in_a_short_line_has_its_place(world: World, line: dict[str, object], column: int, code: str) -> None:
    """The line and the column of the member, with the sentence that YAML has for it."""
    short(world, [LINES[1], line])
    ran = world.run("validate")
    assert ran.code == 3
    assert f"datasets/cells/train.jsonl:2:{column} {code} error: " in ran.out


def test_without_defaults_a_short_line_says_what_is_missing(world: World) -> None:
    """No prefix for a relative name, and no size for boxes."""
    short(world, LINES[:1], "managed: false")
    ran = world.run("validate")
    assert ran.code == 3
    assert [code in ran.out for code in ("image-without-prefix", "boxes-without-size")] == [True, True]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_json_lines_yaml_and_short_form_mean_the_same(world: World, manifest: Path) -> None:
    """JSON Lines -> YAML -> short form -> JSON Lines, with an empty diff, for every manifest in tests/data."""
    if world.run("validate", str(manifest)).code:
        return  # it has errors on purpose
    world.run("convert", "manifest", str(manifest), "-o", "same.jsonl")
    for source, form, target in (
        ("same.jsonl", "yaml", "a.yaml"),
        ("a.yaml", "short", "b.jsonl"),
        ("b.jsonl", "jsonl", "c.jsonl"),
    ):
        assert world.run("convert", "manifest", source, "--to", form, "-o", target).code == 0
    ran = world.run("diff", "same.jsonl", "c.jsonl", "--format", "json")
    assert [one["changes_total"] for one in ran.datasets] == [0]


def test_pull_writes_the_short_form_of_many_entries_and_keeps_it(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is empty afterwards; an edit of live is a short line, too, and all others stay."""
    monkeypatch.setattr(pull, "SHORT", 3)
    folder = world.write("cells", world.many(3), settings=SETTINGS)
    account.create("cells")
    assert world.run("apply", "--yes").code == 0
    (folder / "train.jsonl").unlink()
    assert world.run("pull").code == 0
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    assert lines[0] == {"image": "0000.jpg", "boxes": [BOX]}
    assert world.run("plan", "--exit-code").code == 0
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
    assert world.run("pull", "--discard-ours").code == 0
    after = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    assert [after[0], after[2]] == [lines[0], lines[2]]
    assert after[1]["boxes"][0]["label"] == "WBC"
    assert world.run("plan", "--exit-code").code == 0


def test_labels_are_renamed_and_entries_leave_in_the_short_form(world: World) -> None:
    """By position: every other byte stays."""
    manifest = short(world, LINES)
    before = manifest.read_text()
    assert world.run("rename-label", "RBC", "Red").code == 0
    assert manifest.read_text() == before.replace('"RBC"', '"Red"')
    assert world.run("rm", "cells/c.jpg", "--reason", "blurred").code == 0
    assert manifest.read_text() == "".join(before.replace('"RBC"', '"Red"').splitlines(keepends=True)[:2])
