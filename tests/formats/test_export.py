"""A manifest as other formats: what comes back means the same, and what a format cannot say is counted."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.entries import Box, bare_line, meaning_of
from reconciler.entries.meaning import Meaning
from reconciler.formats import EXPORTERS, FORMATS, ExportedFile
from reconciler.formats.conversion import Converted
from reconciler.formats.lines import Frame, box_line, label_line
from reconciler.model import Finding, Place
from tests.support.formats import CREATED, IMAGES, converted
from tests.support.png import png_header

# Their buckets are placeholders, which the head of a manifest in YAML refuses.
TEMPLATES = ("aws-groundtruth-3d/point-cloud", "aws-mammography/output", "linuxus-ground-truth/train_v2")
DATA = [
    file
    for file in sorted((Path(__file__).parents[1] / "data" / "manifests").glob("*/*.manifest"))
    if f"{file.parent.name}/{file.stem}" not in TEMPLATES
]
LABELS = st.sampled_from(["cat", "Häuser: groß", "no", "0", 'a "b"', "- x", "null", "日本"])
NAMES = st.sampled_from(["a.jpg", "in/b c.png", "in/ü.JPG", "x.y/z.jpeg", "#1.png"])


@st.composite
def boxes(draw: st.DrawFn, frame: Frame) -> Box:
    """A box in the frame, in thousandths of a pixel."""
    width, height = draw(st.integers(1_001, frame.width * 1000)), draw(st.integers(1_001, frame.height * 1000))
    left, top = draw(st.integers(0, frame.width * 1000 - width)), draw(st.integers(0, frame.height * 1000 - height))
    return Box(draw(LABELS), left, top, width, height)


@st.composite
def manifests(draw: st.DrawFn) -> list[Converted]:
    """Lines with boxes, several or none."""
    lines = []
    for number, name in enumerate(draw(st.lists(NAMES, min_size=1, unique=True))):
        frame = Frame(draw(st.integers(2, 5000)), draw(st.integers(2, 5000)))
        line = box_line(IMAGES + name, frame, draw(st.lists(boxes(frame), max_size=4)), CREATED)
        lines.append(Converted(IMAGES + name, line, Place("m.jsonl", number + 1, 1)))
    return lines


def exported(name: str, lines: list[Converted], prefix: str = IMAGES) -> tuple[list[ExportedFile], list[Finding]]:
    """The files and findings of an export."""
    results = list(EXPORTERS[name].export(lines, prefix))
    return (
        [one for one in results if isinstance(one, ExportedFile)],
        [one for one in results if isinstance(one, Finding)],
    )


def meanings(lines: list[dict[str, Any]]) -> dict[str, Meaning]:
    """What each line means, without the labels that a class-map declares."""
    return {line["source-ref"]: meaning_of(line) for line in lines}


def parsed(lines: list[Converted]) -> list[dict[str, Any]]:
    """The lines as JSON."""
    return [json.loads(line.line) for line in lines]


@settings(max_examples=50, deadline=None)
@given(manifests())
def test_coco_comes_back_as_it_was(lines: list[Converted]) -> None:
    """Boxes, sizes, keys and images that show nothing survive the way to COCO and back."""
    assume(lines)
    (file,), findings = exported("coco", lines)
    assert findings == []
    assert meanings(converted("coco", [("i.json", file.content)])[0]) == meanings(parsed(lines))


@settings(max_examples=30, deadline=None)
@given(lines=manifests())
def test_yolo_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, lines: list[Converted]) -> None:
    """With the images beside the label files, every box has its place to 0.001 pixels."""
    assume(any(meaning_of(line).boxes for line in parsed(lines)))
    root = tmp_path_factory.mktemp("yolo")
    files, findings = exported("yolo", lines)
    for file in files:
        (root / file.name).parent.mkdir(parents=True, exist_ok=True)
        (root / file.name).write_bytes(file.content)
    for line in parsed(lines):
        size = line["bounding-box"]["image_size"][0]
        image = root / "images" / line["source-ref"].removeprefix(IMAGES)
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(png_header(size["width"], size["height"]))

    assert [one.code for one in findings] == ["yolo-copy-images", "yolo-val-is-train"]
    back, _ = converted("yolo", root)
    assert {key.replace("/images/", "/", 1): one for key, one in meanings(back).items()} == meanings(parsed(lines))


@pytest.mark.parametrize("file", DATA, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_yaml_comes_back_as_it_was(file: Path) -> None:
    """Every real manifest means the same after JSON Lines -> YAML -> JSON Lines."""
    read = FORMATS["manifest"].convert([(str(file), file.read_bytes())], images="", created=CREATED)
    lines = [one for one in read if isinstance(one, Converted)]
    (yaml,), _ = exported("yaml", lines)
    back = list(FORMATS["manifest"].convert([("m.yaml", yaml.content)], images="", created=CREATED))
    (text,), _ = exported("jsonl", [one for one in back if isinstance(one, Converted)])

    assert meanings([json.loads(line) for line in text.content.splitlines()]) == meanings(parsed(lines))


def test_what_a_format_cannot_say_is_counted() -> None:
    """Labels of the whole image, images without labels, and confidence are lost with a count of each."""
    frame = Frame(10, 10)
    boxed = json.loads(box_line(IMAGES + "a.jpg", frame, [Box("cat", 0, 0, 5_000, 5_000)], CREATED))
    boxed["bounding-box-metadata"]["objects"][0]["confidence"] = 0.5
    both = boxed | json.loads(label_line(IMAGES + "b.jpg", ["dog"], CREATED))
    texts = [json.dumps(boxed).encode(), json.dumps(both).encode(), label_line(IMAGES + "c.jpg", ["dog"], CREATED)]
    texts.append(bare_line(IMAGES + "d.jpg"))
    lines = [Converted(json.loads(text)["source-ref"], text, Place("m", n, 1)) for n, text in enumerate(texts, 1)]

    (file,), findings = exported("coco", lines)

    assert [image["file_name"] for image in json.loads(file.content)["images"]] == ["a.jpg", "b.jpg"]
    found = {one.code: (one.place.line, "left out: 2" in one.message) for one in findings}
    assert found == {
        "export-lost-confidence": (1, True),
        "export-lost-labels": (2, False),
        "export-lost-images": (3, True),
    }


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["../../x.jpg"], "yolo-name-outside"),
        (["a//b.jpg"], "yolo-name-outside"),
        (["a\x00.jpg"], "yolo-name-outside"),
        (["a.jpg", "a.png"], "yolo-name-clash"),
        (["a.jpg"], "yolo-no-class"),
    ],
)
def test_what_cannot_be_a_folder_of_yolo_is_an_error(names: list[str], code: str) -> None:
    """A key is never a path out of the folder, two images never share a label file, and there is a class."""
    lines = [
        Converted(IMAGES + name, box_line(IMAGES + name, Frame(9, 9), [], CREATED), Place("m", number, 1))
        for number, name in enumerate(names, 1)
    ]
    _, findings = exported("yolo", lines)
    assert ("error", code) in [(one.severity.value, one.code) for one in findings]


def test_a_file_without_images_is_an_error() -> None:
    """Lines without boxes give COCO nothing to say: that is an error beside the count of what is lost."""
    key = IMAGES + "a.jpg"
    _, findings = exported("coco", [Converted(key, label_line(key, ["dog"], CREATED), Place("m", 1, 1))])
    assert [(one.severity.value, one.code) for one in findings] == [
        ("marked", "export-lost-images"),
        ("error", "coco-no-images"),
    ]


def test_an_image_outside_of_the_prefix_is_an_error() -> None:
    """A name that does not begin below the prefix cannot be written; the default is the folder that all share."""
    lines = [
        Converted(key, box_line(key, Frame(9, 9), [], CREATED), Place("m", 1, 1))
        for key in ("s3://b/x/a.jpg", "s3://b/y.jpg")
    ]
    assert [one.code for one in exported("coco", lines, "s3://b/x/")[1]] == ["export-outside-prefix"]
    (file,), findings = exported("coco", lines, "")
    assert ([image["file_name"] for image in json.loads(file.content)["images"]], findings) == (
        ["x/a.jpg", "y.jpg"],
        [],
    )
