"""A manifest in YAML: a head, and entries that are read one at a time."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO, Final

from reconciler.entries import METADATA, SOURCE_REF
from reconciler.manifest.findings import Collector, MemberPath, ParsedLine
from reconciler.manifest.rules import yaml as rules
from reconciler.manifest.yaml.entry import (
    ENTRIES,
    ENTRY_KEYS,
    HEAD_KEYS,
    LABEL_KEYS,
    Head,
    head_of,
    node_at,
    raw_document,
    written_entry,
)
from reconciler.manifest.yaml.expand import expand
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node, NodeReader, Scalar, SequenceNode, YamlStopError
from reconciler.manifest.yaml.text import YamlText
from reconciler.model import NO_DEFAULTS, Defaults, Place

_BOM: Final = b"\xef\xbb\xbf"
_PIECE: Final = 4096
# How a key begins: a letter, a quote, or the sign of an anchor, alias, tag or explicit key.
_KEY_LINE: Final = re.compile(rb"""[A-Za-z"'&*!?]""")


def yaml_lines(
    handle: BinaryIO,
    collector: Collector,
    loader: Any = None,  # noqa: ANN401 - see NodeReader
    defaults: Defaults = NO_DEFAULTS,
) -> Iterator[ParsedLine]:
    """The entries as AWS's lines, in order; what is wrong with an entry is reported and the entry left out.

    `defaults` are for what the file does not say, `loader` is a class of PyYAML's, for tests.
    """
    late = _late_head(handle, loader) if _may_have_late_head(handle) else {}
    handle.seek(0)
    text = YamlText(handle)
    reader = NodeReader(text, collector.report_at, loader)
    try:
        yield from _Manifest(text, collector, late, defaults).lines(reader)
    except YamlStopError:
        return


def _may_have_late_head(handle: BinaryIO) -> bool:
    """Whether a key of the head may be below the entries; cheaper than reading twice to find out.

    When the first key is at the margin, all keys of the head are. True may be wrong, False is not.
    """
    first = True
    below = False
    for raw in iter(partial(handle.readline, _PIECE), b""):
        at_margin = _KEY_LINE.match(raw.removeprefix(_BOM) if first else raw) is not None
        if first and not at_margin and raw.strip() not in (b"", b"---") and not raw.startswith(b"#"):
            return True
        if (below and at_margin) or b"\r" in raw.rstrip(b"\r\n"):
            return True
        first = first and not at_margin
        below = below or (at_margin and ENTRIES.encode() in raw)
    return False


def _late_head(handle: BinaryIO, loader: Any) -> dict[str, Node]:  # noqa: ANN401 - PyYAML's loaders share no base class
    """The head's nodes of the whole file; what is wrong is reported when the file is read for good."""
    handle.seek(0)
    reader = NodeReader(YamlText(handle), lambda *_args, **_details: None, loader)
    nodes: dict[str, Node] = {}
    try:
        for top in reader.top(ENTRIES):
            if top.value is not None and top.name.text in HEAD_KEYS and not top.item:
                nodes[top.name.text] = top.value
    except YamlStopError:
        pass
    return nodes


def head_values(handle: BinaryIO) -> tuple[str, dict[str, Any]]:
    """What the head of a manifest says: the prefix of the images with its "/", and the shared values by their keys."""
    nodes = _late_head(handle, None)
    head = head_of(nodes, Fields(lambda *_args, **_details: None))
    shared = head.shared
    values = {
        "size": [side for side, _node in shared.size or ()],
        "created": shared.created,
        "human-annotated": shared.human_annotated,
        "job-name": shared.job_name,
        "confidence": shared.confidence,
    }
    prefix = f"{head.prefix.rstrip('/')}/" if head.prefix else ""
    return prefix, {name: value for name, value in values.items() if name in head.given}


