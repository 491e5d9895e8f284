"""Laws of reading: the same entry in either form, names that never collide, and any bytes at all."""

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.entries import IMAGE_TYPE, entry_of
from reconciler.manifest.json_places import offset_of
from reconciler.manifest.yaml.expand import attribute_names

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Everything that YAML can hold and JSON Lines too, without lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\x85"), min_size=1)
LABEL = TEXT.map(lambda text: text[:255])
COORDINATE = st.integers(0, 90) | st.floats(0, 90, allow_nan=False).map(lambda value: round(value, 3))
BOX = st.fixed_dictionaries(
    {
        "label": LABEL,
        "left": COORDINATE,
        "top": COORDINATE,
        "width": st.integers(2, 500),
        "height": st.integers(2, 300),
    },
    optional={"confidence": st.floats(0, 1).map(lambda value: round(value, 4))},
)
ENTRY = st.fixed_dictionaries(
    {"image": TEXT.map(lambda text: "k" + text.replace("://", ""))},
    optional={
        "labels": st.lists(LABEL, unique=True, max_size=5),
        "boxes": st.lists(BOX, max_size=5),
        "human-annotated": st.sampled_from(["yes", "no"]),
        "job-name": TEXT,
    },
)


def by_hand(entry: dict[str, Any]) -> dict[str, Any]:
    """AWS's line for an entry, written another way: other names, other ids, other order."""
    line: dict[str, Any] = {}
    metadata = {"human-annotated": "no", "creation-date": "2024-01-01 10:00:00", "job-name": "x"}
    for number, label in enumerate(reversed(entry.get("labels", []))):
        line[f"label-{number}-metadata"] = {**metadata, "class-name": label, "confidence": 0.1, "type": IMAGE_TYPE}
        line[f"label-{number}"] = 7
    if "boxes" in entry:
        boxes = list(reversed(entry["boxes"]))
        ids = {label: 100 + number for number, label in enumerate(sorted({box["label"] for box in boxes}))}
        sides = ("top", "left", "height", "width")
        line["BB"] = {
            "annotations": [{**{side: box[side] for side in sides}, "class_id": ids[box["label"]]} for box in boxes],
            "image_size": [{"depth": 1, "height": 480, "width": 640}],
        }
        line["BB-metadata"] = {
            **metadata,
            "class-map": {str(number): label for label, number in ids.items()},
            "objects": [{"confidence": 0}] * len(boxes),
            "type": "groundtruth/object-detection",
        }
    return {**line, "source-ref": "s3://pics/x/" + entry["image"].lstrip("/")}


@SETTINGS
@given(entries=st.lists(ENTRY, min_size=1, max_size=4, unique_by=lambda entry: str(entry["image"])))
def test_an_entry_means_the_same_in_yaml_and_in_json_lines(
    entries: list[dict[str, Any]], read: Callable[..., Any]
) -> None:
    """This holds for all labels and coordinates, however the line is written."""
    head = {"images": "s3://pics/x/", "size": [640, 480]}
    text = yaml.safe_dump({**head, "entries": entries}, allow_unicode=True, sort_keys=False, width=10_000)
    lines = "\n".join(json.dumps(by_hand(entry)) for entry in entries)

    people, aws = read(text, "train.yaml"), read(lines)

    assert not people.findings.refused, list(people.findings)
    assert not aws.findings.refused, list(aws.findings)
    assert [(e.entry.key, e.entry.meaning) for e in people.entries] == [
        (e.entry.key, e.entry.meaning) for e in aws.entries
    ]


@SETTINGS
@given(entries=st.lists(ENTRY, min_size=1, max_size=4, unique_by=lambda entry: entry["image"]))
def test_what_is_written_for_people_passes_as_aws_s_line(
    entries: list[dict[str, Any]], read: Callable[..., Any]
) -> None:
    """The lines that an expansion sends are a manifest too, with the same findings and the same bytes."""
    head = {"images": "s3://pics/x/", "size": [640, 480]}
    people = read(yaml.safe_dump({**head, "entries": entries}, allow_unicode=True), "train.yaml")

    again = read(b"\n".join(entry.line for entry in people.entries))

    assert [entry.line for entry in again.entries] == [entry.line for entry in people.entries]
    assert again.findings.marked_count == people.findings.marked_count


RESERVED = ["source-ref", "cl-metadata", "cl-errors", "errors", "warnings", "x-metadata", "x-ref", "cl", "bounding-box"]
ANY_LABEL = st.text(min_size=1, max_size=255) | st.sampled_from([*RESERVED, "a b", "a_b", "é", "e\u0301", "A" * 255])
LEGAL = set(string.ascii_letters + string.digits + "_-")


