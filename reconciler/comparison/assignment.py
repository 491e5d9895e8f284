"""The best one-to-one assignment: rows to columns with the greatest total weight.

The Hungarian method with potentials, one shortest augmenting path a row (Kuhn 1955, Munkres 1957; in the form of
Jonker and Volgenant 1987, who first give rows their favourites): O(n^3), and close to O(n^2) when most rows have a
favourite of their own. Our own because SciPy's 40 MB would serve this one function; held against brute force in the
tests. Weights are integers, so that sums are exact and the answer does not depend on rounding.

Knows numbers. Refuses to know what they stand for.
"""

from collections.abc import Sequence
from operator import sub

__all__ = ["assigned"]


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
