"""One entry's change in detail: image labels, boxes matched one to one, image size, other fields.

Applying the description to the old line's meaning gives the new line's meaning; a property test checks that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

from reconciler.analysis.boxes import matched, overlap
from reconciler.analysis.fields import Document, all_fields, document_of, field_changes
from reconciler.analysis.movements import Transform, transform_of
from reconciler.analysis.results import BoxChange, BoxWord, FieldChange, PixelBox, Size
from reconciler.entries import Box, Meaning, meaning_of
from reconciler.model import Change, Verb

# How many of its other fields a change names.
FIELDS_KEPT: Final = 20
_NOTHING: Final = Meaning((), (), (), (), labelled=False)
_PER_PIXEL: Final = 1000
_SAME: Final[tuple[BoxWord, ...]] = ("same",)


@dataclass(frozen=True, slots=True)
class Detail:
    """What one change does to its entry; see `reconciler.review.model.EntryChange` for the members of the same name.

    `malformed_removed` and `malformed_added` are label attributes that could not be read, as canonical JSON.
    `transform` is the movement of all boxes together, where there is one. `changed_boxes` are the boxes that are not
    the same on both sides. `before` and `after` are the documents, empty if there is no such side.
    """

    before: Document
    after: Document
    labelled_before: bool | None
    labelled_after: bool | None
    labels_kept: tuple[str, ...]
    labels_added: tuple[str, ...]
    labels_removed: tuple[str, ...]
    boxes: tuple[BoxChange, ...]
    sizes_before: tuple[Size, ...]
    sizes_after: tuple[Size, ...]
    malformed_removed: tuple[str, ...] = ()
    malformed_added: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    transform: Transform | None = None
    changed_boxes: tuple[BoxChange, ...] = ()


def detail_of(change: Change, *, goes: bool = False) -> Detail:
    """Describe a change. With `goes` a live-only entry disappears (its dataset is replaced), else it stays."""
    live, desired = document_of(change.live), document_of(change.desired)
    if change.verb is Verb.LIVE_ONLY and not goes:
        desired = live
    before = meaning_of(live) if live else None
    after = before if desired is live else meaning_of(desired) if desired else None
    boxes, transform = _boxes(before or _NOTHING, after or _NOTHING)
    labels = _labels(before or _NOTHING, after or _NOTHING)
    malformed = _malformed(before or _NOTHING, after or _NOTHING)
    changed = tuple([box for box in boxes if box.what != _SAME])
    same = not any((*labels[1:], *malformed, changed))
    sizes = _sizes(before), _sizes(after)
    return Detail(
        live,
        desired,
        before.labelled if before else None,
        after.labelled if after else None,
        *labels,
        boxes,
        *sizes,
        *malformed,
        fields=_fields(live, desired, same=same and sizes[0] == sizes[1]) if change.verb is Verb.UPDATE else (),
        transform=transform,
        changed_boxes=changed,
    )


@lru_cache(maxsize=100_000)  # few numbers, in many boxes
def pixels(thousandths: int) -> int | float:
    """Pixels as they are written: whole ones as integers."""
    whole, rest = divmod(thousandths, _PER_PIXEL)
    return thousandths / _PER_PIXEL if rest else whole


def _fields(live: Document, desired: Document, *, same: bool) -> tuple[FieldChange, ...]:
    """Other fields; if labels and boxes are the `same`, fields that only spell them differently count too."""
    found = field_changes(live, desired)
    if not found and same:
        found = all_fields(live, desired)
    return found[:FIELDS_KEPT]


def _labels(before: Meaning, after: Meaning) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Image-level labels kept, added and removed."""
    old, new = dict.fromkeys(before.image_labels), dict.fromkeys(after.image_labels)
    return (
        tuple(name for name in new if name in old),
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
    )


def _malformed(before: Meaning, after: Meaning) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes that could not be read, gone and new; of several equal ones each counts."""
    gone, new = list(before.malformed), []
    for one in after.malformed:
        if one in gone:
            gone.remove(one)
        else:
            new.append(one)
    return tuple(gone), tuple(new)


def _sizes(meaning: Meaning | None) -> tuple[Size, ...]:
    sizes = meaning.sizes if meaning else ()
    return tuple(Size(width=pixels(width), height=pixels(height)) for width, height in sizes)


def _boxes(before: Meaning, after: Meaning) -> tuple[tuple[BoxChange, ...], Transform | None]:
    """All boxes of both sides: those of the side after in its order, then those that are gone."""
    if not before.boxes:
        return tuple(BoxChange(what=("added",), after=_box(box)) for box in after.boxes), None
    if before.boxes == after.boxes:
        return tuple(BoxChange(what=_SAME, before=box, after=box) for box in map(_box, after.boxes)), None
    transform = transform_of(before.boxes, after.boxes, before.sizes, after.sizes)
    changes = sorted(_changes(before.boxes, after.boxes, transform), key=itemgetter(0))
    return tuple(change for _number, change in changes), transform


def _changes(
    before: Sequence[Box], after: Sequence[Box], transform: Transform | None
) -> Iterator[tuple[int, BoxChange]]:
    """Box changes, each with its place in the order to show them."""
    pairs = transform.pairs if transform else ()
    for row, column in pairs:
        yield column, _change(before[row], after[column], overlap(before[row], after[column]))
    rows = sorted({*range(len(before))}.difference(row for row, _column in pairs))
    columns = sorted({*range(len(after))}.difference(column for _row, column in pairs))
    matching = matched([before[row] for row in rows], [after[column] for column in columns])
    for _row, column, _iou in matching.same:
        yield columns[column], _same(after[columns[column]])
    for row, column, iou in matching.changed:
        yield columns[column], _change(before[rows[row]], after[columns[column]], iou)
    for added in matching.added:
        yield columns[added], BoxChange(what=("added",), after=_box(after[columns[added]]))
    for removed in matching.removed:
        yield len(after) + rows[removed], BoxChange(what=("removed",), before=_box(before[rows[removed]]))


def _change(one: Box, other: Box, iou: float) -> BoxChange:
    if one == other:
        return _same(one)
    by = (other.left - one.left, other.top - one.top, other.width - one.width, other.height - one.height)
    words: list[BoxWord] = []
    if any(by):
        words.append("resized" if by[2] or by[3] else "moved")
    if one.label != other.label:
        words.append("relabelled")
    left, top, width, height = map(pixels, by)
    return BoxChange(
        what=tuple(words), before=_box(one), after=_box(other), by=(left, top, width, height), iou=round(iou, 4)
    )


def _same(box: Box) -> BoxChange:
    shown = _box(box)
    return BoxChange(what=_SAME, before=shown, after=shown)


def _box(box: Box) -> PixelBox:
    label, left, top, width, height = box
    return PixelBox(label, pixels(left), pixels(top), pixels(width), pixels(height))
