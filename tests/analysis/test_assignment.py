"""The best one-to-one assignment, against brute force."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.boxes import assigned

Table = list[list[int]]


def tables(side: int = 5) -> st.SearchStrategy[Table]:
    """Tables of small weights with many zeros and ties."""
    weight = st.integers(0, 3) | st.integers(0, 1000)
    return st.integers(1, side).flatmap(
        lambda width: st.lists(st.lists(weight, min_size=width, max_size=width), min_size=1, max_size=side)
    )


def best(table: Table) -> int:
    """The greatest total weight, by trying everything."""
    taken = {0: 0}  # set of columns, as bits -> greatest weight
    for row in table:
        more = dict(taken)
        for columns, weight in taken.items():
            for column, one in enumerate(row):
                if not columns >> column & 1:
                    here = columns | 1 << column
                    more[here] = max(more.get(here, 0), weight + one)
        taken = more
    return max(taken.values())


def total(table: Table, columns: list[int]) -> int:
    """The weight of an assignment."""
    return sum(table[row][column] for row, column in enumerate(columns) if column >= 0)


@settings(max_examples=300, deadline=None)
@given(tables())
def test_no_assignment_is_better(table: Table) -> None:
    """Every column at most once, no pair without weight, and the total that brute force finds."""
    columns = assigned(table)
    taken = [column for column in columns if column >= 0]
    assert len(taken) == len(set(taken))
    assert all(table[row][column] for row, column in enumerate(columns) if column >= 0)
    assert total(table, columns) == best(table)


@pytest.mark.parametrize("seed", range(40))
def test_tables_of_eight_rows_are_solved(seed: int) -> None:
    """Long chains of swaps: dense, with ties, and with every row liking the same columns."""
    chance = Random(seed)  # noqa: S311 - repeatable
    width = chance.randint(7, 9)
    liked = [chance.randint(1, 9) for _ in range(width)]
    table = [
        [chance.randint(0, 3) * liked[column] + chance.randint(0, seed % 4) for column in range(width)]
        for _ in range(8)
    ]
    assert total(table, assigned(table)) == best(table)


@pytest.mark.parametrize("seed", range(5))
def test_large_tables_have_a_certificate(seed: int) -> None:
    """30 x 40 are too many for brute force: no exchange of two columns, and no free column, makes it better."""
    chance = Random(seed)  # noqa: S311 - repeatable
    table = [[chance.choice([0, chance.randint(1, 50)]) for _ in range(40)] for _ in range(30)]
    columns = assigned(table)
    free = set(range(40)) - set(columns)
    for row, column in enumerate(columns):
        here = table[row][column] if column >= 0 else 0
        assert all(table[row][other] <= here for other in free)
        for second in range(row):
            other = columns[second]
            there = table[second][other] if other >= 0 else 0
            swapped = (table[row][other] if other >= 0 else 0) + (table[second][column] if column >= 0 else 0)
            assert swapped <= here + there


@pytest.mark.parametrize("table", [[], [[]], [[0]], [[0, 0], [0, 0]]])
def test_where_nothing_fits_nothing_is_assigned(table: Table) -> None:
    """No row gets a column where nothing fits, also in a table without rows or columns."""
    assert assigned(table) == [-1] * len(table)
