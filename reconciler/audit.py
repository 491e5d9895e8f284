"""The record that every apply leaves: who, when, what of which revision, what was planned and what came of it.

One JSON line an apply and dataset, `format` 1 (docs/snapshots.md lists the members). It goes to a file a month under
`.reconciler/audit`, and to a file or an address in S3 where one is set. No secret is in it. A record that cannot be
written is a warning: it never hides the result of the apply.

Knows what is recorded and where. Refuses to know how an apply is made, and who shows the warning.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from reconciler.aws.clock import utc_now
from reconciler.aws.objects import Objects, S3Address, is_s3
from reconciler.errors import Interrupted, ReconcilerError, Refused, UpdateFailed
from reconciler.inert import inert
from reconciler.ledger import Ledger
from reconciler.model import Compare, DatasetType
from reconciler.outcome import Outcome
from reconciler.plan import Plan
from reconciler.review.identity import plan_id
from reconciler.store.audit import AuditFolder, append_record, encoded
from reconciler.store.commits import commit_of
from reconciler.who import scrubber, who

__all__ = ["Attempt", "AuditLog"]

_FORMAT: Final = 1
_MESSAGE: Final = 4000
_PLAN_FIGURES: Final = ("add", "update", "unlabel", "live_only", "unchanged", "ignored", "marked", "bytes", "batches")
_RESULT_FIGURES: Final = ("add", "update", "unlabel", "batches", "rejected_total", "marked_total", "marked_new")


@dataclass(slots=True)
class Attempt:
    """One apply of one dataset while it runs: the shell tells it what happens, and it ends up in a record.

    `action` is `apply`, `destroy` or `restore`; `manifest` is its path as the user knows it, `files` (the manifest and
    what else declares the dataset) are looked up in git. `snapshots` and `dataset_arn` are for an attempt without an
    outcome.
    """

    action: str
    project: str
    project_arn: str
    dataset_type: DatasetType
    manifest: str | None = None
    files: Sequence[Path] = ()
    plan: Plan | None = None
    plan_id: str | None = None
    digest: str | None = None
    outcome: Outcome | None = None
    snapshots: Sequence[str] = ()
    dataset_arn: str = ""
    error: BaseException | None = None

    def planned(self, ledger: Ledger, plan: Plan, name: str | None = None) -> None:
        """What will be done; must be told before it is, because then the ledger holds both sides as compared.

        `name` is the plan's id where it is known already.
        """
        self.plan = plan
        self.plan_id = name or plan_id(ledger, plan, f"{self.project} {self.dataset_type.word}")
        self.digest = ledger.desired_facts(Compare.STRICT).digest

    def failure(self) -> BaseException | None:
        """Why it did not end well, or None."""
        if self.error is None and self.outcome is not None:
            return self.outcome.error
        return self.error


class AuditLog:
    """Writes records. `also` is a further file or an address in S3; `warn` is told when one cannot be written.

    `hide` takes out secrets of the configuration; those of the environment are taken out anyway.
    """

    def __init__(  # noqa: PLR0913 - the edges come in from outside, each for itself
        self,
        folder: Path,
        also: str | None,
        objects: Callable[[], Objects],
        warn: Callable[[str], None],
        *,
        hide: Callable[[str], str] = str,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._folder, self._also, self._objects, self._warn = AuditFolder(folder), also, objects, warn
        self._environ, self._now = environ, now
        self._scrubbed = scrubber(environ, hide)

    @contextmanager
    def recording(self, attempt: Attempt, calls: Callable[[], Mapping[str, int]]) -> Iterator[Attempt]:
        """A block that is one apply; however it ends, its record is written. `calls` counts all calls so far."""
        start, before = self._now(), Counter(calls())
        try:
            yield attempt
        except BaseException as error:
            attempt.error = attempt.error or error
            raise
        finally:
            made = Counter(calls())
            made.subtract(before)
            self.write(attempt, start, +made)

    def write(self, attempt: Attempt, start: datetime, calls: Mapping[str, int]) -> None:
        """Write the record of an apply that has ended; never raises for a place that cannot be written."""
        try:
            end = self._now()
            record = self._scrubbed(_record(attempt, who(self._environ), start, end) | {"calls": dict(calls)})
        except Exception as error:  # noqa: BLE001 - nothing about a record may hide the result of the apply
            self._warn(f"no record of this apply was written: {inert(str(error))}")
            return
        for place in (self._to_folder, self._to_also):
            try:
                place(record, start)
            except Exception as error:  # noqa: BLE001 - likewise
                self._warn(f"the record of this apply was not written: {self._scrubbed(_reason(error))}")

    def _to_folder(self, record: Mapping[str, Any], now: datetime) -> None:
        self._folder.append(record, now)

    def _to_also(self, record: Mapping[str, Any], now: datetime) -> None:
        if not self._also:
            return
        if not is_s3(self._also):
            append_record(Path(self._also), record)
            return
        # S3 cannot append: an object a record, found by month and time.
        name = f"{now:%Y-%m/%dT%H%M%S%f}Z-{record['type']}-{record['project'][:100]}-{secrets.token_hex(4)}.json"
        self._objects().put(S3Address.parse(self._also) / name, encoded(record))


def _record(attempt: Attempt, by: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
    outcome, failure = attempt.outcome, attempt.failure()
    return {
        "format": _FORMAT,
        "action": attempt.action,
        "at": f"{start:%Y-%m-%dT%H:%M:%S.%f}Z",
        "seconds": round(max(0.0, (end - start).total_seconds()), 3),
        "version": _version(),
        "who": by,
        "project": attempt.project,
        "type": attempt.dataset_type.word,
        "project_arn": attempt.project_arn or None,
        "dataset_arn": (outcome.dataset_arn if outcome else attempt.dataset_arn) or None,
        "manifest": _manifest(attempt),
        "plan": _plan(attempt),
        "overrides": [{"guard": guard, "reason": reason} for guard, reason in _overrides(attempt.plan)],
        "result": _result(outcome),
        "snapshots": list(outcome.snapshots if outcome else attempt.snapshots),
        "outcome": _word(failure),
        "message": "" if failure is None else inert(str(failure) or type(failure).__name__, _MESSAGE),
    }


def _manifest(attempt: Attempt) -> dict[str, Any] | None:
    if attempt.manifest is None:
        return None
    commit = commit_of(*attempt.files) if attempt.files else None
    return {
        "path": attempt.manifest,
        "commit": commit.oid if commit else None,
        "dirty": commit.dirty if commit else None,
        "digest": attempt.digest,
        "entries": attempt.plan.desired.entries if attempt.plan else None,
    }


def _plan(attempt: Attempt) -> dict[str, Any] | None:
    plan = attempt.plan
    if plan is None:
        return None
    figures = {name: getattr(plan, name) for name in _PLAN_FIGURES}
    return {"id": attempt.plan_id, "action": plan.action.value, **figures, "refusals": list(plan.refusals)}


def _overrides(plan: Plan | None) -> Sequence[tuple[str, str]]:
    return plan.overrides if plan else ()


def _result(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    figures = {name.removesuffix("_total"): getattr(outcome, name) for name in _RESULT_FIGURES}
    return {**figures, "live": outcome.live.entries if outcome.live else None}


def _word(failure: BaseException | None) -> str:
    """How it ended: done, refused, rejected, interrupted or failed."""
    if failure is None:
        return "done"
    if isinstance(failure, Interrupted | KeyboardInterrupt):
        return "interrupted"
    if isinstance(failure, Refused):
        return "refused"
    return "rejected" if isinstance(failure, UpdateFailed) else "failed"


def _reason(error: Exception) -> str:
    if isinstance(error, ReconcilerError) or not isinstance(error, OSError):
        return inert(str(error))
    return inert(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _version() -> str | None:
    try:
        return metadata.version("rekognition-labels-as-code")
    except metadata.PackageNotFoundError:
        return None
