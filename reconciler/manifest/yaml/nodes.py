"""YAML as plain nodes with places: text, lists and mappings, and nothing that YAML would guess.

Tags, merge keys, repeated keys and several documents are reported; aliases are followed within bounds. A scalar keeps
its text as written; its place in the file decides what it means: `Fields` reads what belongs there, text wherever text
belongs, a number by JSON's grammar and without quotes. Every reader reports what is wrong and then gives None.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple

import yaml
from msgspec import Struct, structs

from reconciler.limits import NESTING
from reconciler.manifest.mistaken_files import few
from reconciler.manifest.rules import files
from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.manifest.yaml.text import NUMBER, YamlText, explained, json_number
from reconciler.rule import Rule
from reconciler.text import did_you_mean

# Nodes that aliases may add: for each node that is written, and in any case.
_EXPANSION: Final = 20
_EXPANSION_FREE: Final = 100_000
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")  # PyYAML lets an escape name one, libyaml does not
Report = Callable[..., object]  # (rule, line, column, **details)


class Scalar(Struct, frozen=True):
    """Text as written. `plain`: without quotes and not as a block. The end is that of the text, for one line."""

    text: str
    plain: bool
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    size: int = 1


class SequenceNode(Struct, frozen=True):
    """A list of nodes; `size` counts the nodes in it with aliases followed."""

    items: tuple["Node", ...]
    line: int
    column: int
    size: int


class MappingNode(Struct, frozen=True):
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
        self._first = text.before + 1  # the number of the text's first line
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
            line += self._text.before if line else 0
            tab = next((one for one in (line, line - 1, line + 1) if one in self._text.tabs), None)
            if tab is not None:
                self._report(yaml_rules.TAB, tab, self._text.tabs[tab])
                raise YamlStopError from exception
            place = min((line, column) if line else self._text.reached, self._text.reached)
            self._report(yaml_rules.INVALID, *place, reason=reason, cure=cure)
            raise YamlStopError from exception
        if self._text.fault is not None:
            self._stop_at_fault()  # at once: what the scanner makes of a text that ends early is not what was meant
        return event

    def _report_conflict(self) -> None:
        """Report the markers of a merge conflict in the whole text."""
        while self._text.read():
            pass
        lines = self._text.markers
        self._report(files.MERGE_CONFLICT, lines[0], 1, lines=few(lines))

    def _stop_at_fault(self) -> None:
        """When the text ended early, that is the reason for whatever the scanner reports about its end."""
        if self._text.fault is not None:
            rule, line, column, details = self._text.fault
            self._report(rule, line, column, **details)
            raise YamlStopError

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - PyYAML's events
        kind, (line, column) = type(event), self._start(event)
        if kind is yaml.ScalarEvent and event.tag is None and event.anchor is None:  # nearly always
            return self._scalar(event, line, column)
        if kind is yaml.AliasEvent:
            return self._aliased(event, line, column)
        self._refuse_tag(event)
        self._written += kind is not yaml.ScalarEvent
        if depth > NESTING and kind is not yaml.ScalarEvent:
            self._report(line_rules.NESTED, line, column)
            raise YamlStopError
        node: Node
        if kind is yaml.ScalarEvent:
            node = self._scalar(event, line, column)
        elif kind is yaml.SequenceStartEvent:
            node = self._sequence(line, column, depth)
        else:
            node = self._mapping(line, column, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any, line: int, column: int) -> Scalar:  # noqa: ANN401 - PyYAML's events
        self._written += 1
        text, end = event.value, event.end_mark
        if not text.isascii() and _HALF_CHARACTER.search(text):
            self._report(line_rules.LONE_SURROGATE, line, column)
        return Scalar(text, not event.style, line, column, end.line + self._first, end.column + 1)

    def _sequence(self, line: int, column: int, depth: int) -> SequenceNode:
        items = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth + 1))
        return SequenceNode(tuple(items), line, column, 1 + sum(item.size for item in items))

    def _mapping(self, line: int, column: int, depth: int) -> MappingNode:
        members: dict[str, Node] = {}
        names: dict[str, Scalar] = {}
        size = 1
        while type(event := self._next()) is not yaml.MappingEndEvent:
            name = self._name(event, depth, names)
            value = self._node(self._next(), depth + 1)
            if name is not None:
                members[name.text] = value
                size += 1 + value.size
        return MappingNode(members, names, line, column, size)

    def _name(self, event: Any, depth: int, names: dict[str, Scalar]) -> Scalar | None:  # noqa: ANN401 - PyYAML's events
        """A key that its mapping does not have yet; None after reporting why it cannot be one."""
        name = self._node(event, depth + 1)
        if type(name) is not Scalar:
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
            return structs.replace(node, line=line, column=column, end_line=0, end_column=0)
        return structs.replace(node, line=line, column=column)

    def _start(self, event: Any) -> tuple[int, int]:  # noqa: ANN401 - PyYAML's events
        """ParsedLine and column from 1; libyaml places what is missing at the end on a line after the last."""
        mark = event.start_mark
        place, reached = (mark.line + self._first, mark.column + 1), self._text.reached
        return min(place, reached)

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


class Fields:
    """Reads values; `report` takes a rule, line, column and details."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def wrong(self, rule: Rule, node: Node, **details: object) -> None:
        """Report a rule broken at a node."""
        self._report(rule, node.line, node.column, **details)

    def mapping(
        self, node: Node, what: str, known: Collection[str], cure: str = "write `key: value`"
    ) -> MappingNode | None:
        """A mapping; its unknown keys are reported, and stay."""
        if not isinstance(node, MappingNode):
            self.wrong(yaml_rules.MAPPING_EXPECTED, node, what=what, kind=kind_of_node(node), cure=cure)
            return None
        for name, key in node.names.items():
            if name not in known:
                self.unknown_key(key, what, known)
        return node

    def unknown_key(self, key: Scalar, where: str, known: Collection[str]) -> None:
        """Report a key that does not belong."""
        guess = did_you_mean(key.text, known)
        self.wrong(yaml_rules.UNKNOWN_KEY, key, name=key.text, where=where, guess=guess, known=", ".join(known))

    def items(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """The items of a list."""
        if isinstance(node, SequenceNode):
            return node.items
        self.wrong(yaml_rules.LIST_EXPECTED, node, what=what, kind=kind_of_node(node))
        return None

    def text(self, node: Node, what: str, empty: Rule = yaml_rules.EMPTY_TEXT) -> str | None:
        """Text as written, at least one character."""
        if not isinstance(node, Scalar):
            self.wrong(yaml_rules.TEXT_EXPECTED, node, what=what, kind=kind_of_node(node))
        elif not node.text:
            self.wrong(empty, node, what=what)
        else:
            return node.text
        return None

    def number(self, node: Node, what: str) -> int | float | None:
        """A number by JSON's grammar."""
        if not isinstance(node, Scalar) or not node.plain or not NUMBER.fullmatch(node.text):
            self.wrong(yaml_rules.NUMBER_EXPECTED, node, what=what, kind=kind_of_node(node))
            return None
        number = json_number(node.text)
        if number is None:
            self.wrong(line_rules.OVERFLOW, node, text=node.text)
        return number

    def whole(self, node: Node, what: str) -> int | None:
        """A whole number; 640.0 is one."""
        number = self.number(node, what)
        if isinstance(number, float):
            if number.is_integer():
                return int(number)
            self.wrong(yaml_rules.WHOLE_EXPECTED, node, what=what, number=number)
            return None
        return number

    def flag(self, node: Node, what: str) -> bool | None:
        """JSON's true or false, without quotes."""
        if isinstance(node, Scalar) and node.plain and node.text in ("true", "false"):
            return node.text == "true"
        self.wrong(yaml_rules.FLAG_EXPECTED, node, what=what, kind=kind_of_node(node))
        return None
