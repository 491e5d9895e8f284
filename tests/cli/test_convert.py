"""`reconciler convert`: files in, a manifest out, findings on standard error."""

from __future__ import annotations

import json
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
IMAGES = ("--image-prefix", "s3://acme-vision/c")
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
    assert " marked: the box 'RBC', 0 x 0 pixels at 504, 337, is left out" in ran.err


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
    assert "bad.xml:1:13 xml error: not well-formed XML: no element found" in ran.err
    assert "error: 1 error in the annotations; nothing was written" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("voc", "none.xml", *IMAGES), "none.xml cannot be read: No such file or directory"),
        (("voc", voc("00007"), "--image-prefix", "c:\\images"), "give an address such as s3://bucket/folder/"),
        (("voc", voc("00007"), *IMAGES, "-o", "none/train.jsonl"), "none/train.jsonl: No such file or directory"),
        (("labelme", "a.txt", *IMAGES), "invalid choice: 'labelme'"),
        (("voc", "a.xml"), "--image-prefix"),
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


ONE = {"id": 1, "file_name": "1.jpg", "width": 640, "height": 480}
CATEGORIES = [{"id": 1, "name": "cat"}]


def coco(annotations: object, image: object = ONE) -> str:
    """A COCO file with one image."""
    return json.dumps({"images": [image], "annotations": annotations, "categories": CATEGORIES})


def annotation(image: object, *box: float) -> dict[str, object]:
    """An annotation in COCO."""
    return {"id": 1, "image_id": image, "category_id": 1, "bbox": box or (1, 2, 30, 40)}


