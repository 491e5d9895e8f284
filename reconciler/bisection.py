"""Finding the lines at fault in a batch that the service failed as a whole, with few updates.

A failed update names no line. Every part that succeeds is live from then on, so the search is also the delivery of the
rest. When one half of a failed part goes through, the other half must hold a fault and is split without being sent
whole. For n lines with k at fault this takes at most about 2 k log2(n / k) + 2 k updates.

Knows the search. Refuses to know what a line is, how a part is sent, and why it failed.
"""

from collections.abc import Generator, Sequence
from typing import TypeVar

__all__ = ["bisect"]

Line = TypeVar("Line")


def bisect(lines: Sequence[Line]) -> Generator[Sequence[Line], bool, list[Line]]:
    """Search the lines of a part that has failed already.

    Yields the next part to send, which must be answered with whether it went through; returns the lines at fault, in
    their order. Only a line that failed alone is at fault: a failure for a passing reason blames nobody.
    """
    faults: list[Line] = []
    yield from _split(lines, faults, sent=True)
    return faults


def _split(failed: Sequence[Line], faults: list[Line], *, sent: bool) -> Generator[Sequence[Line], bool, None]:
    """Narrow down a part that holds a fault: it was `sent` and failed, or all beside it went through."""
    if not failed or (len(failed) == 1 and not sent and (yield failed)):
        return
    if len(failed) == 1:
        faults.extend(failed)
        return
    middle = len(failed) // 2
    first, second = failed[:middle], failed[middle:]
    if (yield first):
        # The fault is in the second half alone; it need not be sent whole to know that.
        yield from _split(second, faults, sent=False)
        return
    yield from _split(first, faults, sent=True)
    if not (yield second):
        yield from _split(second, faults, sent=True)
