"""Manifests in YAML: how an entry becomes AWS's line, and that text stays what is written."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from reconciler.manifest.findings import Collector
from reconciler.manifest.yaml_manifest import yaml_lines

HEAD = "images: s3://pics/cells/\nsize: [640, 480]\n"
BOX = "{label: RBC, left: 68, top: 315, width: 213, height: 163}"
QUOTED = BOX.replace("RBC", "'a b'")
LOADERS = [pytest.param(yaml.SafeLoader, id="python"), pytest.param(yaml.CSafeLoader, id="libyaml")]


def documents(read: Callable[..., Any], text: str) -> list[dict[str, Any]]:
    """The lines of a manifest without an error, as JSON."""
    got = read(text, "train.yaml")
    assert not got.findings.refused, list(got.findings)
    return [json.loads(entry.line) for entry in got.entries]


def test_the_whole_form_expands_to_aws_s_lines(read: Callable[..., Any]) -> None:
    """Image-level labels, boxes, zero boxes, nothing, and a raw line, each as AWS documents it."""
    lines = documents(
        read,
        f"""\
images: s3://acme-vision/cells/
size: [640, 480]
created: 2026-01-31T00:00:00
entries:
  - image: 0001.jpg
    labels: [sunrise, beach]
  - image: 0002.jpg
    boxes:
      - {BOX}
      - {{label: WBC, left: 1.5, top: 2, width: 3, height: 4, confidence: 0.5}}
      - {BOX}
  - image: 0003.jpg
    boxes: []
  - image: 0004.jpg
  - source-ref: s3://acme-vision/x.jpg
    color: blue
    n: 1.50
