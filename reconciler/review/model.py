"""The review, one object with many views: frozen types that are the JSON document as they are.

`reconciler.views.json_document` writes the document and reads it back; `docs/schema/plan.schema.json` is its JSON
Schema. Places, findings, policies, marks, guards and outcomes are the model's own types.

Forms and units:

- Text from manifests and the service is kept as it is: every view makes it inert.
- A sentence that names something is an array of its pieces: text is a string, a name an array that holds it, as in
  `["label ", ["RBC"], " renamed to ", ["Red"], " on 3 entries"]`. Joined they are the plain sentence (in jq:
  `flatten | join("")`).
- Coordinates, sizes and distances are pixels, exact to 0.001.
- `before` is live (offline: the first of the two sides); `after` is what live will be once the plan is applied, so
  live-only entries are part of it. Counts are of all entries, also where a list holds only some of them.
- Lists are in the order in which they should be shown. `EntryChange.number` gives the manifest's order instead.
- A member that has its default may be missing in `EntryChange`, `BoxChange` and `FieldChange`: there are many.

`Review.format` is raised when a member is removed or changes its meaning; members may be added, and readers skip those
that they do not know.
"""

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from reconciler.analysis.results import (
    Balance,
    BoxChange,
    BoxWord,
    FieldChange,
    Group,
    LookAlike,
    MachineLabels,
    Provenance,
    Size,
    Splits,
)
from reconciler.apply.outcome import Failure, Outcome
from reconciler.images.results import ImageCheck
from reconciler.limits import CALLS_PER_SECOND
from reconciler.manifest.findings import FINDINGS_KEPT
from reconciler.model import Finding, GuardCheck, Mark, Override, Place, Severity
from reconciler.policy import Policy
from reconciler.run import DangerLevel, DeclarationChange
from reconciler.text import Sentence


def _whole(pattern: str) -> Meta:
    """A text that is this pattern from end to end, in Python (where `$` also is before a last newline) and ECMA-262."""
    return Meta(pattern=rf"^{pattern}$(?![\s\S])")


# Texts that views put into addresses, or do not treat as the text of others: a saved plan may have been edited.
Region = Annotated[str, _whole("[a-z0-9-]{1,40}")]
AccountId = Annotated[str, _whole("[0-9]{12}")]
_IN_PROJECT: Final = "arn:[a-z0-9-]+:rekognition:[a-z0-9-]+:[0-9]{12}:project/[a-zA-Z0-9_.-]{1,255}"
ProjectArn = Annotated[str, _whole(f"{_IN_PROJECT}/[0-9]+")]
DatasetArn = Annotated[str, _whole(f"{_IN_PROJECT}/dataset/(train|test)/[0-9]+")]
PlanId = Annotated[str, _whole("[0-9a-f]*(-[0-9a-f]+)*")]
Operation = Annotated[str, _whole("[A-Za-z]{1,64}")]


class FindingCounts(Struct, frozen=True, kw_only=True):
    """The number of findings of each class, and at most 50 of each class in `shown`.

    Notes are the same in every run: a plan does not show them, `validate` does; but for a test set that is the training
    set, which `validate` cannot know of a program that declares its datasets one by one.

    `suppressed` counts findings that `suppress` in project.yaml takes out of the others, `unjudged` those that are not
    judged because nothing changed there (`validate --since`).
    """

    errors: int = 0
    marked: int = 0
    notes: int = 0
    shown: tuple[Finding, ...] = ()
    suppressed: int = 0
    unjudged: int = 0

    @property
    def total(self) -> int:
        """All of the classes that are shown."""
        notes = sum(found.severity is Severity.NOTE for found in self.shown)
        return self.errors + self.marked + (self.notes if notes >= FINDINGS_KEPT else notes)


