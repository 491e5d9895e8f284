"""The sample datasets say what their sources say."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.commands.convert import Disk
from reconciler.entries import SOURCE_REF, entry_of, meaning_of
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted

ROOT = Path(__file__).parents[2]
CELLS = ROOT / "datasets" / "blood-cells"
ANNOTATIONS = ROOT / "tests" / "data" / "bccd-voc" / "Annotations"


def lines(manifest: str) -> list[str]:
    """The lines of one of the blood-cells manifests."""
    return (CELLS / manifest).read_text("utf-8").splitlines()


def documents(manifest: str) -> list[dict[str, Any]]:
    """The same, parsed."""
    return [json.loads(line) for line in lines(manifest)]


def test_the_converter_makes_the_committed_lines() -> None:
    """Six files of the source, both faulty ones among them, give byte for byte the lines that are in git."""
    files = Disk([str(path) for path in sorted(ANNOTATIONS.glob("*.xml"))])
    results = FORMATS["voc"].convert(files, images="s3://acme-vision/blood-cells/", created="2019-01-18T15:09:38")
    made = [one.line.decode() for one in results if isinstance(one, Converted)]

    assert len(made) == 6
    assert set(made) <= {*lines("train.jsonl"), *lines("test.jsonl")}


def test_the_counts_are_those_of_the_source() -> None:
    """There are 292 and 72 images and 4,888 boxes less the two without a size, and every image is there once."""
    both = [*documents("train.jsonl"), *documents("test.jsonl")]
    boxes = Counter(box.label for document in both for box in meaning_of(document).boxes)

    assert (len(lines("train.jsonl")), len(lines("test.jsonl"))) == (292, 72)
    assert boxes == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    assert len({document[SOURCE_REF] for document in both}) == 364


@pytest.mark.parametrize("manifest", ["train.jsonl", "test.jsonl"])
def test_every_line_reads_as_boxes_and_nothing_malformed(manifest: str) -> None:
    """Every line has at least one box, the source's frame, and no field of the service."""
    for document in documents(manifest):
        meaning = meaning_of(document)
        assert (meaning.malformed, meaning.sizes) == ((), ((640_000, 480_000),))
        assert entry_of(document).boxes > 0


def test_every_sample_has_its_source_and_licence_beside_it() -> None:
    """The folder of test data that others made has its licence, too."""
    for folder in (*(ROOT / "datasets").iterdir(), ANNOTATIONS.parent):
        assert (folder / "LICENSE").read_text("utf-8").startswith("MIT License"), folder
    for folder in (ROOT / "datasets").iterdir():
        assert "https://github.com/" in (folder / "SOURCE.md").read_text("utf-8"), folder
