"""What every converter reads and gives, keys of images, and the rules about files and images that formats share.

A finding of class error means: this file (or image) gives no line. Class marked: a box would be marked by the service
and was clipped or left out. A note changes nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Final, Protocol

from msgspec import Struct, field

from reconciler.entries.image_names import key_of_image, oddities, s3_address
from reconciler.errors import BadInput
from reconciler.limits import NESTING
from reconciler.manifest.mistaken_files import HEAD, few, markers, mistaken_file
from reconciler.manifest.rules.files import MERGE_CONFLICT, NOT_UTF8
from reconciler.model import Finding, Place
from reconciler.rule import Rule, error, marked
from reconciler.text import PASTED_IN_A_CURE, path_for_shell

_XML: Final = "XML 1.0"
SAVE_AGAIN: Final = "save the file again with the tool that wrote it"

ENCODING: Final = error("encoding", "the file is not UTF-8 (byte {byte})", SAVE_AGAIN)

# Images.
REPEATED_IMAGE: Final = error(
    "repeated-image",
    "the image {key} was already annotated at {first}",
    "keep one of the two annotations; where two folders have images of one name, convert each with its --image-prefix",
)
HALF_CHARACTER: Final = error(
    "half-character",
    "the {what} '{text}' holds half of a surrogate pair, which is not a character",
    "write the character itself, or both halves of its escape",
    "RFC 8259",
)
NOT_S3: Final = error(
    "image-not-in-s3",
    "the name of the image is the address {name}, and Custom Labels reads images from S3 alone",
    "{cure}",
)
IMAGE_FORMAT: Final = marked(
    "image-format",
    "the image is left out: Custom Labels takes JPEG and PNG",
    "convert the image to JPEG or PNG",
    "Custom Labels Developer Guide, Guidelines and quotas",
)
SIZE: Final = error(
    "size", "{what} is {value}, not a positive whole number of pixels", "write the image's size in pixels"
)
SIZE_UNREAD: Final = error(
    "size-not-in-image",
    "the annotations have no size of the image {key}, and none can be read from the image",
    "look at the image: `reconciler validate --check-images` of a manifest says what is wrong with it",
)

# XML.
XML: Final = error("xml", "not well-formed XML: {reason}", SAVE_AGAIN, _XML)
XML_ENCODING: Final = error("xml-encoding", "the encoding is not supported: {reason}", SAVE_AGAIN, _XML)
XML_UNDECLARED: Final = error(
    "xml-encoding-undeclared",
    "the file is not UTF-8 (byte {byte}) and declares no encoding",
    'declare it in the first line, such as <?xml version="1.0" encoding="ISO-8859-1"?>, or save the file as UTF-8',
    _XML,
)
XML_DOCTYPE: Final = error(
    "xml-doctype",
    "a document type declaration (<!DOCTYPE ...>) is not read, because it can declare entities",
    "remove the declaration",
)
XML_NESTING: Final = error("xml-nesting", f"elements are nested deeper than {NESTING} levels", SAVE_AGAIN)

# A bucket and, optionally, the beginning of a key. Whether the bucket's name is legal is judged with the manifest.
HALF: Final = re.compile("[\ud800-\udfff]")
_PREFIX: Final = re.compile(r"s3://[^/\s]+(/.*)?")


class Converted(Struct, frozen=True):
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


class Unreadable(Exception):
    """Something in a file that cannot be turned into a line; carries the finding, and never leaves this package."""

    def __init__(self, rule: Rule, place: Place, **details: object) -> None:
        self.finding = rule.finding(place, None, **details)
        super().__init__(self.finding.message)


def refuse_mistaken(file: str, content: bytes, *, wide: bool = False) -> None:
    """Do nothing for the content of a file of annotations; `wide`: it may be UTF-16.

    Raises:
        Unreadable: it is something else, such as a pointer of Git LFS.
    """
    mistake = mistaken_file(content[:HEAD], manifest=False)
    if mistake is not None and not (wide and mistake[0] is NOT_UTF8):
        rule, details = mistake
        raise Unreadable(
            rule,
            Place(file, 1, 1),
            file=path_for_shell(file, "FILE", PASTED_IN_A_CURE),
            output="train.jsonl",
            **details,
        )
    if b"<<<<<<<" in content or b">>>>>>>" in content:
        lines = markers(BytesIO(content), 1)
        if lines:
            raise Unreadable(MERGE_CONFLICT, Place(file, lines[0], 1), lines=few(lines))


class Keys(Struct, frozen=True):
    """The keys of all images so far, and where each was annotated; `prefix` is the address under which images lie.

    `odd` has for each oddity of a name where it was seen first, the name, and how often. `sizes` gives the width and
    height of an image by its key where the annotations have none.
    """

    prefix: str
    sizes: Callable[[str], tuple[int, int] | None] | None = None
    places: dict[str, Place] = field(default_factory=dict)
    odd: dict[Rule, tuple[Place, str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _PREFIX.fullmatch(self.prefix) is None:
            raise BadInput(f"{self.prefix!r} is not an S3 address; give an address such as s3://bucket/folder/")

    def of(self, name: str, place: Place) -> str:
        """The key of an image.

        Raises:
            Unreadable: the image was annotated before, or its name is an address that is not S3's.
        """
        if HALF.search(name):
            raise Unreadable(HALF_CHARACTER, place, what="image's name", text=name)
        key = key_of_image(self.prefix, name)
        if not key.startswith("s3://"):
            address = s3_address(key)
            cure = f"write {address}" if address else "write the image's name below the prefix, or its s3:// address"
            raise Unreadable(NOT_S3, place, name=name, cure=cure)
        if key in self.places:
            raise Unreadable(REPEATED_IMAGE, place, key=key, first=str(self.places[key]))
        self.places[key] = place
        for rule in oddities(key):
            first, named, count = self.odd.get(rule, (place, name, 0))
            self.odd[rule] = first, named, count + 1
        return key

    def size_of(self, key: str, place: Place) -> tuple[int, int] | None:
        """The width and height of an image, read from itself; None where that was not asked for.

        Raises:
            Unreadable: they cannot be read.
        """
        if self.sizes is None:
            return None
        size = self.sizes(key)
        if size is None:
            raise Unreadable(SIZE_UNREAD, place, key=key)
        return size

    def findings(self) -> Iterator[Finding]:
        """What is odd in the names of the images, each oddity once with its count."""
        for rule, (place, name, count) in self.odd.items():
            yield rule.finding(place, None, count=count, s="s" if count > 1 else "", name=name)
