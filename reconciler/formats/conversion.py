"""What every converter reads and gives.

A finding of class error means: this file (or image) gives no line. Class marked: a box would be marked by the service
and was clipped or left out. A note changes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from reconciler.errors import BadInput
from reconciler.model import Finding, Place
from reconciler.rule import Rule

# A bucket and, optionally, the beginning of a key. Whether the bucket's name is legal is judged with the manifest.
_PREFIX: Final = re.compile(r"s3://[^/\s]+(/.*)?")


@dataclass(frozen=True, slots=True)
class Converted:
    """One line of a manifest: its key (`source-ref`), its text (compact JSON, no line end), where it came from."""

    key: str
    line: bytes
    place: Place


class Sources(Protocol):
    """The files and folders that the user named, the only things that a converter can read.

    Names are as the user wrote them, with `/` between folders. `reconciler convert` implements it on a disk.

    Raises:
        BadInput: a file or folder cannot be read.
    """

    names: Sequence[str]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each file that the user named, in order, one in memory at a time."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a file."""
        ...

    def below(self, folder: str) -> Sequence[str]:
        """Every file at any depth of a folder, relative to it and sorted; without hidden ones. None if it is a file."""
        ...

    def image_size(self, name: str) -> tuple[int, int] | None:
        """Width and height in pixels of a JPEG or PNG as viewers show it; None if its header cannot be read."""
        ...


class Convert(Protocol):
    """A converter: what the user named in, lines and findings out.

    `images` is the s3:// address under which the images lie, `created` the creation-date written into every line.
    It reads no clock and no network, and files only through `sources`. A file's findings come before its lines.

    Raises:
        BadInput: `images` is not an s3:// address.
    """

    def __call__(self, sources: Sources, /, *, images: str, created: str) -> Iterator[Converted | Finding]:
        """Convert the files, lazily and in order."""
        ...


class Unreadable(Exception):
    """Something in a file that cannot be turned into a line; carries the finding, and never leaves this package."""

    def __init__(self, rule: Rule, place: Place, **details: object) -> None:
        self.finding = rule.finding(place, None, **details)
        super().__init__(self.finding.message)


def checked_prefix(images: str) -> str:
    """The address under which the images lie, when it is one.

    Raises:
        BadInput: it does not begin with s3:// and a bucket.
    """
    if _PREFIX.fullmatch(images) is None:
        raise BadInput(f"{images!r} is not an S3 address; give an address such as s3://bucket/folder/")
    return images


def joined(images: str, name: str) -> str:
    """An image's address: prefix and name with exactly one "/" between them, nothing else changed."""
    return f"{images.removesuffix('/')}/{name.removeprefix('/')}"
