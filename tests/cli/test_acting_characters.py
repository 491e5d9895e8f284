"""No output of any command holds a character that acts on the reader: names with them are shown with escapes."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

# It turns the text after it around, ends the line for some readers, and shows nothing.
SIGN = "\u202egnp\u2066\u2028\u200b\x9b31m"
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def acting(text: str) -> str:
    """The first character that acts, with its surroundings; empty without one."""
    place = next((at for at, one in enumerate(text) if unicodedata.category(one) in ACTING and one != "\n"), None)
    return "" if place is None else ascii(text[max(0, place - 60) : place + 20])


def written(folder: Path) -> list[str]:
    """What the views hold that were written to files."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("out.*"))]


def test_no_command_shows_a_character_that_acts(account: Account, world: World) -> None:
    """In keys, labels, jobs, fields, reasons and names of files, on both streams and in every view."""
    account.create("cells")
    lines = [*world.many(20), world.boxes(f"{SIGN}.jpg", f"RBC{SIGN}", "RBC")]
    other = json.loads(world.boxes(f"b{SIGN}.jpg", f"WBC{SIGN}"))
    other["boxes-metadata"]["job-name"] = SIGN
    other[f"x{SIGN}"] = SIGN
    world.write("cells", [*lines, json.dumps(other)], world.many(3, f"RBC{SIGN}", first=500))
    views = ("--html", "out.html", "--markdown", "out.md", "--save", "out.json")
    runs = [
        world.run("validate"),
        world.run("validate", "--json"),
        world.run("plan", "--verbose", *views),
        world.run("apply", "--yes", "-v"),
    ]
    said = written(world.folder)
    world.write("cells", world.many(20, f"Red{SIGN}"), world.many(3, f"Red{SIGN}", first=500))
    runs += [
        world.run("plan", "--verbose", *views, "--allow", f"updates=a{SIGN}"),
        world.run("drift"),
        world.run("pull"),
        world.run("report", "out.json"),
        world.run("diff", "datasets/cells/train.jsonl", "datasets/cells/test.jsonl"),
        world.run("diff", SIGN, "datasets"),
        world.run("explain", SIGN),
        world.run(SIGN),
        world.run("plan", "--project", SIGN),
    ]
    said += [text for ran in runs for text in (ran.out, ran.err)] + written(world.folder)
    assert [found for text in said if (found := acting(text))] == []


COCO = {
    "images": [{"id": SIGN, "file_name": f"{SIGN}.gif", "width": 640, "height": 480}, {"id": 2}],
    "annotations": [{"id": SIGN, "image_id": SIGN, "category_id": 1, "bbox": [1, 2, 3000, 4]}],
    "categories": [{"id": 1, "name": SIGN}],
}
VOC = (
    f"<annotation><filename>{SIGN[:-4]}.gif</filename><size><width>640</width><height>480</height></size>"
    f"<object><name>{SIGN[:-4]}</name><bndbox><xmin>a{SIGN[:-4]}</xmin><ymin>1</ymin><xmax>2</xmax><ymax>3</ymax>"
    "</bndbox></object></annotation>"
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("coco", json.dumps(COCO)),
        ("coco", json.dumps(COCO | {"categories": [{"id": SIGN, "name": ""}]})),
        ("voc", VOC),
        ("csv", f"image,{SIGN}\na,b\n"),
        ("csv", f"{SIGN}.gif,{SIGN}\n"),
        (
            "label-studio",
            json.dumps([{"id": SIGN, "data": {"image": SIGN}, "annotations": [{"result": [{"a": SIGN}]}]}]),
        ),
        ("jsonl", f'{{"source-ref": "{SIGN}"'),
    ],
)
def test_no_converter_shows_a_character_that_acts(world: World, kind: str, text: str) -> None:
    """In ids, labels, names of images and files."""
    name = f"{SIGN}.txt"
    (world.folder / name).write_text(text, encoding="utf-8")
    more = ("--fix-types",) if kind == "jsonl" else ("--image-prefix", "s3://acme-vision/")
    ran = world.run("convert", kind, name, *more, "-o", "lines")
    assert ran.err
    assert acting(ran.out + ran.err) == ""
