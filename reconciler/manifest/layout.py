"""The one layout of a YAML manifest and of project.yaml: order of keys, indentation, what is on one line.

What a file says stays, its comments and anchors too: what was written is read again and compared. Where there are
anchors, keys keep their order, because an anchor must come before its aliases.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Final

import yaml
from msgspec import Struct, field

from reconciler.entries import SOURCE_REF
from reconciler.entries.meaning import encoded
from reconciler.manifest.findings import Collector
from reconciler.manifest.project.project_yaml import PROJECT_KEYS
from reconciler.manifest.tree import Comment, Tree, TreeReader, Unformattable, comments_of
from reconciler.manifest.write import in_flow
from reconciler.manifest.yaml.entry import BOX_KEYS, ENTRIES, HEAD_KEYS
from reconciler.manifest.yaml.nodes import MappingNode, Node, NodeReader, SequenceNode
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.manifest.yaml.text import NUMBER, YamlText
from reconciler.model import NO_DEFAULTS, Defaults

# A list in brackets or a mapping in braces that makes a line longer than this is written one below the other.
WIDTH: Final = 120
STEP: Final = 2
# Text without quotes that is not text where any JSON value may be.
_CONSTANTS: Final = ("true", "false", "null", "")
_FOR_EDITORS: Final = "# yaml-language-server:"


class Form(Struct, frozen=True):
    """How a node is written: the order of its keys; on one line (`flow`), one below the other, or as it is (None).

    `wide`: on one line however long it is. `members` are the forms of values by key, `item` is that of all items.
    """

    order: Sequence[str] = ()
    flow: bool | None = None
    wide: bool = False
    members: Mapping[str, "Form"] = field(default_factory=dict)
    item: "Form | None" = None


_AS_IT_IS: Final = Form(wide=True)
_IN_BRACKETS: Final = Form(flow=True)
_BOXES: Final = Form(flow=False, item=Form(order=BOX_KEYS, flow=True, wide=True))
_ENTRY: Final = Form(
    order=("image", "labels", "size", "created", "human-annotated", "job-name", "confidence", "boxes"),
    members={"labels": _IN_BRACKETS, "size": _IN_BRACKETS, "boxes": _BOXES},
)
_MANIFEST: Final = Form(
    order=HEAD_KEYS, flow=False, members={"size": _IN_BRACKETS, ENTRIES: Form(flow=False, item=_ENTRY)}
)
_PROJECT: Final = Form(order=PROJECT_KEYS, flow=False)


def formatted(content: bytes, *, manifest: bool, defaults: Defaults = NO_DEFAULTS) -> bytes:
    """The text of a valid YAML manifest, or of a valid project.yaml, in its one layout.

    `defaults` are what project.yaml says for the entries of a manifest.

    Raises:
        Unformattable: something in it could not be kept.
    """
    form, streamed = (_MANIFEST, ENTRIES) if manifest else (_PROJECT, "")
    text = content.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    new = _laid_out(re.sub("\r\n?", "\n", text), form, streamed).replace("\n", end).encode()
    if not (_same_entries(content, new, defaults) if manifest else _same_document(content, new)):
        raise Unformattable("its meaning would change")
    return new


def _laid_out(text: str, form: Form, streamed: str) -> str:
    comments, anchors = comments_of(text)
    writer = _Writer(ordered=not anchors)
    entries: list[str] = []

    def take(entry: Tree) -> None:
        entries.append("".join(f"{line}\n" for line in writer.item(entry, STEP, form.members[streamed].item)))

    try:
        root = TreeReader(text, comments, streamed, take).root()
        new = "".join(_whole(root, form, writer, entries))
        kept, _anchors = comments_of(new)
    except yaml.YAMLError as error:
        raise Unformattable(str(error).splitlines()[0]) from error
    if sorted(one.text for one in comments) != sorted(one.text for one in kept):
        raise Unformattable("a comment would be lost")
    return new


def _whole(root: Tree, form: Form, writer: "_Writer", entries: Sequence[str]) -> Iterator[str]:
    """The lines of a file with their ends: comments at its top, the members, comments at its end."""
    if root.kind != "mapping" or root.anchor:
        raise Unformattable("it is not a plain mapping")
    above = root.items[0].before if root.items else []
    blank = max((number for number, line in enumerate(above) if not line), default=0)
    top = above[:blank] + [line for line in above[blank:] if line.startswith(_FOR_EDITORS)]
    if root.items:
        root.items[0].before = [line for line in above[blank:] if line and not line.startswith(_FOR_EDITORS)]
    top.sort(key=lambda line: not line.startswith(_FOR_EDITORS))
    lines = [*top, *([""] if blank else [])]
    for line in (*lines, *writer.lines(root, 0, form)):
        if line is STREAM:
            yield from entries
        else:
            yield f"{line}\n"


# In place of the lines of a streamed list.
STREAM: Final = "\0"


class _Writer:
    """Writes the lines of a tree."""

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered

    def lines(self, node: Tree, indent: int, form: Form) -> Iterator[str]:
        """The lines of a collection with one item below the other."""
        if node.kind == "streamed":
            yield STREAM
        items = self._in_order(node, form) if node.kind == "mapping" else node.items
        for number, item in enumerate(items):
            if not number and item.before[:1] == [""]:
                item.before = item.before[1:]
            if node.kind == "mapping":
                yield from self._member(item, indent, form.members.get(_name(item), _inner(form)))
            else:
                yield from self.item(item, indent, form.item)
        yield from _above(node.foot, indent)

    def item(self, item: Tree, indent: int, form: Form | None) -> Iterator[str]:
        """The lines of an item of a list, from its dash on."""
        form = form or _inner(form)
        if item.kind == "mapping" and any(key.text == SOURCE_REF for key in item.items):
            form = _AS_IT_IS
        if item.kind == "mapping" and item.items:  # what is above the first key is above the dash
            first = self._in_order(item, form)[0]
            item.before, first.before = [*item.before, *filter(None, first.before)], []
        yield from _above(item.before, indent)
        dash = " " * indent + "- "
        if self._is_flow(item, len(dash), form):
            yield from self._ended(dash, item, indent, form)
        elif item.anchor:
            yield _with_comment(f"{dash}&{item.anchor}", item.after)
            yield from self.lines(item, indent + STEP, form)
        else:
            yield from self._behind_dash(item, indent, form)

    def _behind_dash(self, item: Tree, indent: int, form: Form) -> Iterator[str]:
        """A collection whose first line is that of the dash, below its comments."""
        yield from _above([item.after.text] if item.after else [], indent)
        first, *rest = self.lines(item, indent + STEP, form)
        yield f"{' ' * indent}- {first.lstrip(' ')}"
        yield from rest

    def _member(self, key: Tree, indent: int, form: Form) -> Iterator[str]:
        value = key.value or Tree("scalar")
        head = f"{' ' * indent}{self._inline(key, _AS_IT_IS)}:"
        after = value.after or key.after
        above = [key.after.text] if key.after and value.after else []
        yield from _above([*key.before, *above], indent)
        if self._is_flow(value, len(head) + 1, form):
            value.after = after
            yield from self._ended(f"{head} ", value, indent, form)
        else:
            yield _with_comment(f"{head} &{value.anchor}" if value.anchor else head, after)
            yield from self.lines(value, indent + STEP, form)

    def _ended(self, head: str, value: Tree, indent: int, form: Form) -> Iterator[str]:
        """A value behind its key or dash, with the comment behind it; a block of text keeps its lines."""
        first, *rest = self._inline(value, form).split("\n")
        yield _with_comment(f"{head}{first}".rstrip(" "), value.after)
        if rest:
            margin = min(len(line) - len(line.lstrip(" ")) for line in rest if line.strip())
            yield from (f"{' ' * (indent + STEP)}{line[margin:]}".rstrip(" ") for line in rest)

    def _is_flow(self, node: Tree, column: int, form: Form) -> bool:
        if node.kind == "scalar" or (not node.items and node.kind != "streamed" and not any(node.foot)):
            return True
        if node.kind == "streamed" or node.is_busy():
            return False
        if not (node.flow if form.flow is None else form.flow):
            return False
        return form.wide or column + len(self._inline(node, form)) <= WIDTH

    def _inline(self, node: Tree, form: Form) -> str:
        """A node on one line."""
        anchor = f"&{node.anchor} " if node.anchor else ""
        if node.kind == "scalar":
            return (anchor + node.raw).rstrip(" ")
        if node.kind != "mapping":
            return f"{anchor}[{', '.join(self._in_line(item, form.item or _inner(form)) for item in node.items)}]"
        members = (
            f"{self._in_line(key, _AS_IT_IS)}: {self._in_line(key.value or Tree('scalar'), _inner(form))}".rstrip(" ")
            for key in self._in_order(node, form)
        )
        return f"{anchor}{{{', '.join(members)}}}"

    def _in_line(self, node: Tree, form: Form) -> str:
        """A node inside of brackets or braces; text that was in none may need quotes there."""
        text = self._inline(node, form)
        if node.kind == "scalar" and not node.flow and node.text and not NUMBER.fullmatch(node.text):
            return text if node.anchor else in_flow(node.text)
        return text

    def _in_order(self, node: Tree, form: Form) -> Sequence[Tree]:
        if not (self._ordered and form.order):
            return node.items
        place = {name: number for number, name in enumerate(form.order)}
        return sorted(node.items, key=lambda key: place.get(_name(key), len(place)))


def _name(key: Tree) -> str:
    return key.text or key.raw.strip("\"'")


def _inner(form: Form | None) -> Form:
    """The form of what has none of its own."""
    return _AS_IT_IS if form is not None and form.wide else Form()


def _above(lines: Sequence[str], indent: int) -> Iterator[str]:
    return (" " * indent + line if line else "" for line in lines)


def _with_comment(text: str, after: Comment | None) -> str:
    """A line with the comment behind it, in its column where there is room."""
    if after is None:
        return text
    return f"{text.ljust(after.column)}{after.text}" if after.column > len(text) else f"{text}  {after.text}"


def _same_entries(old: bytes, new: bytes, defaults: Defaults) -> bool:
    lines = [yaml_lines(BytesIO(content), Collector("manifest"), defaults=defaults) for content in (old, new)]
    try:
        return all(encoded(one.document) == encoded(other.document) for one, other in zip(*lines, strict=True))
    except ValueError:  # one has more entries
        return False


def _same_document(old: bytes, new: bytes) -> bool:
    one, other = (NodeReader(YamlText(BytesIO(text)), lambda *_a, **_d: None).document() for text in (old, new))
    return one is not None and other is not None and _value(one) == _value(other)


def _value(node: Node) -> object:
    """What a node says, wherever it is."""
    if isinstance(node, MappingNode):
        return {name: _value(value) for name, value in node.members.items()}
    if isinstance(node, SequenceNode):
        return [_value(item) for item in node.items]
    return node.text, node.plain and (NUMBER.fullmatch(node.text) is not None or node.text in _CONSTANTS)
