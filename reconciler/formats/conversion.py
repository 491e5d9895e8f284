"""What every converter takes and gives.

A finding of class error means: this file (or image) gives no line. Class marked: a box would be marked by the service
and was clipped or left out. A note changes nothing.
"""

import re
from collections.abc import Iterable, Iterator
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


class Convert(Protocol):
    """A converter: (name as the user knows it, content) of each file in, lines and findings out.

    `images` is the s3:// address under which the images lie, `created` the creation-date written into every line.
    Nothing is read from a clock, a disk or a network. A file's findings come before its lines.

    Raises:
        BadInput: `images` is no s3:// address.
    """

    def __call__(
        self, files: Iterable[tuple[str, bytes]], *, images: str, created: str
    ) -> Iterator[Converted | Finding]:
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
        raise BadInput(f"{images!r} is no place for images; give an address such as s3://bucket/folder/")
    return images


def joined(images: str, name: str) -> str:
    """An image's address: prefix and name with exactly one "/" between them, nothing else changed."""
    return f"{images.removesuffix('/')}/{name.removeprefix('/')}"
