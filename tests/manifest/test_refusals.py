"""Every rule about files and lines, with the input that breaks it and the place that is named.

The sign § stands before the character whose line and column the finding must name; without it, the finding is about
the file as such.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.codes import ENTRY_CODES
from reconciler.limits import DATASET_LABELS, LINE_CHARACTERS
from reconciler.manifest.findings import KEPT
from reconciler.manifest.rules import line_rules, yaml_rules
from reconciler.manifest.rules.rule import Rule
from reconciler.model import Severity

IMAGE = (
    '{"source-ref":"s3://pics/a.jpg","a":1,"a-metadata":{"confidence":1,"class-name":"x","human-annotated":"yes",'
    '"creation-date":"2020-01-01T00:00:00","type":"groundtruth/image-classification"}}'
)
BOXES = (
    '{"source-ref":"s3://pics/b.jpg","b":{"image_size":[{"width":640,"height":480,"depth":3}],"annotations":['
    '{"class_id":0,"left":1,"top":2,"width":30,"height":40},{"class_id":1,"left":5,"top":6,"width":70,"height":80}]},'
    '"b-metadata":{"objects":[{"confidence":1},{"confidence":0.5}],"class-map":{"0":"x","1":"y"},'
    '"type":"groundtruth/object-detection","human-annotated":"yes","creation-date":"2020-01-01T00:00:00"}}'
)
NOTHING_FOUND = (
    '{"source-ref":"s3://pics/d.jpg","b":{"image_size":[{"width":640,"height":480,"depth":3}],"annotations":§[]},'
    '"b-metadata":{"objects":[],"class-map":{},"type":"groundtruth/object-detection","human-annotated":"yes",'
    '"creation-date":"2020-01-01T00:00:00"}}'
)
BARE = '{"source-ref":"s3://pics/c.jpg"}'


def changed(line: str, old: str, new: str) -> str:
    """A good line with one part replaced."""
    assert old in line
    return line.replace(old, new, 1)


def image(old: str, new: str) -> str:
    """The image-level line with one part replaced."""
    return changed(IMAGE, old, new)


def boxes(old: str, new: str) -> str:
    """The line with boxes with one part replaced."""
    return changed(BOXES, old, new)


def many_boxes(count: int) -> str:
    """A line with so many boxes, § before the first that is too many."""
    line = json.loads(BOXES)
    line["b"]["annotations"] = line["b"]["annotations"][:1] * count
    line["b-metadata"]["objects"] = [{"confidence": 1}] * count
    box = json.dumps(line["b"]["annotations"][0])
    parts = json.dumps(line).split(box)
    return box.join(parts[:51]) + "§" + box + box.join(parts[51:])


JSON_CASES = [
    # Files and JSON.
    ("manifest-empty", ""),
    ("manifest-empty", " \n\r\n\t\n"),
    ("invalid-json", f'{BARE}\n{{"source-ref" §"s3://pics/a.jpg"}}'),
    ("invalid-json", BARE + "§,"),
    ("invalid-json", BARE + "§" + BARE),
    ("invalid-json", BARE + "\n§{'source-ref':'s3://pics/a.jpg'}".replace("§{", "{§")),
    ("invalid-json", '{"source-ref":§"s3://pics/a.j'),
    ("invalid-json", '{"source-ref":"s3://pics/a.jpg",§}'),
    ("invalid-json", '{"source-ref":"s3://pics/a§\tb.jpg"}'),
    ("invalid-json", '{"source-ref":"s3://pics/a.jpg","n":0§1}'),
    ("not-json-lines", f"§[{BARE},{BARE}]"),
    ("not-json-lines", "\n §[\n" + BARE + "\n]"),
    ("not-json-lines", '§{\n  "source-ref": "s3://pics/a.jpg"\n}'),
    ("yaml-in-json-lines", "\n§images: s3://pics/\nentries: []\n"),
    ("yaml-in-json-lines", "§---\n# x\n"),
    ("not-an-object", BARE + "\n §[1]"),
    ("not-an-object", BARE + '\n§"s3://pics/a.jpg"'),
    ("not-an-object", BARE + "\n§null"),
    ("nesting-too-deep", image('"a":1', '"a":' + "[" * 49 + "§[" + "]" * 50)),
    ("nesting-too-deep", image('"a":1', '"a":' + "[" * 49 + "§[" + "[" * 99_950 + "]" * 100_000)),
    ("repeated-member", image('"a":1', '"a":1,§"a":2')),
    ("repeated-member", boxes('"top":2', '"top":2,§"left":1')),
    ("repeated-member", image('"a":1', '"a":1,§"\\u0061":2')),
    ("lone-surrogate", image('"x"', '§"\\ud800"')),
    ("lone-surrogate", image('"confidence"', '§"\\uDC00":1,"confidence"')),
    ("not-a-number", image('"confidence":1', '"confidence":§NaN')),
    ("not-a-number", image('"confidence":1', '"confidence":§-Infinity')),
    ("number-too-large", image('"a":1', '"a":§1e400')),
    ("number-too-large", image('"a":1', '"a":§-' + "9" * 400)),
    ("number-too-large", image('"a":1', '"a":§' + "9" * 5000)),
    ("line-too-long", f"{BARE}\n§" + image('"x"', '"' + "x" * LINE_CHARACTERS + '"')),
    ("line-too-long", f"{BARE}\n§" + "x" * 3_000_000 + f"\n{BARE.replace('c.jpg', 'd.jpg')}"),
    # The key.
    ("source-ref-missing", '§{"source_ref":"s3://pics/a.jpg"}'),
    ("source-ref-missing", " §{}"),
    ("source-ref-not-text", '{"source-ref":§7}'),
    ("source-ref-not-s3", '{"source-ref":§"https://pics/a.jpg"}'),
    ("source-ref-not-s3", '{"source-ref":§"S3://pics/a.jpg"}'),
    ("source-ref-not-s3", '{"source-ref":§""}'),
    ("bucket-illegal", '{"source-ref":§"s3://lab#-rawdata/a.jpg"}'),
    ("bucket-illegal", '{"source-ref":§"s3:///a.jpg"}'),
    ("bucket-illegal", '{"source-ref":§"s3://<<region>>/a.jpg"}'),
    ("bucket-illegal", '{"source-ref":§"s3://ab/a.jpg"}'),
    ("source-ref-without-object", '{"source-ref":§"s3://pics"}'),
    ("source-ref-without-object", '{"source-ref":§"s3://pics/"}'),
    ("source-ref-too-long", '{"source-ref":§"s3://pics/' + "x" * 2_050 + '"}'),
    ("source-ref-repeated", f'{IMAGE}\n\n{{"a": 1, "source-ref": §"s3://pics/a.jpg"}}'),
    # Between lines.
    ("two-buckets", BARE + '\n{"source-ref":§"s3://other/a.jpg"}'),
    (
        "too-many-labels",
        "\n".join(
            image('"x"', f'{"§" if n == DATASET_LABELS else ""}"x{n}"').replace("a.jpg", f"{n}.jpg")
            for n in range(DATASET_LABELS + 2)
        ),
    ),
    ("no-known-kind", BARE + '\n§{"source-ref":"s3://pics/a.jpg","color":"blue"}'),
    # AWS's codes.
    ("ERROR_NO_LABEL_ATTRIBUTES", '{"source-ref":"s3://pics/a.jpg","color":§"blue"}'),
    ("ERROR_NO_LABEL_ATTRIBUTES", image('"a":1,"a-metadata":', '"a-metadata":§')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", image('"a":1', '"a":§1.5')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", image('"a":1', '"a":§[1,2]')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", image('"a":1', '"a":§true')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", image('"a":1', '"a":§"cat"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"b":{"image_size":', '"b":§7,"c":{"image_size":')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"image_size":[', '"image_size":§[{},')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('[{"width":640,"height":480,"depth":3}]', '§{"width":640}')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('{"width":640', '§{"w":640')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"width":640', '"width":§"640"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"b":{', '"b":§{').replace('"annotations"', '"boxes"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"left":5', '"left":§"5"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('"class_id":1', '"class_id":§"1"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", boxes('{"class_id":1', '§7,{"class_id":1')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes('"b-metadata":', '"b-metadata":§[],"c":')),
    (
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        image('"type":"groundtruth/image-classification"', '"t":1').replace('a":{', 'a":§{'),
    ),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"type":"groundtruth/image-classification"', '"type":§7')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"yes"', '§"Yes"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"yes"', "§true")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"2020-01-01T00:00:00"', '§"2020-01-01"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"2020-01-01T00:00:00"', "§2020")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"class-name":"x"', '"class-name":§7')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"confidence":1', '"confidence":§1.5')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", image('"confidence":1', '"confidence":§"1"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes('{"0":"x","1":"y"}', '§["x","y"]')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes('"1":"y"', '"1":§7')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes('"b-metadata":{"objects"', '"b-metadata":§{"o"')),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes('{"confidence":0.5}', "§0.5")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", boxes("0.5", "§50")),
    ("ERROR_NO_VALID_LABEL_ATTRIBUTES", "§" + boxes("object-detection", "wrongtype")),
    ("ERROR_UNSUPPORTED_USE_CASE_TYPE", boxes('"groundtruth/object', '§"groundtruth/semantic')),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", boxes('[{"confidence":1},', "§[")),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", boxes('{"confidence":0.5}', "§{}")),
    ("ERROR_MISSING_CLASS_MAP_ID", boxes('"class_id":1', '"class_id":§2')),
    ("ERROR_INVALID_IMAGE_DIMENSION", boxes("640", "§4097")),
    ("ERROR_INVALID_IMAGE_DIMENSION", boxes("480", "§63")),
    ("ERROR_INVALID_BOUNDING_BOX", boxes('"left":5', '"left":§-1')),
    ("ERROR_INVALID_BOUNDING_BOX", boxes('"left":5', '"left":§571')),
    ("ERROR_INVALID_BOUNDING_BOX", boxes('"top":6', '"top":§400.5')),
    ("ERROR_BOUNDING_BOX_TOO_SMALL", boxes('"width":70', '"width":§1')),
    ("ERROR_BOUNDING_BOX_TOO_SMALL", boxes('"height":80', '"height":§0')),
    (
        "ERROR_NO_VALID_ANNOTATIONS",
        boxes('"annotations":', '"annotations":§').replace('"left":1', '"left":-1').replace('"top":6', '"top":-6'),
    ),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", many_boxes(51)),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", image('"x"', '§""')),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", image('"x"', '§"' + "x" * 256 + '"')),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", boxes('"y"', '§"' + "é" * 256 + '"')),
    # Notes.
    ("zero-boxes", NOTHING_FOUND),
    ("mixed-kinds", f"{IMAGE}\n§{BOXES}"),
    ("text-label-value", image('"a":1', '"a":§"1"')),
    ("keys-alike", '{"source-ref":"s3://pics/\u00e9.jpg"}\n{"source-ref":§"s3://pics/e\u0301.jpg"}'),
    ("labels-alike", image('"x"', '"\u00e9"') + "\n" + image('"x"', '§"e\u0301"').replace("a.jpg", "b.jpg")),
    ("percent-encoded-key", BARE + '\n{"source-ref":§"s3://pics/a%20b.jpg"}'),
    ("unknown-attributes", image('"a":1', '"color":§"blue","a":1')),
]

YAML_HEAD = "images: s3://pics/\nsize: [640, 480]\n"
BOX = "{label: RBC, left: 1, top: 2, width: 30, height: 40}"


def box(sides: str) -> str:
    """A YAML manifest with one box."""
    return entry(f"image: a.jpg\n    boxes: [{{label: x, {sides}}}]")


def entry(text: str, head: str = YAML_HEAD) -> str:
    """A YAML manifest with one entry."""
    return f"{head}entries:\n  - {text}\n"


YAML_CASES = [
    ("yaml-empty", ""),
    ("yaml-empty", "# nothing\n"),
    ("yaml-empty", "%YAML 1.1\n---\n#"),
    ("mapping-expected", "§- image: a.jpg\n"),
    ("mapping-expected", "§7"),
    ("invalid-yaml", "images: s3://pics/\nentries:\n§\t- image: a.jpg\n"),
    ("invalid-yaml", "images: §'s3://pics/\nentries: []\n"),
    ("invalid-yaml", "images: s3://pics/\nentries: §[{image: a.jpg}\n"),
    ("invalid-yaml", entry("image: a.jpg\n   §labels: [a]")),
    ("invalid-yaml", entry("image: a.jpg§: b")),
    ("invalid-yaml", entry("image: §@a.jpg")),
    ("invalid-yaml", "{§"),
    ("invalid-yaml", entry('image: "a\\U§FFFFFFFF"')),
    ("invalid-yaml", "%YAML 2.0\n---\nentries: []\n".replace("%", "§%")),
    ("yaml-character", entry("image: a§\x01.jpg")),
    ("yaml-character", entry("image: a§\u2028.jpg")),
    ("yaml-tag", entry("image: §!!str a.jpg")),
    ("yaml-tag", "images: s3://pics/\nentries: §!seq []\n"),
    ("yaml-merge-key", entry("image: a.jpg\n    §<<: {labels: [a]}")),
    ("yaml-key-not-text", entry("image: a.jpg\n    ? §[a]\n    : b")),
    ("yaml-several-documents", "entries: []\n§---\nentries: []\n"),
    ("yaml-alias-unknown", entry("image: §*nobody")),
    ("yaml-alias-unknown", entry("labels: &a [§*a]")),
    (
        "yaml-aliases-too-many",
        entry("source-ref: s3://pics/a.jpg\n    a: &a [x, x, x, x, x, x, x, x, x, x]\n")
        + "".join(f"    {new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in ("ab", "bc", "cd"))
        + f"    e: [{', '.join(['*d'] * 7 + ['§*d'] + ['*d'] * 2)}]\n",
    ),
    ("repeated-member", entry("image: a.jpg\n    §image: b.jpg")),
    ("repeated-member", "images: s3://pics/\nentries: []\n§entries: []\n"),
    ("nesting-too-deep", entry("source-ref: s3://pics/a.jpg\n    a: " + "[" * 49 + "§[" + "]" * 50)),
    ("nesting-too-deep", entry("source-ref: s3://pics/a.jpg\n    a: " + "[" * 49 + "§[" + "[" * 30_000)),
    ("unknown-key", "§image: s3://pics/\nentries: []\n"),
    ("unknown-key", entry("image: a.jpg\n    §label: [x]")),
    ("unknown-key", entry("image: a.jpg\n    boxes: [{label: x, left: 1, top: 2, width: 3, height: 4, §heigth: 4}]")),
    ("entries-missing", "images: s3://pics/\n"),
    ("list-expected", "entries: §null\n"),
    ("list-expected", "entries: §{image: a.jpg}\n"),
    ("list-expected", entry("image: a.jpg\n    labels: §cat")),
    ("list-expected", entry("image: a.jpg\n    labels: §null")),
    ("list-expected", entry("image: a.jpg\n    boxes: §~")),
    ("mapping-expected", entry("§a.jpg")),
    ("mapping-expected", entry("image: a.jpg\n    boxes: [§[1, 2, 3, 4]]")),
    ("text-expected", entry("image: §[a.jpg]")),
    ("text-expected", entry("image: a.jpg\n    labels: [§[a]]")),
    ("empty-text", entry("image: §''")),
    ("empty-label", entry("image: a.jpg\n    labels: [§'']")),
    ("empty-label", entry("image: a.jpg\n    boxes: [{label: §'', left: 1, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §'1', top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §012, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §.nan, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    confidence: §high")),
    ("number-too-large", entry("image: a.jpg\n    confidence: §1e400")),
    ("number-too-large", entry("source-ref: s3://pics/a.jpg\n    n: §1e400")),
    ("whole-number-expected", entry("image: a.jpg\n    size: [§640.5, 480]")),
    ("list-expected", entry("image: a.jpg\n    size: §640x480")),
    ("text-expected", entry("image: a.jpg\n    created: §[2024]")),
    ("text-expected", "images: §{}\nentries: []\n"),
    ("size-form", entry("image: a.jpg\n    size: §[640]")),
    ("missing-key", entry("image: a.jpg\n    boxes: [§{label: x, left: 1, top: 2, width: 3}]")),
    ("boxes-without-size", entry(f"image: a.jpg\n    boxes: §[{BOX}]", "images: s3://pics/\n")),
    ("boxes-without-size", entry("image: a.jpg\n    boxes: §[]", "images: s3://pics/\n")),
    ("image-and-source-ref", entry("§image: a.jpg\n    source-ref: s3://pics/a.jpg")),
    ("json-lines-in-yaml", "{§" + BARE[1:] + "\n"),
    ("labels-beside-source-ref", entry("source-ref: s3://pics/a.jpg\n    §labels: [a]")),
    ("image-missing", entry("§labels: [a]")),
    ("image-without-prefix", entry("image: §a.jpg", "")),
    ("images-prefix-illegal", "images: §pics/\nentries: []\n"),
    ("images-prefix-illegal", "images: §s3://\nentries: [{image: a.jpg}]\n"),
    ("bucket-illegal", "images: §s3://lab#/\nentries: [{image: a.jpg}]\n"),
    ("bucket-illegal", entry("image: §s3://lab#/a.jpg")),
    ("source-ref-not-s3", entry("image: §https://pics/a.jpg")),
    ("source-ref-repeated", entry("image: a.jpg\n  - image: §a.jpg")),
    ("confidence-range", entry("image: a.jpg\n    confidence: §1.01")),
    ("human-annotated-value", entry("image: a.jpg\n    human-annotated: §true")),
    ("date-form", f"created: §2024-01-01\n{entry('image: a.jpg')}"),
    ("date-form", f"created: §2024-13-01T00:00:00\n{entry('image: a.jpg')}"),
    ("empty-value", entry("source-ref: s3://pics/a.jpg\n    color:§\n    x: 1")),
    ("repeated-label", entry("image: a.jpg\n    labels: [a, §a]")),
    ("comment-after-image", entry("image: §a.jpg #1")),
    ("comment-after-image", entry("source-ref: §s3://pics/a.jpg # 1")),
    ("two-buckets", entry("image: a.jpg\n  - image: §s3://other/a.jpg")),
    # AWS's codes, at the place of what the person wrote.
    (
        "ERROR_INVALID_BOUNDING_BOX",
        box("left: §600, top: 2, width: 41, height: 4"),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box("left: 6, top: 2, width: 4, height: §1"),
    ),
    (
        "ERROR_NO_VALID_ANNOTATIONS",
        box("left: 6, top: 2, width: 4, height: 1").replace("[{", "§[{"),
    ),
    ("ERROR_INVALID_IMAGE_DIMENSION", entry(f"image: a.jpg\n    size: [640, §5000]\n    boxes: [{BOX}]")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", entry(f"image: a.jpg\n    labels: [a, §{'b' * 256}]")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", entry(f"image: a.jpg\n    boxes: [{BOX.replace('RBC', '§' + 'b' * 256)}]")),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", entry(f"image: a.jpg\n    boxes: [{', '.join([BOX] * 50)}, §{BOX}]")),
    ("ERROR_UNSUPPORTED_USE_CASE_TYPE", entry("source-ref: s3://pics/a.jpg\n    a: 1\n    a-metadata: {type: §what}")),
    ("zero-boxes", entry("image: a.jpg\n    boxes: §[]")),
]

RAW_BOXES = """source-ref: s3://pics/a.jpg
    b:
      image_size: [{width: 640, height: 480, depth: 3}]
      annotations:
        - {class_id: 0, left: 1, top: 2, width: 30, height: 40}
        - {class_id: 1, left: 5, top: 6, width: 70, height: 80}
    b-metadata:
      {objects: [{confidence: 1}, {confidence: 1}], class-map: {0: x, 1: y}, type: groundtruth/object-detection,
       human-annotated: yes, creation-date: 2020-01-01T00:00:00}"""

# Raw lines in YAML are judged by the rules for JSON Lines, at the places of the YAML.
RAW_CASES = [
    ("ERROR_INVALID_BOUNDING_BOX", "left: 5", "left: §600"),
    ("ERROR_MISSING_CLASS_MAP_ID", "class_id: 1", "class_id: §7"),
    ("ERROR_INVALID_IMAGE_DIMENSION", "height: 480", "height: §48"),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", "{class_id: 1, left: 5,", "§{class_id: 1,"),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "human-annotated: yes", "human-annotated: §true"),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", "{confidence: 1}]", "§{}]"),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", "1: y", "1: §''"),
    ("source-ref-not-text", "s3://pics/a.jpg", "§[a]"),
    ("source-ref-not-s3", "s3://pics/a.jpg", "§7"),
    ("number-too-large", "left: 5", "left: §1e400"),
    ("number-too-large", "left: 5", "left: §" + "9" * 400),
]

# Rules that need more than the text of one manifest; each has a test of its own.
ELSEWHERE = {
    "manifest-missing",
    "manifest-directory",
    "manifest-not-a-file",
    "manifest-unreadable",
    "too-many-lines",
    "label-not-declared",
    "flag-expected",
    "head-below-entries",
}


def split(text: str) -> tuple[str, int, int]:
    """The text without its sign, and the line and column where the sign stood (0, 0 without one)."""
    before, sign, _ = text.partition("§")
    if not sign:
        return text, 0, 0
    return text.replace("§", "", 1), before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def table(rules: object) -> list[Rule]:
    """The rules of one part of the table."""
    return [rule for rule in vars(rules).values() if isinstance(rule, Rule)]


def found_at(findings: Any, code: str) -> list[tuple[int, int]]:  # noqa: ANN401 - Findings
    """The places of all findings with a code."""
    return [(finding.place.line, finding.place.column) for finding in findings if finding.code == code]


@pytest.mark.parametrize(("code", "text"), JSON_CASES)
def test_a_broken_rule_is_found_at_its_place_in_json_lines(code: str, text: str, read: Callable[..., Any]) -> None:
    """Each case names the rule and the exact line and column."""
    content, line, column = split(text)

    found = read(content).findings

    assert found_at(found, code)[:1] == [(line, column)], list(found)


@pytest.mark.parametrize(("code", "text"), YAML_CASES)
def test_a_broken_rule_is_found_at_its_place_in_yaml(code: str, text: str, read: Callable[..., Any]) -> None:
    """Each case names the rule and the exact line and column, and nothing worse than the rule is said."""
    content, line, column = split(text)

    found = read(content, "train.yaml").findings

    assert found_at(found, code)[:1] == [(line, column)], list(found)
    assert found.refused == any(finding.severity is Severity.ERROR for finding in found)
    assert found.error_count <= 1, list(found)


@pytest.mark.parametrize(("code", "old", "new"), RAW_CASES)
def test_a_raw_line_in_yaml_is_judged_at_its_place(code: str, old: str, new: str, read: Callable[..., Any]) -> None:
    """The same rules as for JSON Lines, the places of the YAML; the line is good before it is spoilt."""
    content, line, column = split(entry(changed(RAW_BOXES, old, new)))

    assert read(entry(RAW_BOXES), "train.yaml").codes == []
    assert found_at(read(content, "train.yaml").findings, code)[:1] == [(line, column)]


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("train.jsonl", BARE.encode() + b'\n{"source-ref":"s3://pics/\xe9.jpg"}', 2, 26),
        ("train.jsonl", b"\xff\xfe{\x00}\x00", 1, 1),
        ("train.yaml", b"images: s3://pics/\nentries:\n  - image: a\xff.jpg\n", 3, 13),
        ("train.yaml", b"images: s3://pics/\nentries: # \xc3\xa9 \xc3\xa9 \xff\n", 2, 16),
        ("train.yaml", b"\xff\xfee\x00n\x00", 1, 1),
        ("train.yaml", b"entries: [] # \xc3", 1, 15),
    ],
)
def test_text_that_is_not_utf_8_is_found_at_its_byte(
    name: str, content: bytes, line: int, column: int, read: Callable[..., Any]
) -> None:
    """Columns count characters, also before a byte that is none."""
    found = read(content, name).findings

    assert found_at(found, "not-utf-8") == [(line, column)]
    assert found.error_count == 1


def test_every_rule_has_a_case() -> None:
    """No row of the table stands there for show."""
    told = {code for code, _ in (*JSON_CASES, *YAML_CASES)} | ELSEWHERE

    assert {rule.code for rule in (*table(line_rules), *table(yaml_rules))} == told | {"not-utf-8"}


def test_the_table_holds_aws_s_thirteen_codes_and_each_code_once() -> None:
    """A code means one thing; AWS's are all there, in the class of what the service marks."""
    rows = (*table(line_rules), *table(yaml_rules))

    assert len({row.code for row in rows}) == len(rows)
    assert {row.code for row in rows if row.severity is Severity.MARKED} == set(ENTRY_CODES)
    assert all(row.what and row.cure and row.source for row in rows)


@pytest.mark.parametrize("line", [IMAGE, BOXES, BARE])
def test_a_good_line_has_no_finding(line: str, read: Callable[..., Any]) -> None:
    """The lines that the cases spoil are good before they are spoilt."""
    got = read(line)

    assert got.codes == []
    assert len(got.entries) == 1


def test_the_first_fifty_are_kept_and_all_are_counted(read: Callable[..., Any]) -> None:
    """A manifest with a fault in every line says so in fifty lines and a number."""
    found = read(BARE + "\n" + '{"x":1}\n' * 70).findings

    assert found.error_count == 70
    assert len(found.errors) == KEPT
    assert [finding.place.line for finding in found.errors] == list(range(2, 52))
