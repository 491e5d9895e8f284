r"""The one plan object with many views: frozen structs that are the JSON document as they stand.

`msgspec.json.encode(review)` is the document, `msgspec.json.decode(text, type=Review)` reads it back, and
`docs/schema/plan.schema.json` is its JSON Schema. A view shows what is here and computes nothing that is not here.

Forms and units:

- Text from manifests and the service stands as it is (only lone surrogates, which JSON in UTF-8 cannot hold, are
  written as `\udXXX`): whoever shows it makes it inert. Every member named `words`, `evidence` or `exceptions` quotes
  such text too.
- Coordinates, sizes and distances are pixels, exact to 0.001.
- `before` is live (offline: the first of the two sides); `after` is what live will be once the plan is applied, so
  live-only entries are part of it. Counts are of all entries, also where a list holds only some of them.
- Lists are in the order in which they should be shown. `Change.number` gives the manifest's order instead.
- A member that has its default may be left out of `Change`, `BoxChange` and `FieldChange`, of which there are many.

`Review.format` is raised when a member goes away or changes its meaning; new members may come, and readers skip what
they do not know.
"""

from typing import Final, Literal

from msgspec import Struct

from reconciler.comparison.differences import Box, BoxChange, FieldChange, Group, GroupKind, Size
from reconciler.comparison.figures import (
    Balance,
    Counts,
    IgnoredField,
    LabelBalance,
    LookAlike,
    NamePair,
    Provenance,
    ProvenanceSide,
    Splits,
    Tally,
    Transfer,
)

__all__ = [
    "FORMAT",
    "Balance",
    "Box",
    "BoxChange",
    "Change",
    "ChangeVerb",
    "Compared",
    "Counts",
    "Danger",
    "DangerKind",
    "DatasetReview",
    "Estimate",
    "Failure",
    "FieldChange",
    "FindingCounts",
    "Found",
    "Group",
    "GroupKind",
    "IgnoredField",
    "LabelBalance",
    "LookAlike",
    "Mark",
    "NamePair",
    "Origin",
    "OriginCounts",
    "Place",
    "PolicyView",
    "ProjectReview",
    "Provenance",
    "ProvenanceSide",
    "Review",
    "Size",
    "Splits",
    "Tally",
    "Totals",
    "Transfer",
]

FORMAT: Final = 1

ChangeVerb = Literal["add", "update", "unlabel", "live-only"]
Origin = Literal["", "branch", "base", "drift", "base-or-drift"]
DangerKind = Literal[
    "replace",
    "refusal",
    "finding-error",
    "split-overlap",
    "split-move",
    "labels-overlap",
    "label-gone",
    "labels-removed",
    "live-only",
    "drift",
    "finding-marked",
    "marked",
    "look-alike",
    "label-one-side",
    "label-new",
]


class Place(Struct, frozen=True, kw_only=True):
    """Where something stands: file as the user knows it, line and column from 1 (0: the file as such)."""

    file: str
    line: int = 0
    column: int = 0


