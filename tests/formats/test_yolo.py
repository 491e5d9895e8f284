"""YOLO folders to manifest lines: what comes out, and the finding for each fault.

The files are written by hand from the format's public description (docs.ultralytics.com/datasets/detect).
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reconciler.cli.commands.convert import Disk
from reconciler.entries import Box, meaning_of
from reconciler.errors import BadInput
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.model import Finding, Severity

DATA = "train: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n"
IMAGES = "s3://acme-vision/pets/"
Outcome = tuple[list[Converted], list[Finding]]
Files = Mapping[str, str | bytes | tuple[int, int]]
Write = Callable[[Files], Path]


def run(*names: object) -> Outcome:
    """Convert folders into lines and findings."""
    results = list(
        FORMATS["yolo"].convert(Disk([str(name) for name in names]), images=IMAGES, created="2026-01-31T00:00:00")
    )
    return [one for one in results if isinstance(one, Converted)], [one for one in results if isinstance(one, Finding)]


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    """Class and code of each finding."""
    return [(one.severity.value, one.code) for one in findings]


def meaning(line: Converted) -> Any:  # noqa: ANN401 - a Meaning
    """What a line means."""
    return meaning_of(json.loads(line.line))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a dataset: a size is an image, text a file."""

    def write(files: Files) -> Path:
        for name, content in files.items():
            path = tmp_path / "pets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                Image.new("RGB", content).save(path, "PNG" if name.endswith(".png") else "JPEG")
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "pets"

    return write


def pets(label: str = "0 0.5 0.5 0.5 0.25\n", data: str = DATA) -> dict[str, str | bytes | tuple[int, int]]:
    """A dataset with an image in each split; `label` is the label file of the first."""
    return {
        "data.yaml": data,
        "images/train/a.jpg": (640, 480),
        "labels/train/a.txt": label,
        "images/val/b.png": (100, 200),
        "labels/val/b.txt": "1 0.5 0.5 1 1\n",
    }


def test_fractions_become_pixels_and_classes_become_names(write: Write) -> None:
    """Center and size are fractions of the image's own width and height; the key is the path in the folder."""
    lines, findings = run(write(pets()))
    assert findings == []
    assert [line.key for line in lines] == [f"{IMAGES}images/train/a.jpg", f"{IMAGES}images/val/b.png"]
    assert meaning(lines[0]).boxes == (Box("cat", 160_000, 180_000, 320_000, 120_000),)
    assert meaning(lines[1]).boxes == (Box("dog", 0, 0, 100_000, 200_000),)
    assert meaning(lines[0]).sizes == ((640_000, 480_000),)


@pytest.mark.parametrize(
    "names",
    ["names: [cat, dog]", "names:\n- cat\n- 'dog'", "names: {1: dog, 0: cat}", "nc: 2\nnames: {'0': cat, 1: dog}"],
)
@pytest.mark.parametrize(
    "splits",
    [
        "train: images/train\nval: images/val",
        "path: ../pets\ntrain: [images/train, images/val]",
        "path: images\ntrain: train\nval: val\ntest: # none",
        "path: /home/somebody/pets\ntrain: ../images/train/\nval: ./images/val",
        "train: train.txt\nval: lists/val.txt",
    ],
)
def test_every_documented_way_to_write_data_yaml_is_read(write: Write, names: str, splits: str) -> None:
    """Names as list or mapping; splits as folders or lists of images, from `path` or the folder itself."""
    lists = {"train.txt": "./images/train/a.jpg\r\n\r\n", "lists/val.txt": "../images/val/b.png"}
    lines, findings = run(write(pets(data=f"{splits}\n{names}\n") | lists))
    assert findings == []
    assert [meaning(line).boxes[0].label for line in lines] == ["cat", "dog"]


def test_a_folder_of_a_split_converts_its_images_only(write: Write) -> None:
    """A manifest per split, with the same keys as in the whole folder."""
    folder = write(pets() | {"labels/train/lost.txt": "0 0.5 0.5 0.1 0.1"})
    lines, findings = run(folder / "images" / "val")
    assert findings == []
    assert [line.key for line in lines] == [f"{IMAGES}images/val/b.png"]


