"""YAML as plain nodes with places: text, lists and mappings, and nothing that YAML would guess.

Tags, merge keys, repeated keys and several documents are reported; aliases are followed within bounds. A scalar keeps
its text as written; its place in the file decides what it means (`values`).

Both of PyYAML's scanners get the same text from `YamlText`, so they cannot disagree about it, and what they report is
one sentence of this program's with the cure. One difference between them remains: libyaml lets a tab separate values,
PyYAML's own scanner refuses it.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, NamedTuple

import yaml

from reconciler.limits import NESTING
from reconciler.manifest.mistaken_files import MARKER, few
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.rule import Rule

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
_FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_MARKERS: Final = frozenset(7 * sign for sign in "<=>|")
_LINE_END: Final = re.compile("\r\n|\r|\n")


class TextFault(NamedTuple):
    """Why the text ends early: the broken rule, line, column and details."""

    rule: Rule
    line: int
    column: int
    details: dict[str, object]


class YamlText:
    """The text of a YAML file, decoded piece by piece for `yaml.Loader`; a fault ends it.

    `fault` is None until then. `comments` holds the lines with ` #` in them, by number, until forgotten, `tabs` the
    column of a tab before the text of a line, and `markers` the numbers of lines that are markers of a merge conflict.
    """

    def __init__(self, handle: BinaryIO) -> None:
        self.fault: TextFault | None = None
        self.comments: dict[int, str] = {}
        self.markers: list[int] = []
        self.tabs: dict[int, int] = {}
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
        pending = self._decoder.getstate()[0]
        if pending:  # a character that is begun and not ended
            self._stop(line_rules.NOT_UTF8, byte=pending[0], guess="")
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
            self._stop(line_rules.NOT_UTF8, byte=data[exception.start], guess="")
            return text
        if self._start and text:
            text = text.removeprefix("\ufeff")
            self._start = False
        return self._checked(text)

    def _checked(self, text: str) -> str:
        """The text up to a character that is not allowed."""
        match = _FORBIDDEN.search(text)
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


# Nodes that aliases may add: for each node that is written, and in any case.
_EXPANSION: Final = 20
_EXPANSION_FREE: Final = 100_000
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")  # PyYAML lets an escape name one, libyaml does not
Report = Callable[..., None]  # (rule, line, column, **details)


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written. `plain`: without quotes and not as a block. The end is that of the text, for one line."""

    text: str
    plain: bool
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    size: int = 1


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes; `size` counts the nodes in it with aliases followed."""

    items: tuple["Node", ...]
    line: int
    column: int
    size: int


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Nodes by key, in order; `names` are the keys' own nodes."""

    members: dict[str, "Node"]
    names: dict[str, Scalar]
    line: int
    column: int
    size: int


Node = Scalar | SequenceNode | MappingNode


class Top(NamedTuple):
    """A member of the outermost mapping; of a streamed list, one item at a time (`item`), after an empty start."""

    name: Scalar
    value: Node | None
    item: bool = False


class YamlStopError(Exception):
    """The file cannot be read further; the reason is reported already."""


