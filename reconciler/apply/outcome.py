"""What an apply did: counts, what the service would not take, and live as read back."""

import re
from typing import Self

from msgspec import Struct

from reconciler.errors import Exit, ReconcilerError, Refused, ServiceError
from reconciler.ledger import Facts, MarkedEntry, Statistics
from reconciler.model import Place

# How many rejected lines and how many marked entries an outcome names; it counts the others.
LINES_KEPT = 50


class Failure(Struct, frozen=True):
    """What an error says, for a result or a document: the error's class as `kind`, and a sentence with the cure.

    `code`, `operation` and `request_id` are those of a `ServiceError`, else empty.
    """

    kind: str
    message: str
    code: str = ""
    operation: str = ""
    request_id: str = ""
    exit_code: Exit = Exit.FAILED

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """What an error says."""
        kind, message = type(error).__name__, str(error)
        if isinstance(error, Refused):
            message = re.sub(r":?\n *", lambda end: ": " if end[0][0] == ":" else "; ", message)
        if isinstance(error, ServiceError):
            return cls(kind, message, error.code, error.operation, error.request_id, error.exit_code)
        return cls(kind, message, exit_code=error.exit_code if isinstance(error, ReconcilerError) else Exit.FAILED)

    def __str__(self) -> str:
        return self.message


class Rejected(Struct, frozen=True):
    """A line that is not live as it was sent: its key, its place in the manifest (None: live only), and why."""

    key: str
    place: Place | None
    reason: str


class Outcome(Struct, frozen=True):
    """The result of an apply; `dataset_arn` is empty if there is no dataset at the end.

    `add`, `update` and `unlabel` count lines that the service accepted and that were not missing afterwards,
    `batches` the updates that were sent, also those that failed, `bytes` their size. `unusable` are those of these
    lines that training ignores, because the service marked them or will. `rejected` names at most 50 lines that
    were dropped or not stored as sent (`rejected_total` counts all), `marked` at most 50 live entries with errors
    (`marked_total` counts all), first those that were not marked before (`marked_new`). `rewritten` counts lines
    that mean what was sent but are stored differently; `settled` names them for later runs, and is empty in a
    review. `live` is what was read back, None if that failed; `counted` are the service's own statistics at that
    time, and `listed` the LastUpdatedTimestamp before and after that listing, which is of our last
    update where `last_update`. `applied` is live with the entries that
    `theirs: keep` kept as they were applied, None where nothing was kept. `snapshots` are the places of the entries of
    deleted datasets, `overwritten` those of the lines that were overwritten; `record` is the id of the
    apply's record, which `reconciler restore` takes. `manifest` is the address of the manifest in S3 from which the
    dataset was created, empty where it was not.
    `error` is why the apply failed, None if it succeeded.
    """

    dataset_arn: str
    add: int = 0
    update: int = 0
    unlabel: int = 0
    unusable: int = 0
    batches: int = 0
    bytes: int = 0
    live: Facts | None = None
    applied: Facts | None = None
    listed: float = 0.0
    counted: Statistics | None = None
    last_update: bool = False
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    marked: tuple[MarkedEntry, ...] = ()
    marked_total: int = 0
    marked_new: int = 0
    rewritten: int = 0
    settled: frozenset[str] = frozenset()
    snapshots: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    record: str = ""
    manifest: str = ""
    error: Failure | None = None

    @property
    def read_back(self) -> Facts | None:
        """What later drift is judged by."""
        return self.applied or self.live

    @property
    def sent(self) -> int:
        """How many lines were sent and confirmed."""
        return self.add + self.update + self.unlabel
