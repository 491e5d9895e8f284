"""What an apply did: counts, what the service would not take, and live as read back.

Knows the result. Refuses to know how it came about or how it is shown.
"""

from dataclasses import dataclass, field

from reconciler.errors import ReconcilerError
from reconciler.ledger import Facts, MarkedRow
from reconciler.model import Place

__all__ = ["KEPT", "Outcome", "Rejected"]

# So many rejected or marked entries are named; the rest is a count.
KEPT = 50


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not live as it was sent: its key, where it stands, and why in words."""

    key: str
    place: Place | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an apply; `dataset_arn` is empty when in the end there is no dataset.

    `add`, `update` and `unlabel` count confirmed lines, `batches` confirmed batches. `rejected` names at most 50 lines
    that were dropped or not stored as sent (`rejected_total` counts them), `marked` at most 50 live entries with errors
    (`marked_total`; `marked_new` of them were not marked before). `rewritten` counts lines that mean what was sent but
    are stored differently; `settled` remembers them. `live` is what was read back, None when it could not be read;
    `counted` is how many entries the service's own statistics said at that moment, None when nothing was read back.
    `snapshots` are where the entries of deleted datasets were kept. `error` is why the apply did not end well, None
    when it did.
    """

    dataset_arn: str
    add: int = 0
    update: int = 0
    unlabel: int = 0
    batches: int = 0
    live: Facts | None = None
    counted: int | None = None
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    marked: tuple[MarkedRow, ...] = ()
    marked_total: int = 0
    marked_new: int = 0
    rewritten: int = 0
    settled: frozenset[str] = field(default_factory=frozenset)
    snapshots: tuple[str, ...] = ()
    error: ReconcilerError | None = None

    @property
    def sent(self) -> int:
        """How many lines were sent and confirmed."""
        return self.add + self.update + self.unlabel