class _Manifest:
    """One file on its way from nodes to lines."""

    def __init__(self, text: YamlText, collector: Collector, late: dict[str, Node], defaults: Defaults) -> None:
        self._text, self._defaults = text, defaults
        self._collector = collector
        self._fields = Fields(collector.report_at)
        self._nodes = late
        self._errors = 0  # before the current entry, so that one that was read with an error is left out
        self._json_lines = False

    def lines(self, reader: NodeReader) -> Iterator[ParsedLine]:
        """The lines of all entries.

        Raises:
            YamlStopError: the file cannot be read further.
        """
        head: Head | None = None
        for top in reader.top(ENTRIES):
            if not top.item:
                self._member(top.name, top.value, late=head is not None)
                self._errors = self._collector.error_count
            if top.name.text != ENTRIES:
                continue
            head = head or head_of(self._nodes, self._fields, self._defaults)
            if top.item and top.value is not None:
                yield from self._entry(top.value, head)
            elif top.value is not None:  # an alias to a list, or no list at all
                for item in self._fields.items(top.value, "`entries`") or ():
                    yield from self._entry(item, head)
            self._errors = self._collector.error_count
        if head is None and not self._json_lines:
            self._collector.report(rules.ENTRIES_MISSING)

    def _member(self, name: Scalar, value: Node | None, *, late: bool) -> None:
        if name.text == SOURCE_REF:
            self._json_lines = True
            self._fields.wrong(rules.JSON_LINES_IN_YAML, name)
            raise YamlStopError
        if name.text not in HEAD_KEYS:
            self._fields.unknown_key(name, "a manifest", HEAD_KEYS)
        elif late and name.text not in self._nodes:
            self._fields.wrong(rules.LATE_HEAD, name, name=name.text)
        elif value is not None and name.text != ENTRIES:
            self._nodes.setdefault(name.text, value)

    def _entry(self, node: Node, head: Head) -> Iterator[ParsedLine]:
        """The entry's line, when nothing is wrong with it."""
        if isinstance(node, MappingNode) and SOURCE_REF in node.members:
            line = self._raw(node)
        else:
            line = self._written(node, head)
        self._text.forget_comments(node.line)
        if line is not None and self._collector.error_count == self._errors:
            yield line
        self._errors = self._collector.error_count

    def _raw(self, entry: MappingNode) -> ParsedLine | None:
        if "image" in entry.members:
            self._fields.wrong(rules.IMAGE_AND_SOURCE_REF, entry)
            return None
        for name in LABEL_KEYS:
            if isinstance(entry.members.get(name), SequenceNode) and name + METADATA not in entry.members:
                self._fields.wrong(rules.LABELS_BESIDE, entry.names[name], name=name)
        self._note_comment(entry.members[SOURCE_REF])
        document = raw_document(entry, self._collector.report_at)
        return ParsedLine(document, self._place(entry), lambda path: self._place(node_at(entry, path)))

    def _written(self, node: Node, head: Head) -> ParsedLine | None:
        mapping = self._fields.mapping(node, "an entry", (*ENTRY_KEYS, SOURCE_REF), "write `- image: ...`")
        entry = None if mapping is None else written_entry(mapping, head, self._fields)
        if entry is None:
            return None
        self._note_comment(entry.node.members["image"])
        document, nodes = expand(entry)
        return ParsedLine(document, self._place(entry.node), partial(self._locate, nodes))

    def _locate(self, nodes: dict[MemberPath, Node], path: MemberPath) -> Place:
        """Where the innermost part around `path` was written."""
        while path not in nodes:
            path = path[:-1]
        return self._place(nodes[path])

    def _place(self, node: Node) -> Place:
        return self._collector.place(node.line, node.column)

    def _note_comment(self, node: Node) -> None:
        if isinstance(node, Scalar) and node.plain:
            rest = self._text.comments.get(node.end_line, "")[node.end_column - 1 :]
            if rest.lstrip(" \t").startswith("#") and rest != rest.lstrip(" \t"):
                self._collector.report_at(rules.COMMENT, node.line, node.column)
