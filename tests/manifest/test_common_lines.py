"""Lines of the common shape are read in one pass: that pass gives nothing, or what the general code gives."""

from __future__ import annotations

import json
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.entries.common_lines import CommonLines
from reconciler.entries.line import own_entry, without_service_fields
from reconciler.entries.meaning import encoded
from reconciler.ledger import Ledger
from reconciler.manifest.findings import Collector, ParsedLine
from reconciler.manifest.jsonl import json_lines
from reconciler.manifest.judge.line import judge
from reconciler.manifest.read import _Reading, read_manifest
from reconciler.manifest.rules import lines as rules
from reconciler.model import DatasetDeclaration, DatasetType, DesiredEntry, Place, Retirement
from reconciler.policy import Compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
IMAGE = {
    "class-name": "cat",
    "confidence": 0.93,
    "creation-date": "2026-01-31T00:00:00",
    "human-annotated": "yes",
    "job-name": "labeling-job/animal: first",
    "type": "groundtruth/image-classification",
}
BOXES = {
    "objects": [{"confidence": 1}, {"confidence": 0.5}],
    "class-map": {"1": "Red cell", "0": "WBC"},
    "type": "groundtruth/object-detection",
    "human-annotated": "no",
    "creation-date": "2026-01-31T00:00:00.123456",
    "job-name": "labeling-job/cells",
}
DRAWN: list[dict[str, float]] = [
    {"class_id": 1, "left": 10, "top": 20, "width": 30, "height": 40},
    {"class_id": 0, "left": 10.25, "top": 0, "width": 600, "height": 40.5},
]
CELLS: dict[str, Any] = {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": DRAWN}
WHOLE: dict[str, Any] = {**CELLS, "annotations": [DRAWN[0], {**DRAWN[0], "class_id": 0, "left": 0, "width": 600}]}
FLOATS: dict[str, Any] = {
    **CELLS,
    "annotations": [
        {"class_id": 1, "left": 10.0, "top": 20.0, "width": 600.0, "height": 40.0},
        {"class_id": 0, "left": 0.0, "top": 20.5, "width": 30.25, "height": 40},
    ],
}
SURE = {**BOXES, "objects": [{"confidence": 1.0}, {"confidence": 0.0}], "class-map": {"1": "Größe", "0": "猫😀"}}
OTHER = {**WHOLE, "image_size": [{"width": 641, "height": 480, "depth": 3}]}
EMPTY: dict[str, Any] = {**CELLS, "annotations": []}
LINES: tuple[dict[str, Any], ...] = (
    {"source-ref": "s3://b-1/1.jpg"},
    {"source-ref": "s3://b-1/1.jpg", "animal": 1, "animal-metadata": IMAGE},
    {"source-ref": "s3://b-1/1.jpg", "cells": CELLS, "cells-metadata": BOXES},
    {"a": 1, "a-metadata": {**IMAGE, "class-name": "b"}, "source-ref": "s3://b-1/1.jpg", "Z": 0, "Z-metadata": IMAGE},
    {"source-ref": "s3://b-1/1.jpg", "cells": WHOLE, "cells-metadata": BOXES},
    {"z": 1, "cells": WHOLE, "z-metadata": IMAGE, "source-ref": "s3://b-1/1.jpg", "cells-metadata": BOXES},
    {"z": 1, "cells": CELLS, "z-metadata": IMAGE, "source-ref": "s3://b-1/1.jpg", "cells-metadata": BOXES},
    {"source-ref": "s3://b-1/1.jpg", "cells": EMPTY, "cells-metadata": {**BOXES, "objects": []}},
    {"source-ref": "s3://b-1/1.jpg", "cells": EMPTY, "cells-metadata": BOXES, "animal": 1, "animal-metadata": IMAGE},
    {"source-ref": "s3://b-1/1.jpg", "cells": FLOATS, "cells-metadata": SURE},
    {
        "source-ref": "s3://b-1/1.jpg",
        "animal": 1,
        "animal-metadata": {**IMAGE, "confidence": 1.0, "class-name": "Größe😀"},
    },
    {"source-ref": "s3://b-1/1.jpg", "cells": WHOLE, "cells-metadata": BOXES, "note": "x", "age": 3.0, "b": None},
    {"cells": WHOLE, "cells-metadata": BOXES, "more": FLOATS, "more-metadata": SURE, "source-ref": "s3://b-1/1.jpg"},
    {"cells": WHOLE, "cells-metadata": BOXES, "more": OTHER, "more-metadata": BOXES, "source-ref": "s3://b-1/1.jpg"},
    {"source-ref": "s3://b-1/1.jpg", "z": 1, "z-metadata": IMAGE, "cl-metadata": {"is_labeled": True}},
    {
        "a": 1,
        "a-metadata": {**IMAGE, "class-name": "b"},
        "source-ref": "s3://b-1/1.jpg",
        "Z": 0,
        "Z-metadata": IMAGE,
        "n": "Z-metadata",
    },
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "1.0",
    "-0",
    "-0.0",
    "0.30000000000000004",
    "1e2",
    "1E-3",
    "12.0",
    "0.5",
    "100.00",
    "4e1",
    "1.0e0",
    "640",
    "640.5",
    "4096",
    "4097",
    "2.5",
)
OTHERS = ("12345678901234567890", '"1"', "true", "null", "[]", "{}", "1e999", '""', '"\\u0041"', '"x:y"', "0.1000")
ODD_TEXT = [
    "é",
    ":",
    " ",
    "-metadata",
    "\x7f",
    "\\n",
    "\\u00e9",
    "\\/",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\u0022",
    "\\u0041",
]
ODD_TEXT += ["\\\\u00e9", "\\\\/", "\\U0001f600", "\\u00E9", "\\uDE00\\uD83D", "😀", "\\x41", "\\u12", "1e3"]
RETIRED = (Retirement("7.jpg", "blurred"),)
TWICE = (b'"left":1,', b'"class-map":{},', b'"type":"x",', b'"source-ref":"s3://c/1.jpg",', b'"0":"a",', b'"2":1e999,')
TOKEN = re.compile(rb'"[^"]*"|-?[0-9.]+|[{}\[\],:]')


def written(document: dict[str, Any], random: Random) -> bytes:
    """A line with and without blanks between its tokens."""
    separators = random.choice([(",", ":"), (", ", ": ")])
    text = json.dumps(document, separators=separators, ensure_ascii=random.random() < 0.5)
    return (text.replace("/", "\\/") if random.random() < 0.2 else text).encode()


def shuffled(value: Any, random: Random) -> Any:  # noqa: ANN401 - any JSON value
    """The same value with members in a different order."""
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: shuffled(value[name], random) for name in random.sample(list(value), len(value))}


