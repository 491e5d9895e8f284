"""Boxes of one image matched one to one between two sides.

Equal boxes are matched first. The others are matched so that the sum of the overlaps (intersection over union, IoU) is
the greatest possible, and among such matchings the one that keeps most labels. Two boxes can only be the same object if
they overlap enough:

- 0.1 under the same label: a box moved by three quarters of its width along one side still counts as moved;
- 0.5 under different labels: a relabelled box is seen as such only where the usual criterion for "the same object"
  holds (Everingham et al., The PASCAL Visual Object Classes Challenge, 2010, section 4.2).

Below that, one box was removed and another added. Swapping the two sides gives the same matching.

The best matching takes the square of the number of boxes and more. Where either side has over 200 boxes without an
equal, each is compared with the 200 nearest only (by their left edges), and the pairs with most overlap are taken
first. Either way the time is in proportion to the input.

The best one-to-one assignment: rows to columns with the greatest total weight.

It is the Hungarian method with potentials, one shortest augmenting path per row (Kuhn 1955, Munkres 1957; in the form
of Jonker and Volgenant 1987, who first give rows their favourites): O(n^3), and close to O(n^2) if most rows have a
favourite that no other row has. It is written here because SciPy's 40 MB would serve this one function; the tests
compare it with brute force. Weights are integers, so that sums are exact and the answer does not depend on rounding.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import sub
from typing import Final, NamedTuple

from msgspec import Struct

from reconciler.entries import Box


def assigned(weights: Sequence[Sequence[int]]) -> list[int]:
    """The column of each row, -1 for none: no column twice, and no assignment has a greater total weight.

    Weights are 0 or more and all rows have the same length. A pair of weight 0 counts as none.
    """
    if not weights or not weights[0]:
        return [-1] * len(weights)
    if len(weights) > len(weights[0]):
        columns = assigned([list(column) for column in zip(*weights, strict=True)])
        rows = [-1] * len(weights)
        for column, row in enumerate(columns):
            if row >= 0:
                rows[row] = column
        return rows
    return [column if weights[row][column] else -1 for row, column in enumerate(_solved(weights))]


def _solved(weights: Sequence[Sequence[int]]) -> list[int]:
    """The columns of all rows; there are no fewer columns than rows."""
    gain = [max(row) for row in weights]  # with `price` the potentials: weight <= gain + price holds for every pair
    price = [0] * len(weights[0])
    if len(weights) == len(price):  # else a column stays free, and must not be the cheaper for it
        price = [max(map(sub, column, gain)) for column in zip(*weights, strict=True)]
    owner = [-1] * len(price)  # the row that a column belongs to
    late = []
    for row, most in enumerate(gain):
        fitting = (
            column for column, cost in enumerate(price) if owner[column] < 0 and weights[row][column] == most + cost
        )
        favourite = next(fitting, None)
        if favourite is None:
            late.append(row)
        else:
            owner[favourite] = row
    for row in late:
        _augment(weights, row, gain, price, owner)
    columns = [-1] * len(weights)
    for column, row in enumerate(owner):
        if row >= 0:
            columns[row] = column
    return columns


def _augment(weights: Sequence[Sequence[int]], start: int, gain: list[int], price: list[int], owner: list[int]) -> None:
    """Give `start` a column, moving other rows along the cheapest chain of swaps (Dijkstra on the slacks)."""
    slack = [gain[start] + cost - weight for cost, weight in zip(price, weights[start], strict=True)]
    back = [start] * len(slack)  # the row from which a column's slack was found
    waiting = list(range(len(slack)))
    reached: list[int] = []
    best = min(waiting, key=slack.__getitem__)
    while owner[best] >= 0:
        reached.append(best)
        waiting.remove(best)
        best = _relax(best, weights[owner[best]], slack[best] + gain[owner[best]], price, slack, back, owner, waiting)
    cost = slack[best]
    gain[start] -= cost
    for column in reached:
        gain[owner[column]] -= cost - slack[column]
        price[column] += cost - slack[column]
    _shift(best, start, back, owner)


def _relax(  # noqa: PLR0913, PLR0917 - the innermost loop of the search works on its caller's lists
    reached: int,
    line: Sequence[int],
    base: int,
    price: list[int],
    slack: list[int],
    back: list[int],
    owner: list[int],
    waiting: list[int],
) -> int:
    """Shorten the slacks by way of the column just reached; returns the nearest column that waits."""
    best, least = -1, -1
    for column in waiting:
        now = slack[column]
        further = base + price[column] - line[column]
        if further < now:
            slack[column] = now = further
            back[column] = owner[reached]
        if now < least or best < 0:
            best, least = column, now
    return best


def _shift(column: int, start: int, back: list[int], owner: list[int]) -> None:
    """Hand columns on along the chain, from the free one back to `start`."""
    given = {row: free for free, row in enumerate(owner) if row >= 0}
    while True:
        row = back[column]
        owner[column] = row
        if row == start:
            return
        column = given[row]


OVERLAP_SAME_LABEL: Final = 0.1
OVERLAP_OTHER_LABEL: Final = 0.5
# Up to this number of boxes without an equal on either side the matching is the best possible.
BEST_UP_TO: Final = 200
_NEAREST: Final = 200
# Overlaps are weighed in billionths, as integers.
_FINE: Final = 10**9

_Frame = tuple[int, int, int, int, int, str, int]


class Match(NamedTuple):
    """Two boxes that are one object: their positions in the two sequences and their overlap."""

    before: int
    after: int
    iou: float


class Matching(Struct, frozen=True):
    """Every box of both sides once, by its position: equal ones, changed ones, and those of one side only."""

    same: tuple[Match, ...]
    changed: tuple[Match, ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]


def matched(before: Sequence[Box], after: Sequence[Box]) -> Matching:
    """Match the boxes of one image."""
    same, left, right = _equal(before, after)
    changed = sorted(_overlapping(before, after, left, right), key=lambda match: match.before)
    gone, come = {match.before for match in changed}, {match.after for match in changed}
    return Matching(
        tuple(same),
        tuple(changed),
        tuple(number for number in left if number not in gone),
        tuple(number for number in right if number not in come),
    )


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1; equal boxes without an area overlap wholly."""
    if one[1:] == other[1:]:
        return 1.0
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (one.width * one.height + other.width * other.height - common)


