"""One entry side by side on a terminal: what the manifest says, and what is live."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from reconciler.analysis.entry import Detail
from reconciler.analysis.results import PixelBox
from reconciler.views.terminal.tables import Role, StyledLine, columns_of
from reconciler.views.words import figure, shown

_ROWS: Final = 12
_SAME: Final = 3
_NO_ENTRY: Final = "(no entry)"
_NO_LABELS: Final = "(no labels)"


def beside_lines(detail: Detail, width: int) -> Iterator[StyledLine]:
    """Lines of at most `width` columns: the side before at the left, the side after at the right."""
    room = max(8, (width - 9) // 2)
    yield from ((line, "dim") for line in _lines("manifest", " ", "live", room))
    differ = list(_rows(detail))
    same = [shown(label) for label in detail.labels_kept]
    same += [_box(box.before) for box in detail.boxes if box.what == ("same",)]
    for left, right in differ[:_ROWS]:
        sign, role = _look(left, right)
        yield from ((line, role) for line in _lines(left, sign, right, room))
    if len(differ) > _ROWS:
        yield f"    ... and {len(differ) - _ROWS:,} more", "dim"
    for one in same[:_SAME]:
        yield from ((line, "dim") for line in _lines(one, " ", one, room))
    if len(same) > _SAME:
        yield f"    ... and {len(same) - _SAME:,} more that are the same", "dim"


def _look(left: str, right: str) -> tuple[str, Role]:
    if {left, right} & {_NO_ENTRY, _NO_LABELS}:
        return " ", "dim"
    return ("+", "add") if not left else ("-", "unlabel") if not right else ("~", "update")


def _rows(detail: Detail) -> Iterator[tuple[str, str]]:
    """What differs."""
    before, after = detail.labelled_before, detail.labelled_after
    if not (before and after):
        yield _without(before), _without(after)
    yield from ((shown(label), "") for label in detail.labels_removed)
    yield from (("", shown(label)) for label in detail.labels_added)
    sizes = tuple(", ".join(map(str, one)) for one in (detail.sizes_before, detail.sizes_after))
    if sizes[0] != sizes[1] and all(sizes):
        yield f"image {sizes[0]}", f"image {sizes[1]}"
    for box in detail.changed_boxes:
        yield _box(box.before), _box(box.after)
    for field in detail.fields:
        yield f"{shown(field.path)}: {shown(field.before or '-')}", f"{shown(field.path)}: {shown(field.after or '-')}"


def _without(labelled: bool | None) -> str:  # noqa: FBT001 - one of three
    return _NO_ENTRY if labelled is None else "" if labelled else _NO_LABELS


def _box(box: PixelBox | None) -> str:
    if box is None:
        return ""
    return f"{shown(box.label)} {figure(box.width)}x{figure(box.height)} at {figure(box.left)}, {figure(box.top)}"


def _lines(left: str, sign: str, right: str, room: int) -> Iterator[str]:
    """Both sides in columns of `room`; what is longer goes on in the next line."""
    from reconciler.views.terminal.drawn import chopped  # noqa: PLC0415 - rich is for terminals

    for number, (one, other) in enumerate(zip_longest(chopped(left, room), chopped(right, room), fillvalue="")):
        yield f"    {one}{' ' * (room - columns_of(one))} {' ' if number else sign} {other}"
