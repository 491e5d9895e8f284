"""Lines into request bodies under the service's limit, lazily: one batch in memory at a time.

Cutting in order whenever the next line would not fit gives as few batches as that order allows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.limits import BATCH_BYTES
from reconciler.model import Change


@dataclass(frozen=True, slots=True)
class Batch:
    """One UpdateDatasetEntries call: its body (JSON Lines, UTF-8) and the changes it carries, in order."""

    number: int
    changes: tuple[Change, ...]
    body: bytes

    @classmethod
    def of(cls, number: int, changes: Sequence[Change]) -> "Batch":
        """One body of these changes, however large."""
        body = b"".join(change.desired + b"\n" for change in changes if change.desired is not None)
        return cls(number, tuple(changes), body)


def batches(changes: Iterable[Change], limit: int = BATCH_BYTES) -> Iterator[Batch]:
    """Cut changes that carry a desired line into bodies of at most `limit` bytes, each line ended by a newline.

    A single line larger than the limit makes its own batch; `reconciler.manifest` refuses such lines long before.
    """
    number, size = 1, 0
    held: list[Change] = []
    for change in changes:
        line = change.desired
        if line is None:
            continue
        if held and size + len(line) + 1 > limit:
            yield Batch.of(number, held)
            number, size, held = number + 1, 0, []
        held.append(change)
        size += len(line) + 1
    if held:
        yield Batch.of(number, held)
