"""Pascal VOC to manifest lines: what comes out, and what is said about what cannot come out."""

import json
from collections.abc import Callable
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

Voc = Callable[..., bytes]
Outcome = tuple[list[Converted], list[Finding]]
Run = Callable[..., Outcome]


def document(line: Converted) -> dict[str, Any]:
    """The line, parsed."""
    parsed: dict[str, Any] = json.loads(line.line)
    return parsed


def test_a_line_has_the_form_that_aws_documents(voc: Voc, converted: Run) -> None:
    """Members, types and order as in "Object localization in manifest files"; class ids by first use."""
    lines, findings = converted(voc(("WBC", 68, 315, 286, 480), ("RBC", 346, 361, 446, 454), ("WBC", 1, 1, 9, 9)))

    assert findings == []
    assert lines[0].key == "s3://acme-vision/cells/a.jpg"
    assert lines[0].line.decode() == (
        '{"source-ref":"s3://acme-vision/cells/a.jpg","bounding-box":{"image_size":'
        '[{"width":640,"height":480,"depth":3}],"annotations":['
        '{"class_id":0,"left":68,"top":315,"width":218,"height":165},'
        '{"class_id":1,"left":346,"top":361,"width":100,"height":93},'
        '{"class_id":0,"left":1,"top":1,"width":8,"height":8}]},'
        '"bounding-box-metadata":{"objects":[{"confidence":1},{"confidence":1},{"confidence":1}],'
        '"class-map":{"0":"WBC","1":"RBC"},"type":"groundtruth/object-detection","human-annotated":"yes",'
        '"creation-date":"2026-01-31T00:00:00","job-name":"labeling-job/bounding-box"}}'
    )


def test_the_first_real_file_becomes_the_line_that_its_numbers_say(data: Path, converted: Run) -> None:
    """Edges, not pixel indexes: from xmin 124 to xmax 328 are 204 pixels, not 205."""
    lines, findings = converted((data / "BloodImage_00268.xml").read_bytes())

    assert findings == []
    assert lines[0].key == "s3://acme-vision/cells/BloodImage_00268.jpg"
    assert meaning_of(document(lines[0])).boxes == (Box("WBC", 124_000, 1_000, 204_000, 171_000),)


@pytest.mark.parametrize("image", ["00338", "00343"])
def test_the_real_zero_size_boxes_are_left_out_and_named(data: Path, converted: Run, image: str) -> None:
    """The two faulty boxes of the BCCD set: AWS's code, file:line:column, and the other boxes stay."""
    content = (data / f"BloodImage_{image}.xml").read_bytes()
    lines, findings = converted(content)

    (finding,) = findings
    (line,) = lines
    assert (finding.severity, finding.code) == (Severity.MARKED, "ERROR_BOUNDING_BOX_TOO_SMALL")
    assert content.decode().splitlines()[finding.place.line - 1].strip() == "<bndbox>"
    assert len(meaning_of(document(line)).boxes) == content.count(b"<object>") - 1


def test_an_image_without_objects_is_a_zero_box_line(voc: Voc, converted: Run) -> None:
    """Looked at, nothing found: labelled, with an empty class-map, not a bare line; counted in one note."""
    lines, findings = converted(voc(), voc(filename="b.jpg"))

    assert [(one.severity, one.code) for one in findings] == [(Severity.NOTE, "no-boxes")]
    assert findings[0].message.startswith("images without annotations: 2;")
    meaning = meaning_of(document(lines[0]))
    assert (meaning.labelled, meaning.boxes, meaning.sizes) == (True, (), ((640_000, 480_000),))


def test_a_box_over_the_edge_is_clipped_and_said(voc: Voc, converted: Run) -> None:
    """What lies in the image stays; the finding has both sizes."""
    lines, (finding,) = converted(voc(("RBC", -10, 400.5, 30, 500)))

    assert meaning_of(document(lines[0])).boxes == (Box("RBC", 0, 400_500, 30_000, 79_500),)
    assert (finding.severity, finding.code) == (Severity.MARKED, "ERROR_INVALID_BOUNDING_BOX")
    assert "the box 'RBC', 40 x 99.5 pixels at -10, 400.5, loses 40% of its area" in finding.message
    assert "is clipped to 30 x 79.5 pixels at 0, 400.5" in finding.message


