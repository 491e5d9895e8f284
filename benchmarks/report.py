"""Views of a review of 10,000 changes: seconds, and beside them json.dumps of the same plan in the same run.

    .venv/bin/python benchmarks/report.py [--changes 10000] [--boxes 12]

The ratio says more than seconds on a machine that others share. A row beyond its limit is named.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from reconciler.comparison.differences import Box, BoxChange, Size
from reconciler.report import html, markdown, terminal
from reconciler.review.model import Change, DatasetReview, Place, ProjectReview, Review

LABELS: Final = ("RBC", "WBC", "Platelets")
UNLIMITED: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Row:
    """A view, and its limits in seconds and characters for 10,000 changes."""

    name: str
    make: Callable[[Review], str]
    seconds: float = UNLIMITED
    characters: float = UNLIMITED


ROWS: Final = (
    Row("JSON", lambda review: msgspec.json.encode(review).decode(), 2),
    Row("text", terminal.view, 2),
    Row("text, verbose, 120 columns", lambda review: terminal.view(review, width=120, verbose=True)),
    Row("Markdown", markdown.view, 2, markdown.LIMIT),
    Row("HTML", html.view, 5, 10_000_000),
)


def main() -> int:
    """Time every view and print a table."""
    parser = argparse.ArgumentParser(description="Views of a large review.")
    parser.add_argument("--changes", type=int, default=10_000, help="changes of the plan (default: %(default)s)")
    parser.add_argument("--boxes", type=int, default=12, help="boxes of an image (default: %(default)s)")
    options = parser.parse_args()
    review = _review(options.changes, options.boxes)
    plan = msgspec.to_builtins(review)
    bare, text = _timed(lambda: json.dumps(plan))
    print(f"{options.changes:,} changes, {options.boxes} boxes an image")
    print(f"{'view':<30}{'seconds':>9}{'characters':>13}{'ratio':>8}  limits")
    print(f"{'json.dumps (bare)':<30}{bare:>9.2f}{len(text):>13,}{1:>8.1f}")
    return max([_row(row, review, bare) for row in ROWS])


def _row(row: Row, review: Review, bare: float) -> int:
    """Print a row; 1 when it is beyond its limits."""
    seconds, text = _timed(lambda: row.make(review))
    limits = [f"{row.seconds:g} s"] * (row.seconds < UNLIMITED)
    limits += [f"{row.characters:,.0f}"] * (row.characters < UNLIMITED)
    over = seconds > row.seconds or len(text) > row.characters
    figures = f"{row.name:<30}{seconds:>9.2f}{len(text):>13,}{seconds / bare:>8.1f}  {', '.join(limits)}"
    print(f"{figures}{' EXCEEDED' * over}".rstrip())
    return int(over)


def _timed(make: Callable[[], str]) -> tuple[float, str]:
    start = time.perf_counter()
    text = make()
    return time.perf_counter() - start, text


def _review(changes: int, boxes: int) -> Review:
    """Updates in which one box moves, one comes, one changes its label, and the others stay."""
    random = Random(1)  # noqa: S311 - the same plan every time
    made = sorted((_change(number, boxes, random) for number in range(changes)), key=lambda change: -change.risk)
    dataset = DatasetReview(
        title="blood-cells train",
        project="blood-cells",
        type="train",
        manifest="datasets/blood-cells/train.jsonl",
        status="planned",
        region="us-east-1",
        action="update",
        has_changes=True,
        update=changes,
        changes=tuple(made),
        changes_total=changes,
    )
    project = ProjectReview(name="blood-cells", folder="datasets/blood-cells", datasets=(dataset,))
    return Review(plan_id="benchmark", words=f"{changes:,} to update", projects=(project,))


def _change(number: int, boxes: int, random: Random) -> Change:
    before = [_box(random) for _ in range(boxes)]
    rows = [BoxChange(what=("same",), before=box, after=box, by=(0, 0, 0, 0), iou=1.0) for box in before[3:]]
    rows += [_moved(box) for box in before[:1]]
    rows += [BoxChange(what=("added",), after=box) for box in before[1:2]]
    rows += [BoxChange(what=("relabelled",), before=box, after=_other(box), iou=1.0) for box in before[2:3]]
    return Change(
        number=number,
        verb="update",
        sign="~",
        key=f"s3://blood-cells-images/scans/2024/BloodImage_{number:06}.jpg",
        words=f"1 box moved: {before[0].label}; 1 box added; 1 box relabelled",
        place=Place(file="datasets/blood-cells/train.jsonl", line=number + 1, column=1),
        risk=random.randrange(10),
        labelled_before=True,
        labelled_after=True,
        boxes=tuple(rows),
        sizes_before=(Size(width=640, height=480),),
        sizes_after=(Size(width=640, height=480),),
    )


def _moved(box: Box) -> BoxChange:
    after = Box(box.label, box.left + 3, box.top - 2, box.width, box.height)
    return BoxChange(what=("moved",), before=box, after=after, by=(3, -2, 0, 0), iou=0.91)


def _other(box: Box) -> Box:
    label = LABELS[(LABELS.index(box.label) + 1) % len(LABELS)]
    return Box(label, box.left, box.top, box.width, box.height)


def _box(random: Random) -> Box:
    corner = random.randrange(500), random.randrange(10, 380)
    return Box(random.choice(LABELS), *corner, random.randrange(20, 140), random.randrange(20, 100))


if __name__ == "__main__":
    sys.exit(main())
