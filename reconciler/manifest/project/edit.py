"""Edits of project.yaml by position: a list of it gets more items, and every other byte stays as it was."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml
from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.manifest.edit import node_end
from reconciler.manifest.write import alone, in_flow
from reconciler.text import inert

# An item: text, or members.
Item = str | Mapping[str, str]
_BOM: Final = "\ufeff"


class _Found(Struct):
    """Where things are: the list's first event and the end of its last item, the root's, where a new key goes.

    Ends are places in the text, lines count from 1; `last_line` is that of the list's last item.
    """

    root: Any
    listed: Any = None
    last_line: int = 0
    last_end: int = 0
    root_end: int = 0
    end_line: int = 0


def with_items(content: bytes, key: str, items: Sequence[Item], shown: str) -> bytes:
    """A valid project.yaml with more items at the end of one of its lists, which is made where it is not there.

    Raises:
        BadInput: the list is written in a way that cannot be edited by position.
    """
    text = content.decode()
    found = _find(text, key)
    end = "\r\n" if "\r\n" in text else "\n"
    if found.listed is not None and (found.listed.anchor or not hasattr(found.listed, "flow_style")):
        raise BadInput(
            f"{inert(shown)}: `{key}` has an anchor or is an alias; edit the file by hand; nothing was written"
        )
    if found.listed is None and found.root.flow_style:
        between = ", " if found.root_end > found.root.start_mark.index + 1 else ""
        return _put(text, found.root_end, f"{between}{key}: {in_flow(list(items))}")
    if found.listed is None:
        margin = " " * found.root.start_mark.column
        lines = [f"{margin}{key}:", *_block(items, f"{margin}  ")]
        return _put_lines(text, found.end_line, lines, end)
    if found.listed.flow_style:
        between = ", " if found.last_line else ""
        return _put(text, found.last_end, between + ", ".join(map(in_flow, items)))
    return _put_lines(text, found.last_line, list(_block(items, " " * found.listed.start_mark.column)), end)


def with_item_renamed(content: bytes, key: str, old: str, new: str, shown: str) -> bytes:
    """A valid project.yaml in one of whose lists an item has a different text; without `new` the item goes.

    Raises:
        BadInput: the item cannot be edited by position.
    """
    text = content.decode()
    node = yaml.compose(text, yaml.SafeLoader)
    lists = [value for name, value in node.value if name.value == key] if isinstance(node, yaml.MappingNode) else []
    items = [one for found in lists for one in found.value if isinstance(one, yaml.ScalarNode) and one.value == old]
    if len(items) != 1:
        raise BadInput(f"{inert(shown)}: `{key}` cannot be edited by position; edit it by hand; nothing was written")
    begin: Any = items[0].start_mark
    end: Any = items[0].end_mark
    if new:
        return f"{text[: begin.index]}{in_flow(new)}{text[end.index :]}".encode()
    if lists[0].flow_style and (without := _without(text, lists[0].value, lists[0].value.index(items[0]))):
        return without.encode()
    lines = text.splitlines(keepends=True)
    if lists[0].flow_style or not lines[begin.line].lstrip().startswith("- "):
        raise BadInput(f"{inert(shown)}: remove `{inert(old)}` from `{key}` by hand; nothing was written")
    return "".join((*lines[: begin.line], *lines[begin.line + 1 :])).encode()


def _without(text: str, items: Sequence[Any], at: int) -> str:
    """The text without an item of a list in brackets and its comma; "" where that would take a comment along."""
    item = items[at]
    begin, end = item.start_mark.index, item.end_mark.index
    if at + 1 < len(items):
        end = items[at + 1].start_mark.index
    elif at:
        begin = items[at - 1].end_mark.index
    gone = text[begin:end].replace(text[item.start_mark.index : item.end_mark.index], "")
    return "" if "#" in gone else text[:begin] + text[end:]


def _put(text: str, at: int, what: str) -> bytes:
    return f"{text[:at]}{what}{text[at:]}".encode()


def _put_lines(text: str, after: int, lines: Sequence[str], end: str) -> bytes:
    """The text with more lines after the one with this number (0: at its end)."""
    before = text.splitlines(keepends=True) if after else [text]
    head, tail = ("".join(before[:after]), "".join(before[after:])) if after else (text, "")
    between = "" if head.endswith(("\n", "\r")) or not head else end
    return (head + between + "".join(f"{line}{end}" for line in lines) + tail).encode()


def _block(items: Sequence[Item], margin: str) -> Sequence[str]:
    """The lines of items in a list with one below the other."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(f"{margin}- {alone(item)}")
        else:
            marks = ["- ", *["  "] * (len(item) - 1)]
            lines += [
                f"{margin}{mark}{name}: {alone(value)}" for mark, (name, value) in zip(marks, item.items(), strict=True)
            ]
    return lines


def _find(text: str, key: str) -> _Found:
    """The list under a key of the outermost mapping."""
    loader: Any = yaml.SafeLoader(text)
    loader.get_event()
    loader.get_event()
    root = loader.get_event()
    found = _Found(root, root_end=root.start_mark.index + 1)
    while not isinstance(name := loader.get_event(), yaml.MappingEndEvent):
        value = loader.get_event()
        is_it = isinstance(name, yaml.ScalarEvent) and name.value == key
        if is_it:
            found.listed, found.last_end = value, value.start_mark.index + 1
        if not (is_it and isinstance(value, yaml.SequenceStartEvent)):
            found.root_end = node_end(loader, value).index
            continue
        while not isinstance(event := loader.get_event(), yaml.SequenceEndEvent):
            last = node_end(loader, event)
            found.last_line, found.last_end = last.line, last.index
        closing: Any = event
        found.root_end = closing.end_mark.index
    document = loader.get_event()
    found.end_line = document.start_mark.line if document.explicit else 0
    return found