def mutated(raw: bytes, random: Random) -> bytes:
    """The line with a token replaced, removed, doubled, or followed by a blank; or with a member twice."""
    token = random.choice(list(TOKEN.finditer(raw)))
    before, text, after = raw[: token.start()], token[0], raw[token.end() :]
    way = random.randrange(6)
    if way == 0:
        text = random.choice(NUMBERS + OTHERS).encode()
    elif way == 1:
        text = b""
    elif way == 2:
        text += b" "
    elif way == 3 and text == b"{":
        text += random.choice(
            [b'"left":1,', b'"class-map":{},', b'"type":"x",', b'"source-ref":"s3://c/1.jpg",', b'"0":"a",']
        )
    elif way == 4 and text[:1].isdigit():
        text = random.choice(NUMBERS).encode()
    elif way == 5 and text[:1] == b'"':
        text = text[:-1] + random.choice(ODD_TEXT).encode() + b'"'
    return before + text + after


def raw_lines(random: Random, count: int) -> Iterator[bytes]:
    """Lines of all shapes, each mutated up to three times."""
    real = (ROOT / "tests/data/manifests/zeeshan3945-cigars/output.manifest").read_bytes().splitlines()[:20]
    for _ in range(count):
        raw = random.choice(real) if random.random() < 0.2 else written(shuffled(random.choice(LINES), random), random)
        for _time in range(random.choice([0, 1, 1, 1, 2, 3])):
            raw = mutated(raw, random)
        yield raw


def test_one_pass_gives_nothing_or_what_the_general_code_gives() -> None:
    """Key, digests, labels, boxes and text of a line are equal, and the judges note what it counts, nothing else."""
    common, taken, plain = CommonLines(), 0, 0
    for raw in raw_lines(Random(1), 4000):  # noqa: S311 - the same lines every time
        fast, lines = common.read(raw), list(json_lines(BytesIO(raw), Collector("x")))
        plain += len(lines)
        if fast is None:
            continue
        taken += 1
        assert lines, raw
        own = without_service_fields(lines[0].document)
        assert fast.entry == own_entry(own), raw
        assert fast.text() == encoded(own), raw
        judgement = judge(own)
        assert not judgement.faults, raw
        counted = [rules.ZERO_BOXES] * fast.empty + [rules.UNKNOWN_ATTRIBUTES] * len(fast.shape.extras)
        assert Counter(rule for rule, _path in judgement.notes) == Counter(counted), raw
        assert judgement.kinds == fast.shape.kinds, raw
    assert taken > 1000
    assert plain - taken > 300


def read(path: Path, labels: tuple[str, ...] | None) -> tuple[object, list[DesiredEntry]]:
    """The findings of a manifest, and the entries that it hands on."""
    accepted: dict[str, DesiredEntry] = {}

    def accept(desired: DesiredEntry) -> Place | None:
        first = accepted.setdefault(desired.entry.key, desired)
        return None if first is desired else first.place

    return read_manifest(
        DatasetDeclaration(DatasetType.TRAIN, path, "x.jsonl", retired=RETIRED),
        labels,
        accept,
    ), list(accepted.values())