def _equal(before: Sequence[Box], after: Sequence[Box]) -> tuple[list[Match], list[int], list[int]]:
    """Pairs of equal boxes, those at one place first, and the positions on either side that have no equal."""
    here = [number for number, (one, other) in enumerate(zip(before, after, strict=False)) if one == other]
    same = [Match(number, number, 1.0) for number in here]
    taken = set(here)
    places: defaultdict[Box, list[int]] = defaultdict(list)
    for number in range(len(after) - 1, -1, -1):
        if number not in taken:
            places[after[number]].append(number)
    left = []
    for number, box in enumerate(before):
        if number in taken:
            continue
        if twins := places.get(box):
            same.append(Match(number, twins.pop(), 1.0))
        else:
            left.append(number)
    return same, left, sorted(number for twins in places.values() for number in twins)


def _overlapping(
    before: Sequence[Box], after: Sequence[Box], left: Sequence[int], right: Sequence[int]
) -> Iterable[Match]:
    """The best matching of the boxes that have no equal; both sides are put in order first, so neither is favoured."""
    rows = sorted(left, key=before.__getitem__)
    columns = sorted(right, key=after.__getitem__)
    swapped = [before[number] for number in rows] > [after[number] for number in columns]
    if swapped:
        before, after, rows, columns = after, before, columns, rows
    for row, column in _assigned(before, after, rows, columns):
        match = Match(row, column, overlap(before[row], after[column]))
        yield Match(column, row, match.iou) if swapped else match