class Estimate(Struct, frozen=True, kw_only=True):
    """What applying costs, or cost.

    `calls` are requests by operation (before the apply the least, because the number of status requests depends on the
    service's speed), `batches` and `bytes` what is sent. `minutes` is, before the apply, the least time of these calls
    at the run's pace, `calls_per_second` of each operation; after it, the time measured from the first look at live to
    the last.
    `manifests` are the datasets that are loaded from a manifest in S3 in place of batches; where there is one,
    `calls_in_batches` and `minutes_in_batches` are what it would take in batches.
    """

    calls: dict[Operation, int]
    batches: int
    bytes: int
    minutes: float
    calls_per_second: float = CALLS_PER_SECOND
    manifests: int = 0
    calls_in_batches: int = 0
    minutes_in_batches: float = 0.0


class Content(Struct, frozen=True, kw_only=True):
    """What a manifest holds: entries (those with an error too), boxes, labels, and lines that will be marked."""

    entries: int
    boxes: int
    labels: tuple[str, ...]
    unusable: int = 0


class OriginCounts(Struct, frozen=True, kw_only=True):
    """The number of changes by whose they are.

    By what the last apply left, `ours`: only the manifest changed since; `theirs`: only live; `both`; `unknown`: ours
    or theirs, because live changed and what the last apply left is not at hand. `by` says since when, or why it is not
    known. With a base revision `ours` are split, and where no apply is recorded all are judged by it.

    `branch`: the manifest differs from the base. `base`: the base has the change already and it was not applied yet.
    `drift`: live differs from every revision of the base, and an apply undoes that. `base_or_drift`: one of these two,
    and it is not known which.
    """

    revision: str = ""
    by: str = ""
    ours: int = 0
    theirs: int = 0
    both: int = 0
    unknown: int = 0
    branch: int = 0
    base: int = 0
    drift: int = 0
    base_or_drift: int = 0


class Compared(Struct, frozen=True, kw_only=True):
    """The names of the two sides: "live" and "datasets", or two paths or revisions.

    `stage` is the stage that live is of, "" for none, `images` the prefixes of the manifests' keys and what they are
    in that stage.
    """

    before: str = "live"
    after: str = "manifest"
    offline: bool = False
    stage: str = ""
    images: dict[str, str] = {}


class Totals(Struct, frozen=True, kw_only=True):
    """Figures over all datasets; `sent` and `rejected` count the lines of an apply that were confirmed and rejected."""

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


FORMAT: Final = 3

ChangeVerb = Literal["add", "update", "unlabel", "live-only"]
Sign = Literal["+", "~", "-", "!"]
Origin = Literal["", "branch", "base", "drift", "base-or-drift", "ours", "theirs", "both", "ours-or-theirs"]
Status = Literal["planned", "applied", "refused", "valid", "invalid", "failed", "skipped", "unread"]
# A command of the command line (`cli/help.py`), or "".
Command = Annotated[str, _whole("[a-z-]{0,20}")]
CheckState = Literal["ok", "note", "warning", "fails", "not tried"]
DangerKind = Literal[
    "replace",
    "refusal",
    "guard",
    "finding-error",
    "split-overlap",
    "split-move",
    "labels-overlap",
    "label-gone",
    "labels-removed",
    "mirrored",
    "live-only",
    "drift",
    "theirs",
    "finding-marked",
    "marked",
    "look-alike",
    "label-one-side",
    "rename-one-side",
    "split-sizes",
    "label-new",
    "declaration",
    "images",
    "machine-labels",
]


