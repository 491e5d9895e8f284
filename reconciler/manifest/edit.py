"""Edits of a manifest by position: the chosen entries change, and every other byte stays as it was.

Comments, order, quotes and line ends of all other lines stay. What cannot be edited line by line (a list in brackets,
an entry that an alias refers to, a dash on a line of its own) is refused with its place.
"""

import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO, Final

import yaml
from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.manifest.forms import is_short
from reconciler.manifest.jsonl import plain_object
from reconciler.manifest.write import Head, head_by, json_line_of, short_line_of, yaml_entries
from reconciler.manifest.yaml.entry import ENTRIES
from reconciler.manifest.yaml.read import head_values
from reconciler.manifest.yaml.text import YamlText
from reconciler.model import NO_DEFAULTS, Defaults, Place
from reconciler.text import inert

_BOM: Final = b"\xef\xbb\xbf"
# Entries that are written at a time.
_BATCH: Final = 500
_DASH: Final = re.compile(rb"( {0,999})- {1,999}")
_WIDEST: Final = 10_000
_BY_HAND: Final = "edit the file by hand, or write the list with one entry below the other"


class Edits(Struct, frozen=True):
    """What becomes of a manifest: the listed line for each changed entry (None: it goes), by the entry's line number.

    `added` are listed lines that come after all entries; `whole` as for `yaml_manifest`.
    """

    changed: Mapping[int, str | None]
    added: Collection[str] = ()
    whole: Collection[str] = ()


def edited(
    handle: BinaryIO, edits: Edits, shown: str, *, is_yaml: bool, defaults: Defaults = NO_DEFAULTS
) -> Iterator[bytes]:
    """The manifest with the edits, piece by piece; `shown` is its name.

    Raises:
        BadInput: an entry cannot be edited by position.
    """
    if not is_yaml:
        return _edited_lines(handle, edits, defaults)
    spans = _Spans(handle, shown, set(edits.changed))
    images, values = head_values(handle)
    by_project = head_by(defaults)
    head = Head(images or by_project.images, {**by_project.shared, **values})
    handle.seek(0)
    return _edited_yaml(handle, edits, spans, head)


def _edited_lines(handle: BinaryIO, edits: Edits, defaults: Defaults) -> Iterator[bytes]:
    end, last = b"\n", b""
    for number, raw in enumerate(handle, start=1):
        body = raw.rstrip(b"\r\n")
        last = raw
        end = raw[len(body) :] or end
        if number not in edits.changed:
            yield raw
        elif (line := edits.changed[number]) is not None:
            yield (_BOM if body.startswith(_BOM) else b"") + _line_like(body, line, defaults) + raw[len(body) :]
    if edits.added and last and not last.endswith(b"\n"):
        yield end
    for line in edits.added:
        yield _line_like(last, line, defaults) + end


def _line_like(old: bytes, line: str, defaults: Defaults) -> bytes:
    """A listed line in the form of a line that is there: a short one stays short."""
    document = plain_object(old.removeprefix(_BOM))
    short = document is not None and is_short(document)
    return (short_line_of(line, defaults) if short else json_line_of(line)).rstrip(b"\n")


class _Span(Struct, frozen=True):
    """The lines of an entry, the first and the last, from 1; what is before its dash; whether it is in braces."""

    first: int
    last: int
    indent: str
    flow: bool = False


class _Spans:
    """Where the entries of a YAML manifest are: `chosen` by their lines, and the `last` one, or the `empty` list."""

    def __init__(self, handle: BinaryIO, shown: str, lines: set[int]) -> None:
        self.chosen: dict[int, _Span] = {}
        self.last: _Span | None = None
        self.empty = 0  # the line of `[]`
        self._shown, self._lines = shown, lines
        self._dashes = _dashes_of(handle, self._refuse)
        handle.seek(0)
        for first, end, flow in _items(handle, self._refuse):
            if end is None:
                self.empty = first[0]
            else:
                self._see(first, end, flow=flow)
        if not self.empty and self.last is None:
            raise self._refuse(1, 1, "the manifest has no entry, so that there is no place for the first one")

    def _see(self, first: tuple[int, int], end: "NodeEnd", *, flow: bool) -> None:
        line, column = first
        margin, wide = divmod(self._dashes[line - 1], _WIDEST)
        if wide != column - 1:
            raise self._refuse(line, column, "the entry's dash is not on the entry's first line")
        self.last = _Span(line, end.line, " " * margin, flow)
        if line in self._lines:
            if end.anchored:
                raise self._refuse(line, column, "an alias elsewhere may refer to this entry's text (&)")
            self.chosen[line] = self.last

    def _refuse(self, line: int, column: int, why: str) -> BadInput:
        return BadInput(f"{inert(str(Place(self._shown, line, column)))}: {why}; {_BY_HAND}; nothing was written")


def _dashes_of(handle: BinaryIO, refuse: Any) -> "array[int]":  # noqa: ANN401 - makes the exception
    """Of each line the columns before its dash, and those before what follows the dash, as one number; 0 without."""
    dashes = array("l")
    handle.seek(0)
    for number, raw in enumerate(handle, start=1):
        if b"\r" in raw.rstrip(b"\r\n") or raw.endswith(b"\r"):
            raise refuse(number, 1, "a line ends with a carriage return alone")
        match = _DASH.match(raw.removeprefix(_BOM))
        dashes.append(match.end(1) * _WIDEST + match.end() if match else 0)
    return dashes


