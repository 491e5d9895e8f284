"""The live side of a ledger, filled from a listing or from a copy of one."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from reconciler.ledger.ledger import Ledger

# Lines that are looked at together; a part of how often the count is told.
_AT_ONCE: Final = 500


def fill_live(ledger: Ledger, lines: Iterable[str], seen: Callable[[int], None] = lambda _count: None) -> int:
    """Replace the ledger's live side by these lines, and count them; calls `seen` with the count after every 1,000.

    Raises:
        ValueError: a line is not a JSON object with a source-ref.
    """
    ledger.forget_live()
    count, left = 0, iter(lines)
    while some := tuple(islice(left, _AT_ONCE)):
        ledger.observe(*some)
        count += len(some)
        if count % 1000 == 0:
            seen(count)
    return count


def fill_copied(ledger: Ledger, lines: Iterable[bytes]) -> int:
    """Replace the ledger's live side by a copy, in lines of `BaseSide.copied`, and count the live ones.

    Raises:
        ValueError: a line has another form.
    """
    ledger.forget_live()
    count, left = 0, copied_live(lines)
    while some := tuple(islice(left, _AT_ONCE)):
        ledger.observe_copied(*some)
        count += len(some)
    return count


def copied_live(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """The live lines of a copy, without what the service adds, and their marks as the ledger has them.

    Raises:
        ValueError: a line has another form.
    """
    for copied in lines:
        use, _tab, line = copied.partition(b"\t")
        if use[:1] in {b"=", b"!", b"k"}:
            yield line.decode("utf-8", "surrogatepass"), _marks(use[1:])
        elif use != b"b":
            raise ValueError("a copy of live has a line of another form")


def _marks(text: bytes) -> str:
    """The marks of a copied line, as the ledger has them.

    Raises:
        ValueError: they have another form.
    """
    return json.dumps(msgspec.convert(json.loads(text or b"[]"), list[tuple[str, str]]))
