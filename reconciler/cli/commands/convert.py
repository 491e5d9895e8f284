"""`reconciler convert`: annotations of another format become the lines of a manifest.

Lines go where `-o` says, findings to standard error. With a finding of class error nothing is written: half a manifest
looks like a whole one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import imagesize

from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen, Style
from reconciler.cli.session.run import Run
from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS, Converted
from reconciler.model import Severity
from reconciler.text import counted, inert
from reconciler.views.words import finding_line

_STYLES = {Severity.ERROR: Style.BAD, Severity.MARKED: Style.WARNING, Severity.NOTE: Style.DIM}
# How JPEG and PNG files begin.
_IMAGES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def convert(run: Run, screen: Screen) -> Exit:
    """Convert the files that the arguments name.

    Raises:
        BadInput: a file cannot be read or converted, or the images' address is not an S3 address.
        OSError: the manifest cannot be written.
    """
    asked = run.options.asked
    lines: list[bytes] = []
    errors = 0
    for one in FORMATS[asked.annotations].convert(Disk(asked.sources), images=asked.prefix, created=asked.created):
        if isinstance(one, Converted):
            lines.append(one.line)
        else:
            errors += one.severity is Severity.ERROR
            screen.remark(finding_line(one), _STYLES[one.severity])
    if errors:
        raise BadInput(f"{counted(errors, 'error', 'errors')} in the annotations; nothing was written")
    _write(asked.files["lines"], lines, screen)
    return Exit.DONE


class Disk:
    """The files and folders that the arguments name, as `formats.Sources` promises."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((name, self.read(name)) for name in self.names)

    def read(self, name: str) -> bytes:
        """The content of a file."""
        with _readable(name):
            return Path(name).read_bytes()

    def below(self, folder: str) -> Sequence[str]:
        """Every file at any depth of a folder; links to folders are not followed, so that no circle is."""
        found: list[str] = []
        if Path(folder).is_file():
            return found
        with _readable(folder):
            for where, folders, files in os.walk(folder, onerror=_raise):
                folders[:] = [name for name in folders if not name.startswith(".")]
                beside = Path(where).relative_to(folder)
                found += [(beside / name).as_posix() for name in files if not name.startswith(".")]
        return sorted(found)

    def image_size(self, name: str) -> tuple[int, int] | None:
        """Width and height of a JPEG or PNG; an orientation in its EXIF data is applied. Nothing is decoded."""
        # The library takes more formats, and addresses: it gets an open file, and only of the formats that AWS takes.
        with _readable(name), Path(name).open("rb") as file:
            if not file.read(8).startswith(_IMAGES):
                return None
            file.seek(0)
            width, height = imagesize.get(file)
        return (width, height) if min(width, height) > 0 else None


def _raise(fault: OSError) -> None:
    raise fault


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise BadInput(f"{inert(name)} cannot be read: {fault.strerror}; check its name and permissions") from None


def _write(place: str, lines: Sequence[bytes], screen: Screen) -> None:
    content = b"".join(line + b"\n" for line in lines)
    if place == STANDARD_OUTPUT:
        screen.document(content.decode())
    else:
        Path(place).write_bytes(content)