def _assigned(
    before: Sequence[Box], after: Sequence[Box], rows: Sequence[int], columns: Sequence[int]
) -> Iterable[tuple[int, int]]:
    """Cluster by cluster: boxes far apart never compete for a partner."""
    ours, theirs = [before[row] for row in rows], [after[column] for column in columns]
    if max(len(rows), len(columns)) > BEST_UP_TO:
        yield from ((rows[row], columns[column]) for row, column in _greedy(ours, theirs))
        return
    weights = _weights(ours, theirs)
    for some, others in _clusters(weights):
        if len(some) == len(others) == 1:
            yield rows[some[0]], columns[others[0]]
            continue
        table = [[weights[row].get(column, 0) for column in others] for row in some]
        for row, chosen in zip(some, assigned(table), strict=True):
            if chosen >= 0:
                yield rows[row], columns[others[chosen]]


def _greedy(before: Sequence[Box], after: Sequence[Box]) -> Iterable[tuple[int, int]]:
    """Pairs by falling weight, each box compared with the nearest only."""
    frames = sorted((_frame(column, box) for column, box in enumerate(after)))
    lefts = [frame[0] for frame in frames]
    found: list[tuple[int, int, int]] = []
    for row, box in enumerate(before):
        at = bisect_left(lefts, box.left)
        near = frames[max(0, at - _NEAREST // 2) : at + _NEAREST // 2]
        weights = _weights_of(_frame(row, box), near, len(before) + 1)
        found += [(-weight, row, column) for column, weight in weights.items()]
    rows, columns = set[int](), set[int]()
    for _weight, row, column in sorted(found):
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            yield row, column


def _weights(before: Sequence[Box], after: Sequence[Box]) -> list[dict[int, int]]:
    """For each box before, the boxes after that it may have become, with a weight: overlap first, then the label."""
    finer = len(before) + 1  # so many kept labels weigh less than the smallest difference in overlap
    frames = [_frame(column, box) for column, box in enumerate(after)]
    return [_weights_of(_frame(row, box), frames, finer) for row, box in enumerate(before)]


def _weights_of(box: _Frame, frames: Sequence[_Frame], finer: int) -> dict[int, int]:
    """`overlap` with all frames, written out: it is the innermost loop of an image with many boxes."""
    left, top, right, bottom, area, own, _row = box
    row: dict[int, int] = {}
    for its_left, its_top, its_right, its_bottom, its_area, label, column in frames:
        width = (right if right < its_right else its_right) - (left if left > its_left else its_left)  # noqa: FURB136 - min() takes thrice as long
        height = (bottom if bottom < its_bottom else its_bottom) - (top if top > its_top else its_top)  # noqa: FURB136 - likewise
        if width > 0 and height > 0:
            common = width * height
            iou = common / (area + its_area - common)
        elif left == its_left and top == its_top and right == its_right and bottom == its_bottom:
            iou = 1.0
        else:
            continue
        if label == own:
            if iou >= OVERLAP_SAME_LABEL:
                row[column] = int(iou * _FINE) * finer + 1
        elif iou >= OVERLAP_OTHER_LABEL:
            row[column] = int(iou * _FINE) * finer
    return row


def _frame(number: int, box: Box) -> _Frame:
    """Left, top, right, bottom and area; label and number."""
    right, bottom = box.left + box.width, box.top + box.height
    return box.left, box.top, right, bottom, box.width * box.height, box.label, number


def _clusters(weights: Sequence[dict[int, int]]) -> Iterable[tuple[list[int], list[int]]]:
    """Rows and columns that hang together by weights, in order of their first row."""
    users: defaultdict[int, list[int]] = defaultdict(list)
    for row, line in enumerate(weights):
        for column in line:
            users[column].append(row)
    seen: set[int] = set()
    for first, line in enumerate(weights):
        if len(line) == 1 and len(users[only := next(iter(line))]) == 1:
            yield [first], [only]
        elif line and first not in seen:
            yield _cluster(first, weights, users, seen)


def _cluster(
    first: int, weights: Sequence[dict[int, int]], users: dict[int, list[int]], seen: set[int]
) -> tuple[list[int], list[int]]:
    seen.add(first)
    rows, columns = [first], set[int]()
    for row in rows:  # grows while it is walked
        for column in weights[row].keys() - columns:
            columns.add(column)
            new = [user for user in users[column] if user not in seen]
            seen.update(new)
            rows.extend(new)
    return sorted(rows), sorted(columns)
