"""Cutting lines into request bodies."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.changes import batches
from reconciler.limits import BATCH_BYTES
from reconciler.model import Change, Verb

LIMIT = 100


def change(seq: int, size: int) -> Change:
    """An add whose line has so many bytes."""
    return Change(Verb.ADD, f"s3://b/{seq}", seq, desired=b"x" * size)


def fewest(sizes: list[int]) -> int:
    """The smallest number of runs, each within the limit, by trying every cut."""
    best = [0] + [len(sizes)] * len(sizes)
    for end in range(1, len(sizes) + 1):
        for start in range(end):
            if sum(sizes[start:end]) + end - start <= LIMIT or end - start == 1:
                best[end] = min(best[end], best[start] + 1)
    return best[-1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, LIMIT - 1), max_size=12))
def test_batches_are_as_few_as_the_order_allows(sizes: list[int]) -> None:
    """Every line whole and ended by a newline, in order, within the limit, numbered from 1, as few as any cutting."""
    changes = [change(seq, size) for seq, size in enumerate(sizes)]
    cut = list(batches(changes, LIMIT))
    assert [one for batch in cut for one in batch.changes] == changes
    assert all(batch.body == b"".join((one.desired or b"") + b"\n" for one in batch.changes) for batch in cut)
    assert all(0 < len(batch.body) <= LIMIT for batch in cut)
    assert [batch.number for batch in cut] == list(range(1, len(cut) + 1))
    assert len(cut) == fewest(sizes)


def test_a_body_has_fewer_than_five_million_bytes_newlines_included() -> None:
    """Exactly the limit fits, one byte more does not."""
    assert BATCH_BYTES < 5_000_000
    half = BATCH_BYTES // 2
    assert len(list(batches([change(1, half - 1), change(2, half)]))) == 1
    assert len(list(batches([change(1, half - 1), change(2, half + 1)]))) == 2


def test_one_batch_is_in_memory_at_a_time() -> None:
    """Lines are read only as far as the batch that is asked for needs."""
    read: list[int] = []

    def lines() -> list[Change]:
        return [change(seq, 40) for seq in range(9)]

    def watched() -> Iterator[Change]:
        for one in lines():
            read.append(one.seq)
            yield one

    first = next(iter(batches(watched(), LIMIT)))
    assert len(first.changes) == 2
    assert read == [0, 1, 2]


def test_a_change_without_a_line_is_not_sent() -> None:
    """What is only shown has no body."""
    shown = Change(Verb.LIVE_ONLY, "s3://b/9", 9, live=b"{}")
    assert list(batches([shown])) == []
    (batch,) = batches([shown, change(1, 5)])
    assert [one.seq for one in batch.changes] == [1]
