"""The text of a YAML file, decoded piece by piece for PyYAML's scanner.

Knows UTF-8, the characters YAML allows, and where a fault stands. A fault ends the text; `fault` then says why. Refuses
to know YAML's grammar. Both of PyYAML's scanners get the same text, so they cannot disagree about it.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

__all__ = ["TextFault", "YamlText"]

_PIECE: Final = 1 << 16
# What YAML 1.1 allows in a stream, less the byte order mark inside it and less three characters that YAML 1.1 takes
# for line ends and editors do not (NEL, line and paragraph separator): line numbers would go apart.
_FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_END: Final = re.compile("\r\n|\r|\n")
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TextFault:
    """Why the text ends early: a character that is not allowed, or a byte that is not UTF-8 (`code` is its value)."""

    line: int
    column: int
    code: int
    is_byte: bool
    wide: bool = False


class YamlText:
    """A stream of text for `yaml.Loader`; `comments` holds the lines with ` #` in them, by number, until forgotten."""

    def __init__(self, handle: BinaryIO) -> None:
        self.fault: TextFault | None = None
        self.comments: dict[int, str] = {}
        self._handle = handle
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._column = 1
        self._start = True
        self._left = ""  # the beginning of the current line, when a piece ended inside it

    def read(self, _size: int = -1) -> str:
        """The next piece, empty at the end or at a fault; the scanner asks for a size, and takes what it gets."""
        while self.fault is None and (raw := self._handle.readline(_PIECE)):
            text = self._decoded(raw)
            if text:
                return text
        return self._rest()

    @property
    def reached(self) -> tuple[int, int]:
        """Line and column after the last character that was read."""
        return self._line, self._column

    def forget_comments(self, before: int) -> None:
        """Drop the remembered lines before a line."""
        for number in [number for number in self.comments if number < before]:
            del self.comments[number]

    def _rest(self) -> str:
        """What is wrong at the end: a character that was begun and not ended."""
        pending = self._decoder.getstate()[0]
        if self.fault is None and pending:
            self.fault = TextFault(self._line, self._column, pending[0], is_byte=True)
        return ""

    def _decoded(self, raw: bytes) -> str:
        wide = self._start and raw.startswith(_WIDE_BOMS)
        pending = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(raw)
        except UnicodeDecodeError as exception:
            data = pending + raw
            text = self._checked(data[: exception.start].decode())
            if self.fault is None:
                code = data[exception.start]
                self.fault = TextFault(self._line, self._column, code, is_byte=True, wide=wide)
            return text
        if self._start and text:
            text = text.removeprefix("\ufeff")
            self._start = False
        return self._checked(text)

    def _checked(self, text: str) -> str:
        """The text up to a character that is not allowed."""
        match = _FORBIDDEN.search(text)
        good = text if match is None else text[: match.start()]
        self._advance(good)
        if match is not None:
            self.fault = TextFault(self._line, self._column, ord(match.group()), is_byte=False)
        return good

    def _advance(self, text: str) -> None:
        self._remember(text)
        ends = list(_LINE_END.finditer(text))
        self._line += len(ends)
        self._column = len(text) - ends[-1].end() + 1 if ends else self._column + len(text)

    def _remember(self, text: str) -> None:
        if text.endswith("\n"):
            whole, self._left = self._left + text, ""
            if " #" in whole or "\t#" in whole:
                self.comments[self._line] = whole
        else:
            self._left = (self._left + text)[:_PIECE]
            if " #" in self._left or "\t#" in self._left:
                self.comments[self._line] = self._left