class NodeReader:
    """Reads one document from a text; `report` gets everything that is wrong, with line and column from 1."""

    def __init__(self, text: YamlText, report: Report, loader: Any = None) -> None:  # noqa: ANN401 - PyYAML's loaders share no base class
        self._text = text
        self._report = report
        chosen = loader or (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
        self._loader = chosen(text)
        self._anchors: dict[str, Node] = {}
        self._written = 0
        self._expanded = 0

    def document(self) -> Node | None:
        """The whole document; None when the file holds nothing.

        Raises:
            YamlStopError: the file cannot be read further.
        """
        if not self._begin():
            return None
        root = self._node(self._next(), 1)
        self._end()
        return root

    def top(self, streamed: str) -> Iterator[Top]:
        """The members of the document's mapping; the list under the key `streamed` item by item.

        Raises:
            YamlStopError: the file cannot be read further, holds nothing or no mapping.
        """
        event = self._next() if self._begin() else None
        if not isinstance(event, yaml.MappingStartEvent):
            self._refuse_root(None if event is None else self._node(event, 1), streamed)
            raise YamlStopError
        self._refuse_tag(event)
        yield from self._top_members(streamed)
        self._end()

    def _refuse_root(self, root: Node | None, key: str) -> None:
        """Report what is in place of the outermost mapping: nothing, or something else."""
        if root is None or (isinstance(root, Scalar) and not root.text):
            self._report(yaml_rules.EMPTY, 0, 0, cure=f"write `{key}: []` for a dataset that is meant to be empty")
        else:
            cure, kind = f"begin with `{key}:` and put the list under it", kind_of_node(root)
            self._report(yaml_rules.MAPPING_EXPECTED, root.line, root.column, what="the file", kind=kind, cure=cure)

    def _top_members(self, streamed: str) -> Iterator[Top]:
        names: dict[str, Scalar] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._name(event, 1, names)
            value = self._next()
            if name is None:
                self._node(value, 1)
            elif name.text == streamed and isinstance(value, yaml.SequenceStartEvent):
                self._refuse_tag(value)
                yield Top(name, None)
                while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                    yield Top(name, self._node(event, 1), item=True)
            else:
                yield Top(name, self._node(value, 1))

    def _begin(self) -> bool:
        self._next()  # the stream's start
        return not isinstance(self._next(), yaml.StreamEndEvent)

    def _end(self) -> None:
        self._next()  # the document's end
        event = self._next()
        if isinstance(event, yaml.DocumentStartEvent):
            self._report(yaml_rules.SEVERAL_DOCUMENTS, *self._start(event))
            raise YamlStopError

    def _next(self) -> Any:  # noqa: ANN401 - PyYAML's events
        try:
            event = self._loader.get_event()
        except (yaml.YAMLError, ValueError, OverflowError) as exception:  # PyYAML passes any \\U to chr()
            self._stop_at_fault()
            if self._text.markers:
                self._report_conflict()
                raise YamlStopError from exception
            line, column, reason, cure = explained(exception)
            tab = next((one for one in (line, line - 1, line + 1) if one in self._text.tabs), None)
            if tab is not None:
                self._report(yaml_rules.TAB, tab, self._text.tabs[tab])
                raise YamlStopError from exception
            place = min((line, column) if line else self._text.reached, self._text.reached)
            self._report(yaml_rules.INVALID, *place, reason=reason, cure=cure)
            raise YamlStopError from exception
        self._stop_at_fault()  # at once: what the scanner makes of a text that ends early is not what was meant
        return event

    def _report_conflict(self) -> None:
        """Report the markers of a merge conflict in the whole text."""
        while self._text.read():
            pass
        lines = self._text.markers
        self._report(line_rules.MERGE_CONFLICT, lines[0], 1, lines=few(lines))

    def _stop_at_fault(self) -> None:
        """When the text ended early, that is the reason for whatever the scanner reports about its end."""
        if self._text.fault is not None:
            rule, line, column, details = self._text.fault
            self._report(rule, line, column, **details)
            raise YamlStopError

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - PyYAML's events
        line, column = self._start(event)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, line, column)
        self._refuse_tag(event)
        self._written += 1
        if depth > NESTING and not isinstance(event, yaml.ScalarEvent):
            self._report(line_rules.NESTED, line, column)
            raise YamlStopError
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            end: Any = event.end_mark
            node = Scalar(event.value, not event.style, line, column, end.line + 1, end.column + 1)
            if _HALF_CHARACTER.search(node.text):
                self._report(line_rules.LONE_SURROGATE, line, column)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(line, column, depth)
        else:
            node = self._mapping(line, column, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, line: int, column: int, depth: int) -> SequenceNode:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return SequenceNode(tuple(items), line, column, 1 + sum(item.size for item in items))

    def _mapping(self, line: int, column: int, depth: int) -> MappingNode:
        members: dict[str, Node] = {}
        names: dict[str, Scalar] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._name(event, depth, names)
            value = self._node(self._next(), depth + 1)
            if name is not None:
                members[name.text] = value
        size = 1 + len(members) + sum(value.size for value in members.values())
        return MappingNode(members, names, line, column, size)

    def _name(self, event: Any, depth: int, names: dict[str, Scalar]) -> Scalar | None:  # noqa: ANN401 - PyYAML's events
        """A key that its mapping does not have yet; None after reporting why it cannot be one."""
        name = self._node(event, depth + 1)
        if not isinstance(name, Scalar):
            self._report(yaml_rules.KEY_NOT_TEXT, name.line, name.column, kind=kind_of_node(name))
        elif name.plain and name.text == "<<":
            self._report(yaml_rules.MERGE_KEY, name.line, name.column)
        elif name.text in names:
            self._report(line_rules.REPEATED_MEMBER, name.line, name.column, name=name.text)
        else:
            names[name.text] = name
            return name
        return None

    def _aliased(self, event: Any, line: int, column: int) -> Node:  # noqa: ANN401 - PyYAML's events
        node = self._anchors.get(event.anchor)
        if node is None:
            self._report(yaml_rules.UNKNOWN_ALIAS, line, column, name=event.anchor)
            raise YamlStopError
        self._expanded += node.size
        if self._expanded > _EXPANSION_FREE + _EXPANSION * self._written:
            self._report(yaml_rules.ALIASES, line, column)
            raise YamlStopError
        if isinstance(node, Scalar):
            return replace(node, line=line, column=column, end_line=0, end_column=0)
        return replace(node, line=line, column=column)

    def _start(self, event: Any) -> tuple[int, int]:  # noqa: ANN401 - PyYAML's events
        """ParsedLine and column from 1; libyaml places what is missing at the end on a line after the last."""
        mark = event.start_mark
        return min((mark.line + 1, mark.column + 1), self._text.reached)

    def _refuse_tag(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events
        if event.tag is not None:
            self._report(yaml_rules.TAG, *self._start(event), tag=event.tag)


def kind_of_node(node: Node) -> str:
    """What kind of node this is, in words."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    if node.plain and node.text in ("", "null", "~"):
        return "empty" if not node.text else "null"
    return "text" if not node.plain else f"`{node.text[:40]}`"