def test_a_box_that_is_cut_a_little_says_no_share(voc: Voc, converted: Run) -> None:
    """Up to a tenth is carelessness; what is cut by more may be a wrong size of the image."""
    _lines, (finding,) = converted(voc(("RBC", -1, 10, 30, 60)))

    assert "area" not in finding.message
    assert "is clipped to 30 x 50 pixels" in finding.message


def test_swapped_width_and_height_are_an_error_and_nothing_is_clipped(voc: Voc, converted: Run) -> None:
    """All boxes fit the turned frame, and one of them leaves the frame that is given by more than a tenth."""
    lines, (finding,) = converted(voc(("RBC", 1, 1, 9, 9), ("WBC", 100, 500, 200, 620)))

    assert lines == []
    assert (finding.severity, finding.code) == (Severity.ERROR, "width-and-height-swapped")
    assert "640 x 480" in finding.message


@pytest.mark.parametrize(
    "inside",
    [
        "<objects><object><name>RBC</name><bndbox/></object></objects>",
        "<Object><name>RBC</name></Object>",
        "<bndbox><xmin>1</xmin></bndbox>",
        "<regions><region><polygon/></region></regions>",
    ],
)
def test_objects_in_another_place_are_an_error(inside: str, voc: Voc, converted: Run) -> None:
    """They would be lost, and the line would say that the image shows nothing."""
    lines, (finding,) = converted(voc(more=inside))

    assert lines == []
    assert (finding.severity, finding.code) == (Severity.ERROR, "boxes-outside-objects")


def test_a_box_outside_the_image_is_left_out_and_said(voc: Voc, converted: Run) -> None:
    """Nothing of it can be sent; the image's other boxes can."""
    lines, (finding,) = converted(voc(("RBC", 640, 10, 700, 60), ("RBC", 1, 1, 9, 9)))

    assert len(meaning_of(document(lines[0])).boxes) == 1
    assert finding.code == "ERROR_INVALID_BOUNDING_BOX"
    assert "is left out" in finding.message


def test_corners_the_wrong_way_round_are_left_out_and_said(voc: Voc, converted: Run) -> None:
    """Guessing which corner was meant is not the converter's business."""
    lines, (finding,) = converted(voc(("RBC", 50, 10, 20, 60), ("RBC", 1, 1, 9, 9)))

    assert len(meaning_of(document(lines[0])).boxes) == 1
    assert "-30 x 50 pixels" in finding.message


def test_an_image_that_loses_all_its_boxes_gives_no_line(voc: Voc, converted: Run) -> None:
    """Its line would say "looked at, nothing found", which nobody said."""
    lines, findings = converted(voc(("RBC", 5, 5, 5, 5)))

    assert lines == []
    assert [finding.code for finding in findings] == ["ERROR_BOUNDING_BOX_TOO_SMALL", "no-box-left"]
    assert findings[1].severity is Severity.ERROR


def test_a_box_drawn_twice_is_kept_and_said(voc: Voc, converted: Run) -> None:
    """Two equal boxes are two boxes to the service; the note names the first one's place."""
    lines, (finding,) = converted(voc(("RBC", 1, 1, 9, 9), ("WBC", 1, 1, 9, 9), ("RBC", 1.0, 1, 9, 9)))

    assert len(meaning_of(document(lines[0])).boxes) == 3
    assert (finding.severity, finding.code) == (Severity.NOTE, "repeated-box")
    assert "1.xml:4:" in finding.message
    assert finding.place.line == 6


def test_an_image_annotated_twice_is_an_error_that_names_both_places(voc: Voc, converted: Run) -> None:
    """The first file gives its line, the second one none."""
    lines, (finding,) = converted(voc(("RBC", 1, 1, 9, 9)), voc(("WBC", 1, 1, 9, 9)))

    assert [line.place.file for line in lines] == ["1.xml"]
    assert (finding.severity, finding.code, str(finding.place)) == (Severity.ERROR, "repeated-image", "2.xml:2:1")
    assert "1.xml:2:1" in finding.message