def test_a_yaml_file_of_any_name_can_be_given(write: Write) -> None:
    """A folder may have several YAML files, and the one that is given is read."""
    lines, _findings = run(write(pets() | {"only.yml": "train: images/val\nnames: [x, y]\n"}) / "only.yml")
    assert [meaning(line).boxes[0].label for line in lines] == ["y"]


def test_labels_without_a_folder_images_lie_beside_their_image(write: Write) -> None:
    """The folders `images` and `labels` are a habit and no need; the file of all class names is not a label file."""
    files: Files = {
        "data.yaml": "train: .\nnames: [cat]",
        "a.JPG": (64, 64),
        "a.txt": "0 .5 .5 .5 5e-01",
        "classes.txt": "c",
    }
    lines, findings = run(write(files))
    assert findings == []
    assert meaning(lines[0]).boxes == (Box("cat", 16_000, 16_000, 32_000, 32_000),)


def test_no_label_file_is_unlabelled_and_an_empty_one_is_labelled(write: Write) -> None:
    """Nobody looked is not the same as nothing is there."""
    files = pets("\n") | {"images/train/c.jpg": (64, 64)}
    lines, findings = run(write(files))
    assert [(meaning(line).labelled, len(meaning(line).boxes)) for line in lines] == [(True, 0), (False, 0), (True, 1)]
    assert json.loads(lines[1].line) == {"source-ref": f"{IMAGES}images/train/c.jpg"}
    assert codes(findings) == [("note", "yolo-unlabelled"), ("note", "yolo-no-boxes")]


def test_an_image_in_two_splits_is_converted_once(write: Write) -> None:
    """Small datasets train and validate on the same folder."""
    lines, findings = run(write(pets(data=DATA.replace("images/val", "images/train"))))
    assert len(lines) == 1
    assert codes(findings) == [("note", "yolo-several-splits")]


def test_a_box_over_the_edge_is_clipped_and_rounding_is_not_a_finding(write: Write) -> None:
    """Half a pixel is what three decimals lose in an image of 1,000 pixels."""
    lines, findings = run(write(pets("0 0.0495 0.5 0.1 0.5\n0 0.9 0.5 0.4 0.5\n")))
    assert [(box.left, box.width) for box in meaning(lines[0]).boxes] == [(0, 63_680), (448_000, 192_000)]
    assert codes(findings) == [("marked", "ERROR_INVALID_BOUNDING_BOX")]
    assert str(findings[0].place).endswith("labels/train/a.txt:2")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("2 0.5 0.5 0.1 0.1", "yolo-class", "'2'"),
        ("-1 0.5 0.5 0.1 0.1", "yolo-class", "'-1'"),
        ("cat 0.5 0.5 0.1 0.1", "yolo-class", "'cat'"),
        ("\u0660 0.5 0.5 0.1 0.1", "yolo-class", "'\u0660'"),
        ("0 1.5 0.5 0.1 0.1", "yolo-fraction", "center's x is '1.5'"),
        ("0 0.5 -0.1 0.1 0.1", "yolo-fraction", "center's y is '-0.1'"),
        ("0 0.5 0.5 -0.1 0.1", "yolo-fraction", "width is '-0.1'"),
        ("0 0.5 0.5 0.1 nan", "yolo-fraction", "height is 'nan'"),
        ("0 320 240 64 48", "yolo-fraction", "'320'"),
        ("0 1e999 0.5 0.1 0.1", "yolo-fraction", "'1e999'"),
        ("0 0.5 0.5 0_1 0.1", "yolo-fraction", "'0_1'"),
        ("0 0.5 0.5 0.1", "yolo-columns", "4 columns"),
        ("0 0.5 0.5 0.1 0.1 0.9", "yolo-columns", "6 columns"),
        ("0,0.5,0.5,0.1,0.1", "yolo-columns", "1 columns"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2", "yolo-polygon", "3 points"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2", "yolo-polygon", "4 points"),
    ],
)
def test_a_line_that_is_not_a_box_is_an_error_at_its_place(write: Write, line: str, code: str, said: str) -> None:
    """The image gives no line, and the other images do; all lines of a file are judged."""
    lines, findings = run(write(pets(f"0 0.5 0.5 0.5 0.5\n\n{line}\n{line}\n")))
    assert codes(findings) == [("error", code)] * 2
    assert [str(one.place).rsplit(":", 1)[1] for one in findings] == ["3", "4"]
    assert findings[0].place.file.endswith("labels/train/a.txt")
    assert said in findings[0].message
    assert [line.key for line in lines] == [f"{IMAGES}images/val/b.png"]