""",
    )

    def metadata(label: str) -> dict[str, Any]:
        return {
            "confidence": 1,
            "job-name": f"labeling-job/{label}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "type": "groundtruth/image-classification",
        }

    def boxes(annotations: list[Any], objects: list[Any], class_map: dict[str, str]) -> dict[str, Any]:
        return {
            "bounding-box": {
                "image_size": [{"width": 640, "height": 480, "depth": 3}],
                "annotations": annotations,
            },
            "bounding-box-metadata": {
                "objects": objects,
                "class-map": class_map,
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-01-31T00:00:00",
                "job-name": "labeling-job/bounding-box",
            },
        }

    red = {"class_id": 0, "left": 68, "top": 315, "width": 213, "height": 163}
    white = {"class_id": 1, "left": 1.5, "top": 2, "width": 3, "height": 4}
    assert lines == [
        {
            "source-ref": "s3://acme-vision/cells/0001.jpg",
            "sunrise": 1,
            "sunrise-metadata": metadata("sunrise"),
            "beach": 1,
            "beach-metadata": metadata("beach"),
        },
        {
            "source-ref": "s3://acme-vision/cells/0002.jpg",
            **boxes(
                [red, white, red],
                [{"confidence": 1}, {"confidence": 0.5}, {"confidence": 1}],
                {"0": "RBC", "1": "WBC"},
            ),
        },
        {"source-ref": "s3://acme-vision/cells/0003.jpg", **boxes([], [], {})},
        {"source-ref": "s3://acme-vision/cells/0004.jpg"},
        {"source-ref": "s3://acme-vision/x.jpg", "color": "blue", "n": 1.5},
    ]


def test_expansion_gives_the_same_bytes_each_time(read: Callable[..., Any]) -> None:
    """Nothing of the clock, the machine or a random number enters a line."""
    text = f"{HEAD}entries:\n  - image: a.jpg\n    labels: [né, x y]\n    boxes: [{BOX}]\n"

    first, second = (read(text, "train.yaml").entries[0].line for _ in range(2))

    assert first == second
    assert b'"creation-date":"2000-01-01T00:00:00"' in first


def test_an_entry_s_own_values_come_before_the_file_s(read: Callable[..., Any]) -> None:
    """human-annotated, job-name, confidence, size and created stand in the file, an entry, or both."""
    (line,) = documents(
        read,
        f"{HEAD}human-annotated: no\njob-name: theirs\nconfidence: 0.5\nentries:\n  - image: a.jpg\n    labels: [x]\n"
        "    boxes: [{label: y, left: 1, top: 2, width: 30, height: 40}]\n    human-annotated: yes\n"
        "    job-name: ours\n    confidence: 0.25\n    size: [100, 200, 1]\n    created: 2024-02-29T12:00:00.5Z\n",
    )

    assert line["x-metadata"]["human-annotated"] == "yes"
    assert line["x-metadata"]["job-name"] == line["bounding-box-metadata"]["job-name"] == "ours"
    assert line["x-metadata"]["confidence"] == 0.25
    assert line["bounding-box-metadata"]["objects"] == [{"confidence": 0.25}]
    assert line["bounding-box"]["image_size"] == [{"width": 100, "height": 200, "depth": 1}]
    assert line["x-metadata"]["creation-date"] == "2024-02-29T12:00:00.5Z"


def test_class_ids_follow_the_first_use(read: Callable[..., Any]) -> None:
    """Not the alphabet; a label that is used twice has one id."""
    boxes = ", ".join(BOX.replace("RBC", label) for label in ("y", "x", "y", "a"))

    (line,) = documents(read, f"{HEAD}entries:\n  - image: a.jpg\n    boxes: [{boxes}]\n")

    assert line["bounding-box-metadata"]["class-map"] == {"0": "y", "1": "x", "2": "a"}
    assert [box["class_id"] for box in line["bounding-box"]["annotations"]] == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("prefix", "image", "key"),
    [
        ("s3://b-1/x/", "a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1/x", "a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1", "a.jpg", "s3://b-1/a.jpg"),
        ("s3://b-1/", "/a.jpg", "s3://b-1/a.jpg"),
        ("s3://b-1/x//", "//a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1/x//y/../", "./a//b%20c.jpg", "s3://b-1/x//y/.././a//b%20c.jpg"),
        ("s3://b-1/x/", "s3://b-1/y/a.jpg", "s3://b-1/y/a.jpg"),
        ("s3://b-1/x/", "e\u0301.jpg", "s3://b-1/x/e\u0301.jpg"),
    ],
)
def test_prefix_and_image_meet_at_one_slash(prefix: str, image: str, key: str, read: Callable[..., Any]) -> None:
    """Nothing else is normalised, and a whole address stands alone."""
    (line,) = documents(read, f"images: {prefix}\nentries:\n  - image: {image}\n")

    assert line["source-ref"] == key


@pytest.mark.parametrize(
    "text", ["no", "yes", "0001", "2024-01-01", "1:30", "012", "0x1F", "null", "~", "true", "1e3", "1_000", ".inf", "é"]
)
def test_a_name_is_its_text_as_written(text: str, read: Callable[..., Any]) -> None:
    """YAML's guesses about dates, octal and sexagesimal numbers and booleans happen nowhere."""
    plain, raw = documents(
        read,
        f"{HEAD}entries:\n  - image: {text}\n    labels: [{text}]\n"
        f"    boxes: [{{label: {text}, left: 1, top: 2, width: 30, height: 40}}]\n    job-name: {text}\n"
        f"  - source-ref: s3://pics/{text}\n    a: 1\n    a-metadata:\n      class-name: {text}\n"
        f"      class-map: {{{text}: {text}}}\n      job-name: {text}\n      creation-date: {text}\n"
        f"      human-annotated: {text}\n      type: {text}\n",
    )

    assert plain["source-ref"] == f"s3://pics/cells/{text}"
    metadata = next(value for value in plain.values() if isinstance(value, dict) and "class-name" in value)
    assert metadata["class-name"] == metadata["job-name"] == text
    assert plain["bounding-box-metadata"]["class-map"] == {"0": text}
    assert raw["source-ref"] == f"s3://pics/{text}"
    assert raw["a-metadata"].pop("class-map") == {text: text}
    assert set(raw["a-metadata"].values()) == {text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.50", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("yes", "yes"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        (".5", ".5"),
        ("True", "True"),
        ("~", "~"),
        ("2024-01-01", "2024-01-01"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("[1, x, {y: no}]", [1, "x", {"y": "no"}]),
    ],
)
def test_a_raw_value_has_json_s_implicit_types_only(text: str, value: object, read: Callable[..., Any]) -> None:
    """A number, true, false and null as JSON spells them; everything else is text."""
    known = "  - image: s3://pics/b.jpg\n    labels: [x]\n"
    line, _ = documents(read, f"entries:\n  - source-ref: s3://pics/a.jpg\n    thing: {text}\n{known}")

    assert line["thing"] == value
    assert type(line["thing"]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "size: [640, 480]\nimages: s3://pics/\nentries:\n  - image: a.jpg\n    boxes: []\n",
        "entries:\n  - image: a.jpg\n    boxes: []\nsize: [640, 480]\nimages: s3://pics/\n",
        "entries:\n- image: a.jpg\n  boxes: []\nsize: [640, 480]\nimages: s3://pics/\n",
        "{entries: [{image: a.jpg, boxes: []}], size: [640, 480], images: 's3://pics/'}\n",
        "---\n# x\n\nentries: [{image: a.jpg, boxes: []}]\nsize: [640, 480]\nimages: s3://pics/\n...\n",
        "  entries:\n    - image: a.jpg\n      boxes: []\n  size: [640, 480]\n  images: s3://pics/\n",
        "\ufeffentries:\r\n  - image: a.jpg\r\n    boxes: []\r\nsize: [640, 480]\r\nimages: s3://pics/\r\n",
        "entries:\r  - image: a.jpg\r    boxes: []\rsize: [640, 480]\rimages: s3://pics/\r",
        '"entries" :\n  - image: a.jpg\n    boxes: []\n"size": [640, 480]\n? images\n: s3://pics/\n',
        "x: &l [{image: a.jpg, boxes: []}]\n".replace("x: &l ", "entries: &l ")
        + "size: [640, 480]\nimages: s3://pics/\n",
    ],
)
def test_keys_of_the_head_stand_in_any_order_and_style(text: str, read: Callable[..., Any]) -> None:
    """A mapping has no order: values below the entries hold for them too."""
    (line,) = documents(read, text)

    assert line["source-ref"] == "s3://pics/a.jpg"
    assert line["bounding-box"]["image_size"][0]["width"] == 640


