"""The live side of a ledger, filled from a listing or from a copy of one."""

import json
from collections.abc import Callable, Iterable, Iterator

import msgspec

from reconciler.ledger.ledger import Ledger


def fill_live(ledger: Ledger, lines: Iterable[str], seen: Callable[[int], None] = lambda _count: None) -> int:
    """Replace the ledger's live side by these lines, and count them; calls `seen` with the count after every 1,000.

    Raises:
        ValueError: a line is not a JSON object with a source-ref.
    """
    ledger.forget_live()
    count = 0
    for count, line in enumerate(lines, start=1):
        ledger.observe(line)
        if count % 1000 == 0:
            seen(count)
    return count


def fill_copied(ledger: Ledger, lines: Iterable[bytes]) -> int:
    """Replace the ledger's live side by a copy, in lines of `BaseSide.copied`, and count the live ones.

    Raises:
        ValueError: a line has another form.
    """
    ledger.forget_live()
    count = 0
    for line, marks in copied_live(lines):
        ledger.observe(line, marks)
        count += 1
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
