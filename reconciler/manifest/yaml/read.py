"""A manifest in YAML: a head, and entries that are read one at a time."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final

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
from reconciler.manifest.yaml.nodes import (
    Fields,
    MappingNode,
    Node,
    NodeReader,
    Report,
    Scalar,
    SequenceNode,
    Top,
    YamlStopError,
)
from reconciler.manifest.yaml.text import BOM, Lines, YamlText
from reconciler.model import NO_DEFAULTS, Defaults, Place
from reconciler.rule import Rule

if TYPE_CHECKING:
    from reconciler.manifest.yaml.chunks import Chunk, Cut

# A file of fewer bytes is read in one piece: what is loaded to cut one costs more.
_CUT: Final = 2**15
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
    cut = None if loader or handle.seek(0, SEEK_END) < _CUT else _cut_of(handle)
    late = {} if cut or not _may_have_late_head(handle) else _late_head(handle, loader)
    manifest = _Manifest(collector, late, defaults, loader)
    try:
        if cut is None:
            yield from manifest.whole(handle)
        else:
            yield from manifest.in_pieces(handle, cut)
    except YamlStopError:
        return


def _cut_of(handle: BinaryIO) -> "Cut | None":
    from reconciler.manifest.yaml.chunks import cut_of  # noqa: PLC0415 - a small file does not load it

    return cut_of(handle)


def _may_have_late_head(handle: BinaryIO) -> bool:
    """Whether a key of the head may be below the entries; cheaper than reading twice to find out.

    When the first key is at the margin, all keys of the head are. True may be wrong, False is not.
    """
    handle.seek(0)
    first = True
    below = False
    for raw in iter(partial(handle.readline, _PIECE), b""):
        at_margin = _KEY_LINE.match(raw.removeprefix(BOM) if first else raw) is not None
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


class _Behind:
    """The rest of a file behind the line that begins a list."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle, self._is_first = handle, True

    def readline(self, size: int, /) -> bytes:
        """The next line, or that many bytes of it; empty at the end."""
        if self._is_first:
            self._is_first = False
            return b"entries:\n"
        return self._handle.readline(size)


class _Manifest:
    """One file on its way from nodes to lines."""

    def __init__(
        self,
        collector: Collector,
        late: dict[str, Node],
        defaults: Defaults,
        loader: Any,  # noqa: ANN401 - see NodeReader
    ) -> None:
        self._collector, self._defaults, self._loader = collector, defaults, loader
        self._fields = Fields(collector.report_at)
        self._nodes = late
        self._head: Head | None = None
        self._errors = 0  # before the current entry, so that one that was read with an error is left out
        self._json_lines = False

    def whole(self, handle: BinaryIO) -> Iterator[ParsedLine]:
        """The lines of a file that is read in one piece.

        Raises:
            YamlStopError: the file cannot be read further.
        """
        handle.seek(0)
        return self._lines(self._reader(handle).top(ENTRIES))

    def _reader(self, handle: Lines, line: int = 1, report: Report | None = None) -> NodeReader:
        """A reader of a text whose first line has this number in the file."""
        self._text = YamlText(handle, line)
        return NodeReader(self._text, report or self._collector.report_at, self._loader)

    def _lines(self, tops: Iterator[Top]) -> Iterator[ParsedLine]:
        for top in tops:
            if not top.item:
                self._member(top.name, top.value, late=self._head is not None)
                self._errors = self._collector.error_count
            if top.name.text != ENTRIES:
                continue
            head = self._head_of_entries()
            if top.item and top.value is not None:
                yield from self._entry(top.value, head)
            elif top.value is not None:  # an alias to a list, or no list at all
                for item in self._fields.items(top.value, "`entries`") or ():
                    yield from self._entry(item, head)
            self._errors = self._collector.error_count
        if self._head is None and not self._json_lines:
            self._collector.report(rules.ENTRIES_MISSING)

    def in_pieces(self, handle: BinaryIO, cut: "Cut") -> Iterator[ParsedLine]:
        """The same lines of a file that is cut: each entry alone; from one on that needs more, the rest in one piece.

        Raises:
            YamlStopError: the file cannot be read further.
        """
        from reconciler.manifest.yaml.chunks import chunks  # noqa: PLC0415 - a small file does not load it
        from reconciler.manifest.yaml.common_entries import CommonEntries  # noqa: PLC0415 - likewise

        yield from self._lines(self._reader(BytesIO(cut.head)).top(ENTRIES))
        head = self._head_of_entries()
        common = CommonEntries(cut.indent + len("- "), head)
        for chunk in chunks(handle, cut):
            document = common.read(chunk.text)
            if document is not None:
                place = self._collector.place(chunk.line, cut.indent + len("- ") + 1)
                yield ParsedLine(document, place, partial(self._located, cut, chunk))
                self._errors = self._collector.error_count
                continue
            reports: list[Callable[[], object]] = []
            node = None if chunk.is_last else self._alone(cut, chunk, partial(self._later, reports))
            if node is None:
                handle.seek(chunk.offset)
                tops = self._reader(_Behind(handle), chunk.line - 1).top(ENTRIES)
                next(tops)  # the list begins
                yield from self._lines(tops)
                return
            for report in reports:
                report()
            yield from self._entry(node, head)

    def _later(
        self, reports: list[Callable[[], object]], rule: Rule, line: int, column: int, **details: object
    ) -> None:
        """Keep a finding until it is known that the entry could be read alone."""
        reports.append(partial(self._collector.report_at, rule, line, column, **details))

    def _alone(self, cut: "Cut", chunk: "Chunk", report: Report) -> Node | None:
        """An entry that is read alone, with another one behind it; None where that shows that more has to be read."""
        reader = self._reader(BytesIO(cut.alone(chunk.text)), chunk.line - 1, report)
        try:
            _list, *items = reader.top(ENTRIES)
        except YamlStopError:
            return None
        nodes = [top.value for top in items if top.item]
        return nodes[0] if len(nodes) == len(items) == len(("it", "another")) else None

    def _located(self, cut: "Cut", chunk: "Chunk", path: MemberPath) -> Place:
        """Where the innermost part around `path` was written, in an entry that was read without places."""
        quiet = _Manifest(Collector(self._collector.shown), {}, self._defaults, self._loader)
        node = quiet._alone(cut, chunk, lambda *_args, **_details: None)
        lines = () if node is None else quiet._entry(node, self._head_of_entries())
        return next((line.locate(path) for line in lines), quiet._collector.place(chunk.line))

    def _head_of_entries(self) -> Head:
        """The head; what is wrong with it is reported when it is asked for first."""
        if self._head is None:
            self._head = head_of(self._nodes, self._fields, self._defaults)
        return self._head

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
