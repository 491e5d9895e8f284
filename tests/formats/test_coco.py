"""COCO to manifest lines: what comes out, and what is said about what cannot come out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries import Box, meaning_of
from reconciler.errors import BadInput
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.model import Finding, Severity

DATA = Path(__file__).parents[1] / "data" / "coco"
IMAGES = "s3://acme-vision/litter/"
CREATED = "2026-01-31T00:00:00"
CUP, CAN = {"id": 1, "name": "cup"}, {"id": 7, "name": "can"}
FRAME: dict[str, Any] = {"id": 5, "file_name": "a/1.jpg", "width": 640, "height": 480}

Outcome = tuple[list[Converted], list[Finding]]


def converted(*contents: bytes) -> Outcome:
    """Convert files, given as contents, into lines and findings; their names are 1.json, 2.json and so on."""
    files = [(f"{number}.json", content) for number, content in enumerate(contents, 1)]
    results = list(FORMATS["coco"].convert(files, images=IMAGES, created=CREATED))
    return [one for one in results if isinstance(one, Converted)], [one for one in results if isinstance(one, Finding)]


def coco(*boxes: list[float], category: int = 1, images: Any = (FRAME,), **more: Any) -> bytes:  # noqa: ANN401 - JSON
    """A file with one image and its boxes, unless told otherwise."""
    annotations = [
        {"id": number, "image_id": 5, "category_id": category, "bbox": box} for number, box in enumerate(boxes)
    ]
    return json.dumps({"images": list(images), "annotations": annotations, "categories": [CUP, CAN], **more}).encode()


def boxes_of(line: Converted) -> tuple[Box, ...]:
    """The boxes that a line says."""
    return meaning_of(json.loads(line.line)).boxes


def test_a_line_says_the_image_and_its_boxes() -> None:
    """The key joins prefix and file name with its folders; labels are names; fractions stay to a thousandth."""
    (line,), findings = converted(coco([10, 20.25, 30, 40.1234]))
    assert line.key == "s3://acme-vision/litter/a/1.jpg"
    assert boxes_of(line) == (Box("cup", 10_000, 20_250, 30_000, 40_123),)
    assert [(one.severity, one.code) for one in findings] == [(Severity.NOTE, "fractions")]


def test_images_keep_the_files_order_and_boxes_the_annotations_order() -> None:
    """Images and boxes keep their order, also where annotations of several images are mixed."""
    images = [FRAME, FRAME | {"id": "x", "file_name": "0.jpg"}]
    mixed = [{"image_id": one, "category_id": 7, "bbox": [left, 1, 9, 9]} for one, left in (("x", 3), (5, 2), ("x", 1))]
    lines, findings = converted(coco(images=images, annotations=mixed))
    assert [line.key[-5:] for line in lines] == ["1.jpg", "0.jpg"]
    assert [box.left for box in boxes_of(lines[1])] == [3_000, 1_000]
    assert findings == []


def test_an_image_without_annotations_says_that_nothing_is_there() -> None:
    """A line with zero boxes, counted in one note."""
    (line,), findings = converted(coco())
    meaning = meaning_of(json.loads(line.line))
    assert (meaning.boxes, meaning.labelled) == ((), True)
    assert [(one.severity, one.code) for one in findings] == [(Severity.NOTE, "no-boxes")]


def test_a_box_off_the_image_is_clipped_and_one_beside_it_left_out() -> None:
    """Both under AWS's code, with the image in the words, since the place is the whole file."""
    (line,), findings = converted(coco([-10, 5, 30, 40], [700, 5, 10, 10]))
    assert boxes_of(line) == (Box("cup", 0, 5_000, 20_000, 40_000),)
    assert [one.code for one in findings] == ["ERROR_INVALID_BOUNDING_BOX"] * 2
    assert all(one.severity is Severity.MARKED and one.message.startswith(line.key) for one in findings)


def test_the_same_box_twice_is_kept_and_said() -> None:
    """It may be meant; training sees both."""
    (line,), findings = converted(coco([1, 2, 30, 40], [1, 2, 30, 40]))
    assert len(boxes_of(line)) == 2
    assert [(one.severity, one.code) for one in findings] == [(Severity.NOTE, "repeated-box")]


CROWD = {"id": 3, "image_id": 5, "category_id": 1, "bbox": [1, 2, 300, 40], "iscrowd": 1}


