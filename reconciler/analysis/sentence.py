"""A change in words: one line with what it means."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import hypot

from reconciler.analysis.entry import Detail
from reconciler.analysis.results import BoxChange
from reconciler.model import Verb
from reconciler.text import Name, Sentence, counted, joined, listed, sentence


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
        if detail.malformed_added and not detail.malformed_removed:
            yield "malformed label attribute"
    if detail.sizes_before and detail.sizes_after and set(detail.sizes_before) != set(detail.sizes_after):
        before, after = (", ".join(map(str, sizes)) for sizes in (detail.sizes_before, detail.sizes_after))
        yield f"image size {before} -> {after}"


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