@pytest.mark.parametrize(
    ("size", "code", "named"),
    [
        ("", "no-element", "<size>"),
        ("<size><width>640</width></size>", "no-element", "<height>"),
        ("<size><width>640</width><height/></size>", "empty-element", "<height>"),
        ("<size><width>0</width><height>0</height></size>", "size", "width is 0"),
        ("<size><width>640.5</width><height>480</height></size>", "size", "width is 640.5"),
        ("<size><width>wide</width><height>480</height></size>", "number", "'wide'"),
    ],
)
def test_an_image_without_a_size_is_an_error(voc: Voc, converted: Run, size: str, code: str, named: str) -> None:
    """AWS's form has no boxes without the image's size, with or without objects."""
    for content in (voc(size=size), voc(("RBC", 1, 1, 9, 9), size=size)):
        lines, (finding,) = converted(content)
        assert (lines, finding.severity, finding.code) == ([], Severity.ERROR, code)
        assert finding.place.line >= 1
        assert named in finding.message


def test_a_size_without_depth_has_three_channels(voc: Voc, converted: Run) -> None:
    """AWS requires the number and does not use it."""
    lines, findings = converted(voc(("RBC", 1, 1, 9, 9), size="<size><width>640</width><height>480</height></size>"))

    assert findings == []
    assert document(lines[0])["bounding-box"]["image_size"] == [{"width": 640, "height": 480, "depth": 3}]


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        (
            "<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>",
            "no-element",
            "<name>",
        ),
        ("<object><name> </name><bndbox/></object>", "empty-element", "<name>"),
        ("<object><name>RBC</name><robndbox/></object>", "no-element", "<bndbox>"),
        (
            "<object><name>RBC</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax></bndbox></object>",
            "no-element",
            "<ymax>",
        ),
    ],
)
def test_an_object_that_cannot_be_read_is_an_error(voc: Voc, converted: Run, more: str, code: str, named: str) -> None:
    """A label that would silently be missing is worse than no line; all the file's complaints come at once."""
    lines, findings = converted(voc(more=more + more))

    assert lines == []
    assert [(finding.severity, finding.code) for finding in findings] == [(Severity.ERROR, code)] * 2
    assert named in findings[0].message


@pytest.mark.parametrize("number", ["nan", "inf", "1e400", "1_0", "0x10", "١٢", "12,5", "99999999", ""])
def test_only_plain_decimal_numbers_are_coordinates(voc: Voc, converted: Run, number: str) -> None:
    """What Python's float() would also take is not a number of pixels."""
    lines, (finding,) = converted(voc(("RBC", number, 1, 9, 9)))

    assert lines == []
    assert finding.code == ("number" if number else "empty-element")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<annotation/>", "no-element"), (b"<annotation><filename/></annotation>", "empty-element")],
)
def test_a_file_that_names_no_image_is_an_error(converted: Run, content: bytes, code: str) -> None:
    """There is no other source of the key."""
    (finding,) = converted(content)[1]
    assert finding.code == code
    assert "<filename>" in finding.message


def test_a_file_of_another_vocabulary_is_an_error(converted: Run) -> None:
    """The root's name is the format's only mark."""
    (finding,) = converted(b"<annotations><image/></annotations>")[1]
    assert (finding.code, finding.severity) == ("not-voc", Severity.ERROR)


def test_parts_of_an_object_are_no_boxes_of_their_own(voc: Voc, converted: Run) -> None:
    """The person-layout files of VOC nest <part> with a bndbox; only the object's own box counts."""
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    part = f"<part><name>head</name>{box.replace('9', '5')}</part>"
    lines, findings = converted(voc(more=f"<object><name>person</name>{part}{box}</object>"))

    assert findings == []
    assert meaning_of(document(lines[0])).boxes == (Box("person", 1000, 1000, 8000, 8000),)


