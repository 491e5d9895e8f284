"""`reconciler convert`: annotations of a different format become a manifest, and a manifest becomes annotations.

The result is written to the file or folder of `-o`, findings to standard error. After a finding of class error nothing
is written: half a manifest looks like a whole one.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import imagesize

from reconciler.cli.commands.report import whole_file
from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.merged import merge
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.formats import EXPORTERS, FORMATS, ExportedFile
from reconciler.formats.narrow import narrowed
from reconciler.limits import IMAGE_SIDE_MAX_PX
from reconciler.manifest.read import open_file
from reconciler.model import Finding, Severity
from reconciler.text import counted, inert
from reconciler.views.terminal.tables import Role
from reconciler.views.words import finding_lines

T = TypeVar("T")
_ROLES: Final[dict[Severity, Role]] = {Severity.ERROR: "bad", Severity.MARKED: "warning", Severity.NOTE: "dim"}
_CURE: Final = "check its name and permissions"
# The first bytes of JPEG and PNG files.
_IMAGES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def convert(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Convert the files in the arguments.

    Raises:
        BadInput: a file cannot be read or converted, the images' address is not an S3 address, or the folder to write
            has files. OSError: the result cannot be written.
    """
    options = run.options
    exporter, place = EXPORTERS[options.to], options.files.get("lines", "")
    if exporter.folder and Path(place).exists() and any(Path(place).iterdir()):
        raise BadInput(f"{inert(place)} is not empty; give a folder that does not exist yet")
    importer, files_read = FORMATS[options.annotations], Disk(options.sources)
    sizes = _sizes(run, screen, signals).get if options.sizes else None
    read = importer.convert(files_read, images=options.prefix, created=options.created, sizes=sizes)
    lines, errors = _sorted_out(narrowed(read, least=options.min_confidence, human_only=options.human_only), screen)
    if not lines and not errors:
        raise BadInput("the annotations give no line for any image; nothing was written")
    if options.into and not errors:
        return merge(run, screen, lines, Path(options.into))
    files, more = _sorted_out(exporter.export(lines, options.prefix), screen) if not errors else ([], 0)
    if errors or more:
        raise BadInput(f"{counted(errors + more, 'error', 'errors')} in the annotations; nothing was written")
    if exporter.folder:
        _write_folder(Path(place), files)
    elif place == STANDARD_OUTPUT:
        screen.document(files[0].content.decode("utf-8", "surrogatepass"))
    else:
        Path(place).write_bytes(files[0].content)
    return Exit.DONE


def _sizes(run: Run, screen: Screen, signals: Signals) -> Mapping[str, tuple[int, int]]:
    """The sizes of the images of which the annotations give none: they are all asked for at once."""
    from reconciler.cli.session.images import sizes_of  # noqa: PLC0415 - few runs read images
    from reconciler.cli.session.live import LiveSide  # noqa: PLC0415 - likewise

    options, asked = run.options, dict[str, tuple[int, int]]()

    def ask(key: str) -> tuple[int, int]:
        return asked.setdefault(key, (IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MAX_PX))

    importer = FORMATS[options.annotations]
    for _one in importer.convert(Disk(options.sources), images=options.prefix, created=options.created, sizes=ask):
        pass  # read once for the images of which the size is asked for
    return sizes_of(asked, run, screen, LiveSide(run, screen, signals)) if asked else asked


def _sorted_out(results: Iterable[T | Finding], screen: Screen) -> tuple[list[T], int]:
    """What came out, and the number of errors; findings are shown."""
    kept: list[T] = []
    errors = 0
    for one in results:
        if isinstance(one, Finding):
            errors += one.severity is Severity.ERROR
            line, cure = finding_lines(one)
            screen.remark(line, _ROLES[one.severity])
            screen.remark(f"  {cure}", "dim")
        else:
            kept.append(one)
    return kept, errors


def _write_folder(folder: Path, files: Sequence[ExportedFile]) -> None:
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


class Disk:
    """The files and folders in the arguments: `formats.Sources` on this machine."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return ((name, self.read(name)) for name in self.names)

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return whole_file(name, _CURE)

    def below(self, folder: str) -> Sequence[str]:
        """Every file at any depth of a folder; links to folders are not followed, so that they cannot form a circle."""
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
        with _readable(name), open_file(Path(name)) as file:
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
        raise BadInput(f"{inert(name)} cannot be read: {fault.strerror}; {_CURE}") from None
