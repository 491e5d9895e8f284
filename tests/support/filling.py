"""A ledger filled from documents, as a manifest and a listing fill it."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.entries import compact, entry_of
from reconciler.ledger import Ledger, fill_live
from reconciler.model import DesiredEntry, Place
from tests.support.lines import Document

FILE = "train.jsonl"


def desired_entry(document: Document, number: int = 1) -> DesiredEntry:
    """A manifest's line, in line `number`."""
    return DesiredEntry(entry_of(document), compact(document), Place(FILE, number, 1))


def as_text(document: Document) -> str:
    """A line as the service lists it."""
    return compact(document).decode("utf-8", "surrogatepass")


def filled(desired: Iterable[Document], live: Iterable[Document | str] = (), *, unusable: bool = False) -> Ledger:
    """A ledger; live lines may be given as text, to keep the service's fields. The caller closes it.

    `unusable`: the service will mark every desired line.
    """
    ledger = Ledger()
    for number, document in enumerate(desired, start=1):
        assert ledger.accept(replace(desired_entry(document, number), unusable="ERROR_X" if unusable else "")) is None
    fill_live(ledger, (line if isinstance(line, str) else as_text(line) for line in live))
    return ledger
