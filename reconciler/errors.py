"""The exceptions of the reconciler, how any other becomes one of them, and the exit codes of the command line.

ReconcilerError                     1  something failed; the message is a sentence with the cure
  BadInput                          3  a manifest, project.yaml, setting or argument is wrong; nothing was sent
    InvalidDeclaration              3  project.yaml or manifests with findings of class error
  Refused                           4  blocked by a policy or a guard; nothing was sent, or no more
  ServiceError                      1  the service answered with an error, or did not answer
    AccessDenied                    1  the credentials may not make the call
    NotFound                        1  the project or dataset was not found
    InUse                           1  another operation is running on the dataset
    AlreadyThere                    1  what should be created exists already
    Moved                           1  somebody else changed live during the run; list it again
    OutOfPatience                   1  no progress for `policy.patience`
    TooLarge                        1  the request is larger than the service takes
  UpdateFailed                      5  UPDATE_FAILED, or lines dropped or not stored as sent
  Interrupted                     130  stopped by SIGINT (143: by SIGTERM, 129: by SIGHUP)
"""

from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.text import inert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Finding

    USER_CAUSED: tuple[type[Exception], ...]


class Exit(IntEnum):
    """Exit codes of the command `reconciler`."""

    DONE = 0
    FAILED = 1
    CHANGES = 2  # changes (with --exit-code), drift, or entries that pull left
    BAD_INPUT = 3  # or `validate --strict`, or a question that nobody can answer
    REFUSED = 4  # by every guard and policy
    REJECTED = 5  # applied, but lines were rejected
    SIGINT = 130
    SIGTERM = 143
    SIGHUP = 129


class ReconcilerError(Exception):
    """Anything that a user can act on: the message says what happened, where, and the cure."""

    exit_code: Exit = Exit.FAILED


class BadInput(ReconcilerError):
    """The user's input is invalid; nothing was sent."""

    exit_code = Exit.BAD_INPUT


class InvalidDeclaration(BadInput):
    """`project.yaml` or manifests do not pass.

    `findings` are those of class error, in the order of files and lines, at most 50 per file; `total` counts all.
    `manifest` is the one that they are in, as it is shown; "" for declarations. The message has two lines per finding:
    place, code and what is wrong; the cure. Safe to print.
    """

    def __init__(self, findings: "Sequence[Finding]", total: int | None = None, manifest: str = "") -> None:
        self.findings = tuple(findings)
        self.manifest = manifest
        self.total = len(self.findings) if total is None else total
        lines = [
            f"{inert(str(finding.place))} {inert(finding.code)}: {inert(finding.message)}\n  {inert(finding.cure)}"
            for finding in findings
        ]
        if self.total > len(lines):
            lines.append(f"and {self.total - len(lines):,} more")
        super().__init__("\n".join(lines))


class Refused(ReconcilerError):
    """Blocked by a policy or a guard: nothing was sent, or nothing more after somebody else changed the dataset."""

    exit_code = Exit.REFUSED


class ServiceError(ReconcilerError):
    """The service answered with an error, or did not answer.

    `code` is AWS's name of the exception (or the connection fault's class), `operation` AWS's operation,
    `request_id` the id for AWS Support, empty when there was no reply.
    """

    def __init__(self, message: str, *, code: str = "", operation: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.operation = operation
        self.request_id = request_id


class AccessDenied(ServiceError):
    """The credentials may not make this call, are missing, wrong or expired."""


class NotFound(ServiceError):
    """The project or the dataset was not found."""


class InUse(ServiceError):
    """Another operation is running on the dataset (AWS: ResourceInUseException)."""


class AlreadyThere(ServiceError):
    """What should be created exists already (AWS: ResourceAlreadyExistsException)."""


class Moved(ServiceError):
    """Somebody else changed live while it was listed or applied to: it must be listed again before anything is sent."""


class OutOfPatience(ServiceError):
    """No progress for longer than `policy.patience`."""


class TooLarge(ServiceError):
    """The request is larger than the service takes (HTTP 413, or AWS's constraint on the length of a payload)."""


class UpdateFailed(ReconcilerError):
    """The service accepted a batch and rejected it or some of its lines."""

    exit_code = Exit.REJECTED


class Interrupted(ReconcilerError):
    """Stopped by a signal; `exit_code` says which."""

    exit_code = Exit.SIGINT

    def saying(self, message: str) -> "Interrupted":
        """The same stop with a different message."""
        error = Interrupted(message)
        error.exit_code = self.exit_code
        return error


if not TYPE_CHECKING:  # the checker sees the names above, and no other

    def __getattr__(name: str) -> tuple[type[Exception], ...]:
        """`USER_CAUSED`: errors that a user, a disk or a network can cause; anything else is a bug.

        Made when it is first asked for, because a wrong argument needs no database.

        Raises:
            AttributeError: any other name.
        """
        if name != "USER_CAUSED":
            raise AttributeError(name)
        return ReconcilerError, OSError, import_module("sqlite3").OperationalError


def with_cure(error: Exception) -> ReconcilerError:
    """One of `USER_CAUSED` as an error with its cure."""
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, OSError):
        name = f"{inert(str(error.filename))}: " if error.filename else ""
        return ReconcilerError(f"{name}{inert(error.strerror or str(error))}; fix that and run again")
    if isinstance(error, import_module("sqlite3").OperationalError):
        return ReconcilerError(
            f"the temporary database failed ({inert(str(error))}); make room in the folder for temporary files, "
            "or name a different one in SQLITE_TMPDIR"
        )
    return unexpected(error)


def unexpected(error: Exception) -> ReconcilerError:
    """A bug, as an error that asks for a report."""
    return ReconcilerError(
        f"unexpected {type(error).__name__}: {inert(str(error))}; this is a bug; "
        "please report it, with the output of a run with -v"
    )


def missing_extra(need: str, extra: str) -> str:
    """That what somebody needs is not installed, with the command that installs the extra of this package."""
    return f"{need}, which is not installed; install it with pip install 'rekognition-labels-as-code[{extra}]'"


def ends_the_run(error: ReconcilerError) -> bool:
    """Whether other projects would fail in the same way: there are no usable credentials, or no answer."""
    if not isinstance(error, ServiceError) or not error.code:
        return False
    no_reply = not error.request_id and not isinstance(error, NotFound)  # S3 may name no request
    return no_reply or (isinstance(error, AccessDenied) and error.code != "AccessDeniedException")