def test_a_fault_in_a_head_below_the_entries_is_told_once(read: Callable[..., Any]) -> None:
    """Reading the head first does not double its findings."""
    found = read("entries:\n  - image: a.jpg\nimages: pics\nsiez: 1\n", "train.yaml").findings

    assert [(error.code, error.place.line) for error in found.errors] == [
        ("images-prefix-illegal", 3),
        ("unknown-key", 4),
    ]


def test_a_head_in_a_spelling_that_hides_it_is_refused_not_ignored(read: Callable[..., Any]) -> None:
    """An escape in the word `entries` keeps the quick look from seeing it; nothing is lost in silence."""
    found = read('"\\x65ntries":\n  - image: s3://pics/a.jpg\nsize: [64, 64]\n', "train.yaml").findings

    assert [error.code for error in found.errors] == ["head-below-entries"]


@pytest.mark.parametrize(
    "text", ["entries: []", "entries: []\n", "images: s3://pics/\nentries: []\n", "---\nentries: []"]
)
def test_a_manifest_that_is_meant_to_be_empty_is_valid(text: str, read: Callable[..., Any]) -> None:
    """The one way to say that a dataset has no entry."""
    got = read(text, "train.yaml")

    assert got.codes == []
    assert got.findings.bucket is None


def test_aliases_are_followed(read: Callable[..., Any]) -> None:
    """A list of boxes that two images share may be written once; a finding in an alias names the alias."""
    head = f"{HEAD}entries:\n  - image: a.jpg\n    boxes: &shared [{BOX}]\n"

    one, two = documents(read, f"{head}  - image: b.jpg\n    boxes: *shared\n")
    (error,) = read(f"{head}  - &e {{image: b.jpg}}\n  - *e\n", "train.yaml").findings.errors

    assert one["bounding-box"] == two["bounding-box"]
    assert (error.code, error.place.line) == ("source-ref-repeated", 6)


