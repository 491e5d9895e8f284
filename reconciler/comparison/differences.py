"""What a comparison says of entries, one and many: frozen structs, JSON as they stand (see `reconciler.review.model`).

Coordinates, sizes and distances are pixels, exact to 0.001. Knows forms. Refuses to know how a difference is found.
"""

from typing import Literal

from msgspec import Struct

__all__ = [
    "Box",
    "BoxChange",
    "BoxWord",
    "FieldChange",
    "Group",
    "GroupKind",
    "Size",
]

BoxWord = Literal["same", "added", "removed", "moved", "resized", "relabelled"]
GroupKind = Literal[
    "renamed",
    "merged",
    "split",
    "relabelled",
    "label-added",
    "label-removed",
    "mirrored",
    "shifted",
    "scaled",
    "image-size",
    "re-pointed",
    "annotation-pass",
]


class Size(Struct, frozen=True, kw_only=True, gc=False):
    """An image's width and height."""

    width: float
    height: float


class Box(Struct, frozen=True, array_like=True, gc=False):
    """A bounding box; in JSON the array `[label, left, top, width, height]`."""

    label: str
    left: float
    top: float
    width: float
    height: float


class BoxChange(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One box before and after, matched one to one (see `reconciler.comparison.boxes`).

    `what` is one of: ["same"]; ["added"] (`before` is null); ["removed"] (`after` is null); or one or two of "moved"
    (same width and height elsewhere), "resized" (another width or height) and "relabelled". `by` is after minus before
    of left, top, width, height; `iou` the overlap of the two, 0 to 1.
    """

    what: tuple[BoxWord, ...]
    before: Box | None = None
    after: Box | None = None
    by: tuple[float, float, float, float] | None = None
    iou: float | None = None


class FieldChange(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A field that is neither label nor box nor image size: its path in the line, and its value on both sides.

    Values are compact JSON, cut to 200 characters; null where the field is missing.
    """

    path: str
    before: str | None = None
    after: str | None = None


class Group(Struct, frozen=True, kw_only=True):
    """The same change on many entries, found and not guessed.

    kinds: a label "renamed" (gone, and its successor is new), "merged" into one that was there, "split" into several,
    or "relabelled" on some entries while it stays on others; "label-added" to or "label-removed" from entries; all
    boxes of entries "mirrored", "shifted" or "scaled" by one amount; another "image-size" (`old` to `new`) whose boxes
    were not scaled along; entries "re-pointed" to another bucket or prefix; a new "annotation-pass" (another job-name).

    `words` says it in one line with its count. `entries` counts the entries, `boxes` the boxes it is true of. `old` and
    `new` are the labels, prefixes, sizes or job names, `by` the shift (dx, dy), the factors (x, y), or 1 for each axis
    along which boxes are mirrored. `examples` are up to three keys. `evidence` are the figures that carry the claim,
    `exceptions` what does not fit it, `exception_count` how many entries that are.
    """

    id: int
    kind: GroupKind
    words: str
    entries: int
    boxes: int = 0
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None
    examples: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    exception_count: int = 0
