"""One entry's change: in detail (image labels, boxes matched one to one, image size, fields), and in one sentence.

Applying the detail to the old line's meaning gives the new line's meaning; a property test checks that.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import hypot
from operator import itemgetter
from typing import Final

from msgspec import Struct

from reconciler.analysis.boxes import BEST_UP_TO, matched, overlap
from reconciler.analysis.fields import all_fields, document_of, field_changes
from reconciler.analysis.movements import Transform, transform_of
from reconciler.analysis.results import BoxChange, BoxWord, FieldChange, PixelBox, Size
from reconciler.entries import Box, Meaning, meaning_of
from reconciler.entries.meaning import Document
from reconciler.model import Change, Verb
from reconciler.text import Name, Sentence, counted, joined, listed, sentence

# How many of its other fields a change names.
FIELDS_KEPT: Final = 20
_NOTHING: Final = Meaning((), (), (), (), labelled=False)
_PER_PIXEL: Final = 1000
_SAME: Final[tuple[BoxWord, ...]] = ("same",)


class Detail(Struct, frozen=True):
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
def _pixels(thousandths: int) -> int | float:
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
    old, new = Counter(before.malformed), Counter(after.malformed)
    return tuple((old - new).elements()), tuple((new - old).elements())


def _sizes(meaning: Meaning | None) -> tuple[Size, ...]:
    sizes = meaning.sizes if meaning else ()
    return tuple(Size(width=_pixels(width), height=_pixels(height)) for width, height in sizes)


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
    left, top, width, height = map(_pixels, by)
    return BoxChange(
        what=tuple(words), before=_box(one), after=_box(other), by=(left, top, width, height), iou=round(iou, 4)
    )


def _same(box: Box) -> BoxChange:
    shown = _box(box)
    return BoxChange(what=_SAME, before=shown, after=shown)


def _box(box: Box) -> PixelBox:
    label, left, top, width, height = box
    return PixelBox(label, _pixels(left), _pixels(top), _pixels(width), _pixels(height))


def phrase(verb: Verb, detail: Detail, left: str = "live only") -> Sentence:
    """What changes, in words: the labels of a new entry, the difference of an update.

    `left` is the word for an entry that only live has.
    """
    if verb is Verb.ADD:
        return _summary(detail)
    if verb is Verb.UNLABEL:
        names = _labels_of(detail)
        return sentence("labels removed: ", listed(names)) if names else ("labels removed",)
    if verb is Verb.LIVE_ONLY:
        return sentence(f"{left if detail.after else 'deleted'}: ", _summary(detail))
    return joined(_difference(detail)) or _other_fields(detail)


def movement(kind: str, by: tuple[float, float]) -> str:
    """`shifted by +4, -2 px`, `scaled by 0.5 x 0.5`, `mirrored top to bottom`."""
    across, down = by
    if kind == "shifted":
        return f"shifted by {across:+g}, {down:+g} px"
    if kind == "scaled":
        return f"scaled by {across:g} x {down:g}"
    return f"mirrored {' and '.join(way for way, told in (('left to right', across), ('top to bottom', down)) if told)}"


def _summary(detail: Detail) -> Sentence:
    """`sunrise, beach` or `2 boxes: RBC, WBC` or `no boxes` or `unlabelled`: all that an entry has."""
    if not (detail.labelled_before or detail.labelled_after):
        return ("unlabelled",)
    image_labels = (*detail.labels_kept, *detail.labels_added, *detail.labels_removed)
    parts: list[str | Sentence] = [listed(image_labels)] if image_labels else []
    if detail.boxes:
        names = tuple(dict.fromkeys(_label(box) for box in detail.boxes))
        parts.append(sentence(f"{counted(len(detail.boxes), 'box', 'boxes')}: ", listed(names)))
    if not parts:
        read = (detail.sizes_before or detail.sizes_after) and not (detail.malformed_added or detail.malformed_removed)
        parts.append("no boxes" if read else "malformed label attribute")
    return joined(parts)


def _labels_of(detail: Detail) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*detail.labels_removed, *(_label(box) for box in detail.boxes))))


def _label(change: BoxChange) -> str:
    box = change.after or change.before
    return box.label if box else ""


def _difference(detail: Detail) -> Iterator[str | Sentence]:
    if detail.labelled_before and not detail.labelled_after:
        yield "labels removed"
    elif detail.labelled_after and not detail.labelled_before:
        yield sentence("unlabelled -> ", _summary(detail))
    else:
        yield from _image_labels(detail)
        yield from _relabelled(detail.changed_boxes)
        yield from _moved(detail)
        yield from _counted_by_label("removed", detail.changed_boxes)
        yield from _counted_by_label("added", detail.changed_boxes)
        if _is_greedy(detail):
            yield f"over {BEST_UP_TO} boxes: paired by the greatest overlap first"
        if detail.malformed_added and not detail.malformed_removed:
            yield "malformed label attribute"
    if detail.sizes_before and detail.sizes_after and set(detail.sizes_before) != set(detail.sizes_after):
        before, after = (", ".join(map(str, sizes)) for sizes in (detail.sizes_before, detail.sizes_after))
        yield f"image size {before} -> {after}"


def _is_greedy(detail: Detail) -> bool:
    """Whether there were too many boxes to find the best pairs."""
    moved = len(detail.transform.pairs) if detail.transform else 0
    sides = [one.before for one in detail.changed_boxes], [one.after for one in detail.changed_boxes]
    return max(sum(box is not None for box in side) for side in sides) - moved > BEST_UP_TO


def _image_labels(detail: Detail) -> Iterator[Sentence]:
    gone, new = detail.labels_removed, detail.labels_added
    if gone and new:
        yield sentence(listed(gone), " -> ", listed(new))
    elif gone:
        yield sentence("label removed: ", listed(gone))
    elif new:
        yield sentence("label added: ", listed(new))


def _relabelled(boxes: Iterable[BoxChange]) -> Iterator[Sentence]:
    renames = Counter(
        (box.before.label, box.after.label) for box in boxes if "relabelled" in box.what and box.before and box.after
    )
    for (old, new), many in renames.items():
        yield sentence(f"{counted(many, 'box', 'boxes')} relabelled: ", Name(old), " -> ", Name(new))


def _moved(detail: Detail) -> Iterator[str | Sentence]:
    """Boxes moved and resized: all of them at once, or by label with the farthest distance."""
    transform, many = detail.transform, counted(len(detail.boxes), "box", "boxes")
    if transform is not None and (len(detail.boxes) > 1 or transform.kind == "mirrored"):
        whole = len(transform.pairs) == len(detail.boxes) > 1
        some = "all " if whole else f"{len(transform.pairs):,} of " if len(detail.boxes) > 1 else ""
        yield f"{some}{many} {movement(transform.kind, transform.by)}"
        return
    yield from _moved_by_label("moved", detail.changed_boxes)
    yield from _moved_by_label("resized", detail.changed_boxes)


def _moved_by_label(word: str, boxes: Sequence[BoxChange]) -> Iterator[Sentence]:
    far: dict[str, list[float]] = {}
    for box in boxes:
        if word in box.what and box.by:
            left, top, width, height = box.by
            distance = hypot(left, top) if word == "moved" else max(abs(width), abs(height))
            far.setdefault(_label(box), []).append(distance)
    for label, distances in far.items():
        most = "" if len(distances) == 1 else "at most "
        boxes_are = f"{counted(len(distances), 'box', 'boxes')} {word}: "
        yield sentence(boxes_are, Name(label), f" ({most}{_round(max(distances))} px)")


def _round(distance: float) -> str:
    return f"{distance:.3g}" if distance < 100 else f"{distance:,.0f}"


def _counted_by_label(word: str, boxes: Iterable[BoxChange]) -> Iterator[Sentence]:
    for label, many in Counter(_label(box) for box in boxes if word in box.what).items():
        yield sentence(f"{counted(many, 'box', 'boxes')} {word}: ", Name(label))


def _other_fields(detail: Detail) -> Sentence:
    return sentence("fields: ", listed([field.path for field in detail.fields]))
