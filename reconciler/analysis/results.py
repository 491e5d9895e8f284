"""The results of a comparison, for an entry, for many and for whole datasets: frozen types that are JSON as they are.

`reconciler.review.model` has the document that holds them. Coordinates, sizes and distances are pixels, exact to 0.001.
`before` is live (offline: the first of the two sides), `after` what live will be once the plan is applied, live-only
entries included.
"""

from typing import Literal

from msgspec import Struct

from reconciler.text import Sentence

BoxWord = Literal["same", "added", "removed", "moved", "resized", "relabelled"]
GroupKind = Literal[
    "renamed",
    "merged",
    "split",
    "relabelled",
    "re-pointed",
    "mirrored",
    "shifted",
    "scaled",
    "image-size",
    "label-removed",
    "label-added",
    "annotation-pass",
]


class Size(Struct, frozen=True, kw_only=True, gc=False):
    """An image's width and height."""

    width: float
    height: float

    def __str__(self) -> str:
        return f"{self.width:.10g}x{self.height:.10g}"


class PixelBox(Struct, frozen=True, array_like=True, gc=False):
    """A bounding box; in JSON the array `[label, left, top, width, height]`."""

    label: str
    left: float
    top: float
    width: float
    height: float


class BoxChange(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One box before and after, matched one to one (see `reconciler.analysis.boxes`).

    `what` is one of: ["same"]; ["added"] (`before` is null); ["removed"] (`after` is null); or one or two of "moved"
    (same width and height elsewhere), "resized" (another width or height) and "relabelled". `by` is after minus before
    of left, top, width, height; `iou` the overlap of the two, 0 to 1.
    """

    what: tuple[BoxWord, ...]
    before: PixelBox | None = None
    after: PixelBox | None = None
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
    words: Sentence
    entries: int
    boxes: int = 0
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    by: tuple[float, float] | None = None
    examples: tuple[str, ...] = ()
    evidence: tuple[Sentence, ...] = ()
    exceptions: tuple[Sentence, ...] = ()
    exception_count: int = 0


class Counts(Struct, frozen=True, kw_only=True):
    """What one side holds: entries, those with labels, those with labels and no box nor image label, boxes, labels."""

    entries: int = 0
    labelled: int = 0
    empty: int = 0
    boxes: int = 0
    labels: int = 0


class LabelBalance(Struct, frozen=True, kw_only=True):
    """One label on both sides: images that have it, its boxes, its share (0 to 1) of the labelled images.

    `images_manifest` are the images of the manifest alone, without live-only entries that keep their labels.
    """

    label: str
    images_before: int
    images_after: int
    boxes_before: int
    boxes_after: int
    share_before: float
    share_after: float
    images_manifest: int = 0


class Balance(Struct, frozen=True, kw_only=True):
    """Class balance of a dataset before and after; most images after first.

    `manifest` counts the entries of the manifest alone. `rows` are all labels of both sides. `appeared` and `gone` are
    labels that only one side has. `smallest` is the label with the fewest images after.
    """

    before: Counts
    after: Counts
    rows: tuple[LabelBalance, ...] = ()
    appeared: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    smallest: str | None = None
    manifest: Counts = Counts()


class JobCount(Struct, frozen=True, kw_only=True):
    """A value and how many entries have it on each side."""

    value: str
    before: int
    after: int


class ProvenanceSide(Struct, frozen=True, kw_only=True):
    """How one side was annotated.

    Entries by `human-annotated` (an entry with attributes of both kinds counts twice; `unsaid`: the entry has label
    attributes of which none says), and the range of its confidences (null without any).
    """

    human: int = 0
    machine: int = 0
    unsaid: int = 0
    confidence_lowest: float | None = None
    confidence_highest: float | None = None


class MachineLabels(Struct, frozen=True, kw_only=True):
    """Entries that a machine labelled, before and after, with the lowest of their confidences (null without any).

    An entry counts where any of its label attributes says `human-annotated: no`. `verified` are those that a machine
    labelled before and a person after, `unsent` those of them that mean the same otherwise, so that an apply does not
    send them; `examples` are up to three keys.
    """

    before: int = 0
    after: int = 0
    lowest_before: float | None = None
    lowest_after: float | None = None
    verified: int = 0
    unsent: int = 0
    examples: tuple[str, ...] = ()


class IgnoredField(Struct, frozen=True, kw_only=True):
    """A field (`job-name`, `confidence`, ...) in which so many entries differ that are the same to training."""

    field: str
    entries: int


class Provenance(Struct, frozen=True, kw_only=True):
    """Where labels come from, before and after.

    `jobs` are entries by job-name, most after first, at most 20; `other_jobs` counts the job-names left out. `ignored`
    are differences that make no change. Worker ids are not in a line, so none are here.
    """

    before: ProvenanceSide
    after: ProvenanceSide
    jobs: tuple[JobCount, ...] = ()
    other_jobs: int = 0
    ignored: tuple[IgnoredField, ...] = ()
    ignored_entries: int = 0


class NamePair(Struct, frozen=True, kw_only=True):
    """Two images of one file name, one in each dataset: perhaps the same picture."""

    train: str
    test: str


class Transfer(Struct, frozen=True, kw_only=True):
    """An image that leaves one dataset for the other; `danger`: its entry stays labelled where it was."""

    key: str
    source: Literal["train", "test"]
    target: Literal["train", "test"]
    danger: bool


class Splits(Struct, frozen=True, kw_only=True):
    """Train and test of a project together, as live will be after the apply.

    `shared` are keys in both with labels in both (`shared_count` all of them); `same_name` file names in both under
    other prefixes, a hint; `moved` images that change sides. `train_only` and `test_only` are labels that only one has;
    `overlap` is the share of the training labels that the test set has, `overlap_needed` AWS's least (Custom Labels
    Developer Guide, ERROR_INSUFFICIENT_LABEL_OVERLAP). `overlap` is null while one of the two has no labels.
    Lists of keys hold at most 50. `train_images` and `test_images` are labelled.
    """

    train_images: int = 0
    test_images: int = 0
    shared_count: int = 0
    shared: tuple[str, ...] = ()
    same_name_count: int = 0
    same_name: tuple[NamePair, ...] = ()
    moved_count: int = 0
    moved_danger_count: int = 0
    moved: tuple[Transfer, ...] = ()
    train_only: tuple[str, ...] = ()
    test_only: tuple[str, ...] = ()
    overlap: float | None = None
    overlap_needed: float = 0.5


class LookAlike(Struct, frozen=True, kw_only=True):
    """Two labels of a project that look alike, the images that have each after the apply, and why they look alike.

    `why` is one of case, spaces, plural, letters (characters of other alphabets or widths), one-letter.
    """

    first: str
    second: str
    why: Literal["case", "spaces", "plural", "letters", "one-letter"]
    first_images: int
    second_images: int