@pytest.mark.parametrize("labels", [None, ("cat", "Red cell", "WBC")])
def test_a_manifest_has_the_same_findings_and_entries_without_that_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: tuple[str, ...] | None
) -> None:
    """Errors, notes, places, counts and entries do not depend on which code read a line."""
    random, path = Random(2), tmp_path / "x.jsonl"  # noqa: S311 - likewise
    lines = []
    for raw in raw_lines(random, 1500):
        number = str(random.randrange(1000)).encode()
        lines.append(
            raw.replace(
                b"b-1/1.jpg", b"b-1/" + number + random.choice([b".jpg"] * 9 + [b"%20.jpg", b".txt", "é.jpg".encode()])
            )
        )
    path.write_bytes(b"\n".join(lines))
    fast = read(path, labels)
    monkeypatch.setattr(CommonLines, "read", lambda _self, _raw: None)
    assert fast == read(path, labels)


def test_a_manifest_in_yaml_has_the_same_findings_and_entries_without_that_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry in YAML becomes a line that is read like any other, and its places are those in the YAML."""
    random, path, entries = Random(4), tmp_path / "x.yaml", []  # noqa: S311 - likewise
    for number in range(250):
        line = shuffled(random.choice(LINES), random) | {"source-ref": f"s3://b-1/{random.randrange(200)}.jpg"}
        raw = json.dumps(line, ensure_ascii=False).encode()
        raw = mutated(raw, random) if number % 2 else raw
        if b"\\ud" in raw or not list(json_lines(BytesIO(raw), Collector("x"))):  # YAML has no halves of characters
            raw = b"{image: %d.jpg, labels: [cat]}" % number
        entries.append(b"- " + raw)
    path.write_bytes(b"images: s3://b-1/\nentries:\n" + b"\n".join(entries))
    fast = read(path, None)
    assert len(fast[1]) > 50
    monkeypatch.setattr(CommonLines, "read", lambda _self, _raw: None)
    assert fast == read(path, None)


ADDED = {"cl-metadata": {"is_labeled": True}}
# Lines as labelling tools and Python programs write them.
COMMON: dict[str, Callable[[int], str]] = {
    "zero boxes": lambda _n: json.dumps(LINES[7]),
    "zero boxes in some lines": lambda n: json.dumps(LINES[7 if n % 3 else 4]),
    "boxes and image-level labels": lambda _n: json.dumps(LINES[5]),
    "floats, and text that is not English": lambda _n: json.dumps(LINES[9]),
    "a whole confidence": lambda n: json.dumps(LINES[10]).replace("1.0", "1.0" if n % 2 else "0.0"),
    "members that Custom Labels does not know": lambda n: json.dumps({**LINES[11], "number": n}),
    "two attributes with boxes": lambda _n: json.dumps(LINES[12]),
    "two attributes with boxes, saved from a listing": lambda _n: json.dumps({**LINES[12], **ADDED}),
    "keys that are not English": lambda _n: json.dumps(LINES[4]).replace("/1.jpg", "/größe 1.jpg"),
    "attributes in any order": lambda n: json.dumps(shuffled(LINES[3], Random(n % 9))),  # noqa: S311 - few orders
    "slashes as PHP writes them": lambda _n: json.dumps(LINES[4]).replace("/", "\\/"),
}


@pytest.mark.parametrize("line", COMMON.values(), ids=COMMON)
def test_a_line_as_people_write_it_is_read_in_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: Callable[[int], str]
) -> None:
    """Only the first lines of a manifest, which have what was not seen before, are read by the general code."""
    path, slow = tmp_path / "x.jsonl", list[int]()
    path.write_text("".join(line(n).replace("1.jpg", f"{n + 10}.jpg") + "\n" for n in range(60)))
    general = _Reading.read

    def counted(self: _Reading, line: ParsedLine) -> None:
        slow.append(line.place.line)
        general(self, line)

    monkeypatch.setattr(_Reading, "read", counted)
    fast = read(path, None)
    assert len(slow) <= 9
    monkeypatch.setattr(CommonLines, "read", lambda _self, _raw: None)
    assert fast == read(path, None)
    assert len(fast[1]) == 60


def observed(lines: list[str]) -> list[object]:
    """The live side of a ledger after it was listed, with the text that is kept."""
    with Ledger() as ledger:
        for line in lines:
            try:
                ledger.observe(line)
            except ValueError:
                continue
        return [*ledger.live_only(), ledger.live_facts(Compare.LABELS), ledger.live_facts(Compare.STRICT)]


def test_a_listed_line_is_read_the_same_without_that_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without what the service appends, the rows of live and its digests are equal."""
    random, lines = Random(3), []  # noqa: S311 - the same lines every time
    for number, raw in enumerate(raw_lines(random, 1000)):
        line = raw.replace(b"1.jpg", f"{number % 900}.jpg".encode()).decode()
        added = random.choice(['{"is_labeled":true}', '{"is_labeled":false}', '{"is_labeled":1}', "1"])
        lines.append(f'{line[:-1]},"cl-metadata":{added}}}' if random.random() < 0.7 else line)
    fast = observed(lines)
    monkeypatch.setattr(CommonLines, "read", lambda _self, _raw: None)
    assert fast == observed(lines)
