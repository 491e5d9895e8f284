"""`reconciler convert`: files in, a manifest out, findings on standard error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image

from reconciler.cli.commands.convert import Disk
from reconciler.errors import BadInput
from reconciler.text import inert

if TYPE_CHECKING:
    from tests.cli.conftest import World

DATA = Path(__file__).parents[1] / "data"
IMAGES = ("--images", "s3://acme-vision/c")
VOC = """\
<annotation><filename>a.jpg</filename><size><width>640</width><height>480</height><depth>3</depth></size>
<object><name>{}</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>{}</xmax><ymax>5</ymax></bndbox></object></annotation>
"""


def voc(image: str) -> str:
    """A real file."""
    return str(DATA / "bccd-voc" / "Annotations" / f"BloodImage_{image}.xml")


def test_lines_go_out_and_findings_go_beside(world: World) -> None:
    """A box that is left out stops no other: exit code 0, one line per file, the finding on standard error."""
    files = [voc("00000"), voc("00338")]
    ran = world.run("convert", "voc", *files, *IMAGES)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert [line.startswith('{"source-ref":"s3://acme-vision/c/BloodImage_') for line in lines] == [True, True]
    assert ran.out.endswith("}\n")
    assert ran.err.startswith(inert(files[1]))
    assert ": marked: the box 'RBC', 0 x 0 pixels at 504, 337, is left out" in ran.err


@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_the_manifest_that_comes_out_is_valid_and_always_the_same(world: World, kind: str) -> None:
    """The manifest passes `validate`, and a second run writes the same bytes."""
    source = str(DATA / "coco" / "taco-v2.json") if kind == "coco" else voc("00007")
    folder = world.write("cells")
    manifest = folder / "train.jsonl"
    asked = ("convert", kind, source, *IMAGES, "--created", "2024-01-31T12:00:00", "-o", str(manifest))
    assert world.run(*asked).code == 0
    first = manifest.read_bytes()
    assert first.count(b'"creation-date":"2024-01-31T12:00:00"') == first.count(b"\n") > 0
    assert world.run("validate").code == 0
    assert world.run(*asked).out == ""
    assert manifest.read_bytes() == first


def test_an_error_writes_nothing(world: World) -> None:
    """Half a manifest looks like a whole one, so none is written: exit code 3, and an existing file is left alone."""
    bad, manifest = world.folder / "bad.xml", world.folder / "train.jsonl"
    bad.write_text("<annotation>")
    manifest.write_text("as it was")
    ran = world.run("convert", "voc", voc("00007"), str(bad), *IMAGES, "-o", "train.jsonl")
    assert (ran.code, ran.out, manifest.read_text()) == (3, "", "as it was")
    assert "bad.xml:1:13: error: not well-formed XML: no element found" in ran.err
    assert "error: 1 error in the annotations; nothing was written" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("voc", "none.xml", *IMAGES), "none.xml cannot be read: No such file or directory"),
        (("voc", voc("00007"), "--images", "c:\\images"), "give an address such as s3://bucket/folder/"),
        (("voc", voc("00007"), *IMAGES, "-o", "none/train.jsonl"), "none/train.jsonl: No such file or directory"),
        (("labelme", "a.txt", *IMAGES), "invalid choice: 'labelme'"),
        (("voc", "a.xml"), "--images"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(world: World, arguments: tuple[str, ...], said: str) -> None:
    """Errors are sentences without a traceback, and standard output is empty."""
    ran = world.run("convert", *arguments)
    assert ran.code in {1, 3}
    assert ran.out == ""
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_hostile_text_cannot_act_on_the_terminal(world: World) -> None:
    """Labels and file names from others are escaped."""
    file = world.folder / "a\x1b[2J.xml"
    file.write_text(VOC.format("\u202eRBC\x85", 5))
    ran = world.run("convert", "voc", str(file), *IMAGES)
    assert "\\u202eRBC" in ran.err
    assert not {"\x1b", "\u202e", "\x85"} & set(ran.err)


def test_a_folder_is_walked_in_one_order_without_hidden_files_and_circles(tmp_path: Path) -> None:
    """What an importer learns of a folder does not depend on the disk."""
    for name in ("b/2.txt", "a.txt", "b/10.txt", ".hidden/c.txt", "b/._2.txt", "B/1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "b" / "again").symlink_to(tmp_path, target_is_directory=True)
    disk = Disk([])
    assert disk.below(str(tmp_path)) == ["B/1.txt", "a.txt", "b/10.txt", "b/2.txt"]
    assert disk.below(str(tmp_path / "a.txt")) == []
    with pytest.raises(BadInput, match="none cannot be read: No such file or directory"):
        disk.below(str(tmp_path / "none"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(("orientation", "size"), [(1, (70, 90)), (3, (70, 90)), (6, (90, 70)), (8, (90, 70))])
def test_an_images_size_is_the_one_that_viewers_show(
    tmp_path: Path, kind: str, orientation: int, size: tuple[int, int]
) -> None:
    """A camera that was held upright stores the image on its side and says so in EXIF."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new("RGB", (70, 90)).save(tmp_path / "a", kind, exif=exif if kind == "JPEG" else None)
    assert Disk([]).image_size(str(tmp_path / "a")) == (size if kind == "JPEG" else (70, 90))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\x40\x00\x40\x00",
        b"\xff\xd8\xff\xe0\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(8),
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg width="70" height="90">&a;</svg>',
    ],
)
def test_what_is_not_the_header_of_a_jpeg_or_png_has_no_size(tmp_path: Path, content: bytes) -> None:
    """A broken file, or one of a format that AWS does not take, has no size and raises no error."""
    (tmp_path / "a.jpg").write_bytes(content)
    assert Disk([]).image_size(str(tmp_path / "a.jpg")) is None