def test_a_crowd_is_left_out_and_said() -> None:
    """A box around many objects would teach that they are one; an image of nothing else gives no line."""
    crowd, single = CROWD, CROWD | {"iscrowd": 0, "bbox": [1, 2, 3, 4]}
    (line,), findings = converted(coco(annotations=[crowd, single]))
    assert boxes_of(line) == (Box("cup", 1_000, 2_000, 3_000, 4_000),)
    assert [(one.severity, one.code) for one in findings] == [(Severity.MARKED, "crowd")]
    lines, findings = converted(coco(annotations=[crowd]))
    assert lines == []
    assert "gives no line" in findings[0].message


@pytest.mark.parametrize("flag", [1, True, "1", "true", 1.0, [1]])
def test_a_flag_is_set_however_it_is_written(flag: object) -> None:
    """`iscrowd: true` was taken for the box of one object."""
    _, findings = converted(coco(annotations=[CROWD | {"iscrowd": flag}]))
    assert [one.code for one in findings] == ["crowd"]


@pytest.mark.parametrize("flag", [0, False, None, "0", "false", "False", 0.0])
def test_a_flag_that_is_not_set_is_no_crowd(flag: object) -> None:
    """Its box is converted."""
    (line,), findings = converted(coco(annotations=[CROWD | {"iscrowd": flag}]))
    assert (len(boxes_of(line)), findings) == (1, [])