class EntryChange(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One entry that changes, or is live only.

    `number` is its place in the manifest's order and names the change within its dataset. `words` describe the change.
    `risk` is 0 (harmless) to 9 (most dangerous). `groups` are the `Group.id`s that it belongs to. `origin` is whose
    change it is (see `OriginCounts`), "" where nothing is known. `retired`: the image left the dataset on purpose.

    `labels_*` are image-level labels: kept, added, removed. `boxes` are all boxes of both sides; those of one side have
    `before` or `after`. `labelled_*` is whether the entry has any label attribute (one with zero boxes counts), null
    without an entry on that side. `sizes_*` are the image sizes in the boxes' attributes: mostly one, none for
    image-level labels. `fields` are the other differences of an update. `marks` are the service's errors on the live
    entry.

    All boxes of a live-only entry that stays are "same".
    """

    number: int
    verb: ChangeVerb
    sign: Sign
    key: str
    words: Sentence
    place: Place | None = None
    risk: int = 0
    groups: tuple[int, ...] = ()
    origin: Origin = ""
    retired: bool = False
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


if TYPE_CHECKING:
    from collections.abc import Sequence

    Changes = Sequence[EntryChange]  # many are in a file, see `reconciler.review.kept`
else:
    Changes = tuple[EntryChange, ...]  # what a document holds

# How many new entries a short view shows: they differ only in their labels, which are counted.
NEW_SHOWN: Final = 10


class Keep(NamedTuple):
    """How many changes of one dataset a review holds, the riskiest ones.

    `new`: how many new entries its views show, where they show no more of them. None: all.
    """

    changes: int | None = 20_000
    new: int | None = None


KEEP: Final = Keep()


class DatasetReview(Struct, frozen=True, kw_only=True):
    """One dataset.

    `title` is "<project> <type>". `manifest` is the file as the user knows it. `region` and `account` are null while
    no ARN is known. `content` is what the manifest holds, null when it was not read. `status` is planned, applied,
    refused, valid (read, and not planned), invalid (findings of class error; offline there is a diff anyway), failed,
    skipped or unread (the run ended before). `action` is nothing, update, create or replace. `add`, `update`, `unlabel`
    and `live_only` count all changes, `unchanged` the entries that stay, `ignored` those among them that differ in
    ignored fields, `marked` the live entries with errors, `has_changes` whether an apply changes anything.
    `not_listed_since` is when live was listed (UTC) where nothing moved since and this run did not list it again.
    `retired` counts live images that left the dataset on purpose (`retired` in project.yaml), `retiring` those of them
    that lose their labels, which `unlabel` counts too. `losing_labels` are other images that lose all their labels,
    `staying` live-only entries that keep theirs, `box_changes` counts boxes by what happens to them in updates.
    `plan_id` names the changes. `guards` are all guards, in the order of their table, none without a plan; `override`
    is how to override those that refuse. `settings` are differences in project.yaml: from the first of two sides, or
    from the base. `remarks` are what else to know before an apply. `drift` is why live has drifted since the last
    apply, none if it has not, null where that was not judged. `images` are figures of a check of the images, null where
    none was asked for. `machine` are the entries that a machine labelled, `before` always 0 where nothing was
    planned; null where the manifest was not read.
    `outcome` is what the apply did and `spent` what it took, to compare with `estimate`, both null before it; every
    other member stays as planned.

    `changes` are at most as many as the review was built to keep, the riskiest; `changes_total` counts all.
    """

    title: str
    project: str
    type: Literal["train", "test"]
    manifest: str
    status: Status
    region: Region | None = None
    account: AccountId | None = None
    project_arn: ProjectArn | None = None
    dataset_arn: DatasetArn | None = None
    bucket: str | None = None
    content: Content | None = None
    policy: Policy | None = None
    action: Literal["nothing", "update", "create", "replace"] = "nothing"
    has_changes: bool = False
    words: str = ""
    add: int = 0
    update: int = 0
    unlabel: int = 0
    live_only: int = 0
    not_listed_since: str = ""
    unchanged: int = 0
    ignored: int = 0
    marked: int = 0
    retired: int = 0
    retiring: int = 0
    losing_labels: int = 0
    staying: int = 0
    box_changes: dict[BoxWord, int] = {}
    by_label: bool = False
    plan_id: PlanId = ""
    refusals: tuple[Sentence, ...] = ()
    guards: tuple[GuardCheck, ...] = ()
    override: Override | None = None
    findings: FindingCounts = FindingCounts()
    origins: OriginCounts | None = None
    groups: tuple[Group, ...] = ()
    changes: Changes = ()
    changes_total: int = 0
    balance: Balance | None = None
    provenance: Provenance | None = None
    machine: MachineLabels | None = None
    estimate: Estimate | None = None
    spent: Estimate | None = None
    settings: tuple[DeclarationChange, ...] = ()
    remarks: tuple[Sentence, ...] = ()
    drift: tuple[str, ...] | None = None
    images: ImageCheck | None = None
    outcome: Outcome | None = None
    error: Failure | None = None
    skipped: str | None = None


class ProjectReview(Struct, frozen=True, kw_only=True):
    """One project: its datasets (train first) and the comparison of the two.

    `splits` is null unless both datasets are known. `verdict` is whether a training would start with what the project
    will have.
    """

    name: str
    folder: str
    project_arn: ProjectArn | None = None
    datasets: tuple[DatasetReview, ...] = ()
    splits: Splits | None = None
    look_alikes: tuple[LookAlike, ...] = ()
    verdict: Sentence = ()


class Danger(Struct, frozen=True, kw_only=True):
    """Something a reviewer must not miss.

    `level` is "danger" (cannot be undone, or spoils training without anybody noticing), "check" (probably not intended)
    or "note" (good to know). `dataset` is a `DatasetReview.title`, or "" for the whole project. `count` is the number
    of entries, images or labels concerned, `examples` up to three of them.
    """

    level: DangerLevel
    kind: DangerKind
    project: str
    words: Sentence
    dataset: str = ""
    count: int = 0
    examples: tuple[str, ...] = ()


class Checked(Struct, frozen=True, kw_only=True):
    """What a check of `reconciler doctor` found, and the cure, empty where there is nothing to do.

    `state` is "ok", "note" (good to know), "warning" (an apply works, or nobody knows), "fails" (an apply would be
    stopped) or "not tried". `subjects` are the projects, datasets or addresses that it is about, none for the machine
    or the account. `source` is where the demand comes from.
    """

    check: str
    state: CheckState
    finding: str
    cure: str = ""
    subjects: tuple[str, ...] = ()
    source: str = ""


class Applied(Struct, frozen=True, kw_only=True):
    """An apply, restore or destroy of the past, from its record; text is as the record has it.

    `at` is when it began (UTC), `by` the user and machine, or the actor of a pipeline, `run` the address of that run.
    `overrides` are guards with their reasons. `overwritten`: lines that it overwrote can be restored by its `id`.
    """

    id: str
    at: str
    action: str
    project: str
    type: Literal["train", "test"]
    outcome: str
    message: str = ""
    by: str = ""
    run: str = ""
    resource: str = ""
    commit: str = ""
    dirty: bool = False
    add: int = 0
    update: int = 0
    unlabel: int = 0
    rejected: int = 0
    overrides: dict[str, str] = {}
    snapshots: tuple[str, ...] = ()
    overwritten: bool = False


class Made(Struct, frozen=True, kw_only=True):
    """When a review was made (UTC, to the second), and from which commit, whose author is named.

    `commit` and `author` are null without git; `dirty`: the files differ from the commit.
    """

    time: str
    commit: str | None = None
    author: str | None = None
    dirty: bool = False


class Review(Struct, frozen=True, kw_only=True):
    """The plan of a run. A run that failed has the same members: `error`, and what was known by then.

    `command` is the command that was run, "" if the arguments name none. `plan_id` names all changes of the run, "" if
    a dataset could not be planned. `made` is null in a review that no command made. `dangers` are those of all
    projects, the worst first. `findings` are about project.yaml files. `spent` is what an apply took, to compare with
    `estimate`; null before one. `calls` are the requests of this run, by operation, `throttled` those that the
    service throttled. `checks` are those of a `doctor`, `applies` those of a `history`.
    """

    kind: Literal["plan"] = "plan"
    format: int = FORMAT
    command: Command = "plan"
    made: Made | None = None
    plan_id: PlanId = ""
    compared: Compared = Compared()
    words: str = ""
    totals: Totals = Totals()
    dangers: tuple[Danger, ...] = ()
    projects: tuple[ProjectReview, ...] = ()
    findings: FindingCounts = FindingCounts()
    estimate: Estimate | None = None
    spent: Estimate | None = None
    calls: dict[str, int] = {}
    throttled: dict[str, int] = {}
    checks: tuple[Checked, ...] = ()
    applies: tuple[Applied, ...] = ()
    error: Failure | None = None
    exit_code: int = 0

    @property
    def datasets(self) -> tuple[DatasetReview, ...]:
        """All datasets, project after project."""
        return tuple(dataset for project in self.projects for dataset in project.datasets)
