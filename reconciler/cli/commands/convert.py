"""`reconciler convert`: annotations of another format become the lines of a manifest.

Lines go where `-o` says, findings to standard error. With a finding of class error nothing is written: half a manifest
looks like a whole one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen, Style
from reconciler.cli.session.run import Run
from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS, Converted
from reconciler.model import Finding, Severity
from reconciler.text import counted, inert
from reconciler.views.words import finding_line

_STYLES = {Severity.ERROR: Style.BAD, Severity.MARKED: Style.WARNING, Severity.NOTE: Style.DIM}


def convert(run: Run, screen: Screen) -> Exit:
    """Convert the files that the arguments name.

    Raises:
        BadInput: a file cannot be read or converted, or the images' address is none. OSError: the manifest cannot be
            written.
    """
    asked = run.options.asked
    lines: list[bytes] = []
    errors = 0
    for one in FORMATS[asked.annotations].convert(_read(asked.sources), images=asked.prefix, created=asked.created):
        if isinstance(one, Converted):
            lines.append(one.line)
        else:
            errors += one.severity is Severity.ERROR
            _show(one, screen)
    if errors:
        raise BadInput(f"{counted(errors, 'error', 'errors')} in the annotations; nothing was written")
    _write(asked.files["lines"], lines, screen)
    return Exit.DONE


def _read(files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, one in memory at a time.

    Raises:
        BadInput: a file cannot be read.
    """
    for file in files:
        try:
            content = Path(file).read_bytes()
        except OSError as fault:
            raise BadInput(f"{inert(file)} cannot be read: {fault.strerror}; mend its name") from None
        yield file, content


def _show(finding: Finding, screen: Screen) -> None:
    screen.remark(finding_line(finding), _STYLES[finding.severity])


def _write(place: str, lines: Sequence[bytes], screen: Screen) -> None:
    content = b"".join(line + b"\n" for line in lines)
    if place == STANDARD_OUTPUT:
        screen.document(content.decode())
    else:
        Path(place).write_bytes(content)