class Mark(Struct, frozen=True, kw_only=True):
    """An error that the service wrote into a live entry: AWS's code, its text, what the code means."""

    code: str
    message: str
    meaning: str


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry that changes, or is live only.

    `number` orders changes as the manifest does and names the change within its dataset. `words` says what changes, in
    one line. `risk` orders changes: 0 is harmless, 9 the most dangerous. `groups` are the `Group.id`s it belongs to.
    `origin` says whose change it is (see `OriginCounts`), "" where no base was given.

    `labels_*` are image-level labels, of before and after together: kept, added, removed. `boxes` are all boxes of both
    sides; those of the side before are the ones with `before`, likewise after. `labelled_*` tells whether the entry has
    any label attribute (one with zero boxes has), null where there is no such side. `sizes_*` are the image sizes that
    the boxes' attributes state: mostly one, none for image-level labels. `fields` are the other differences of an
    update. `marks` are the service's errors on the live entry.

    A live-only entry that stays has all it has as "same".
    """

    number: int
    verb: ChangeVerb
    sign: str
    key: str
    words: str
    place: Place | None = None
    risk: int = 0
    groups: tuple[int, ...] = ()
    origin: Origin = ""
    labelled_before: bool | None = None
    labelled_after: bool | None = None
    labels_kept: tuple[str, ...] = ()
    labels_added: tuple[str, ...] = ()
    labels_removed: tuple[str, ...] = ()
    boxes: tuple[BoxChange, ...] = ()
    sizes_before: tuple[Size, ...] = ()
    sizes_after: tuple[Size, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def boxes_before(self) -> tuple[Box, ...]:
        """The boxes of the side before."""
        return tuple(change.before for change in self.boxes if change.before is not None)

    @property
    def boxes_after(self) -> tuple[Box, ...]:
        """The boxes of the side after."""
        return tuple(change.after for change in self.boxes if change.after is not None)


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


class PolicyView(Struct, frozen=True, kw_only=True):
    """The settings of a dataset, as `project.yaml` spells them; `patience` in seconds."""

    extra: str
    marked: str
    compare: str
    patience: int
    destroy: str


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


class Estimate(Struct, frozen=True, kw_only=True):
    """What applying costs.

    `calls` are requests by operation (status polls not counted: they depend on the service's speed); `batches` and
    `bytes` what is sent; `minutes` the least time at 5 calls a second of each operation, the account's quota.
    """

    calls: dict[str, int]
    batches: int
    bytes: int
    minutes: float


class DatasetReview(Struct, frozen=True, kw_only=True):
    """One dataset.

    `title` is "<project> <type>". `manifest` is the file as the user knows it. `region` and `account` are null while
    no ARN is known. `status` is one of planned, refused, invalid (findings of class error; offline the diff still
    stands), failed, skipped. `action` is nothing, update, create or replace. `add`, `update`, `unlabel` and `live_only`
    count all changes, `unchanged` the entries that stay, `ignored` those among them that differ in ignored fields,
    `marked` the live entries with errors, `has_changes` whether an apply changes anything. `plan_id` names the changes.

    `changes` are at most as many as the review was built to keep, the riskiest; `changes_total` counts all.
    """

    title: str
    project: str
    type: Literal["train", "test"]
    manifest: str
    status: Literal["planned", "refused", "invalid", "failed", "skipped"]
    region: str | None = None
    account: str | None = None
    project_arn: str | None = None
    dataset_arn: str | None = None
    bucket: str | None = None
    policy: PolicyView | None = None
    action: Literal["nothing", "update", "create", "replace"] = "nothing"
    has_changes: bool = False
    words: str = ""
    add: int = 0
    update: int = 0
    unlabel: int = 0
    live_only: int = 0
    unchanged: int = 0
    ignored: int = 0
    marked: int = 0
    by_label: bool = False
    plan_id: str = ""
    refusals: tuple[str, ...] = ()
    findings: FindingCounts = FindingCounts()
    origins: OriginCounts | None = None
    groups: tuple[Group, ...] = ()
    changes: tuple[Change, ...] = ()
    changes_total: int = 0
    balance: Balance | None = None
    provenance: Provenance | None = None
    estimate: Estimate | None = None
    error: Failure | None = None
    skipped: str | None = None


class ProjectReview(Struct, frozen=True, kw_only=True):
    """One project: its datasets (train first) and what can be said of them together.

    `splits` is null unless both datasets are known.
    """

    name: str
    folder: str
    project_arn: str | None = None
    datasets: tuple[DatasetReview, ...] = ()
    splits: Splits | None = None
    look_alikes: tuple[LookAlike, ...] = ()


class Danger(Struct, frozen=True, kw_only=True):
    """Something a reviewer must not miss.

    `level` is 3 (cannot be undone, or spoils training unseen), 2 (probably not meant) or 1 (worth a look). `dataset` is
    a `DatasetReview.title`, or "" with `project` alone. `count` is how many entries, images or labels it is about,
    `examples` up to three of them.
    """

    level: int
    kind: DangerKind
    project: str
    words: str
    dataset: str = ""
    count: int = 0
    examples: tuple[str, ...] = ()


class Compared(Struct, frozen=True, kw_only=True):
    """The two sides in words: "live" and "datasets", or two paths or revisions."""

    before: str = "live"
    after: str = "manifest"
    offline: bool = False


class Totals(Struct, frozen=True, kw_only=True):
    """Figures over all datasets."""

    datasets: int = 0
    with_changes: int = 0
    add: int = 0
    update: int = 0
    unlabel: int = 0
    live_only: int = 0
    errors: int = 0
    refusals: int = 0


class Review(Struct, frozen=True, kw_only=True):
    """The plan of a run. The same members on every way out: a run that failed has `error` and what was known by then.

    `plan_id` names all changes of the run, "" while a dataset could not be planned. `dangers` are of all projects, the
    worst first. `findings` are about project.yaml files.
    """

    kind: Literal["plan"] = "plan"
    format: int = FORMAT
    plan_id: str = ""
    compared: Compared = Compared()
    words: str = ""
    totals: Totals = Totals()
    dangers: tuple[Danger, ...] = ()
    projects: tuple[ProjectReview, ...] = ()
    findings: FindingCounts = FindingCounts()
    estimate: Estimate | None = None
    error: Failure | None = None
    exit_code: int = 0

    @property
    def datasets(self) -> tuple[DatasetReview, ...]:
        """All datasets, project after project."""
        return tuple(dataset for project in self.projects for dataset in project.datasets)