@settings(max_examples=300, deadline=None)
@given(labels=st.lists(ANY_LABEL, max_size=12))
def test_attribute_names_never_collide(labels: list[str]) -> None:
    """A name differs from all other names, from AWS's names and from the names of metadata, whatever the labels are."""
    names = attribute_names(labels)
    attributes = list(names.values())
    every = attributes + [f"{name}-metadata" for name in attributes]

    assert set(names) == set(labels)
    assert len(set(every)) == len(every)
    assert not {"source-ref", "bounding-box", "bounding-box-metadata", "cl-metadata", "cl-errors"} & set(every)
    assert not {"errors", "warnings"} & set(every)
    assert not [name for name in attributes if name.endswith(("-metadata", "-ref")) or not set(name) <= LEGAL]
    assert all(0 < len(name) <= 127 for name in attributes)


@settings(max_examples=100, deadline=None)
@given(labels=st.lists(ANY_LABEL, max_size=8, unique=True), data=st.data())
def test_an_attribute_s_name_does_not_depend_on_its_neighbours(labels: list[str], data: st.DataObject) -> None:
    """Adding a label to an image leaves the other attributes as they are."""
    kept = data.draw(st.lists(st.sampled_from(labels), unique=True)) if labels else []
    names = attribute_names(labels)

    assert attribute_names(kept) == {label: names[label] for label in kept}


def test_a_label_that_imitates_another_s_digest_gets_a_number() -> None:
    """This is the one case in which a name depends on the other labels."""
    (imitated,) = attribute_names(["a b"]).values()

    assert attribute_names(["a b", imitated]) == {"a b": imitated, imitated: f"{imitated}-2"}


GOOD = b'{"source-ref":"s3://pics/a.jpg","a":1}\n'
FRAGMENTS = st.sampled_from(
    [
        GOOD,
        b"\xef\xbb\xbf",
        b"\r\n",
        b"\n",
        b"\r",
        b"{",
        b"}",
        b"[" * 60,
        b"entries:\n",
        b"  - image: s3://pics/a.jpg\n",
        b"    boxes: [{label: x, left: 1, top: 2, width: 3, height: 4}]\n",
        b"    labels: [a, &x b, *x]\n",
        b"images: s3://pics/\n",
        b"size: [640, 480]\n",
        b"  - source-ref: s3://pics/b.jpg\n    a: 1e999\n",
        b'"\\ud800"',
        b'"\\UFFFFFFFF"',
        b"\xff",
        b"\xc3",
        b"\x00",
        b"\t",
        b"- ",
        b": ",
        b"#",
        b"'",
        b'"',
        b"? ",
        b"<<: {a: b}\n",
        b"!!python/object:os.system x\n",
        b"%YAML 1.1\n---\n",
        b"...\n",
        b"| ",
        b"\xe2\x80\xa8",
        "é\U0001f642".encode(),
    ]
)
BYTES = st.lists(FRAGMENTS | st.binary(max_size=6), max_size=14).map(b"".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BYTES, name=st.sampled_from(["train.jsonl", "train.yaml"]))
def test_reading_any_bytes_gives_findings_inside_the_file(content: bytes, name: str, read: Callable[..., Any]) -> None:
    """Nothing is raised; every place exists; what is accepted can be read back."""
    got = read(content, name)

    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for finding in got.findings:
        assert finding.place.file == name
        assert 0 <= finding.place.line <= len(lines)
        if finding.place.line and b"\r" not in content:
            text = lines[finding.place.line - 1].decode(errors="replace")
            assert 1 <= finding.place.column <= len(text) + 1, finding
    for entry in got.entries:
        assert entry_of(json.loads(entry.line)) == entry.entry


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(value=st.dictionaries(st.text(max_size=5), JSON, max_size=4), spaced=st.booleans(), escaped=st.booleans())
def test_a_path_leads_to_the_text_of_its_value(value: dict[str, Any], spaced: bool, escaped: bool) -> None:  # noqa: FBT001 - drawn
    """The path leads to every member of any JSON object, in compact and in loose text, escaped or not."""
    separators = (" , ", " : ") if spaced else (",", ":")
    text = json.dumps(value, separators=separators, ensure_ascii=escaped)
    decoder = json.JSONDecoder()

    def visit(member: Any, path: tuple[str | int, ...]) -> None:  # noqa: ANN401 - any JSON value
        assert decoder.raw_decode(text, offset_of(text, path))[0] == member
        inner = member.items() if isinstance(member, dict) else enumerate(member) if isinstance(member, list) else ()
        for step, child in inner:
            visit(child, (*path, step))

    visit(value, ())


@pytest.mark.parametrize("suffix", [".jsonl", ".yaml"])
def test_memory_stays_flat(suffix: str, tmp_path: Path, read_path: Callable[..., Any]) -> None:
    """A line of 60 MB without an end is reported, not held."""
    import tracemalloc  # noqa: PLC0415 - for this test alone

    path = tmp_path / f"train{suffix}"
    with path.open("wb") as file:
        file.write(b"entries:\n  - image: 's3://pics/a.jpg' # " if suffix == ".yaml" else b'{"source-ref":"')
        for _ in range(60):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    try:
        found = read_path(path).findings
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found.refused == (suffix == ".jsonl")
    assert peak < 20_000_000
