"""Single lines: which are dropped, which are marked, with which code and where."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Limits, Switches
from rekognition_emulator.lines.codes import LINE_CODES, DropReason
from rekognition_emulator.lines.entries import Entry
from rekognition_emulator.lines.judge import LineJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulator.conftest import Line, Lines

CODES = {code.code for code in LINE_CODES}


def judged(line: Line | str | bytes, **switches: Any) -> Entry | DropReason:  # noqa: ANN401 - values of Switches
    """The result of judging a line."""
    raw = line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
    return LineJudge(Limits(), Switches(**switches)).judge(raw)


def kept(line: Line | str | bytes, **switches: Any) -> Line:  # noqa: ANN401 - values of Switches
    """The listed line, for a line that is kept."""
    entry = judged(line, **switches)
    assert isinstance(entry, Entry), entry
    listed: Line = json.loads(entry.line)
    return listed


def errors(listed: Line, key: str = "cl-errors") -> dict[str, list[str]]:
    """All errors of a listed line: place -> codes."""
    found: dict[str, list[str]] = {}

    def look(value: object, place: str) -> None:
        if isinstance(value, dict):
            if key in value:
                found[place] = [item["code"] for item in value[key]]
            for name, part in value.items():
                look(part, f"{place}.{name}" if place else name)
        elif isinstance(value, list):
            for number, part in enumerate(value):
                look(part, f"{place}[{number}]")

    look(listed, "")
    return found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", DropReason.NOT_VALID),
        ("nonsense", DropReason.NOT_VALID),
        ("[]", DropReason.NOT_VALID),
        ('"text"', DropReason.NOT_VALID),
        ('{"source-ref":"s3://bucket/a.jpg"', DropReason.NOT_VALID),
        ('{"source-ref":"s3://bucket/a.jpg","a":NaN}', DropReason.NOT_VALID),
        ('{"source-ref":"s3://bucket/a.jpg","a":1e400}', DropReason.NOT_VALID),
        ('{"source-ref":"s3://bucket/a.jpg","a":"\\ud800"}', DropReason.NOT_VALID),
        (b'{"source-ref":"s3://bucket/\xff.jpg"}', DropReason.NOT_VALID),
        (b'\xef\xbb\xbf{"source-ref":"s3://bucket/a.jpg"}', DropReason.NOT_VALID),
        ('{"source-ref":"s3://bucket/a.jpg","a":' + "[" * 40_000 + "]" * 40_000 + "}", DropReason.NOT_VALID),
        ("{}", DropReason.NO_SOURCE_REF),
        ('{"Source-Ref":"s3://bucket/a.jpg"}', DropReason.NO_SOURCE_REF),
        ('{"source-ref":"https://bucket/a.jpg"}', DropReason.BAD_SOURCE_REF),
        ('{"source-ref":"S3://bucket/a.jpg"}', DropReason.BAD_SOURCE_REF),
        ('{"source-ref":"s3://bucket/"}', DropReason.BAD_SOURCE_REF),
        ('{"source-ref":"s3://bucket"}', DropReason.BAD_SOURCE_REF),
        ('{"source-ref":"s3:///a.jpg"}', DropReason.BAD_SOURCE_REF),
        ('{"source-ref":5}', DropReason.BAD_SOURCE_REF),
    ],
)
def test_lines_the_service_drops(line: str | bytes, reason: DropReason) -> None:
    """A line with a terminal content error is dropped, with the reason."""
    assert judged(line) is reason


def test_a_line_may_have_100000_characters() -> None:
    """Characters are counted, not bytes, and a line with one more is dropped."""
    frame = '{"source-ref":"s3://bucket/a.jpg","a":""}'
    fits = frame.replace('""', '"' + "ü" * (100_000 - len(frame)) + '"')
    assert len(fits) == 100_000
    assert isinstance(judged(fits), Entry)
    assert judged(fits.replace("ü", "üü", 1)) is DropReason.TOO_LONG


ODD: list[Any] = [
    10**400,
    -(10**400),
    10**4000,
    0.5,
    1e308,
    -1e308,
    1e-320,
    True,
    None,
    "x",
    "\ud800",
    [],
    [[]],
    {},
    {"a": 1},
]


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from _places(part, (*path, name))


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"fractional_boxes": "marked", "zero_boxes": "unlabeled", "creation_date": "a date"},
        {"listed_form": "numbers as floats", "inferred_error_places": "line"},
        {"listed_form": "label attributes only", "inferred_error_places": "metadata"},
        {"listed_form": "byte for byte", "service_fields_sent": "kept", "source_ref_compared": "URL-decoded"},
    ],
)
def test_any_value_anywhere_in_a_line_is_judged(lines: Lines, switches: dict[str, Any]) -> None:
    """No value in a line raises an exception, which would make its dataset unreadable for ever."""
    honest = json.dumps(lines.boxes("a.jpg", ("RBC", 0.5, 0, 9, 9)) | lines.image("a.jpg", "cat") | {"note": 1})
    judge, judged_lines = LineJudge(Limits(), Switches(**switches)), 0
    for place in list(_places(json.loads(honest)))[1:]:
        for odd in ODD:
            line = json.loads(honest)
            holder: Any = line
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = odd
            entry = judge.judge(json.dumps(line).encode())
            if isinstance(entry, Entry):
                json.loads(entry.line, parse_constant=pytest.fail)
                judged_lines += 1
    assert judged_lines > 300


def _set(path: str, value: object) -> Callable[[Line], None]:
    """A change of one value of a line; `...` removes it."""

    def change(line: Line) -> None:
        *steps, last = path.split("/")
        holder: Any = line
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if isinstance(holder, list):
            holder[int(last)] = value
            return
        if value is ...:
            del holder[last]
        else:
            holder[last] = value

    return change


BOXES = [
    ("bb-metadata/class-map/1", ..., {"bb-metadata": ["ERROR_MISSING_CLASS_MAP_ID"]}),
    ("bb/annotations/0/class_id", 0.5, {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/annotations/0/left", 10**400, {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/annotations/0/class_id", 7, {"bb-metadata": ["ERROR_MISSING_CLASS_MAP_ID"]}),
    ("bb-metadata/objects", [], {"bb-metadata": ["ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"]}),
    ("bb-metadata/objects/1", {}, {"bb-metadata": ["ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"]}),
    ("bb-metadata", ..., {"": ["ERROR_NO_LABEL_ATTRIBUTES"]}),
    ("bb", ..., {"": ["ERROR_NO_LABEL_ATTRIBUTES"]}),
    ("bb", 5, {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/annotations", ..., {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/annotations/0/left", "5", {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/annotations/0/left", True, {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/image_size", {"width": 1, "height": 1, "depth": 1}, {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb/image_size/0/depth", ..., {"bb": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
    ("bb-metadata", 5, {"": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    ("bb-metadata/type", ..., {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    ("bb-metadata/class-map", ..., {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    ("bb-metadata/class-map/0", 5, {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    ("bb-metadata/human-annotated", "maybe", {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    ("bb-metadata/creation-date", ..., {"bb-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
    (
        "bb-metadata/type",
        "groundtruth/wrongtype",
        {"bb-metadata": ["ERROR_UNSUPPORTED_USE_CASE_TYPE"], "": ["ERROR_NO_VALID_LABEL_ATTRIBUTES"]},
    ),
    ("bb/image_size/0/width", 4097, {"bb": ["ERROR_INVALID_IMAGE_DIMENSION"]}),
    ("bb-metadata/class-map/1", "x" * 256, {"bb-metadata": ["ERROR_INVALID_LABEL_NAME_LENGTH"]}),
    ("bb/annotations/0/left", -1, {"bb.annotations[0]": ["ERROR_INVALID_BOUNDING_BOX"]}),
    ("bb/annotations/0/left", 631, {"bb.annotations[0]": ["ERROR_INVALID_BOUNDING_BOX"]}),
    ("bb/annotations/1/height", 1, {"bb.annotations[1]": ["ERROR_BOUNDING_BOX_TOO_SMALL"]}),
    ("bb/annotations/0/left", 630, {}),
    ("bb/annotations/1/height", 1.5, {}),
    ("bb-metadata/job-name", "any", {}),
]


@pytest.mark.parametrize(("path", "value", "expected"), BOXES, ids=lambda part: str(part)[:40])
def test_marks_of_detection_lines(lines: Lines, path: str, value: object, expected: dict[str, list[str]]) -> None:
    """Each code is at its place, and valid parts are not marked."""
    line = lines.boxes("a.jpg", ("RBC", 0, 0, 10, 10), ("WBC", 20, 20, 10, 10))
    _set(path, value)(line)
    assert errors(kept(line)) == expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("label0", 1.5, {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
        ("label0", True, {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
        ("label0", "cat", {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
        ("label0", {}, {"label0": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]}),
        ("label0", "0", {}),
        ("label0", -3, {}),
        ("label0-metadata/confidence", ..., {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
        ("label0-metadata/confidence", 1.1, {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
        ("label0-metadata/class-name", "", {"label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]}),
        ("label0-metadata/class-name", "x" * 255, {}),
        ("label0-metadata/class-name", "x" * 256, {"label0-metadata": ["ERROR_INVALID_LABEL_NAME_LENGTH"]}),
    ],
    ids=lambda part: str(part)[:40],
)
def test_marks_of_image_level_lines(lines: Lines, path: str, value: object, expected: dict[str, list[str]]) -> None:
    """Image-level attributes have their errors in the metadata."""
    line = lines.image("a.jpg", "cat")
    _set(path, value)(line)
    assert errors(kept(line)) == expected


def test_more_than_50_boxes_are_marked(lines: Lines) -> None:
    """50 boxes are valid, and 51 are marked on the attribute."""
    boxes = [("RBC", 10.0 * number, 0.0, 9.0, 9.0) for number in range(51)]
    assert errors(kept(lines.boxes("a.jpg", *boxes[:50]))) == {}
    assert errors(kept(lines.boxes("a.jpg", *boxes))) == {"bb": ["ERROR_TOO_MANY_BOUNDING_BOXES"]}


def test_no_valid_box_at_all_is_marked_too(lines: Lines) -> None:
    """ERROR_NO_VALID_ANNOTATIONS is added to the codes of the boxes, but not to a line without boxes."""
    bad = lines.boxes("a.jpg", ("RBC", 0, 0, 1, 1), ("RBC", 639, 0, 9, 9))
    assert errors(kept(bad)) == {
        "bb": ["ERROR_NO_VALID_ANNOTATIONS"],
        "bb.annotations[0]": ["ERROR_BOUNDING_BOX_TOO_SMALL"],
        "bb.annotations[1]": ["ERROR_INVALID_BOUNDING_BOX"],
    }
    assert errors(kept(lines.boxes("a.jpg"))) == {}


def test_all_thirteen_codes_occur_in_these_tests() -> None:
    """Every code of the table has a test."""
    tested = {code for _, _, expected in BOXES for found in expected.values() for code in found}
    tested |= {"ERROR_TOO_MANY_BOUNDING_BOXES", "ERROR_NO_VALID_ANNOTATIONS"}
    assert tested == CODES
    assert len(CODES) == 13


def test_a_code_that_ends_the_judging_hides_the_rest(lines: Lines) -> None:
    """After a missing class id, AWS reports nothing more, although a box is off the frame and too small."""
    line = lines.boxes("a.jpg", ("RBC", -5, 0, 1, 1))
    line["bb-metadata"]["class-map"] = {"9": "RBC"}
    assert errors(kept(line)) == {"bb-metadata": ["ERROR_MISSING_CLASS_MAP_ID"]}


def test_a_valid_attribute_beside_a_bad_one_saves_the_line(lines: Lines) -> None:
    """An unsupported attribute is marked, but the line still has a valid one."""
    line = lines.image("a.jpg", "cat", "dog")
    line["label1-metadata"]["type"] = "groundtruth/other"
    assert errors(kept(line)) == {"label1-metadata": ["ERROR_UNSUPPORTED_USE_CASE_TYPE"]}


def test_awss_published_example_of_a_marked_line() -> None:
    """The guide's example has both codes with AWS's messages, `cl-metadata` before `cl-errors`, and is_labeled true."""
    line: Line = {
        "source-ref": "s3://bucket/test_normal_8.jpg",
        "BB": {
            "annotations": [{"left": 1768, "top": 1007, "width": 448, "height": 295, "class_id": 0}],
            "image_size": [{"width": 4000, "height": 2667, "depth": 3}],
        },
        "BB-metadata": {
            "job-name": "labeling-job/BB",
            "class-map": {"0": "extra-part"},
            "human-annotated": "yes",
            "objects": [{"confidence": 1.0}],
            "creation-date": "2021-06-22T09:58:34.811Z",
            "type": "groundtruth/wrongtype",
        },
    }
    expected = copy.deepcopy(line)
    expected["BB-metadata"]["cl-errors"] = [
        {
            "code": "ERROR_UNSUPPORTED_USE_CASE_TYPE",
            "message": "The use case type of the BB-metadata label attribute metadata is unsupported. "
            "Check the type field.",
        }
    ]
    expected["cl-metadata"] = {"is_labeled": True}
    expected["cl-errors"] = [{"code": "ERROR_NO_VALID_LABEL_ATTRIBUTES", "message": "No valid label attributes found."}]
    assert list(kept(line).items()) == list(expected.items())


def test_which_lines_are_labelled(lines: Lines) -> None:
    """A label attribute need not be valid to count; switches decide about zero boxes and bare lines."""
    bare, zero = lines.image("a.jpg"), lines.boxes("a.jpg")
    assert kept(bare) == bare | {"cl-metadata": {"is_labeled": False}}
    assert errors(kept(bare, bare_line="marked")) == {"": ["ERROR_NO_LABEL_ATTRIBUTES"]}
    assert kept(zero)["cl-metadata"] == {"is_labeled": True}
    assert kept(zero, zero_boxes="unlabeled")["cl-metadata"] == {"is_labeled": False}


def test_switches_of_a_line(lines: Lines) -> None:
    """Switches choose the key of errors, the scheme, text as value, the date and the form of a listed line."""
    bad = lines.boxes("a.jpg", ("RBC", 0, 0, 1, 9), ("RBC", 0, 0, 9, 9))
    assert errors(kept(bad, error_key="errors"), "errors") == {"bb.annotations[0]": ["ERROR_BOUNDING_BOX_TOO_SMALL"]}
    assert isinstance(judged({"source-ref": "S3://bucket/a.jpg"}, source_ref_scheme="any case"), Entry)
    text = lines.image("a.jpg", "cat") | {"label0": "0"}
    assert errors(kept(text, string_label_value="marked")) == {
        "label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]
    }
    undated = lines.image("a.jpg", "cat")
    undated["label0-metadata"]["creation-date"] = "yesterday"
    assert errors(kept(undated)) == {}
    assert errors(kept(undated, creation_date="a date")) == {
        "label0-metadata": ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"]
    }
    noted = {"note": 1} | lines.image("a.jpg", "cat")
    assert "note" not in kept(noted, listed_form="label attributes only")
    assert list(kept(noted, listed_form="sorted keys")) == sorted(kept(noted))
    floats = judged(noted, listed_form="numbers as floats")
    assert isinstance(floats, Entry)
    assert '"note":1.0' in floats.line


def test_only_what_the_service_adds_is_taken_out(lines: Lines) -> None:
    """A label attribute called `errors` is kept; error lists and `cl-metadata` are not."""
    line = lines.image("a.jpg", "cat")
    line["errors"], line["errors-metadata"] = 1, line["label0-metadata"] | {"class-name": "errors"}
    line["cl-metadata"] = {"is_labeled": False}
    line["cl-errors"] = [{"code": "X", "message": "y"}]
    line["warnings"] = [{"code": "X", "message": "y"}]
    listed = kept(line)
    assert listed["errors"] == 1
    assert listed["cl-metadata"] == {"is_labeled": True}
    assert not {"cl-errors", "warnings"} & set(listed)