@pytest.mark.parametrize("size", ["0 0.1", "0.1 0", "0.001 0.1"])
def test_a_box_without_a_size_is_left_out_by_name_and_line(write: Write, size: str) -> None:
    """As with the other formats; AWS would mark it."""
    lines, findings = run(write(pets(f"1 0.5 0.5 {size}\n0 0.5 0.5 0.5 0.5\n")))
    assert codes(findings) == [("marked", "ERROR_BOUNDING_BOX_TOO_SMALL")]
    assert str(findings[0].place).endswith("labels/train/a.txt:1")
    assert [box.label for box in meaning(lines[0]).boxes] == ["cat"]


def test_an_image_that_loses_all_its_boxes_is_an_error(write: Write) -> None:
    """Its line would mean that nothing is there."""
    lines, findings = run(write(pets("0 0.5 0.5 0 0\n")))
    assert len(lines) == 1
    assert codes(findings)[-1] == ("error", "no-box-left")


@pytest.mark.parametrize(
    ("name", "content", "code", "place"),
    [
        ("data.yaml", "train: images/train", "yolo-names", "data.yaml"),
        ("data.yaml", "names: cat", "yolo-names", "data.yaml:1"),
        ("data.yaml", "names: []", "yolo-names", "data.yaml:1"),
        ("data.yaml", "names:\n  0: cat\n  1:", "yolo-names", "data.yaml:3"),
        ("data.yaml", "names:\n  0: [cat]", "yolo-names", "data.yaml:2"),
        ("data.yaml", "names: {cat: 0}", "yolo-names", "data.yaml:1"),
        ("data.yaml", "names:\n- cat\n- cat", "yolo-repeated-name", "data.yaml:3"),
        ("data.yaml", "names: {0: cat, 0: dog}", "yolo-repeated-name", "data.yaml:1"),
        ("data.yaml", "names: [cat]", "yolo-no-split", "data.yaml"),
        ("data.yaml", "names: [cat]\ntrain: {a: b}", "yolo-split", "data.yaml:2"),
        ("data.yaml", "names: [cat]\ntrain: /etc", "yolo-split", "data.yaml:2"),
        ("data.yaml", "names: [cat]\ntrain: ../../../../../../etc/passwd", "yolo-split", "data.yaml:2"),
        ("data.yaml", "names: [cat]\nval: photos", "yolo-split", "data.yaml:2"),
        ("data.yaml", "names: [cat]\ntrain: labels", "yolo-no-images", "data.yaml"),
        ("data.yaml", "names: [\n", "yolo-yaml", "data.yaml:2"),
        ("data.yaml", "- 1", "yolo-yaml", "data.yaml"),
        ("data.yaml", "", "yolo-yaml", "data.yaml"),
        ("data.yaml", "[" * 5000, "yolo-yaml", "data.yaml"),
        ("data.yaml", "a: \x00", "yolo-yaml", "data.yaml"),
        ("data.yaml", b"\xff", "encoding", "data.yaml"),
        ("labels/train/a.txt", b"0 0.5 0.5 0.1 0.1 \xff", "encoding", "labels/train/a.txt"),
        ("images/train/a.jpg", "not an image", "yolo-image-size", "images/train/a.jpg"),
        ("images/train/a.jpg", b"\xff\xd8\xff\xe0", "yolo-image-size", "images/train/a.jpg"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_file(
    write: Write, name: str, content: str | bytes, code: str, place: str
) -> None:
    """One error with a cure, and never a traceback."""
    folder = write(pets() | {name: content})
    _lines, findings = run(folder)
    assert codes(findings) == [("error", code)]
    assert str(findings[0].place) == f"{folder}/{place}"
    assert findings[0].cure


def test_an_image_of_a_list_that_is_missing_is_an_error_at_its_line(write: Write) -> None:
    """Also one that is not an image, and one outside the folder, which is never opened."""
    listed = "images/train/a.jpg\nimages/train/x.jpg\n/etc/passwd\ndata.yaml\n"
    lines, findings = run(write(pets(data="train: all.txt\nnames: [cat]\n") | {"all.txt": listed}))
    assert len(lines) == 1
    assert [(one.code, one.place.line) for one in findings] == [
        ("yolo-image-missing", 2),
        ("yolo-image-missing", 3),
        ("yolo-not-an-image", 4),
    ]


def test_a_label_file_without_an_image_is_left_out_by_name(write: Write) -> None:
    """Its boxes would be lost in silence; other text files are not label files."""
    lost = {"labels/train/lost.txt": "0 0.5 0.5 0.1 0.1", "labels/train/deep/lost.txt": "", "notes.txt": "hello"}
    lines, findings = run(write(pets() | lost))
    assert len(lines) == 2
    assert codes(findings) == [("marked", "yolo-no-image")] * 2
    assert findings[1].place.file.endswith("labels/train/lost.txt")


def test_an_image_that_aws_does_not_take_is_left_out_by_name(write: Write) -> None:
    """YOLO takes more formats; the label file of such an image is not an orphan."""
    extra: Files = {"images/train/c.webp": b"RIFF", "labels/train/c.txt": "0 0.5 0.5 0.1 0.1"}
    lines, findings = run(write({**pets(), **extra}))
    assert len(lines) == 2
    assert codes(findings) == [("marked", "image-format")]


def test_a_file_name_that_is_not_utf_8_is_an_error(write: Write) -> None:
    """An image whose name is not UTF-8 has no S3 key, so it is an error."""
    lines, findings = run(write(pets() | {"images/train/\udcff.jpg": (64, 64)}))
    assert len(lines) == 2
    assert ("error", "yolo-image-name") in codes(findings)


def test_the_same_key_from_two_folders_is_an_error(write: Write) -> None:
    """The second place names the first."""
    folder = write(pets())
    lines, findings = run(folder, folder)
    assert len(lines) == 2
    assert codes(findings) == [("error", "repeated-image")] * 2


def test_a_folder_without_data_yaml_is_an_error_and_one_that_is_not_there_too(write: Write) -> None:
    """A folder without data.yaml and a missing folder are one error that names the folder."""
    folder = write({"elsewhere/deep/deeper/deepest/a.jpg": (64, 64)}) / "elsewhere/deep/deeper/deepest"
    for name in (folder, folder / "none"):
        _lines, findings = run(name)
        assert codes(findings) == [("error", "yolo-no-data-yaml")]
        assert findings[0].place.file == str(name)


def test_a_prefix_that_is_not_an_address_is_refused_before_anything_is_read() -> None:
    """An image prefix that is not an S3 address is refused, as with the other formats."""
    with pytest.raises(BadInput, match="s3://bucket"):
        list(FORMATS["yolo"].convert(Disk(["none"]), images="images/", created=""))


def test_yolo_is_among_the_formats_and_gives_the_same_bytes_each_time(write: Write) -> None:
    """The command finds it by name."""
    folder = write(pets())
    assert FORMATS["yolo"].module == "yolo"
    assert run(folder) == run(folder)
    assert all(one.severity is not Severity.ERROR for one in run(folder)[1])


text = st.text("0123456789.-+e \t\n\x00xé", max_size=40)


@settings(max_examples=100, deadline=None)
@given(label=text, data=st.one_of(st.just(DATA), text, text.map(lambda one: f"train: {one}\nnames: [{one}]")))
def test_any_text_gives_lines_and_findings_and_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory, label: str, data: str
) -> None:
    """Whatever the label file and data.yaml hold, the result is lines and findings."""
    folder = tmp_path_factory.getbasetemp() / "any"
    for name, content in (("data.yaml", data), ("images/train/a.txt", label), ("images/val/b.txt", label)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "images/train/a.jpg").write_bytes(b"\xff\xd8\xff")
    run(folder)
