"""`reconciler convert`: annotations of a different format become the lines of a manifest.

Lines are written to the file of `-o`, findings to standard error. After a finding of class error nothing is written:
half a manifest looks like a whole one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.run import Run
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS, Converted
from reconciler.model import Severity
from reconciler.text import counted, inert
from reconciler.views.terminal.columns import Role
from reconciler.views.words import finding_line

_ROLES: Final[dict[Severity, Role]] = {Severity.ERROR: "bad", Severity.MARKED: "warning", Severity.NOTE: "dim"}


def convert(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Convert the files in the arguments.

    Raises:
        BadInput: a file cannot be read or converted, or the address of the images is invalid. OSError: the manifest
            cannot be written.
    """
    options, lines, errors = run.options, [], 0
    format_ = FORMATS[options.annotations]
    for one in format_.convert(_read(options.sources), images=options.prefix, created=options.created):
        if isinstance(one, Converted):
            lines.append(one.line + b"\n")
        else:
            errors += one.severity is Severity.ERROR
            screen.remark(finding_line(one), _ROLES[one.severity])
    if errors:
        raise BadInput(f"{counted(errors, 'error', 'errors')} in the annotations; nothing was written")
    content, file = b"".join(lines), options.files["lines"]
    if file == STANDARD_OUTPUT:
        screen.document(content.decode())
    else:
        Path(file).write_bytes(content)
    return Exit.DONE


def _read(files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, one in memory at a time.

    Raises:
        BadInput: a file cannot be read.
    """
    for file in files:
        try:
            yield file, Path(file).read_bytes()
        except OSError as fault:
            raise BadInput(f"{inert(file)} cannot be read: {fault.strerror}; fix its name") from None
