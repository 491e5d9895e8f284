"""Files that a command changes together: all of them get their new text, or none does; or a patch says what changes."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Self

from msgspec import Struct, field

from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.errors import BadInput
from reconciler.git import commit_of, patch_between, root_of
from reconciler.text import inert


class NewFiles(Struct):
    """The new texts of files, each beside its file until `done`. With `--patch` the files themselves stay.

    A file with changes that git does not have could not be brought back, and is refused without `--allow-dirty`.
    """

    run: Run
    screen: Screen
    _written: dict[Path, Path] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for temporary in self._written.values():
            temporary.unlink(missing_ok=True)

    def write(self, path: Path, pieces: Iterable[bytes]) -> Path:
        """Write the new text of a file beside it, and give where that is; the file stays until `done`.

        Raises:
            BadInput: it has changes that are not committed. OSError: it cannot be written.
        """
        path = path.resolve()
        self.refuse_dirty(path)
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=path.suffix, delete=False) as file:
            if earlier := self._written.get(path):
                earlier.unlink()
            self._written[path] = Path(file.name)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        self._written[path].chmod(stat.S_IMODE(mode))
        return self._written[path]

    def text_of(self, path: Path) -> bytes:
        """The text of a small file, as it will be."""
        return self._written.get(path.resolve(), path).read_bytes()

    def done(self) -> None:
        """Put the new files in place, in the order in which they were written first; or write the patch.

        Raises:
            OSError: the disk is full, or a file cannot be replaced.
        """
        if self.run.options.patch:
            self._write_patch(self.run.options.patch)
            return
        for path, temporary in self._written.items():
            temporary.replace(path)

    def refuse_dirty(self, path: Path) -> None:
        """Stop before any work if a file has changes that could not be brought back.

        Raises:
            BadInput: it has, and neither `--allow-dirty` nor `--patch` is given.
        """
        options = self.run.options
        commit = commit_of(path) if path.exists() and not options.allow_dirty and not options.patch else None
        if commit and commit.dirty:
            shown = inert(os.path.relpath(path))
            raise BadInput(f"{shown} has changes that are not committed; commit them, or give --allow-dirty")

    def _write_patch(self, place: str) -> None:
        with TemporaryDirectory(prefix="reconciler-") as name:
            folder = Path(name)
            for path, temporary in self._written.items():
                _copy(path, folder / "a", path)
                _copy(temporary, folder / "b", path)
            (folder / "a").mkdir(exist_ok=True)
            patch = patch_between(folder) if self._written else b""
        if place == STANDARD_OUTPUT:
            self.screen.document(patch.decode("utf-8", "surrogateescape"))
        else:
            Path(place).write_bytes(patch)


def _copy(source: Path, side: Path, path: Path) -> None:
    """A file under its name in the repository; nothing where there is none."""
    target = side / os.path.relpath(path, root_of(path.parent))
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
