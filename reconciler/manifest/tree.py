"""A YAML file as a tree that keeps what a reader drops: comments, blank lines, quotes and anchors.

PyYAML's scanner says where tokens are: what lies between two of them is blank or a comment. A comment on a line of its
own belongs to what follows, unless it is indented deeper: then it ends the collection before. One behind something
belongs to that.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml
from msgspec import Struct, field

from reconciler.manifest.write import as_json

_COMMENT: Final = re.compile(r"#[^\n]*")
_ANCHOR: Final = re.compile(r"&\S+\s*")
_LOADER: Final[Any] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Unformattable(Exception):
    """Something in the file that cannot be kept; the text says what, with its line."""


class Comment(Struct, frozen=True):
    """A comment from its `#` on; `alone`: on a line of its own. `line` and `column` count from 0."""

    text: str
    index: int
    line: int
    column: int
    alone: bool


class Tree(Struct):
    """A node: a scalar or alias (`raw`: as written, on one line or a block), or a collection of `items`.

    `kind`: scalar, list, mapping, or a list of which each item was handed on (streamed). The items of a mapping are its
    keys, each with its `value`. `before` are lines above a node: comments, and "" for a
    blank line. `after` is the comment behind it, `foot` are lines at the end of a collection. `flow`: in brackets or
    braces; of a scalar, whether it is in some.
    """

    kind: str
    raw: str = ""
    text: str = ""
    flow: bool = False
    anchor: str = ""
    items: list["Tree"] = field(default_factory=list)
    value: "Tree | None" = None
    before: list[str] = field(default_factory=list)
    after: Comment | None = None
    foot: list[str] = field(default_factory=list)

    def is_busy(self) -> bool:
        """Whether it has comments inside, or text over several lines: it cannot be on one line."""
        inner = [*self.items, *(one.value for one in self.items if one.value)]
        return "\n" in self.raw or any(self.foot) or any(any(one.before) or one.after or one.is_busy() for one in inner)


def comments_of(text: str) -> tuple[list[Comment], bool]:
    """The comments of a valid text whose lines end with LF, in order, and whether it has anchors.

    Raises:
        Unformattable: it has a directive (%).
    """
    found: list[Comment] = []
    end, anchors = 0, False
    for token in yaml.scan(text, Loader=_LOADER):
        start: Any = token.start_mark
        if isinstance(token, yaml.DirectiveToken):
            raise Unformattable(f"line {start.line + 1} is a directive of YAML")
        anchors = anchors or isinstance(token, yaml.AnchorToken)
        if start.index > end:
            found += _between(text, end, start.index, start.line)
        end = max(end, token.end_mark.index)
    return found, anchors


def _between(text: str, begin: int, end: int, line: int) -> Iterator[Comment]:
    """The comments between two tokens, of which the second one begins in a line."""
    if "#" not in (gap := text[begin:end]):
        return
    first = line - gap.count("\n")
    for match in _COMMENT.finditer(gap):
        index = begin + match.start()
        margin = text.rfind("\n", 0, index) + 1
        number = first + gap.count("\n", 0, match.start())
        yield Comment(
            match[0].rstrip(" \t\n"), index, number, index - margin, not text[margin:index].strip("\ufeff \t")
        )


class TreeReader:
    """Reads the tree of a valid text; of the list under `streamed` each item is handed to `taken` and not kept."""

    def __init__(self, text: str, comments: list[Comment], streamed: str, taken: Callable[[Tree], None]) -> None:
        self._text, self._lines = text, text.split("\n")
        self._comments, self._next = comments, 0
        self._loader = _LOADER(text)
        self._streamed, self._taken = streamed, taken
        self._top: Tree | None = None

    def root(self) -> Tree:
        """The outermost mapping; its foot has the comments at the file's end."""
        for _ in range(2):  # the stream, the document
            self._loader.get_event()
        root = self._node(self._loader.get_event())
        self._loader.get_event()
        root.foot += self._lines_before(len(self._text))
        return root

    def _node(self, event: Any, *, flow: bool = False, streams: bool = False) -> Tree:  # noqa: ANN401 - PyYAML's events
        if isinstance(event, yaml.AliasEvent):
            node = Tree("scalar", self._written(event), flow=True)
        elif isinstance(event, yaml.ScalarEvent):
            node = Tree("scalar", self._scalar(event), event.value if not event.style else "", flow)
        else:
            kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
            node = Tree("streamed" if streams else kind, flow=bool(event.flow_style))
            self._top = self._top or node
            self._fill(node, event)
        node.anchor = "" if isinstance(event, yaml.AliasEvent) else event.anchor or ""
        node.after = self._behind()
        return node

    def _written(self, event: Any) -> str:  # noqa: ANN401 - PyYAML's events
        return self._text[event.start_mark.index : event.end_mark.index].rstrip(" \t\n")

    def _scalar(self, event: Any) -> str:  # noqa: ANN401 - PyYAML's events
        """A scalar as written; what continues over several lines becomes one, but for a block."""
        written = self._written(event)
        written = _ANCHOR.sub("", written, count=1) if event.anchor else written
        if event.style in {"|", ">"}:
            if re.match(r".[^\n#]*[\d+]", written):
                raise Unformattable(f"line {event.start_mark.line + 1} begins a block with {written[:3].strip()}")
            return written
        return written if "\n" not in written else as_json(event.value)

    def _fill(self, node: Tree, event: Any) -> None:  # noqa: ANN401 - PyYAML's events
        """Read the items of a collection and its end."""
        column, is_first = event.start_mark.column, True
        while not isinstance(following := self._loader.get_event(), yaml.CollectionEndEvent):
            before = self._above(following, flow=node.flow)
            if is_first and event.anchor:
                column = following.start_mark.column - 2 * (node.kind != "mapping")
            item = self._node(following, flow=node.flow)
            item.before = _without_blank(before) if is_first else before
            if node.kind == "mapping":
                self._read_value(item, node)
            if node.kind == "streamed":
                self._taken(item)
            else:
                node.items.append(item)
            is_first = False
        node.foot = self._foot(following, column, flow=node.flow)

    def _read_value(self, key: Tree, node: Tree) -> None:
        """Read the value of a key; comments between the two go above the key."""
        event = self._loader.get_event()
        is_block = isinstance(event, yaml.CollectionStartEvent) and not event.flow_style
        if not is_block:
            key.before += [line for line in self._lines_before(event.start_mark.index) if line]
        streams = is_block and node is self._top and key.text == self._streamed
        key.value = self._node(event, flow=node.flow, streams=streams and isinstance(event, yaml.SequenceStartEvent))

    def _above(self, event: Any, *, flow: bool) -> list[str]:  # noqa: ANN401 - PyYAML's events
        lines = self._lines_before(event.start_mark.index)
        if flow:
            return [line for line in lines if line]
        return [*lines, *([""] if self._is_blank(event.start_mark.line - 1) else [])]

    def _lines_before(self, index: int) -> list[str]:
        """The comments before a place, and blank lines above them."""
        lines: list[str] = []
        while (comment := self._peeked()) and comment.index < index:
            lines += [*([""] if comment.alone and self._is_blank(comment.line - 1) else []), comment.text]
            self._next += 1
        return lines

    def _behind(self) -> Comment | None:
        """The comment behind what was just read."""
        following: Any = self._loader.peek_event()
        comment = self._peeked()
        if comment is None or comment.alone or comment.index > following.start_mark.index:
            return None
        self._next += 1
        return comment

    def _foot(self, end: Any, column: int, *, flow: bool) -> list[str]:  # noqa: ANN401 - PyYAML's events
        """The comments that end a collection: in its brackets, or indented like it and deeper than what follows."""
        if flow:
            return self._lines_before(end.start_mark.index)
        lines: list[str] = []
        least = max(column, end.start_mark.column + 1)
        while (comment := self._peeked()) and comment.index < end.start_mark.index and comment.column >= least:
            lines += self._lines_before(comment.index + 1)
        return lines

    def _peeked(self) -> Comment | None:
        return self._comments[self._next] if self._next < len(self._comments) else None

    def _is_blank(self, line: int) -> bool:
        return line >= 0 and not self._lines[line].strip()


def _without_blank(lines: list[str]) -> list[str]:
    """Lines without a blank one at the beginning."""
    return lines[1:] if lines[:1] == [""] else lines
