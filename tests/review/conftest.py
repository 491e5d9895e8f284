"""Two sides of datasets on disk, and their review without a service."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import pytest

from reconciler.cli.commands.convert import Disk
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.review.model import KEEP, Keep, Review
from reconciler.review.offline import offline_review
from tests.support.lines import Document

Lines = Iterable[Document]
Compare = Callable[..., Review]

DATA = Path(__file__).parents[1] / "data"


def write_lines(path: Path, lines: Lines) -> Path:
    """A JSON Lines manifest; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """Reviews two manifests, given as lines."""

    def compare(before: Lines, after: Lines, keep: Keep = KEEP) -> Review:
        paths = [write_lines(tmp_path / side / "train.jsonl", lines) for side, lines in (("a", before), ("b", after))]
        return offline_review(paths[0], paths[1], ("main:cells/train.jsonl", "cells/train.jsonl"), keep=keep)

    return compare


@pytest.fixture
def folders(tmp_path: Path) -> Callable[..., Review]:
    """Reviews two folders of one project, given as lines by type; `settings` is the rest of project.yaml."""

    def compare(before: Mapping[str, Lines], after: Mapping[str, Lines], settings: str = "") -> Review:
        here = Path(mkdtemp(dir=tmp_path))
        for side, manifests in (("a", before), ("b", after)):
            folder = here / side / "cells"
            for word, lines in manifests.items():
                write_lines(folder / f"{word}.jsonl", lines)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "project.yaml").write_text(f"project: cells\n{settings}", encoding="utf-8")
        return offline_review(here / "a", here / "b", ("a", "b"))

    return compare


@pytest.fixture
def taco(tmp_path: Path) -> Callable[[str, str], Review]:
    """Reviews two versions of the TACO set, converted from COCO."""

    def convert(version: str) -> Path:
        path = tmp_path / f"{version}.jsonl"
        files = Disk([str(DATA / "coco" / f"taco-{version}.json")])
        converted = FORMATS["coco"].convert(files, images="s3://taco-litter/images/", created="2020-01-01T00:00:00")
        path.write_bytes(b"".join(one.line + b"\n" for one in converted if isinstance(one, Converted)))
        return path

    return lambda before, after: offline_review(convert(before), convert(after))
