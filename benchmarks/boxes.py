"""Matching the boxes of one image: CPU milliseconds for 50 boxes on both sides, beside the overlaps of all pairs.

.venv/bin/python -m benchmarks.boxes
"""

import time
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Final

from reconciler.analysis.boxes import matched, overlap
from reconciler.entries import Box

ROUNDS: Final = 21
COUNT: Final = 50
SPREADS: Final = {"spread over the picture": 600_000, "crowded": 60_000, "on one spot": 0}


def main() -> None:
    """Print a row for each arrangement; a round measures both, so that a busy machine slows both."""
    print(f"{COUNT} boxes on both sides        all overlaps    matched     ratio")
    for words, spread in SPREADS.items():
        rounds = _rounds(*sides(spread))
        bare, ours = (median(times) for times in zip(*rounds, strict=True))
        ratio = median(ours / bare for bare, ours in rounds)
        print(f"{words:<28}{bare:>12.2f} ms{ours:>8.2f} ms{ratio:>10.2f}")


def _rounds(before: list[Box], after: list[Box]) -> list[tuple[float, float]]:
    return [
        (_milliseconds(lambda: _overlaps(before, after)), _milliseconds(lambda: matched(before, after)))
        for _ in range(ROUNDS)
    ]


def sides(spread: int) -> tuple[list[Box], list[Box]]:
    """Boxes of which every one moves a little."""
    chance = Random(1)  # noqa: S311 - the same boxes every time

    def near(most: int) -> int:
        return chance.randint(0, most)

    before = [Box("a", near(spread), near(spread), 60_000 + near(9_000), 60_000 + near(9_000)) for _ in range(COUNT)]
    after = [Box("a", box.left + near(5_000), box.top + near(5_000), box.width, box.height) for box in before]
    return before, after


def _overlaps(before: list[Box], after: list[Box]) -> float:
    return sum(overlap(one, other) for one in before for other in after)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


if __name__ == "__main__":
    main()
