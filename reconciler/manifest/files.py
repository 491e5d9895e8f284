"""Opening a manifest: a regular file, once, or a sentence that says why not.

Knows files. Refuses to know what stands in them.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from reconciler.manifest.findings import Collector
from reconciler.manifest.rules import line_rules as rules

__all__ = ["open_regular"]


@contextmanager
def open_regular(path: Path, collector: Collector) -> Iterator[BinaryIO | None]:
    """The file, open for reading bytes; None after reporting why it cannot be read."""
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as exception:
        _report(exception, path, collector)
        yield None
        return
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        with os.fdopen(descriptor, "rb") as handle:
            yield handle
        return
    os.close(descriptor)
    collector.report(rules.DIRECTORY if stat.S_ISDIR(mode) else rules.NOT_A_FILE, collector.place)
    yield None


def _report(exception: OSError | ValueError, path: Path, collector: Collector) -> None:
    number = exception.errno if isinstance(exception, OSError) else None
    if number in {errno.ENOENT, errno.ENOTDIR}:
        collector.report(rules.MISSING, collector.place, cure=_missing_cure(path))
    elif number == errno.ENXIO:
        collector.report(rules.NOT_A_FILE, collector.place)
    else:
        reason = os.strerror(number) if number else str(exception)
        collector.report(rules.UNREADABLE, collector.place, reason=reason)


def _missing_cure(path: Path) -> str:
    cure = "write the file, or correct its name where it is declared"
    try:
        names = [sibling.name for sibling in path.parent.iterdir()]
    except OSError:
        return cure
    near = get_close_matches(path.name, sorted(names), n=1)
    return f"{cure} (did you mean {near[0]}?)" if near else cure