def test_an_entry_with_an_error_is_left_out_and_the_others_are_read(read: Callable[..., Any]) -> None:
    """Whether the error is found by the scanner, in a key, in the head or by a rule; all are found in one reading."""
    got = read(
        f"nonsense: 1\n{HEAD}entries:\n  - image: a\n  - image: !t b\n  - image: c\n  - image: d\n    image: d\n"
        "  - image: e\n    labels: x\n  - image: f\n  - image: s3://ab/g\n  - image: h\n",
        "train.yaml",
    )

    assert [entry.entry.key.rpartition("/")[2] for entry in got.entries] == ["a", "c", "f", "h"]
    assert [error.place.line for error in got.findings.errors] == [1, 6, 9, 11, 13]
    assert got.findings.entries == 4


def test_unknown_keys_get_a_guess(read: Callable[..., Any]) -> None:
    """Case, underscores and a wrong letter are seen through."""
    found = read(f"{HEAD}entires: []\nentries:\n  - image: a.jpg\n    Lables: [x]\n  - source_ref: x\n", "train.yaml")

    messages = {error.place.line: error.message for error in found.findings.errors if error.code == "unknown-key"}
    assert "did you mean `entries`?" in messages[3]
    assert "did you mean `labels`?" in messages[6]
    assert "did you mean `source-ref`?" in messages[7]


def test_an_ending_is_yaml_s_in_any_case(read: Callable[..., Any]) -> None:
    """`.yml` and `.YAML` are YAML too."""
    assert read("entries: []", "train.yml").codes == []
    assert read("entries: []", "TRAIN.YAML").codes == []


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEAD}entries:\n  - image: 'é\U0001f642' #x\n    boxes: ['é', {BOX}, {QUOTED}]\n",
        f"\ufeff{HEAD}entries:\n  - {{image: 'é\U0001f642', boxes: [{BOX}, {QUOTED}]}} #x\n",
        f"{HEAD}entries:\r\n  - image: a.jpg #x\r\n    labels: [x, 'y']\r\n\r\n  - image: a.jpg\r\n",
        f"{HEAD}entries:\n  - image: >-\n      a b\n      c.jpg\n    labels: ['x\n      y']\n",
        f"{HEAD}entries:\n  - image: a.jpg\n    labels: [!t x]\n    <<: {{x: y}}\n    image: b\n",
        f"{HEAD}entries:\n\t- image: a.jpg\n",
        f"{HEAD}entries:\n  - image: 'a.jpg\n",
        f"{HEAD}entries: [a, b\n",
        f"{HEAD}entries:\n  - a: b: c\n",
        f"{HEAD}entries:\n  - image: *x\n",
        f"{HEAD}---\nentries: []\n",
        "entries: \x07\n",
        "",
    ],
)
def test_both_scanners_of_pyyaml_read_the_same(loader: Any, text: str) -> None:  # noqa: ANN401 - a class of PyYAML's
    """With libyaml and without: the same lines at the same places, the same findings."""

    def outcome(chosen: Any) -> tuple[list[Any], list[str]]:  # noqa: ANN401 - a class of PyYAML's
        collector = Collector("train.yaml")
        lines = list(yaml_lines(io.BytesIO(text.encode()), collector, chosen))
        found = collector.findings(0, 0, (), None)
        places = [
            (line.document, line.place, line.locate(("bounding-box", "annotations", 1, "left"))) for line in lines
        ]
        return places, [f"{finding.place} {finding.code}" for finding in found]

    assert outcome(loader) == outcome(None)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("escape", ["\\ud800", "\\uDFFF", "\\UFFFFFFFF", "\\U00110000"])
def test_an_escape_that_names_no_character_is_refused(loader: Any, escape: str) -> None:  # noqa: ANN401 - a class of PyYAML's
    """By both scanners, though each stumbles over another one."""
    collector = Collector("train.yaml")

    lines = list(yaml_lines(io.BytesIO(f'entries:\n  - image: "s3://pics/{escape}"\n'.encode()), collector, loader))

    assert lines == []
    assert collector.error_count == 1


def test_a_comment_that_is_no_part_of_the_name_is_noted_only_there(read: Callable[..., Any]) -> None:
    """A quoted name, and a comment behind another value, are what they seem."""
    text = f"{HEAD}entries: # all\n  - image: 'a #1.jpg' # quoted\n    labels: [x] # label\n  - image: b#2.jpg\n"

    assert read(text, "train.yaml").codes == []
