"""What an apply did: counts, what the service would not take, and live as read back."""

from dataclasses import dataclass, field

from reconciler.errors import ReconcilerError
from reconciler.ledger import Facts
from reconciler.model import Mark, Place
from reconciler.plan import Statistics

# So many rejected or marked entries are named; the rest is a count.
KEPT = 50


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not live as it was sent: its key, where it stands, and why in words."""

    key: str
    place: Place | None
    reason: str


@dataclass(frozen=True, slots=True)
class MarkedEntry:
    """A live entry that the service marked with errors: where its line stands (None: live only), and since when.

    `is_new` is whether it was not marked before this apply.
    """

    key: str
    place: Place | None
    marks: tuple[Mark, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an apply; `dataset_arn` is empty when in the end there is no dataset.

    `add`, `update` and `unlabel` count lines that the service took and that were not found missing afterwards,
    `batches` confirmed batches, `bytes` what these held.
    `rejected` names at most 50 lines that were dropped or not stored as sent (`rejected_total` counts them), `marked`
    at most 50 live entries with errors (`marked_total` counts all), those first that were not marked before
    (`marked_new`). `rewritten` counts lines that mean what was sent but are stored differently; `settled` remembers
    them. `live` is what was read back, None when it could not be read; `counted` is what the service's own statistics
    said then. `snapshots` are where the entries of deleted datasets were kept. `error` is why the apply did not end
    well, None when it did.
    """

    dataset_arn: str
    add: int = 0
    update: int = 0
    unlabel: int = 0
    batches: int = 0
    bytes: int = 0
    live: Facts | None = None
    counted: Statistics | None = None
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    marked: tuple[MarkedEntry, ...] = ()
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
