"""Names of images: one rule makes keys of them, and what is hardly meant is counted, by `convert` and by `validate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import World

NAMES = [
    ("C:\\photos\\1.jpg", "a drive letter"),
    ("D:/photos/1.jpg", "a drive letter"),
    ("photos\\1.jpg", "a backslash"),
    ("../photos/1.jpg", "`.` or `..` as a folder"),
    ("photos/./1.jpg", "`.` or `..` as a folder"),
    ("000001", "without an extension"),
    ("photos.v2/000001", "without an extension"),
    ("1.gif", "an extension of neither JPEG nor PNG"),
    ("1.jpg.txt", "an extension of neither JPEG nor PNG"),
]
PREFIX = "s3://acme-vision/c/"


def coco(*names: str) -> str:
    """A COCO file with a box in each of some images."""
    images = [{"id": number, "file_name": name, "width": 640, "height": 480} for number, name in enumerate(names)]
    boxes = [{"id": one["id"], "image_id": one["id"], "category_id": 1, "bbox": [1, 2, 30, 40]} for one in images]
    return json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "cat"}]})


def voc(name: str) -> str:
    """A Pascal VOC file of an image, with a box."""
    box = "<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>50</xmax><ymax>50</ymax></bndbox>"
    size = "<size><width>640</width><height>480</height></size>"
    return f"<annotation><filename>{name}</filename>{size}<object><name>cat</name>{box}</object></annotation>"


@pytest.mark.parametrize(("name", "said"), NAMES)
@pytest.mark.parametrize("kind", ["coco", "voc", "yaml", "jsonl"])
def test_an_odd_name_is_counted_and_sent_as_it_is(world: World, kind: str, name: str, said: str) -> None:
    """Every form says it once with the first name and how often it is, and every form makes the same key of it."""
    key = f"{PREFIX}{name}"
    folder, source = world.write("cells"), world.folder / f"in.{kind}"
    if kind in {"coco", "voc"}:
        source.write_text(coco(name) if kind == "coco" else voc(name))
        ran = world.run("convert", kind, str(source), "--image-prefix", PREFIX)
        assert [json.loads(line)["source-ref"] for line in ran.out.splitlines()] == [key]
        told = ran.err
    else:
        line = json.dumps({"source-ref": key})
        entry = f"images: {PREFIX}\nentries:\n  - image: '{name}'\n"
        (folder / f"train.{kind}").write_text(f"{line}\n" if kind == "jsonl" else entry)
        ran = world.run("validate")
        told = ran.out
    assert ran.code == 0
    assert told.count(f"1 name of images with {said}".replace("with without", "without")) == 1


def test_odd_names_are_counted_over_a_whole_file(world: World) -> None:
    """A thousand names cost one line: how many, and the first."""
    source = world.folder / "in.json"
    source.write_text(coco("a.jpg", "b\\1.jpg", "b\\2.jpg", "b\\3.png"))
    ran = world.run("convert", "coco", str(source), "--image-prefix", PREFIX)
    assert ran.code == 0
    assert ran.err.count("3 names of images with a backslash, the first here") == 1
    assert ran.err.count("\n") == 2


@pytest.mark.parametrize(
    ("prefix", "name", "key"),
    [
        ("s3://acme/c", "x  y.jpg", "s3://acme/c/x  y.jpg"),
        ("s3://acme/c/", "/x.jpg", "s3://acme/c/x.jpg"),
        ("s3://acme/c//", "//x.jpg", "s3://acme/c/x.jpg"),
        ("s3://acme/c", "s3://acme/d/x.jpg", "s3://acme/d/x.jpg"),
    ],
)
def test_every_form_makes_the_same_key_of_a_name(world: World, prefix: str, name: str, key: str) -> None:
    """Converters and YAML share the rule: a whole address as it is, else one slash between prefix and name."""
    folder, source = world.write("cells"), world.folder / "in"
    for kind, text in (("coco", coco(name)), ("voc", voc(name))):
        source.write_text(text)
        ran = world.run("convert", kind, str(source), "--image-prefix", prefix)
        assert [json.loads(line)["source-ref"] for line in ran.out.splitlines()] == [key]
    (folder / "train.yaml").write_text(f"images: {prefix}\nentries:\n  - image: {name}\n  - image: {key}\n")
    ran = world.run("validate")
    assert ran.code == 3
    assert f'the image "{key}" appears twice' in ran.out


def test_an_image_on_the_web_is_an_error(world: World) -> None:
    """Custom Labels reads images from S3 alone; the address is not hung below the prefix."""
    source = world.folder / "in.json"
    source.write_text(coco("https://example.com/a.jpg"))
    ran = world.run("convert", "coco", str(source), "--image-prefix", PREFIX)
    assert (ran.code, ran.out) == (3, "")
    assert "the name of the image is the address https://example.com/a.jpg" in ran.err
