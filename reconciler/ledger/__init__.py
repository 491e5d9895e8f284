"""Both sides of one dataset in a temporary SQLite database, and the lines that an apply sends; all SQL is here."""

from reconciler.ledger.base import WANTED, Kind, Pending, Then, Whose, copied_entries, whose
from reconciler.ledger.filling import copied_live, fill_copied, fill_live
from reconciler.ledger.ledger import DESIRED, DESIRED_ONLY, LIVE, LIVE_ONLY, MANIFEST, STAYING, Ledger
from reconciler.ledger.rows import (
    LET_GO,
    Brief,
    Facts,
    LabelGroup,
    MarkedEntry,
    Row,
    Statistics,
    key_bytes,
    pair_digest,
)
from reconciler.ledger.send_queue import SendQueue

__all__ = [
    "DESIRED",
    "DESIRED_ONLY",
    "LET_GO",
    "LIVE",
    "LIVE_ONLY",
    "MANIFEST",
    "STAYING",
    "WANTED",
    "Brief",
    "Facts",
    "Kind",
    "LabelGroup",
    "Ledger",
    "MarkedEntry",
    "Pending",
    "Row",
    "SendQueue",
    "Statistics",
    "Then",
    "Whose",
    "copied_entries",
    "copied_live",
    "fill_copied",
    "fill_live",
    "key_bytes",
    "pair_digest",
    "whose",
]
