"""A manifest in YAML cut at its entries: a head, and one piece of text for each entry.

Only a file is cut whose cuts are surely right, or found wrong when a piece is read: keys and one-line values above the
list, nothing at the margin below them, lines of bounded length, no anchors, and no characters that end a text early.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from reconciler.manifest.yaml.text import BOM, has_forbidden

# Bytes that are read at once, the longest line and entry, and the longest head.
_BLOCK: Final = 2**18
_LONGEST: Final = 2**20
_HEAD: Final = 2**16

_COMMENT: Final = rb"(?:#[^\n]*)?\r?\n"
_SIGN: Final = rb"[^\r\n#:?,\[\]{}]"
_VALUE: Final = (
    rb"(?:[\w/.(+\x80-\xff]" + _SIGN + rb"*(?::[^\s#:?,\[\]{}]" + _SIGN + rb"*)*"
    rb"""|'[^'\r\n]*'|"[^"\\\r\n]*"|\[[\w ,.+-]*\])"""
)
_HEAD_LINES: Final = re.compile(
    rb"(?P<above>(?:\xef\xbb\xbf)?(?:---\r?\n)?"
    rb"(?: *" + _COMMENT + rb"|(?!entries:)[a-z-]+: +" + _VALUE + rb"(?: +| +#[^\n]*)?\r?\n)*)"
    rb"entries:(?: *| +#[^\n]*)\r?\n(?: *" + _COMMENT + rb")*(?P<list> *)- ",
    re.ASCII,
)
# A key at the margin, as `read` looks for one.
_AT_MARGIN: Final = re.compile(rb"""\n[A-Za-z"'&*!?]""")
_ANCHOR: Final = re.compile(rb"(?:\A|[\s\[{,:])[&*][A-Za-z0-9_-]")
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_ORDINARY: Final = b"\t\n\r" + bytes(range(0x20, 0x7F))


class Chunk(NamedTuple):
    """The text of an entry behind its dash, the number of its first line, and where that begins.

    `is_last`: no other entry is known to follow.
    """

    text: bytes
    line: int
    offset: int
    is_last: bool


class Cut(NamedTuple):
    """The text of a head with an empty list, how far the list is indented, and where it begins: its line and offset."""

    head: bytes
    indent: int
    line: int
    offset: int

    def alone(self, text: bytes) -> bytes:
        """The text of an entry as the first of a list of two, with the line that begins the list above it."""
        dash = b" " * self.indent + b"- "
        return b"entries:\n%b%b\n%b.\n" % (dash, text, dash)


def cut_of(handle: BinaryIO) -> Cut | None:
    """How a file is cut; None for one that is better read in one piece."""
    handle.seek(0)
    match = _HEAD_LINES.match(handle.read(_HEAD))
    if match is None or b"\t" in match[0] or _has_others(match[0].removeprefix(BOM)):
        return None
    offset = match.start("list")
    handle.seek(offset)
    for block in _blocks(handle):
        is_cut_off = not block.endswith(b"\n") and handle.read(1)  # within a line that is too long
        if is_cut_off or _has_others(block) or _AT_MARGIN.search(b"\n" + block):
            return None
        if (b"&" in block or b"*" in block) and _ANCHOR.search(block):
            return None
    head, line = match["above"] + b"entries: []\n", match[0].count(b"\n") + 1
    return Cut(head, len(match["list"]), line, offset)


def _blocks(handle: BinaryIO) -> Iterator[bytes]:
    """The rest of a file in pieces of whole lines, as far as they are not too long."""
    while block := handle.read(_BLOCK):
        yield block + handle.readline(_LONGEST)


def _has_others(block: bytes) -> bool:
    """Whether some lines have bytes that end a text early, or a line end that editors do not know."""
    if b"\r" in block and _LONE_CR.search(block):
        return True
    if block.isascii():
        return bool(block.translate(None, _ORDINARY))
    try:
        return has_forbidden(block.decode())
    except UnicodeDecodeError:
        return True


def chunks(handle: BinaryIO, cut: Cut) -> Iterator[Chunk]:
    """The entries one after the other; what follows an entry that is very long is left out."""
    separator = b"\n" + b" " * cut.indent + b"- "
    line, offset, kept = cut.line, cut.offset, b""
    handle.seek(offset + cut.indent + len(b"- "))
    while block := handle.read(_BLOCK):
        *whole, kept = (kept + block).split(separator)
        for text in whole:
            yield Chunk(text, line, offset, is_last=False)
            line += text.count(b"\n") + 1
            offset += len(text) + len(separator)
        if len(kept) > _LONGEST:
            kept = b""
            break
    yield Chunk(kept, line, offset, is_last=True)