def test_one_bad_file_takes_no_other_file_with_it(voc: Voc, converted: Run) -> None:
    """Lines and findings of the files keep the files' order."""
    good = [voc(("RBC", 1, 1, 9, 9), filename=f"{name}.jpg") for name in "ab"]
    lines, findings = converted(good[0], b"no XML", good[1])

    assert [line.place.file for line in lines] == ["1.xml", "3.xml"]
    assert [finding.place.file for finding in findings] == ["2.xml"]


@pytest.mark.parametrize(
    ("images", "key"),
    [("s3://b/c", "s3://b/c/x  y.jpg"), ("s3://b/c/", "s3://b/c/x  y.jpg"), ("s3://b", "s3://b/x  y.jpg")],
)
def test_prefix_and_name_meet_at_one_slash(voc: Voc, images: str, key: str) -> None:
    """Nothing else about the name is changed."""
    for filename in ("x  y.jpg", "/x  y.jpg"):
        content = voc(("RBC", 1, 1, 9, 9), filename=filename)
        (line,) = FORMATS["voc"].convert([("a.xml", content)], images=images, created="")
        assert isinstance(line, Converted)
        assert line.key == key


@pytest.mark.parametrize("images", ["", "b/c", "https://b/c", "s3://", "s3:///c"])
def test_a_place_for_images_that_is_no_s3_address_is_refused_at_once(images: str) -> None:
    """An image prefix that is not an S3 address is refused before the first file is read."""
    with pytest.raises(BadInput, match="s3://bucket/folder/"):
        list(FORMATS["voc"].convert([], images=images, created=""))


def test_the_same_files_give_the_same_bytes(data: Path) -> None:
    """The converter of the table reads no clock, no order of a set, no path of the machine."""
    assert FORMATS["voc"].module == "voc"
    files = [(path.name, path.read_bytes()) for path in sorted(data.glob("*.xml"))]
    once, again = (list(FORMATS["voc"].convert(iter(files), images="s3://b", created="")) for _ in range(2))
    assert once == again
    assert len(once) == 6 + 2


labels = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="&<"), min_size=1)
anywhere = st.tuples(labels, *[st.integers(-800, 800)] * 4)


@st.composite
def inside(draw: st.DrawFn) -> tuple[str, float, float, float, float]:
    """An object whose box lies in a frame of 640 x 480 and is larger than a pixel, in thousandths of a pixel."""
    left, top = draw(st.integers(0, 638_000)), draw(st.integers(0, 478_000))
    right, bottom = draw(st.integers(left + 1001, 640_000)), draw(st.integers(top + 1001, 480_000))
    return draw(labels), left / 1000, top / 1000, right / 1000, bottom / 1000


@settings(max_examples=50, deadline=None)
@given(objects=st.lists(anywhere, max_size=8))
def test_every_box_that_comes_out_lies_in_the_frame(
    voc: Voc, converted: Run, objects: list[tuple[object, ...]]
) -> None:
    """Whatever was drawn: a box that comes out is larger than a pixel and in the image, and no loss is silent."""
    lines, findings = converted(voc(*objects))
    boxes = meaning_of(document(lines[0])).boxes if lines else ()

    for box in boxes:
        assert 0 <= box.left < box.left + box.width <= 640_000
        assert 0 <= box.top < box.top + box.height <= 480_000
        assert min(box.width, box.height) > 1000
    left_out = sum("is left out" in finding.message for finding in findings)
    turned = any(finding.code == "width-and-height-swapped" for finding in findings)
    assert len(boxes) == (0 if turned else len(objects) - left_out)


@settings(max_examples=50, deadline=None)
@given(objects=st.lists(inside(), min_size=1, max_size=8, unique=True))
def test_boxes_in_the_frame_come_out_as_drawn(
    voc: Voc, converted: Run, objects: list[tuple[str, float, float, float, float]]
) -> None:
    """Every label and every coordinate, to a thousandth of a pixel, in the file's order, without a finding."""
    lines, findings = converted(voc(*objects))

    assert findings == []
    assert [
        (box.label, box.left, box.top, box.left + box.width, box.top + box.height)
        for box in meaning_of(document(lines[0])).boxes
    ] == [(label, *(round(edge * 1000) for edge in edges)) for label, *edges in objects]
