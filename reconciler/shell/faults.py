"""Turn any exception into one of the reconciler's errors, with what to do."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.errors import AccessDenied, ReconcilerError, ServiceError
from reconciler.text import inert

# Errors that a user, a disk or a network can cause; anything else is a bug.
USER_CAUSED = (ReconcilerError, OSError, sqlite3.OperationalError)


@contextmanager
def in_sentences(end: Callable[[ReconcilerError], None]) -> Iterator[None]:
    """A block that calls `end` with a sentence for every fault that a user, a disk or a network can cause."""
    try:
        yield
    except USER_CAUSED as error:
        end(with_cure(error))


def with_cure(error: Exception) -> ReconcilerError:
    """One of `USER_CAUSED` as an error with its cure."""
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, sqlite3.OperationalError):
        return ReconcilerError(
            f"the temporary database failed ({inert(str(error))}); make room in the folder for temporary files, "
            "or name a different one in SQLITE_TMPDIR"
        )
    if isinstance(error, OSError):
        name = f"{inert(str(error.filename))}: " if error.filename else ""
        return ReconcilerError(f"{name}{inert(error.strerror or str(error))}; fix that and run again")
    return unexpected(error)


def unexpected(error: Exception) -> ReconcilerError:
    """A bug, as an error that asks for a report."""
    return ReconcilerError(
        f"unexpected {type(error).__name__}: {inert(str(error))}; this is a bug; "
        "please report it, with the output of a run with -v"
    )


def ends_the_run(error: ReconcilerError) -> bool:
    """Whether other projects would fail in the same way: there are no usable credentials, or no answer."""
    if not isinstance(error, ServiceError) or not error.code:
        return False
    no_reply = not error.request_id
    return no_reply or (isinstance(error, AccessDenied) and error.code != "AccessDeniedException")
