"""`convert --sizes from-images`: a size that the annotations do not give is read from the image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.images import image
from tests.support.s3 import watched_s3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ran, World

SIZED = "<size><width>640</width><height>480</height><depth>3</depth></size>"
BOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>31</xmax><ymax>42</ymax></bndbox>"


def voc(name: str, size: str) -> str:
    """An annotation with one box."""
    return f"<annotation><filename>{name}</filename>{size}<object><name>RBC</name>{BOX}</object></annotation>"


def coco(*images: dict[str, Any]) -> str:
    """A file with one box in each image."""
    boxes = [{"id": one["id"], "image_id": one["id"], "category_id": 1, "bbox": [1, 2, 30, 40]} for one in images]
    return json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "RBC"}]})


FILES = {
    "coco": (
        "coco.json",
        coco(
            {"id": 1, "file_name": "a.jpg"},
            {"id": 2, "file_name": "b.png", "width": 0, "height": 0},
            {"id": 3, "file_name": "c.jpg", "width": 640, "height": 480},
        ),
    ),
    "csv": (
        "labels.csv",
        (
            "image,label,xmin,ymin,xmax,ymax,image_width,image_height\n"
            "a.jpg,RBC,1,2,31,42,,\nb.png,RBC,1,2,31,42,,\nc.jpg,RBC,1,2,31,42,640,480\n"
        ),
    ),
    "voc": ("voc", ""),
}
SIZES = {"a.jpg": (480, 640), "b.png": (300, 200), "c.jpg": (640, 480)}


@pytest.fixture
def annotated(world: World) -> World:
    """Annotations in three formats of three images, of which the last alone has a size; it is nowhere."""
    for name, text in FILES.values():
        if text:
            (world.folder / name).write_text(text)
    (world.folder / "voc").mkdir()
    unknown = "<size><width>0</width><height>0</height><depth>3</depth></size>"
    for name, size in (("a.jpg", ""), ("b.png", unknown), ("c.jpg", SIZED)):
        (world.folder / "voc" / f"{name}.xml").write_text(voc(name, size))
    (world.folder / "photos").mkdir()
    (world.folder / "photos" / "a.jpg").write_bytes(image(turn=6))
    (world.folder / "photos" / "b.png").write_bytes(image("PNG", (300, 200)))
    return world


def converted(world: World, form: str, *more: str, bucket: str = "bucket") -> Ran:
    """Convert the annotations of a format."""
    name = FILES[form][0]
    sources = [f"voc/{one}.xml" for one in SIZES] if form == "voc" else [name]
    return world.run("convert", form, *sources, "--image-prefix", f"s3://{bucket}/", *more)


def sizes_in(ran: Ran) -> dict[str, tuple[int, int]]:
    """The size of each image in the lines that came out."""
    found = {}
    for line in map(json.loads, ran.out.splitlines()):
        (size,) = line["bounding-box"]["image_size"]
        found[line["source-ref"].rpartition("/")[2]] = size["width"], size["height"]
    return found


@pytest.mark.parametrize("form", FILES)
def test_a_size_that_is_missing_is_read_from_the_image_in_a_folder(annotated: World, form: str) -> None:
    """As viewers show the image, which is what boxes are drawn on; a size that is given is taken as it is."""
    ran = converted(annotated, form, "--sizes", "from-images", "--pictures", "photos")
    assert ran.code == 0, ran.err
    assert sizes_in(ran) == SIZES
    without = converted(annotated, form)
    assert (without.code, without.out) == (3, "")


def test_a_table_without_columns_for_sizes_has_them_from_the_images(annotated: World) -> None:
    """The header needs no size then."""
    rows = "a.jpg,RBC,1,2,31,42\nb.png,RBC,1,2,31,42\n"
    (annotated.folder / "labels.csv").write_text(f"image,label,xmin,ymin,xmax,ymax\n{rows}")
    ran = converted(annotated, "csv", "--sizes", "from-images", "--pictures", "photos")
    assert sizes_in(ran) == {name: SIZES[name] for name in ("a.jpg", "b.png")}


def test_a_size_that_is_missing_is_read_in_s3(annotated: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the images without a size are asked for, each with one read."""
    with watched_s3("sizes") as (bucket, watched):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
        for file in (annotated.folder / "photos").iterdir():
            bucket.client.put_object(Bucket=bucket.name, Key=file.name, Body=file.read_bytes())
        watched.counts()
        ran = converted(annotated, "coco", "--sizes", "from-images", bucket=bucket.name)
        assert sizes_in(ran) == SIZES
        assert watched.counts() == {"List": 1, "Get": 2}


@pytest.mark.parametrize("form", FILES)
def test_an_image_without_a_readable_size_is_named(annotated: World, form: str) -> None:
    """Nothing is written; the finding has the image and the cure."""
    (annotated.folder / "photos" / "b.png").write_bytes(b"text")
    ran = converted(annotated, form, "--sizes", "from-images", "--pictures", "photos")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.count("size-not-in-image") == 1
    assert "s3://bucket/b.png" in ran.err


def test_a_folder_of_pictures_needs_something_that_reads_it(annotated: World, tmp_path: Path) -> None:
    """The sentence names the option that belongs to it."""
    ran = converted(annotated, "coco", "--pictures", str(tmp_path))
    assert ran.code == 3
    assert "--pictures of convert is for --sizes from-images" in ran.err
