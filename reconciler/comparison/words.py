"""Desired against live: which entries change, and in words what changes in one of them.

Knows the verbs and how to say a difference. Refuses to know policies beyond `extra`, limits and sending.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deepdiff import DeepDiff

from reconciler.entries import Meaning, bare_line, meaning_of
from reconciler.ledger import Ledger, Row
from reconciler.model import Change, Compare, Verb

__all__ = ["changed", "changes", "describe", "live_only", "loads", "unlabelled"]

# A change names so many things of a kind; the rest is a count.
_NAMED: Final = 3


def changes(ledger: Ledger, mode: Compare, settled: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The entries to add and update, in manifest order."""
    for row in ledger.differing(mode, settled):
        yield changed(row)


def loads(ledger: Ledger) -> Iterator[Change]:
    """All desired entries as adds, in manifest order: what fills an empty dataset."""
    for row in ledger.desired_rows():
        yield Change(Verb.ADD, row.key, row.seq, desired=row.desired, place=row.place, labels=row.labels)


def live_only(ledger: Ledger, *, unlabel: bool) -> Iterator[Change]:
    """Live entries that the manifest does not have, as listed.

    With `unlabel` the labelled ones become changes that send the bare line; those without labels are at rest and left
    out. Without it each is one line of information.
    """
    for row in ledger.live_only():
        if not unlabel:
            yield Change(Verb.LIVE_ONLY, row.key, row.seq, live=row.live, live_labels=row.live_labels)
        elif row.live_labelled:
            yield unlabelled(row)


def describe(change: Change) -> str:
    """What changes, in words: the labels of a new entry, the difference of an update; labels as they are written."""
    if change.verb is Verb.ADD:
        return _summary(_meaning(change.desired))
    if change.verb is Verb.UNLABEL:
        return f"labels removed: {_names(change.live_labels)}" if change.live_labels else "labels removed"
    if change.verb is Verb.LIVE_ONLY:
        return f"live only: {_summary(_meaning(change.live))}"
    return _difference(_document(change.live), _document(change.desired))


def changed(row: Row) -> Change:
    """The change that makes a desired row live: an add where live has no such key, else an update."""
    verb = Verb.UPDATE if row.in_live else Verb.ADD
    return Change(verb, row.key, row.seq, row.desired, row.live, row.place, row.labels, row.live_labels)


def unlabelled(row: Row) -> Change:
    """The change that takes the labels off a live-only row."""
    bare = bare_line(row.key)
    return Change(Verb.UNLABEL, row.key, row.seq, desired=bare, live=row.live, live_labels=row.live_labels)


def _document(line: bytes | None) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(line) if line else {}
    return document


def _meaning(line: bytes | None) -> Meaning:
    return meaning_of(_document(line))


def _summary(meaning: Meaning) -> str:
    """`sunrise, beach` or `2 boxes: RBC, WBC` or `no boxes` or `unlabelled`."""
    if not meaning.labelled:
        return "unlabelled"
    parts = [_names(meaning.image_labels)] if meaning.image_labels else []
    if meaning.boxes:
        names = tuple(dict.fromkeys(box.label for box in meaning.boxes))
        parts.append(f"{_count(len(meaning.boxes), 'box', 'boxes')}: {_names(names)}")
    if not parts:
        parts.append("malformed label attribute" if meaning.malformed else "no boxes")
    return "; ".join(parts)


def _difference(live: Mapping[str, Any], desired: Mapping[str, Any]) -> str:
    before, after = meaning_of(live), meaning_of(desired)
    parts = [
        *_labelled(before, after),
        *_image_labels(before, after),
        *_box_changes(before, after),
        *_size_change(before, after),
    ]
    return "; ".join(parts) if parts else _other_fields(live, desired)


def _labelled(before: Meaning, after: Meaning) -> Iterator[str]:
    if before.labelled and not after.labelled:
        yield "labels removed"
    elif after.labelled and not before.labelled:
        yield f"unlabelled -> {_summary(after)}"


def _image_labels(before: Meaning, after: Meaning) -> Iterator[str]:
    if not (before.labelled and after.labelled):
        return
    gone = [name for name in before.image_labels if name not in after.image_labels]
    new = [name for name in after.image_labels if name not in before.image_labels]
    if gone and new:
        yield f"{_names(tuple(gone))} -> {_names(tuple(new))}"
    elif gone:
        yield f"label removed: {_names(tuple(gone))}"
    elif new:
        yield f"label added: {_names(tuple(new))}"


def _box_changes(before: Meaning, after: Meaning) -> Iterator[str]:
    """Boxes by label: so many added, removed, or moved (a box gone and one come under the same label)."""
    if not (before.labelled and after.labelled):
        return
    gone, new = Counter(before.boxes) - Counter(after.boxes), Counter(after.boxes) - Counter(before.boxes)
    gone_by = Counter(box.label for box in gone.elements())
    new_by = Counter(box.label for box in new.elements())
    for label in dict.fromkeys((*gone_by, *new_by)):
        moved = min(gone_by[label], new_by[label])
        if moved:
            yield f"{_count(moved, 'box', 'boxes')} changed: {label}"
        if gone_by[label] > moved:
            yield f"{_count(gone_by[label] - moved, 'box', 'boxes')} removed: {label}"
        if new_by[label] > moved:
            yield f"{_count(new_by[label] - moved, 'box', 'boxes')} added: {label}"


def _size_change(before: Meaning, after: Meaning) -> Iterator[str]:
    if before.sizes and after.sizes and sorted(before.sizes) != sorted(after.sizes):
        yield f"image size {_sizes(before)} -> {_sizes(after)}"


def _sizes(meaning: Meaning) -> str:
    return ", ".join(f"{width / 1000:g}x{height / 1000:g}" for width, height in meaning.sizes)


def _other_fields(live: Mapping[str, Any], desired: Mapping[str, Any]) -> str:
    """Fields that are neither labels nor boxes, by their path."""
    paths = _paths(live, desired, by_value=True) or _paths(live, desired, by_value=False)  # true and 1 differ in type
    named = [path.removeprefix("root") for path in paths[:_NAMED]]
    rest = len(paths) - len(named)
    return f"fields: {', '.join(named)}{f' and {rest} more' if rest > 0 else ''}"


def _paths(live: Mapping[str, Any], desired: Mapping[str, Any], *, by_value: bool) -> list[str]:
    difference = DeepDiff(
        dict(live),
        dict(desired),
        ignore_numeric_type_changes=by_value,
        ignore_private_variables=False,  # a member may be called `__x`
        threshold_to_diff_deeper=0,  # else two lines with little in common differ "at the root"
    )
    return list(difference.affected_paths)


def _names(names: tuple[str, ...]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