def _items(handle: BinaryIO, refuse: Any) -> Iterator[tuple[tuple[int, int], "NodeEnd | None", bool]]:  # noqa: ANN401 - makes the exception
    """Every entry: where its text begins, where it ends (None: `[]`, without entries), and whether it is in braces."""
    loader: Any = (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)(YamlText(handle))
    for _ in range(3):  # the stream, the document, the outermost mapping
        loader.get_event()
    while not isinstance(name := loader.get_event(), yaml.MappingEndEvent):
        value = loader.get_event()
        if getattr(name, "value", None) != ENTRIES:
            node_end(loader, value)
            continue
        if not isinstance(value, yaml.SequenceStartEvent) or value.flow_style:
            mark: Any = value.start_mark
            place = (mark.line + 1, mark.column + 1)
            ended: Any = loader.get_event() if isinstance(value, yaml.SequenceStartEvent) else None
            after: Any = ended.end_mark if isinstance(ended, yaml.SequenceEndEvent) else None
            is_empty = after is not None and after.index == mark.index + len("[]")
            if not is_empty or name.start_mark.column or name.start_mark.line != mark.line:
                raise refuse(*place, "the entries are not a list with one below the other")
            yield place, None, True
            continue
        while not isinstance(event := loader.get_event(), yaml.SequenceEndEvent):
            start: Any = event.start_mark
            end = node_end(loader, event)
            yield (start.line + 1, start.column + 1), end, bool(getattr(event, "flow_style", False))


class NodeEnd(Struct, frozen=True):
    """The last line of a node (from 1), the place in the text where its last event ends, whether it has an anchor."""

    line: int
    index: int
    anchored: bool


def node_end(loader: Any, event: Any) -> NodeEnd:  # noqa: ANN401 - PyYAML's loader and event
    """Where a node ends, whose first event was read; the loader has read the node then."""
    last, anchored, flows = 0, False, list[bool]()
    while True:
        if isinstance(event, yaml.CollectionEndEvent):
            if flows.pop():
                last = _last_line(event)
        else:
            last = max(last, _last_line(event))
            anchored = anchored or (event.anchor is not None and not isinstance(event, yaml.AliasEvent))
            if isinstance(event, yaml.CollectionStartEvent):
                flows.append(bool(event.flow_style))
        if not flows:
            return NodeEnd(last, event.end_mark.index, anchored)
        event = loader.get_event()


def _last_line(event: Any) -> int:  # noqa: ANN401 - PyYAML's events
    """The last line of an event that has text; a block scalar ends at the beginning of the line after it."""
    mark: Any = event.start_mark if isinstance(event, yaml.CollectionStartEvent) else event.end_mark
    return int(mark.line if getattr(event, "style", None) in ("|", ">") and not mark.column else mark.line + 1)


def _edited_yaml(handle: BinaryIO, edits: Edits, spans: _Spans, head: Head) -> Iterator[bytes]:
    skipped, last = 0, spans.last
    for number, line_as_read in enumerate(handle, start=1):
        raw = line_as_read
        end = b"\r\n" if raw.endswith(b"\r\n") else b"\n"
        if number == spans.empty and edits.added:
            raw, last = _opened(raw), _Span(number, number, "  ")
        if number in spans.chosen:
            span, line = spans.chosen[number], edits.changed[number]
            skipped = span.last
            yield from _texts([line] if line is not None else [], head, span, edits.whole, end)
        if number > skipped:
            yield raw
        if last and number == last.last and edits.added:
            yield b"" if raw.endswith(b"\n") else end
            yield from _texts(edits.added, head, last, edits.whole, end)


def _opened(raw: bytes) -> bytes:
    """The line of an empty list without its `[]`, so that entries may follow below."""
    before, _, after = raw.partition(b"[]")
    return before.rstrip(b" ") + after


def _texts(lines: Iterable[str], head: Head, span: _Span, whole: Collection[str], end: bytes) -> Iterator[bytes]:
    rest = iter(lines)
    while batch := list(islice(rest, _BATCH)):
        for entry in yaml_entries(batch, head, span.indent, whole):
            text = _in_braces(entry, span.indent) if span.flow else entry
            yield text.encode("utf-8", "surrogatepass").replace(b"\n", end)


def _in_braces(entry: str, indent: str) -> str:
    """An entry of block lines, as `yaml_entries` writes them, on one line in braces; one in braces as it is."""
    first, *rest = (line.strip(" ") for line in entry.rstrip("\n").split("\n"))
    if first.startswith("- {"):
        return entry
    members = [_quoted(one) for one in (first.removeprefix("- "), *rest) if not one.startswith("- ")]
    boxes = ", ".join(one.removeprefix("- ") for one in rest if one.startswith("- "))
    if members[-1] == "boxes:":
        members[-1] = f"boxes: [{boxes}]"
    return f"{indent}- {{{', '.join(members)}}}\n"


def _quoted(member: str) -> str:
    """A member whose value is text with colons, which not every reader takes without quotes in braces."""
    name, _, value = member.partition(": ")
    return f'{name}: "{value}"' if ":" in value and value[0] not in '"[{' else member