def test_an_image_whose_boxes_all_go_is_an_error() -> None:
    """Its line would say that nothing is there."""
    lines, findings = converted(coco([1, 1, 0, 0]))
    assert lines == []
    assert findings[-1].severity is Severity.ERROR
    assert findings[-1].code == "no-box-left"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "json"),
        (b"[1]", "not-coco"),
        (b'{"images": 3}', "not-coco"),
        (b"\xff", "encoding"),
        (b'{"images": [], "annotations": {}}', "not-coco"),
        (b'{"images": [NaN]}', "json"),
        (b'{"images": [' + b"[" * 100_000, "json"),
        (coco(images=[3]), "no-id"),
        (coco(images=[FRAME | {"id": True}]), "no-id"),
        (coco(images=[FRAME | {"file_name": ""}]), "no-file-name"),
        (coco(images=[FRAME | {"width": 0}]), "size"),
        (coco(images=[FRAME | {"height": 1.5}]), "size"),
        (coco(images=[FRAME | {"height": None}]), "size"),
        (coco(images=[FRAME, FRAME]), "repeated-id"),
        (coco(images=[FRAME, FRAME | {"id": 6}]), "repeated-image"),
        (coco([1, 2, 3]), "bbox"),
        (coco([1, 2, 3, True]), "bbox"),
        (coco([1, 2, 3, 1e300]), "bbox"),
        (coco(annotations=[{"image_id": 5, "category_id": 1}]), "bbox"),
        (coco(annotations=[{"category_id": 1, "bbox": [1, 2, 3, 4]}]), "no-image-id"),
        (coco([1, 2, 30, 40], category=9), "unknown-category"),
        (coco(categories=[{"id": 1}]), "category"),
        (coco(categories=[CUP, CAN | {"id": 1}]), "repeated-category"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_a_cure(content: bytes, code: str) -> None:
    """The file or image gives no line, and the finding says the file, what is wrong and what to do."""
    _lines, findings = converted(content)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    assert [one.code for one in errors] == [code]
    assert errors[0].place.file == "1.json"
    assert errors[0].cure


def test_annotations_of_images_that_are_not_there_are_said() -> None:
    """They give nothing; their number is told."""
    own, other = ({"image_id": number, "category_id": 1, "bbox": [1, 2, 3, 4]} for number in (5, 99))
    lines, findings = converted(coco(annotations=[own, *[other] * 3]))
    assert len(lines) == 1
    assert (findings[0].severity, findings[0].code) == (Severity.MARKED, "no-image")
    assert findings[0].message.endswith("3, the first of image 99")


def test_annotations_that_join_no_image_are_an_error_where_images_come_out_empty() -> None:
    """Those images may be the ones that the annotations belong to: "nothing there" would be a false label."""
    _lines, findings = converted(coco(annotations=[{"image_id": "5.jpg", "category_id": 1, "bbox": [1, 2, 3, 4]}] * 3))
    (finding,) = [one for one in findings if one.severity is Severity.ERROR]
    assert finding.code == "annotations-lost"
    assert "3, the first of image 5.jpg; 1 images have no annotations, the first with id 5," in finding.message


@pytest.mark.parametrize("number", [5, 5.0, "5"])
@pytest.mark.parametrize("category", [1, 1.0, "1"])
def test_ids_are_joined_by_what_they_mean(number: object, category: object) -> None:
    """Tools write an id as a number here and as text there; both name the same image and the same category."""
    (line,), findings = converted(
        coco(annotations=[{"image_id": number, "category_id": category, "bbox": [1, 2, 3, 4]}])
    )
    assert boxes_of(line) == (Box("cup", 1_000, 2_000, 3_000, 4_000),)
    assert findings == []


def test_a_file_without_annotations_is_an_error_and_not_a_file_of_empty_images() -> None:
    """The lists of images that COCO publishes for its test sets have none: nobody has looked at these images."""
    document = json.loads(coco())
    del document["annotations"]
    lines, (finding,) = converted(json.dumps(document).encode())
    assert lines == []
    assert (finding.severity, finding.code) == (Severity.ERROR, "not-coco")
    assert "`annotations` is missing" in finding.message


def test_a_list_that_is_there_twice_is_an_error() -> None:
    """A JSON parser takes the last one, and the annotations of the first would be lost."""
    lines, (finding,) = converted(coco([1, 2, 3, 4])[:-1] + b', "annotations": []}')
    assert lines == []
    assert (finding.severity, finding.code) == (Severity.ERROR, "json")
    assert 'the name "annotations" appears twice' in finding.message


@pytest.mark.parametrize(
    ("boxes", "code"),
    [
        ([[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.5, 0.5]], "boxes-as-fractions"),
        ([[500, 300, 600, 400], [10, 20, 110, 220]], "boxes-as-corners"),
        ([[10, 20, 30, 40], [100, 470, 100, 150]], "width-and-height-swapped"),
    ],
)
def test_boxes_that_are_not_what_coco_says_are_an_error_and_never_clipped(boxes: list[list[float]], code: str) -> None:
    """One error says what they are instead."""
    lines, (finding,) = converted(coco(*boxes))
    assert lines == []
    assert (finding.severity, finding.code) == (Severity.ERROR, code)


def test_an_image_in_two_files_is_an_error() -> None:
    """The second place names the first."""
    _lines, findings = converted(coco([1, 2, 30, 40]), coco([1, 2, 30, 40]))
    assert [(one.code, one.place.file) for one in findings] == [("repeated-image", "2.json")]
    assert "1.json" in findings[0].message


def test_a_prefix_that_is_no_address_is_refused() -> None:
    """An image prefix that is not an S3 address is refused before any file is read."""
    with pytest.raises(BadInput, match="s3://bucket"):
        list(FORMATS["coco"].convert([], images="images/", created=CREATED))


@pytest.mark.parametrize(
    ("file", "images", "boxes"),
    [
        ("taco-v2.json", 42, 95),
        ("taco-v3.json", 42, 123),
        ("taco-v5.json", 52, 156),
        ("instances-train2017.json", 8, 115),
    ],
)
def test_real_files_become_manifests(file: str, images: int, boxes: int) -> None:
    """Every image a line, every box but crowds; the same input gives the same bytes; nothing is of class error."""
    content = (DATA / file).read_bytes()
    lines, findings = converted(content)
    assert (len(lines), sum(len(boxes_of(line)) for line in lines)) == (images, boxes)
    assert all(finding.severity is not Severity.ERROR for finding in findings)
    assert converted(content) == (lines, findings)


def test_coco_is_among_the_formats() -> None:
    """The command finds it by name."""
    assert FORMATS["coco"].module == "coco"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 700) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "name", "bbox", "image_id", "category_id", "file_name", "width", "height"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({"images": JSON, "annotations": JSON, "categories": JSON}) | JSON)
def test_any_json_gives_lines_and_findings_and_never_an_exception(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever JSON value is in whatever place, the result is lines and findings."""
    converted(json.dumps(value).encode())


PLACE = st.integers(0, 400_000).map(lambda one: one / 1000)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(PLACE, PLACE, st.integers(2, 70), st.integers(2, 70)), min_size=1, max_size=6))
def test_boxes_inside_the_image_come_out_as_they_went_in(drawn: list[tuple[float, float, int, int]]) -> None:
    """Boxes inside the image are converted in order, to a thousandth of a pixel."""
    (line,), _findings = converted(coco(*(list(box) for box in drawn)))
    expected = [Box("cup", *(round(one * 1000) for one in box)) for box in drawn]
    assert list(boxes_of(line)) == expected
