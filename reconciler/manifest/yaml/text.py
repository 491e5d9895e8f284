"""The text of a YAML file, decoded piece by piece, and what the scanner says of it in sentences of this program.

Both of PyYAML's scanners get the same text from `YamlText`, so they cannot disagree about it, and what they report is
one sentence with the cure. One difference between them remains: libyaml lets a tab separate values, PyYAML's own
scanner refuses it.
"""

import codecs
import math
import re
from typing import Final, NamedTuple, Protocol

from reconciler.manifest.mistaken_files import MARKER
from reconciler.manifest.rules import files
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.rule import Rule

BOM: Final = b"\xef\xbb\xbf"
_OPENED_HERE: Final = ("unexpected end of stream", "',' or")

# (phrase in the problem, as a regular expression, what is wrong, cure); the first that fits.
_SENTENCES: Final = (
    (
        "cannot start any token",
        "a character that no value can begin with (a tab, or one of @ ` %)",
        "indent with blanks, and put text that begins with such a character in quotes",
    ),
    ("unexpected end of stream", "a quote is opened here and never closed", "close the quote"),
    ("',' or", "a bracket is opened here and never closed, or a comma is missing", "close the bracket, add the comma"),
    (
        "apping values are not allowed",
        "a colon where a key is not possible",
        "put text that holds `: ` in quotes, and check the indentation",
    ),
    (
        "sequence entries are not allowed",
        "a `-` where a list cannot begin",
        "begin the list on its own line, indented under its key",
    ),
    ("unknown escape", "an unknown escape in double quotes", "use single quotes, or double the backslash"),
    (
        "Unicode character escape|arg not in range",
        "an escape in double quotes does not name a character",
        "write the character itself",
    ),
    ("document start", "text after the end of the document", "keep one mapping in the file"),
    (
        "expected key|block end",
        "the indentation fits no key above, or a value continues after its end",
        "align it with its keys",
    ),
    ("node content", "a value was expected here", "write the value, or put text that begins with a sign in quotes"),
    ("expected ':'", "a key has no colon", "write `key: value`"),
    ("incompatible YAML", "the file requires a different version of YAML", "remove the %YAML line"),
)


def explained(exception: Exception) -> tuple[int, int, str, str]:
    """ParsedLine and column from 1 (0 when unknown), what is wrong, and the cure."""
    problem = str(getattr(exception, "problem", None) or exception)
    mark = getattr(exception, "problem_mark", None)
    if any(phrase in problem for phrase in _OPENED_HERE):
        mark = getattr(exception, "context_mark", None) or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    for phrase, reason, cure in _SENTENCES:
        if re.search(phrase, problem):
            return line, column, reason, cure
    return line, column, problem.splitlines()[0], "check quotes, brackets and indentation"


_PIECE: Final = 1 << 16
# What YAML 1.1 allows in a stream, less the byte order mark inside it and less three characters that YAML 1.1 takes
# for line ends and editors do not (NEL, line and paragraph separator): line numbers would differ.
_FORBIDDEN: Final = "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
# Text that has none of them for sure; compiling the other expression takes longer than reading a small file.
_ASCII: Final = re.compile("[\t\n\r\x20-\x7e]*")


def has_forbidden(text: str) -> bool:
    """Whether a text has a character that is not allowed."""
    return re.search(_FORBIDDEN, text) is not None


_MARKERS: Final = frozenset(7 * sign for sign in "<=>|")
_LINE_END: Final = re.compile("\r\n|\r|\n")


class TextFault(NamedTuple):
    """Why the text ends early: the broken rule, line, column and details."""

    rule: Rule
    line: int
    column: int
    details: dict[str, object]


class Lines(Protocol):
    """What a text is read from, line by line: a file, or some lines of one."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or that many bytes of it; empty at the end."""
        ...


class YamlText:
    """The text of a YAML file, decoded piece by piece for `yaml.Loader`; a fault ends it.

    `line` is the number of its first line in the file. `fault` is None until then. `comments` holds the lines with ` #`
    in them, by number, until forgotten, `tabs` the column of a tab before the text of a line, and `markers` the numbers
    of lines that are markers of a merge conflict.
    """

    def __init__(self, handle: Lines, line: int = 1) -> None:
        self.fault: TextFault | None = None
        self.before = line - 1  # lines of the file above the text
        self.comments: dict[int, str] = {}
        self.markers: list[int] = []
        self.tabs: dict[int, int] = {}
        self._handle = handle
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = line
        self._column = 1
        self._start = True
        self._left = ""  # the beginning of the current line, when a piece ended inside it

    def read(self, _size: int = -1) -> str:
        """The next piece, empty at the end or at a fault; the scanner asks for a size, and takes what it gets."""
        while self.fault is None and (raw := self._handle.readline(_PIECE)):
            text = self._decoded(raw)
            if text:
                return text
        pending = self._decoder.getstate()[0]
        if pending:  # a character that is begun and not ended
            self._stop(files.NOT_UTF8, byte=pending[0], guess="")
        return ""

    @property
    def reached(self) -> tuple[int, int]:
        """ParsedLine and column after the last character that was read."""
        return self._line, self._column

    def forget_comments(self, before: int) -> None:
        """Drop the remembered lines before a line."""
        for lines in (self.comments, self.tabs):
            for number in [number for number in lines if number < before]:
                del lines[number]

    def _stop(self, rule: Rule, **details: object) -> None:
        self.fault = self.fault or TextFault(rule, self._line, self._column, details)

    def _decoded(self, raw: bytes) -> str:
        pending = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(raw)
        except UnicodeDecodeError as exception:
            data = pending + raw
            text = self._checked(data[: exception.start].decode())
            self._stop(files.NOT_UTF8, byte=data[exception.start], guess="")
            return text
        if self._start and text:
            text = text.removeprefix("\ufeff")
            self._start = False
        return self._checked(text)

    def _checked(self, text: str) -> str:
        """The text up to a character that is not allowed."""
        match = None if _ASCII.fullmatch(text) else re.search(_FORBIDDEN, text)
        good = text if match is None else text[: match.start()]
        self._remember(good)
        ends = list(_LINE_END.finditer(good))
        self._line += len(ends)
        self._column = len(good) - ends[-1].end() + 1 if ends else self._column + len(good)
        if match is not None and match.group() == "\ufeff":
            self._stop(line_rules.BOM_INSIDE)
        elif match is not None:
            self._stop(yaml_rules.CHARACTER, code=ord(match.group()))
        return good

    def _remember(self, text: str) -> None:
        whole = self._left + text
        self._left = "" if text.endswith("\n") else whole[:_PIECE]
        if " #" in whole or "\t#" in whole:
            self.comments[self._line] = whole
        if whole.lstrip(" ").startswith("\t"):
            self.tabs[self._line] = whole.index("\t") + 1
        if whole[:7] in _MARKERS and MARKER.match(whole[:8].encode()) and self._line not in self.markers[-1:]:
            self.markers.append(self._line)


# A number as JSON spells it (RFC 8259, section 6).
NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DIGITS: Final = 300


def json_number(text: str) -> int | float | None:
    """The number that a text spells in JSON's grammar; None when it fits no 64-bit float."""
    match = NUMBER.fullmatch(text)
    if match is None or len(match[1]) > _DIGITS:
        return None
    if match[2] is None and match[3] is None:
        return int(text)
    value = float(text)
    return None if math.isinf(value) else value
