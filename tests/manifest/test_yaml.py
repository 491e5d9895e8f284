"""Manifests in YAML: text stays as written, keys may have any order, and a wrong entry leaves the rest as it is."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.manifest.yaml_text import BOX, HEAD, documents


@pytest.mark.parametrize(
    "text", ["no", "yes", "0001", "2024-01-01", "1:30", "012", "0x1F", "null", "~", "true", "1e3", "1_000", ".inf", "é"]
)
def test_a_name_is_its_text_as_written(text: str, read: Callable[..., Any]) -> None:
    """YAML does not turn text into dates, octal or sexagesimal numbers or booleans."""
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
    """A number, true, false and null are read as JSON spells them; everything else is text."""
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
    """A mapping has no order, so values below the entries apply to them too."""
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
    """An escape in the word `entries` hides it from the quick look; the key below it is reported."""
    found = read('"\\x65ntries":\n  - image: s3://pics/a.jpg\nsize: [64, 64]\n', "train.yaml").findings

    assert [error.code for error in found.errors] == ["head-below-entries"]


@pytest.mark.parametrize(
    "text", ["entries: []", "entries: []\n", "images: s3://pics/\nentries: []\n", "---\nentries: []"]
)
def test_a_manifest_that_is_meant_to_be_empty_is_valid(text: str, read: Callable[..., Any]) -> None:
    """An empty list of entries is the one way to declare a dataset without entries."""
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
    """The rest is read whether the scanner, a key, the head or a rule gives the error."""
    got = read(
        f"nonsense: 1\n{HEAD}entries:\n  - image: a\n  - image: !t b\n  - image: c\n  - image: d\n    image: d\n"
        "  - image: e\n    labels: x\n  - image: f\n  - image: s3://ab/g\n  - image: h\n",
        "train.yaml",
    )

    assert [entry.entry.key.rpartition("/")[2] for entry in got.entries] == ["a", "c", "f", "h"]
    assert [error.place.line for error in got.findings.errors] == [1, 6, 9, 11, 13]
    assert got.findings.entries == 4


def test_unknown_keys_get_a_guess(read: Callable[..., Any]) -> None:
    """The guess ignores case, hyphens and one wrong letter."""
    found = read(f"{HEAD}entires: []\nentries:\n  - image: a.jpg\n    Lables: [x]\n  - source_ref: x\n", "train.yaml")

    messages = {error.place.line: error.message for error in found.findings.errors if error.code == "unknown-key"}
    assert "did you mean `entries`?" in messages[3]
    assert "did you mean `labels`?" in messages[6]
    assert "did you mean `source-ref`?" in messages[7]


def test_an_ending_is_yaml_s_in_any_case(read: Callable[..., Any]) -> None:
    """`.yml` and `.YAML` are YAML too."""
    assert read("entries: []", "train.yml").codes == []
    assert read("entries: []", "TRAIN.YAML").codes == []


def test_a_comment_that_is_no_part_of_the_name_is_noted_only_there(read: Callable[..., Any]) -> None:
    """A quoted name and a comment behind a different value get no note."""
    text = f"{HEAD}entries: # all\n  - image: 'a #1.jpg' # quoted\n    labels: [x] # label\n  - image: b#2.jpg\n"

    assert read(text, "train.yaml").codes == []
