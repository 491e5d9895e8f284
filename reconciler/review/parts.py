"""The smaller parts of a review: frozen structs, JSON as they stand (see `reconciler.review.model`).

Knows forms. Refuses to know where they are used.
"""

from typing import Literal

from msgspec import Struct

__all__ = [
    "Compared",
    "Estimate",
    "Failure",
    "FindingCounts",
    "Found",
    "GuardView",
    "Mark",
    "OriginCounts",
    "OverrideView",
    "Place",
    "PolicyView",
    "Totals",
]


class Place(Struct, frozen=True, kw_only=True):
    """Where something stands: file as the user knows it, line and column from 1 (0: the file as such)."""

    file: str
    line: int = 0
    column: int = 0


class Mark(Struct, frozen=True, kw_only=True):
    """An error that the service wrote into a live entry: AWS's code, its text, what the code means, and the cure."""

    code: str
    message: str
    meaning: str
    cure: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """A finding about a manifest or project.yaml: `severity` is error, marked or note."""

    severity: Literal["error", "marked", "note"]
    code: str
    place: Place
    message: str
    cure: str


class FindingCounts(Struct, frozen=True, kw_only=True):
    """How many findings of each class there are (`shown` holds at most 50 of a class)."""

    errors: int = 0
    marked: int = 0
    notes: int = 0
    shown: tuple[Found, ...] = ()


class Failure(Struct, frozen=True, kw_only=True):
    """Why a run or a dataset ended badly: the kind of error, a sentence with its cure, AWS's code where it has one."""

    kind: str
    message: str
    code: str = ""
    operation: str = ""
    request_id: str = ""


class GuardView(Struct, frozen=True, kw_only=True):
    """What a guard says of a plan: its sentence, its figures, and why it was overridden.

    `state`: a guard that is `tripped` refuses an apply, one that is `overridden` would. `count` of `of` is what it is
    about: entries; for `label-removed` labels, for `label-share` images with the label that moves most. `share` is
    their share, for `label-share` by how much the share moves; `threshold` is what it may be; both are null where there
    is none. `reason` is the override's.
    """

    name: Literal["updates", "label-removed", "label-share", "shrink", "test-set", "distributed"]
    state: Literal["passed", "tripped", "overridden", "off"]
    words: str = ""
    count: int = 0
    of: int = 0
    share: float | None = None
    threshold: float | None = None
    reason: str = ""


class OverrideView(Struct, frozen=True, kw_only=True):
    """How the guards that refuse are overridden, ready to be pasted: `words` is a sentence that quotes the others.

    `options` for the command line, `variable` for Pulumi, each for one run; `configuration` for a stack, for as long as
    the manifest is what it is.
    """

    words: str
    options: str
    variable: str
    configuration: str


class PolicyView(Struct, frozen=True, kw_only=True):
    """The settings of a dataset, as `project.yaml` spells them; `patience` in seconds."""

    extra: str
    marked: str
    compare: str
    patience: int
    destroy: str


class Estimate(Struct, frozen=True, kw_only=True):
    """What applying costs, or cost.

    `calls` are requests by operation (before the apply the least: how often a status is asked for depends on the
    service's speed); `batches` and `bytes` what is sent; `minutes` before the apply the time of these calls at 5 a
    second, the account's quota; after it what the clock said, from the first look at live to the last.
    """

    calls: dict[str, int]
    batches: int
    bytes: int
    minutes: float


class Content(Struct, frozen=True, kw_only=True):
    """What a manifest holds: entries, boxes, and the labels by name."""

    entries: int
    boxes: int
    labels: tuple[str, ...]


class Marked(Struct, frozen=True, kw_only=True):
    """A live entry that the service has marked with errors; `place` is its line in the manifest, where it has one.

    `is_new` tells whether it was not marked before the apply, null where there was none.
    """

    key: str
    place: Place | None
    marks: tuple[Mark, ...]
    is_new: bool | None = None


class StatisticsView(Struct, frozen=True, kw_only=True):
    """What the service's own statistics count, and whether they agree with what was listed."""

    entries: int
    marked: int
    agree: bool


class RejectedLine(Struct, frozen=True, kw_only=True):
    """A line that is not live as it was sent, and why."""

    key: str
    place: Place | None
    reason: str


class LiveFigures(Struct, frozen=True, kw_only=True):
    """Live as it was read back after an apply."""

    entries: int
    labelled: int
    boxes: int
    marked: int


class Done(Struct, frozen=True, kw_only=True):
    """What an apply did to one dataset; `words` says it in a line.

    `add`, `update`, `unlabel` and `batches` count what was confirmed. `rejected` and `marked` name at most 50 of
    `rejected_total` lines and `marked_total` live entries, `marked_new` of which were not marked before. `rewritten`
    lines mean what was sent and are stored in other fields. `live` is null when it could not be read back, as
    are `statistics` then. `snapshots` are where entries of deleted datasets were kept. `spent` is
    what planning and applying this dataset took.
    """

    words: str
    dataset_arn: str | None
    add: int
    update: int
    unlabel: int
    batches: int
    rejected: tuple[RejectedLine, ...]
    rejected_total: int
    marked: tuple[Marked, ...]
    marked_total: int
    marked_new: int
    rewritten: int
    live: LiveFigures | None
    statistics: StatisticsView | None
    snapshots: tuple[str, ...]
    spent: Estimate | None = None


class OriginCounts(Struct, frozen=True, kw_only=True):
    """Whose changes they are, for a base revision.

    `branch`: the manifest differs from the base's. `base`: the base has it already and live has not (a manifest of the
    base that was not applied). `drift`: live differs from what the base says, and from what it ever said. Where only
    one of the latter two can hold and nothing tells which, it is `base_or_drift`.
    """

    revision: str
    branch: int = 0
    base: int = 0
    drift: int = 0
    base_or_drift: int = 0


class Compared(Struct, frozen=True, kw_only=True):
    """The two sides in words: "live" and "datasets", or two paths or revisions."""

    before: str = "live"
    after: str = "manifest"
    offline: bool = False


class Totals(Struct, frozen=True, kw_only=True):
    """Figures over all datasets; `sent` and `rejected` count lines of an apply, confirmed and not."""

    datasets: int = 0
    with_changes: int = 0
    add: int = 0
    update: int = 0
    unlabel: int = 0
    live_only: int = 0
    errors: int = 0
    refusals: int = 0
    failed: int = 0
    skipped: int = 0
    sent: int = 0
    rejected: int = 0
