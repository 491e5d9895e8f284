"""The members of a record: one JSON object per apply of a dataset, `format` 1 (docs/snapshots.md lists them).

An `Attempt` collects them while the apply runs. Who runs it, the user or the job, is known from the machine and its
environment, without a call to AWS: GitHub Docs, "Variables reference" (default environment variables); GitLab Docs,
"Predefined CI/CD variables reference"; Buildkite Docs, "Environment variables".
"""

import getpass
import platform
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.outcome import Failure, Outcome
from reconciler.git import Commit, commit_of
from reconciler.ledger import Ledger
from reconciler.model import DatasetType
from reconciler.plan import Plan
from reconciler.policy import Compare
from reconciler.text import inert, safe, without_sign_in


class Attempt(Struct):
    """One apply of one dataset; the command line or the provider fills it in while it runs.

    `action` is `apply`, `destroy` or `restore`; `manifest` is its path as messages show it; `files` (the manifest
    and what else declares the dataset) are looked up in git. `resource` is the URN in Pulumi, empty for the command
    line, `role` the role that its calls were made with. `snapshots` and `dataset_arn` are for an attempt without an
    outcome. `identity` is the id of its record, `overwritten` the places of the lines that it overwrites. `base` is
    what it left live, or what an earlier apply left as long as nothing was read back. `on_news` is called when the plan
    or such a place is known, so that it is recorded before anything is sent. `follows` is when the newest apply began
    that is known from elsewhere.
    """

    action: str
    project: str
    project_arn: str
    dataset_type: DatasetType
    manifest: str | None = None
    files: Sequence[Path] = ()
    resource: str = ""
    plan: Plan | None = None
    digest: str | None = None
    outcome: Outcome | None = None
    snapshots: Sequence[str] = ()
    dataset_arn: str = ""
    role: str = ""
    error: BaseException | None = None
    identity: str = field(default_factory=lambda: secrets.token_hex(8))
    overwritten: list[str] = field(default_factory=list)
    base: Mapping[str, Any] | None = None
    follows: str = ""
    on_news: Callable[[], None] = lambda: None

    def planned(self, ledger: Ledger, plan: Plan) -> None:
        """Set the plan, before anything is sent."""
        self.plan = plan
        self.digest = ledger.desired_facts(Compare.STRICT).digest
        self.on_news()

    def overwrites(self, place: str) -> None:
        """Add a place of lines that are about to be overwritten."""
        self.overwritten.append(place)
        self.on_news()

    def so_far(self, outcome: Outcome) -> Outcome:
        """Set the outcome of what was done until now, and write it down in case that nothing else is."""
        done = self.finished(outcome)
        self.on_news()
        return done

    def finished(self, outcome: Outcome) -> Outcome:
        """Set the outcome, and give it with the id of its record."""
        self.outcome = replace(outcome, record=self.identity)
        return self.outcome

    def kept(self, place: str) -> None:
        """Add the place of a snapshot, before anything is deleted."""
        self.snapshots = (*self.snapshots, place)
        self.on_news()

    def failure(self) -> Failure | None:
        """Why it failed, or None."""
        return Failure.of(self.error) if self.error else self.outcome.error if self.outcome else None


_FORMAT: Final = 1
_MESSAGE: Final = 4000
_PLAN_FIGURES: Final = ("add", "update", "unlabel", "live_only", "unchanged", "ignored", "marked", "bytes", "batches")
_RESULT_FIGURES: Final = (
    "add",
    "update",
    "unlabel",
    "batches",
    "rejected_total",
    "marked_total",
    "marked_new",
    "rewritten",
)
_WORDS: Final = {
    "Interrupted": "interrupted",
    "KeyboardInterrupt": "interrupted",
    "Refused": "refused",
    "UpdateFailed": "rejected",
}
_KILLED: Final = (
    "the process ended before it could report the result: it was killed, or the machine stopped; the next apply "
    "continues from what was sent"
)


class Stamp(Struct, frozen=True):
    """What is known when an apply begins: the id of its record, who, when, and the manifest's commit."""

    identity: str
    by: Mapping[str, Any]
    start: datetime
    commit: Commit | None

    @classmethod
    def of(cls, attempt: Attempt, start: datetime, environ: Mapping[str, str]) -> Self:
        """The stamp of an attempt that begins at `start`."""
        commit = commit_of(*attempt.files) if attempt.files else None
        return cls(attempt.identity, who(environ), start, commit)


def begun(attempt: Attempt, stamp: Stamp) -> dict[str, Any]:
    """The record of an apply whose process is killed from now on."""
    members = _members(attempt, stamp) | {"seconds": None, "calls": None, "result": _result(attempt)}
    return members | {"outcome": "killed", "message": _KILLED}


def ended(attempt: Attempt, stamp: Stamp, end: datetime, calls: Mapping[str, int]) -> dict[str, Any]:
    """The record of an apply that has ended; `calls` are its requests by operation."""
    failure, overwritten = attempt.failure(), attempt.outcome.overwritten if attempt.outcome else attempt.overwritten
    return _members(attempt, stamp) | {
        "overwritten": list(overwritten),  # not what was kept for lines that were never sent
        "seconds": round(max(0.0, (end - stamp.start).total_seconds()), 3),
        "calls": dict(calls),
        "result": _result(attempt),
        "outcome": _word(failure),
        "message": "" if failure is None else inert(failure.message or failure.kind, _MESSAGE),
    }