NESTED = "<annotation><filename>a.jpg</filename><size><width>640</width><height>480</height></size>{}</annotation>"
BNDBOX = "<bndbox><xmin>5</xmin><ymin>5</ymin><xmax>50</xmax><ymax>50</ymax></bndbox>"
LOSSES = {
    "coco: ids that are file names": ("coco", coco([annotation("1.jpg")]), "annotations-lost"),
    "coco: ids with zeros before them": ("coco", coco([annotation("001")]), "annotations-lost"),
    "coco: no list of annotations": ("coco", '{"images": [], "categories": []}', "not-coco"),
    "coco: two lists of annotations": ("coco", coco([annotation(1)])[:-1] + ', "annotations": []}', "json"),
    "coco: fractions": ("coco", coco([annotation(1, 0.1, 0.2, 0.3, 0.4)]), "boxes-as-fractions"),
    "coco: corners": ("coco", coco([annotation(1, 500, 300, 600, 400)]), "boxes-as-corners"),
    "coco: a turned image": ("coco", coco([annotation(1, 10, 400, 100, 200)]), "width-and-height-swapped"),
    "voc: objects one level deeper": ("voc", NESTED.format("<objects><object/></objects>"), "boxes-outside-objects"),
    "voc: two boxes in an object": (
        "voc",
        NESTED.format(f"<object><name>a</name>{BNDBOX}{BNDBOX}</object>"),
        "several-elements",
    ),
    "voc: objects in capitals": ("voc", NESTED.format("<OBJECT/>"), "boxes-outside-objects"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_conversion_that_would_lose_labels_is_an_error(world: World, case: str) -> None:
    """Such images came out as "looked at, nothing found", which teaches a model that nothing is there."""
    kind, content, code = LOSSES[case]
    source = world.folder / "in"
    source.write_text(content)
    ran = world.run("convert", kind, str(source), *IMAGES, "-o", "train.jsonl")
    assert (ran.code, (world.folder / "train.jsonl").exists()) == (3, False)
    assert code in ran.err


@pytest.mark.parametrize("label", ["labels/train/a.jpg.txt", "labels/train/A.TXT", "annotations/a.txt", "labels/a.txt"])
def test_label_files_that_join_no_image_are_an_error(world: World, label: str) -> None:
    """The image came out without labels, with a note that did not name the label file."""
    folder = world.folder / "pets"
    for name in ("images/train/a.jpg", label):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "data.yaml").write_text("train: images/train\nnames: [cat]\n")
    Image.new("RGB", (64, 64)).save(folder / "images/train/a.jpg")
    (folder / label).write_text("0 0.5 0.5 0.5 0.5\n")
    ran = world.run("convert", "yolo", str(folder), *IMAGES, "-o", "train.jsonl")
    assert (ran.code, (world.folder / "train.jsonl").exists()) == (3, False)
    assert f"pets/{label} yolo-labels-lost error: " in ran.err
    assert "the labels of these would be lost" in ran.err
    assert "add an empty label file" not in ran.err


def test_an_image_id_is_the_same_as_number_and_as_text(world: World) -> None:
    """The box joins its image, and nothing needs to be said."""
    source = world.folder / "in"
    for number in (1, 1.0, "1", " 1"):
        source.write_text(coco([annotation(number)], ONE | {"id": "1" if number == 1 else 1}))
        ran = world.run("convert", "coco", str(source), *IMAGES)
        assert (ran.code, ran.err, ran.out.count('"left":1')) == (0, "", 1)


def test_a_box_that_is_cut_by_much_is_said_by_name_with_its_share(world: World) -> None:
    """Clipping hides a wrong size of the image: what cuts off over a tenth says how much."""
    source = world.folder / "in"
    source.write_text(coco([annotation(1, 600, 400, 80, 100), annotation(1, 10, 10, 20, 30)]))
    ran = world.run("convert", "coco", str(source), *IMAGES)
    assert ran.code == 0
    assert "s3://acme-vision/c/1.jpg: the box 'cat', 80 x 100 pixels at 600, 400, loses 60% of its area" in ran.err


def test_images_without_objects_are_counted_in_every_format(world: World) -> None:
    """COCO said it, VOC did not."""
    source = world.folder / "in"
    for kind, content in (("coco", coco([])), ("voc", NESTED.format(""))):
        source.write_text(content)
        ran = world.run("convert", kind, str(source), *IMAGES)
        assert (ran.code, "images without annotations: 1; each becomes a line with zero boxes" in ran.err) == (0, True)


def test_the_old_name_of_the_image_prefix_works_with_a_warning(world: World) -> None:
    """The same lines come out, and the warning gives the new name."""
    new, old = (world.run("convert", "voc", voc("00007"), name, IMAGES[1]) for name in ("--image-prefix", "--images"))
    assert (new.code, old.code, new.out) == (0, 0, old.out)
    assert old.err == f"warning: --images is now --image-prefix; use that name\n{new.err}"
    assert "--images" not in world.run("convert", "--help").out


@pytest.mark.parametrize(
    ("image", "category"), [("1.jpg", "ca\\udc00t"), ("1\\ud800.jpg", "cat"), ("\\udfff\\ud800.jpg", "cat")]
)
@pytest.mark.parametrize("output", [(), ("-o", "train.jsonl")])
def test_half_a_character_is_an_error(world: World, image: str, category: str, output: tuple[str, ...]) -> None:
    """JSON can spell what UTF-8 cannot: it ended in "this is a bug", or in a manifest that nothing can read."""
    text = coco([annotation(1)]).replace("1.jpg", image).replace('"cat"', f'"{category}"')
    (world.folder / "in").write_text(text)
    ran = world.run("convert", "coco", "in", *IMAGES, *output)
    assert (ran.code, ran.out, (world.folder / "train.jsonl").exists()) == (3, "", False)
    assert " half-character error: " in ran.err


def test_a_manifest_becomes_annotations_of_another_format(world: World) -> None:
    """`--to` writes one file, or a folder that must not have files yet; the way back gives the same boxes."""
    source = str(DATA / "manifests" / "zeeshan3945-cigars" / "output.manifest")
    ran = world.run("convert", "manifest", source, "--to", "coco", "-o", "boxes.json")
    assert (ran.code, ran.out) == (0, "")
    assert "export-lost-confidence marked: boxes whose confidence is left out: 54" in ran.err
    assert len(json.loads((world.folder / "boxes.json").read_bytes())["annotations"]) == 54

    assert world.run("convert", "manifest", source, "--to", "yolo", "-o", "yolo").code == 0
    assert len(list((world.folder / "yolo" / "labels").iterdir())) == 32
    again = world.run("convert", "manifest", source, "--to", "yolo", "-o", "yolo")
    assert (again.code, "yolo is not empty" in again.err) == (3, True)
    nowhere = world.run("convert", "manifest", source, "--to", "yolo")
    assert (nowhere.code, "-o is missing: yolo is a folder of files" in nowhere.err) == (3, True)


def test_labels_of_machines_can_be_left_out(world: World) -> None:
    """`--min-confidence` and `--human-only` hold for every format, and a number beyond 1 is refused."""
    source = str(DATA / "manifests" / "linuxus-ground-truth" / "train_v1.manifest")
    ran = world.run("convert", "ground-truth", source, "--min-confidence", "0.9", "--human-only")
    assert (ran.code, 0 < ran.out.count("\n") < 55, "labels-left-out note:" in ran.err) == (0, True, True)
    assert world.run("convert", "ground-truth", source, "--min-confidence", "95").code == 3


def test_annotations_without_any_image_write_no_empty_manifest(world: World) -> None:
    """All labels are lost, and an empty manifest would look like a whole one."""
    for lost in ([annotation(1, 1, 2, 30, 40)], []):
        content = {"images": [], "annotations": lost, "categories": CATEGORIES}
        (world.folder / "c.json").write_text(json.dumps(content))
        ran = world.run("convert", "coco", "c.json", *IMAGES, "-o", "train.jsonl")
        assert (ran.code, ran.out) == (3, "")
        assert "give no line for any image; nothing was written" in ran.err
        assert not (world.folder / "train.jsonl").exists()


def test_corners_that_are_exchanged_are_named(world: World) -> None:
    """The finding said that the box is too small."""
    (world.folder / "a.xml").write_text(VOC.format("cat", 50).replace("<ymax>5<", "<ymax>1<"))
    ran = world.run("convert", "voc", "a.xml", *IMAGES)
    assert ran.code == 3
    assert "box-reversed marked: the box 'cat', 45 x -4 pixels at 5, 5, is left out: a side is negative" in ran.err
    assert "exchange the two corners" in ran.err


def test_images_of_one_name_in_two_folders_are_told_what_to_do(world: World) -> None:
    """VOC names no folder, so both would be one object in S3."""
    for folder in ("one", "two"):
        (world.folder / folder).mkdir()
        (world.folder / folder / "a.xml").write_text(VOC.format("cat", 50).replace("<ymax>5<", "<ymax>50<"))
    ran = world.run("convert", "voc", "one/a.xml", "two/a.xml", *IMAGES)
    assert ran.code == 3
    assert "was already annotated at one/a.xml:1" in ran.err
    assert "where two folders have images of one name, convert each with its --image-prefix" in ran.err


def test_a_fraction_a_little_beyond_the_edge_is_clipped_and_said(world: World) -> None:
    """Tools that round write 1.02; the cure was to divide pixels by the width."""
    folder = world.folder / "pets"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "data.yaml").write_text("train: images\nnames: [cat]\n")
    Image.new("RGB", (100, 100)).save(folder / "images/a.jpg")
    (folder / "labels/a.txt").write_text("0 0.5 0.5 1.02 0.5\n")
    ran = world.run("convert", "yolo", str(folder), *IMAGES)
    assert (ran.code, ran.out.count('"left":0,"top":25,"width":100,"height":50')) == (0, 1)
    assert "is clipped to 100 x 50 pixels at 0, 25" in ran.err
