"""Both sides of a dataset as a whole: live as it is, and as it will be once the plan is applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.analysis.line_text import Document, document_of
from reconciler.ledger import Ledger, key_bytes, key_text
from reconciler.model import Compare, Leftover

# Live rows that the manifest does not have.
_LEFT: Final = "FROM live l LEFT JOIN desired d ON d.key = l.key WHERE d.key IS NULL ORDER BY l.seq"


@dataclass(frozen=True, slots=True)
class Side:
    """One entry on one side: its labels, the number of its boxes, whether it is labelled, and its line."""

    labels: str
    boxes: int
    labelled: bool
    document: Document


@dataclass(frozen=True, slots=True)
class Pair:
    """One key before and after; `ignored` says that it differs only in what the comparison ignores.

    Both sides are one object where nothing differs.
    """

    before: Side | None
    after: Side | None
    ignored: bool = False


def pairs(ledger: Ledger, leftover: Leftover) -> Iterator[Pair]:
    """Every key of either side once: the manifest's in its order, then those that are live only."""
    query = (
        "SELECT d.labels, d.boxes, d.labelled, d.line, l.key IS NOT NULL, l.labels, l.boxes, l.labelled, l.line,"
        " d.meaning = l.meaning AND d.content <> l.content AND l.marks = '[]'"
        " FROM desired d LEFT JOIN live l ON l.key = d.key ORDER BY d.seq"
    )
    for row in ledger.database.execute(query):
        after = _side(*row[:4])
        if not row[4]:
            yield Pair(None, after)
        elif row[8] is None:
            yield Pair(after, after)
        else:
            yield Pair(_side(*row[5:9]), after, bool(row[9]))
    for labels, boxes, labelled, line in ledger.database.execute(
        f"SELECT l.labels, l.boxes, l.labelled, l.line {_LEFT}"
    ):
        before = _side(labels, boxes, labelled, line)
        yield Pair(before, _left(before, leftover))


def keys_after(ledger: Ledger, leftover: Leftover) -> Iterator[tuple[str, bool]]:
    """Every key that will be live, and whether it will be labelled."""
    for key, labelled in ledger.database.execute("SELECT key, labelled FROM desired ORDER BY seq"):
        yield key_text(key), bool(labelled)
    if leftover is Leftover.GONE:
        return
    for key, labelled in ledger.database.execute(f"SELECT l.key, l.labelled {_LEFT}"):
        yield key_text(key), bool(labelled) and leftover is Leftover.STAYS


def only_desired(ledger: Ledger) -> Iterator[tuple[str, bytes]]:
    """Keys that live does not have, each with the digest of what the line means, in manifest order."""
    query = (
        "SELECT d.key, d.meaning FROM desired d LEFT JOIN live l ON l.key = d.key WHERE l.key IS NULL ORDER BY d.seq"
    )
    for key, meaning in ledger.database.execute(query):
        yield key_text(key), meaning


def only_live(ledger: Ledger) -> Iterator[tuple[str, bytes, bool]]:
    """Keys that the manifest does not have, each with the digest of what the line means, and whether it is labelled."""
    for key, meaning, labelled in ledger.database.execute(f"SELECT l.key, l.meaning, l.labelled {_LEFT}"):
        yield key_text(key), meaning, bool(labelled)


def _side(labels: str, boxes: int, labelled: int, line: bytes) -> Side:
    return Side(labels, boxes, bool(labelled), document_of(line))


def _left(before: Side, leftover: Leftover) -> Side | None:
    if leftover is Leftover.GONE:
        return None
    return before if leftover is Leftover.STAYS else Side("[]", 0, labelled=False, document={})


def digests_of(ledger: Ledger, key: str, mode: Compare) -> tuple[bytes | None, bytes | None]:
    """The digests of a key's desired and live line, of what they mean or of all their content; None for no line."""
    column = "content" if mode is Compare.STRICT else "meaning"
    desired, live = (f"SELECT {column} FROM {side} WHERE key = :key" for side in ("desired", "live"))  # noqa: S608 - ours
    query = f"SELECT ({desired}), ({live})"
    desired, live = ledger.database.execute(query, {"key": key_bytes(key)}).fetchone()
    return desired, live