def _members(attempt: Attempt, stamp: Stamp) -> dict[str, Any]:
    """All members in their order; those that are known only at the end are None."""
    outcome, plan = attempt.outcome, attempt.plan
    return {
        "format": _FORMAT,
        "id": stamp.identity,
        "action": attempt.action,
        "at": f"{stamp.start:%Y-%m-%dT%H:%M:%S.%f}Z",
        "seconds": None,
        "version": _version(),
        "who": stamp.by,
        "project": attempt.project,
        "type": attempt.dataset_type.word,
        "project_arn": attempt.project_arn or None,
        "dataset_arn": (outcome.dataset_arn if outcome else attempt.dataset_arn) or None,
        "resource": attempt.resource or None,
        "role": attempt.role or None,
        "manifest": _manifest(attempt, stamp.commit),
        "plan": _plan(plan),
        "overrides": [{"guard": guard, "reason": reason} for guard, reason in plan.overrides] if plan else [],
        "calls": None,
        "result": None,
        "snapshots": list(outcome.snapshots if outcome else attempt.snapshots),
        "overwritten": list(attempt.overwritten),
        "base": attempt.base,
    }


def _manifest(attempt: Attempt, commit: Commit | None) -> dict[str, Any] | None:
    if attempt.manifest is None:
        return None
    return {
        "path": attempt.manifest,
        "commit": commit.oid if commit else None,
        "dirty": commit.dirty if commit else None,
        "digest": attempt.digest,
        "entries": attempt.plan.desired.entries if attempt.plan else None,
    }


def _plan(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    figures = {name: getattr(plan, name) for name in _PLAN_FIGURES}
    return {"id": plan.id, "action": plan.action.value, **figures, "refusals": [safe(one) for one in plan.refusals]}


def _result(attempt: Attempt) -> dict[str, Any] | None:
    outcome = attempt.outcome
    if outcome is None:
        return None
    figures = {name.removesuffix("_total"): getattr(outcome, name) for name in _RESULT_FIGURES}
    own = {"manifest": outcome.manifest} if outcome.manifest else {}
    live = outcome.live.entries if outcome.live else None
    return {**figures, **own, "live": live, "read_back": _read_back(attempt)}


def _read_back(attempt: Attempt) -> dict[str, Any] | None:
    """Live as the apply read it back, so that drift can be judged later; its digests are of the mode `compare`."""
    live = attempt.outcome.read_back if attempt.outcome else None
    if live is None or attempt.plan is None:
        return None
    counts = {"entries": live.entries, "labelled": live.labelled, "marked": live.marked}
    digests = {"digest": live.digest, "labels_digest": live.labels_digest}
    return {"compare": attempt.plan.policy.compare.value, **digests, **counts}


def _word(failure: Failure | None) -> str:
    """The result in one word: done, refused, rejected, interrupted or failed."""
    return _WORDS.get(failure.kind, "failed") if failure else "done"


def _version() -> str | None:
    try:
        return metadata.version("rekognition-labels-as-code")
    except metadata.PackageNotFoundError:
        return None


# The variable with the actor, and how the URL of the run is built from others.
_SERVICES: Final = (
    ("GITHUB_ACTOR", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    ("GITLAB_USER_LOGIN", "{CI_JOB_URL}"),
    ("BUILDKITE_BUILD_CREATOR", "{BUILDKITE_BUILD_URL}"),
)
_SECRET_NAMES: Final = re.compile(r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|API_?KEY", re.IGNORECASE)
# Anything shorter is a placeholder or a common word.
_SECRET_CHARACTERS: Final = 8


def who(environ: Mapping[str, str]) -> dict[str, Any]:
    """The user's name, the machine's name, and the actor and run of a continuous integration service (or null)."""
    return {"user": _user(), "host": platform.node() or None, "ci": _job(environ)}


def scrubber(environ: Mapping[str, str], hide: Callable[[str], str] = str) -> Callable[[Any], Any]:
    """A function that removes secrets from any JSON value.

    Secrets are what `hide` removes, values of variables with names such as TOKEN, and user names and passwords in URLs.
    """
    secrets = sorted(
        (value for name, value in environ.items() if _SECRET_NAMES.search(name) and len(value) >= _SECRET_CHARACTERS),
        key=len,
        reverse=True,
    )

    def scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same out
        if isinstance(value, str):
            text = hide(value)
            for secret in secrets:
                text = text.replace(secret, "[secret]")
            return without_sign_in(text)
        if isinstance(value, Mapping):
            return {name: scrubbed(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [scrubbed(item) for item in value]
        return value

    return scrubbed


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None  # a container's user may have a number and no name


def _job(environ: Mapping[str, str]) -> dict[str, Any] | None:
    for actor, run in _SERVICES:
        if environ.get(actor):
            try:
                return {"actor": environ[actor], "run": run.format_map(environ)}
            except (KeyError, ValueError):
                return {"actor": environ[actor], "run": None}
    return None
