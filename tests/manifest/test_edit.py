"""Edits by position: the chosen entries change and every other byte stays."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.entries import entry_of
from reconciler.errors import BadInput
from reconciler.manifest.edit import Edits, edited
from reconciler.manifest.findings import Collector
from reconciler.manifest.jsonl import json_lines
from reconciler.manifest.yaml.read import yaml_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKET = "s3://acme-vision/cells/"


def labelled(name: str, *labels: str, date: str = "2026-01-31T00:00:00") -> str:
    """A listed line with image-level labels."""
    document: dict[str, object] = {"source-ref": f"{BUCKET}{name}"}
    for number, label in enumerate(labels):
        document[f"l{number}"] = 1
        document[f"l{number}-metadata"] = {
            "confidence": 1,
            "job-name": f"labeling-job/l{number}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": date,
            "type": "groundtruth/image-classification",
        }
    return json.dumps(document)


def entries(content: bytes, *, is_yaml: bool) -> dict[str, tuple[str, ...]]:
    """The keys and labels that a reader finds; no finding of class error."""
    collector = Collector("manifest")
    lines = list((yaml_lines if is_yaml else json_lines)(io.BytesIO(content), collector))
    assert collector.findings().errors == ()
    return {entry.key: entry.labels for entry in (entry_of(line.document) for line in lines)}


def apply(content: bytes, edits: Edits, *, is_yaml: bool) -> bytes:
    """The content after the edits."""
    return b"".join(edited(io.BytesIO(content), edits, "manifest", is_yaml=is_yaml))


names = st.sampled_from(
    ["cat", "dog", "no", "1:30", "a b", "x: y", "#", "-", "null", "\N{SNOWMAN}", 'q"', "[a]", "0001"]
)


@st.composite
def manifests(draw: st.DrawFn, *, is_yaml: bool) -> tuple[list[list[bytes]], list[int], bytes, bytes]:
    """The lines of each entry, the number of the line at which each begins, the head and what follows all entries."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    count = draw(st.integers(1, 6))
    blocks: list[list[bytes]] = []
    for number in range(count):
        label = draw(names)
        if not is_yaml:
            blocks.append([labelled(f"{number}.jpg", label).encode() + end])
            continue
        quoted = json.dumps(label, ensure_ascii=False)
        forms: Sequence[list[str]] = (
            [f"  - image: {number}.jpg # a comment", f"    labels: [{quoted}]"],
            [f"  - {{image: {number}.jpg, labels: [{quoted}]}}"],
            ["  -   labels:", f"        - {quoted}", "", f"      image: {number}.jpg"],
            ["  - image: |-", f"      {number}.jpg", f"    labels: [{quoted}]"],
        )
        blocks.append([line.encode() + end for line in draw(st.sampled_from(forms))])
    head, between = b"", b""
    if is_yaml:
        head = f"# head\nimages: {BUCKET}\nentries:\n  # first\n".replace("\n", end.decode()).encode()
        between = draw(st.sampled_from([b"", b"  # between" + end, b" " + end]))
    tail = draw(st.sampled_from([b"", b"created: 2026-01-31T00:00:00" + end])) if is_yaml else b""
    starts, line = [], head.count(b"\n") + 1
    for block in blocks:
        starts.append(line)
        line += len(block) + bool(between)
    return [[*block, between] for block in blocks], starts, head, tail


@pytest.mark.parametrize("is_yaml", [False, True], ids=["jsonl", "yaml"])
@given(data=st.data())
def test_a_random_subset_changes_and_no_other_byte_does(data: st.DataObject, *, is_yaml: bool) -> None:
    """The lines of entries that were not chosen are all there, in order, and a reader finds exactly the edits."""
    blocks, starts, head, tail = data.draw(manifests(is_yaml=is_yaml))
    content = head + b"".join(b"".join(block) for block in blocks) + tail
    before = entries(content, is_yaml=is_yaml)
    numbers = range(len(blocks))
    chosen = data.draw(st.sets(st.sampled_from(numbers), max_size=len(blocks) - 1))
    wanted = {number: data.draw(st.none() | names) for number in chosen}
    added = data.draw(st.lists(names, max_size=2))
    edits = Edits(
        {starts[n]: None if label is None else labelled(f"{n}.jpg", label) for n, label in wanted.items()},
        [labelled(f"new-{n}.jpg", label) for n, label in enumerate(added)],
    )
    after = apply(content, edits, is_yaml=is_yaml)
    expected = {
        key: labels for number, (key, labels) in enumerate(before.items()) if wanted.get(number, "") is not None
    }
    expected |= {f"{BUCKET}{number}.jpg": (label,) for number, label in wanted.items() if label is not None}
    expected |= {f"{BUCKET}new-{number}.jpg": (label,) for number, label in enumerate(added)}
    assert entries(after, is_yaml=is_yaml) == expected
    kept = [line for number, block in enumerate(blocks) if number not in chosen for line in block if line]
    rest = iter(after.splitlines(keepends=True))
    assert all(any(line == one for one in rest) for line in kept)
    if b"\r\n" in content:
        assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_entry_in_braces_stays_one_line_in_braces(end: str) -> None:
    """Changed or added below one, with text that needs quotes; boxes too. Line ends stay."""
    head = f"images: {BUCKET}{end}entries:{end}  - image: 0.jpg{end}"
    content = f"{head}  - {{image: 1.jpg, labels: [cat]}}{end}".encode()
    size, where = {"width": 9, "height": 9, "depth": 3}, {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}
    described = {
        "objects": [{"confidence": 1}],
        "class-map": {"0": "x: y"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-31T00:00:00",
        "job-name": "labeling-job/b",
    }
    boxes = {"image_size": [size], "annotations": [where]}
    box = json.dumps({"source-ref": f"{BUCKET}1.jpg", "b": boxes, "b-metadata": described})
    for line, label in ((labelled("1.jpg", "dog", date="2025-01-31T00:00:00"), "dog"), (box, "x: y")):
        after = apply(content, Edits({4: line}, [labelled("s3:2.jpg", "a b")]), is_yaml=True)
        *kept, changed, added, rest = after.decode().split(end)
        assert (end.join([*kept, ""]), rest) == (head, "")
        assert all(one.startswith("  - {image: ") and one.endswith("}") for one in (changed, added))
        found = entries(after, is_yaml=True)
        assert (found[f"{BUCKET}1.jpg"], found[f"{BUCKET}s3:2.jpg"]) == ((label,), ("a b",))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"entries: [{image: s3://acme-vision/cells/0.jpg}]\n", "not a list with one below the other"),
        (b"entries:\n  - &a\n    image: s3://acme-vision/cells/0.jpg\n", "may refer to this entry's text"),
        (b"entries:\n  - &a {image: s3://acme-vision/cells/0.jpg}\n  - image: x\n", "may refer to this entry's text"),
        (b"entries:\n  -\n    image: s3://acme-vision/cells/0.jpg\n", "not on the entry's first line"),
        (b"entries:\r  - image: s3://acme-vision/cells/0.jpg\n", "a carriage return alone"),
        (b"{entries: []}\n", "not a list with one below the other"),
        (b"entries: [ ]\n", "not a list with one below the other"),
    ],
)
def test_what_cannot_be_edited_by_position_is_refused(content: bytes, why: str) -> None:
    """The sentence has the place and the cure, and nothing is given back."""
    edits = Edits({2: labelled("0.jpg", "cat"), 3: labelled("0.jpg", "cat")})
    with pytest.raises(BadInput, match=rf"^manifest:[123]:\d+: .*{why}.*nothing was written"):
        apply(content, edits, is_yaml=True)


