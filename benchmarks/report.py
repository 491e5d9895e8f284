"""The review of 10,000 changed entries: making it, and its views; beside them json.dumps of the same plan.

    .venv/bin/python -m benchmarks.report [--changes 10000]

CPU seconds; the ratio says more on a machine that others share. A row beyond its limit is named, and the exit code
is 1 then.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import msgspec

from benchmarks.lines import LABELS, write
from reconciler.analysis.boxes import matched
from reconciler.analysis.entry import detail_of
from reconciler.entries import Box
from reconciler.guards import Asked
from reconciler.ledger import Ledger
from reconciler.manifest import read_manifest
from reconciler.model import Change, DatasetDeclaration, DatasetType, ProjectDeclaration, Verb
from reconciler.plan import Request, plan
from reconciler.policy import Policy
from reconciler.review.build import review_of
from reconciler.review.model import Review
from reconciler.run import DatasetRun
from reconciler.views.html import view as html
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal

Made = TypeVar("Made")
UNLIMITED: Final = float("inf")
# Boxes on both sides of one image, and the limit for telling the change apart.
BOXES: Final = 50
BOXES_SECONDS: Final = 0.005
REPEATS: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A view, and its limits in seconds and bytes for 10,000 changes."""

    name: str
    make: Callable[[Review], str]
    seconds: float = UNLIMITED
    size: float = UNLIMITED


ROWS: Final = (
    Row("JSON", lambda review: msgspec.json.encode(review).decode(), 2),
    Row("text", terminal.view, 2),
    Row("text, verbose, 120 columns", lambda review: terminal.view(review, width=120, verbose=True)),
    Row("Markdown", markdown.view, 2, markdown.COMMENT_CHARACTERS),
    Row("HTML", html.view, 5, 10_000_000),
)


def main() -> int:
    """Time the review and every view of it, and print a table."""
    parser = argparse.ArgumentParser(description="A large review and its views.")
    parser.add_argument("--changes", type=int, default=10_000, help="changes of the plan (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Ledger() as ledger:
        reviewed = _reviewed(Path(name), ledger, options.changes)
        seconds, review = _timed(lambda: review_of([reviewed]))
    document = msgspec.to_builtins(review)
    bare, text = _timed(lambda: json.dumps(document))
    print(f"{review.words}, some 12 boxes an image; HTML without pictures")
    print(f"{'step':<30}{'CPU s':>9}{'bytes':>13}{'ratio':>8}  limits")
    print(f"{'json.dumps (bare)':<30}{bare:>9.2f}{len(text):>13,}{1:>8.1f}")
    print(f"{'make the review':<30}{seconds:>9.2f}{'':>13}{seconds / bare:>8.1f}")
    return int(any([*[_row(row, review, bare) for row in ROWS], _fifty_boxes()]))


def _reviewed(folder: Path, ledger: Ledger, changes: int) -> DatasetRun:
    """A dataset of which every entry changes."""
    manifest, live = folder / "train.jsonl", folder / "live.jsonl"
    write(manifest, changes, edit_every=1)
    write(live, changes)
    dataset = DatasetDeclaration(DatasetType.TRAIN, manifest, manifest.name)
    findings = read_manifest(dataset, None, ledger.accept)
    with live.open(encoding="utf-8") as lines:
        for line in lines:
            ledger.observe(line)
    request = Request("blood-cells train", Policy(), Asked(DatasetType.TRAIN), findings.bucket)
    made = plan(ledger, request, exists=True)
    project = ProjectDeclaration(folder, "blood-cells", "blood-cells", managed=False, project_arn=None, datasets=())
    return DatasetRun(project, dataset, ledger, findings, plan=made)


def _row(row: Row, review: Review, bare: float) -> int:
    """Print a row; 1 when it is beyond its limits."""
    seconds, text = _timed(lambda: row.make(review))
    size = len(text.encode())
    limits = [f"{row.seconds:g} s"] * (row.seconds < UNLIMITED)
    limits += [f"{row.size:,.0f}"] * (row.size < UNLIMITED)
    over = seconds > row.seconds or (len(text) if row.make is markdown.view else size) > row.size
    figures = f"{row.name:<30}{seconds:>9.2f}{size:>13,}{seconds / bare:>8.1f}  {', '.join(limits)}"
    print(f"{figures}{' EXCEEDED' * over}".rstrip())
    return int(over)


def _fifty_boxes() -> int:
    """One image with many boxes on both sides, near one another and all moved: the worst case of the matching."""
    random = Random(2)  # noqa: S311 - the same boxes every time
    before = [_box(random) for _number in range(BOXES)]
    after = [box._replace(left=box.left + 1000 * random.randrange(1, 9), top=box.top + 1000) for box in before]
    change = Change(Verb.UPDATE, "s3://b/k", 1, _line(after), _line(before))
    bare, _nothing = _timed(lambda: [json.loads(_line(after)) for _time in range(REPEATS)])
    exceeded = 0
    for name, work in (
        (f"match {BOXES} boxes", lambda: [matched(before, after) for _time in range(REPEATS)]),
        (f"tell {BOXES} boxes apart", lambda: [detail_of(change) for _time in range(REPEATS)]),
    ):
        seconds, _made = _timed(work)
        each, over = seconds / REPEATS, seconds / REPEATS > BOXES_SECONDS
        figures = f"{name:<30}{each:>9.4f}{'':>13}{seconds / bare:>8.1f}  {BOXES_SECONDS:g} s; beside json of the line"
        print(f"{figures}{' EXCEEDED' * over}")
        exceeded += over
    return exceeded


def _box(random: Random) -> Box:
    corner = 1000 * random.randrange(500), 1000 * random.randrange(380)
    return Box(random.choice(LABELS), *corner, 1000 * random.randrange(20, 140), 1000 * random.randrange(20, 100))


def _line(boxes: list[Box]) -> bytes:
    annotations = [
        {
            "class_id": LABELS.index(box.label),
            "left": box.left // 1000,
            "top": box.top // 1000,
            "width": box.width // 1000,
            "height": box.height // 1000,
        }
        for box in boxes
    ]
    return json.dumps(
        {
            "source-ref": "s3://b/k",
            "boxes": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations},
            "boxes-metadata": {
                "type": "groundtruth/object-detection",
                "class-map": {str(number): label for number, label in enumerate(LABELS)},
            },
        }
    ).encode()


def _timed(make: Callable[[], Made]) -> tuple[float, Made]:
    start = time.process_time()
    made = make()
    return time.process_time() - start, made


if __name__ == "__main__":
    sys.exit(main())