def test_the_first_entry_comes_below_an_empty_list() -> None:
    """`entries: []`, as `init` writes it for a new project, becomes a list; comments behind and below it stay."""
    content = f"images: {BUCKET}\r\nentries: []  # none yet\r\n# - image: 0001.jpg\r\n".encode()
    after = apply(content, Edits({}, [labelled("0.jpg", "cat"), labelled("1.jpg", "dog")]), is_yaml=True)
    assert after.startswith(f"images: {BUCKET}\r\nentries:  # none yet\r\n  - image: 0.jpg\r\n".encode())
    assert after.endswith(b"\r\n# - image: 0001.jpg\r\n")
    assert entries(after, is_yaml=True) == {f"{BUCKET}0.jpg": ("cat",), f"{BUCKET}1.jpg": ("dog",)}


def test_a_file_that_ends_without_a_line_end_gets_one_before_what_is_added() -> None:
    """An added entry never continues the last line."""
    line = labelled("0.jpg", "cat").encode()
    after = apply(line, Edits({}, [labelled("1.jpg", "dog")]), is_yaml=False)
    assert list(entries(after, is_yaml=False)) == [f"{BUCKET}0.jpg", f"{BUCKET}1.jpg"]
    text = f"images: {BUCKET}\nentries:\n- image: 0.jpg".encode()
    after = apply(text, Edits({}, [labelled("1.jpg", "dog")]), is_yaml=True)
    assert list(entries(after, is_yaml=True)) == [f"{BUCKET}0.jpg", f"{BUCKET}1.jpg"]


def test_what_the_head_says_is_not_said_again() -> None:
    """An edited and an added entry leave out the prefix, the size and the date that the head has for all."""
    head = f"images: {BUCKET}\nsize: [640, 480]\ncreated: 2026-01-31T00:00:00\nentries:\n"
    text = f"{head}  - image: 0.jpg # a comment\n    boxes: []\n  - image: 1.jpg\n"
    line = boxed("0.jpg", 640), boxed("2.jpg", 320)
    after = apply(text.encode(), Edits({5: line[0]}, [line[1]]), is_yaml=True).decode()
    box = "    boxes:\n      - {label: cat, left: 1, top: 2, width: 3, height: 4}\n"
    added = f"  - image: 2.jpg\n    size: [320, 480]\n{box}"
    assert after == f"{head}  - image: 0.jpg\n{box}  - image: 1.jpg\n{added}"


def test_an_entry_says_its_own_job_where_the_head_has_one() -> None:
    """An entry with one attribute stays short; each of several has a job's name of its own, so it is written whole."""
    head = f"images: {BUCKET}\nsize: [640, 480]\ncreated: 2026-01-31T00:00:00\njob-name: cells\nentries:\n"
    text = f"{head}  - image: 0.jpg\n    labels: [cat]\n"
    added = [boxed("1.jpg", 640), labelled("2.jpg", "a"), labelled("3.jpg", "a", "b")]
    after = apply(text.encode(), Edits({}, added), is_yaml=True).decode()
    assert after.startswith(f"{text}  - image: 1.jpg\n    job-name: labeling-job/boxes\n    boxes:\n")
    assert "  - image: 2.jpg\n    labels: [a]\n    job-name: labeling-job/l0\n" in after
    assert after.count('- {"source-ref"') == 1
    assert len(entries(after.encode(), is_yaml=True)) == 4


def boxed(name: str, width: int) -> str:
    """A listed line with one box."""
    metadata = {
        "objects": [{"confidence": 1}],
        "class-map": {"0": "cat"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-31T00:00:00",
        "job-name": "labeling-job/boxes",
    }
    annotations = [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}]
    value = {"image_size": [{"width": width, "height": 480, "depth": 3}], "annotations": annotations}
    return json.dumps({"source-ref": f"{BUCKET}{name}", "boxes": value, "boxes-metadata": metadata})
