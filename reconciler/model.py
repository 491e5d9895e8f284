"""The nouns: frozen types without behaviour beyond properties."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct, field

from reconciler.policy import Policy
from reconciler.text import Sentence, sentence


class Progress(Struct, frozen=True):
    """How far one long step is: what it does, and how much of `total` is done, both in `unit`; total 0: unknown.

    While batches are sent, `batch` of `batches` is the running one, and `seconds_left` what the rest takes at the pace
    so far. `at_once`: it is shown whatever was shown before, in a log too.
    """

    doing: str
    done: int = 0
    total: int = 0
    unit: str = ""
    batch: int = 0
    batches: int = 0
    seconds_left: float | None = None
    at_once: bool = False

    @property
    def fraction(self) -> float:
        """The share that is done, at most 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0


# Shows progress; must not raise.
Reporter = Callable[[Progress], None]


class GuardState(StrEnum):
    """What a guard found about a plan; `overridden`: it blocks the plan, and a reason to apply it anyway was given."""

    PASSED = "passed"
    TRIPPED = "tripped"
    OVERRIDDEN = "overridden"
    OFF = "off"


class GuardCheck(Struct, frozen=True):
    """One guard asked about one plan: its sentence and figures, and why it was overridden.

    A guard that is `tripped` blocks an apply, one that is `overridden` would. `count` of `of` is what it is about
    (entries; labels for `label-removed`, uses for `label-share`), `share` their share or, for `label-share`, by how
    much the share moves. `threshold` is None where the guard has none, or is off. `thing` is what the guard of one
    cause is about, as an override names it.
    """

    name: str
    state: GuardState
    words: Sentence = ()
    count: int = 0
    of: int = 0
    share: float | None = None
    threshold: float | None = None
    reason: str = ""
    thing: str = ""

    @property
    def override(self) -> str:
        """The guard, and what it is about where it is the guard of one cause: the name by which it is overridden."""
        return f"{self.name}:{self.thing}" if self.thing else self.name

    @property
    def refusal(self) -> Sentence:
        """The refusal where it trips."""
        return sentence(f"guard {self.name}: ", self.words)


# Begins every text on how guards are overridden.
TO_OVERRIDE: Final = "to override, give a reason"


class Override(Struct, frozen=True):
    """How the guards that block a plan are overridden, ready to be pasted.

    `options` for the command line, `variable` for Pulumi, each for one run; `configuration` for a stack and
    `declaration` for project.yaml, until the manifest changes.
    """

    options: str
    variable: str
    configuration: str
    declaration: str = ""

    @property
    def items(self) -> Sequence[str]:
        """The lines of `declaration` as a list below `allow:`, where there may be others."""
        inside = self.declaration.removeprefix("allow: [").removesuffix("]")
        return [f"- {item}" for item in re.split(r", (?=\{guard: )", inside)] if inside else []

    def __str__(self) -> str:
        ways = (
            ("For one run", self.options),
            ("or under Pulumi", self.variable),
            ("or for this manifest alone, in the stack's configuration", self.configuration),
            ("or for everybody, below `allow:` in project.yaml", "\n  ".join(self.items)),
        )
        return "\n".join((f"{TO_OVERRIDE}.", *(f"{how}:\n  {text}" for how, text in ways if text)))


class DatasetType(StrEnum):
    """AWS's DatasetType. A dataset's ARN and `project.yaml` have it in lower case."""

    TRAIN = "TRAIN"
    TEST = "TEST"

    @property
    def word(self) -> str:
        """`train` or `test`."""
        return self.value.lower()

    @property
    def other(self) -> "DatasetType":
        """The type of the project's other dataset."""
        return DatasetType.TEST if self is DatasetType.TRAIN else DatasetType.TRAIN


class DatasetStatus(StrEnum):
    """AWS's DatasetStatus (service-2.json); there is no status for "deleted" or "deletion failed"."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


class DatasetDescription(Struct, frozen=True):
    """DescribeDataset's answer: `updated` is LastUpdatedTimestamp in epoch seconds, the counts are DatasetStats."""

    status: str
    message: str
    message_code: str
    updated: float
    entries: int
    labelled: int
    errors: int

    @property
    def is_running(self) -> bool:
        """Whether an operation is running; a status that AWS adds later counts as running if it ends so."""
        return self.status.endswith("_IN_PROGRESS")


class Project(Struct, frozen=True):
    """A project and its datasets' ARNs by type."""

    arn: str
    status: str
    datasets: Mapping[DatasetType, str]


class Observation(Struct, frozen=True):
    """What is there: the dataset's ARN and description, or neither.

    `leftover` is a dataset that must be gone before a new one can be created: its creation failed, or it is being
    deleted.
    `sibling_arn` is the project's other dataset.
    """

    arn: str | None = None
    description: DatasetDescription | None = None
    leftover: str | None = None
    is_being_deleted: bool = False
    sibling_arn: str | None = None


class Place(Struct, frozen=True, order=True, gc=False):
    """A place in a file: the file as the user knows it, line and column counted from 1 (0: the file as such)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Severity(StrEnum):
    """The three classes of findings.

    error: the service would drop the line or fail the update, or its meaning is lost; nothing is sent.
    marked: the service keeps the line and marks it with an error code.
    note: good to know.
    """

    ERROR = "error"
    MARKED = "marked"
    NOTE = "note"


class Finding(Struct, frozen=True):
    """One finding about a declaration or annotations: where, what is wrong, the cure.

    `code` is AWS's code where AWS has one, else a name of ours in lower-case-with-dashes.
    """

    severity: Severity
    code: str
    place: Place
    message: str
    cure: str


class Mark(Struct, frozen=True, gc=False):
    """An error that the service wrote into a live line: AWS's code and its text."""

    code: str
    message: str


class Origin(NamedTuple):
    """Who made the labels of a line: what its attributes say under `human-annotated`, and their job-names, in order.

    And the lowest and the highest confidence, and the lowest of what a machine annotated; None where none is stated.
    """

    said: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    machine_lowest: float | None = None


class Entry(Struct, frozen=True, gc=False):
    """What one line means, read by `reconciler.entries`.

    `meaning` is the digest of what the line means to training, `content` the digest of all its JSON; both 16 bytes
    and both without what the service adds. `labels` are the distinct label names in order of first use, `boxes` the
    number of bounding boxes, `labelled` whether it has any label attribute (a line with zero boxes has one). `declared`
    are the labels and those of its class-maps that no box uses, `box_counts` how many boxes have each of `labels`, in
    the same order (empty without boxes). `origin` is None for an unlabelled line.
    """

    key: str
    meaning: bytes
    content: bytes
    labels: tuple[str, ...]
    boxes: int
    labelled: bool
    marks: tuple[Mark, ...] = ()
    declared: tuple[str, ...] = ()
    box_counts: tuple[int, ...] = ()
    origin: Origin | None = None


class DesiredEntry(Struct, frozen=True, gc=False):
    """One line of a manifest, ready to be sent: what it says, its text (compact JSON, UTF-8), its place.

    `unusable` has the codes with which the service will mark it, empty for none. `start` is how many bytes of the file
    are before the text, where the file has exactly this text there, else None.
    """

    entry: Entry
    line: bytes
    place: Place
    unusable: str = ""
    start: int | None = None


class Verb(StrEnum):
    """What will happen to an entry; the value is the sign the user sees."""

    ADD = "+"
    UPDATE = "~"
    UNLABEL = "-"
    LIVE_ONLY = "!"


class Change(Struct, frozen=True):
    """One difference between desired and live.

    `desired` and `live` are the lines' text (compact JSON; None where there is no such line); `place` is the desired
    line's. `labels` and `live_labels` are the distinct label names of each side, `declared` and `live_declared` with
    those of class-maps that no box uses. `retired`: the image left the dataset on purpose.
    `seq` orders changes as the manifest does.
    """

    verb: Verb
    key: str
    seq: int
    desired: bytes | None = None
    live: bytes | None = None
    place: Place | None = None
    labels: tuple[str, ...] = ()
    live_labels: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    live_declared: tuple[str, ...] = ()
    retired: bool = False


# Prefixes of keys in the repository, each with what it is in the stage.
Prefixes = tuple[tuple[str, str], ...]


class Retirement(Struct, frozen=True, eq=False):
    """Images that left a project on purpose, an item of `retired` in project.yaml.

    `image` is an address, a key in the bucket, or a pattern of either; `dataset_type` None: in train and test. `place`
    is where the item was written.
    """

    image: str
    reason: str
    dataset_type: DatasetType | None = None
    place: Place = Place("project.yaml")

    def __eq__(self, other: object) -> bool:
        """Whether they retire the same, wherever that is written."""
        return isinstance(other, Retirement) and self._compared == other._compared

    def __hash__(self) -> int:
        """That of what is compared."""
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[str, str, DatasetType | None]:
        return self.image, self.reason, self.dataset_type


class Defaults(NamedTuple):
    """What project.yaml says for all entries in the short form: prefix of images, size, date; empty: nothing."""

    images: str = ""
    size: tuple[int, ...] = ()
    created: str = ""


NO_DEFAULTS: Final = Defaults()


class Part(NamedTuple):
    """One of the files of a manifest: its path, and how to name it to the user."""

    path: Path
    shown: str


class Lines(NamedTuple):
    """Lines of a file as the user knows it: the first and the last one."""

    file: str
    first: int
    last: int


class DatasetDeclaration(Struct, frozen=True):
    """One dataset as `project.yaml` declares it: the manifest's path, how to name it to the user, and the policy.

    The manifest is a file or a folder of files; `files` are those of a list, of which `manifest` is the first.
    `is_training_too`: the manifest of this test dataset is also the training dataset's. `overlooked`: a file beside it
    that looks like the other dataset's manifest and has no name that is read. `retired` are the images that left it,
    named as in the repository. `images` maps the keys of both to those of the stage. `suppress` are the suppressions
    that count now; `judged` is what a run judges, None: everything.
    """

    dataset_type: DatasetType
    manifest: Path
    shown: str
    policy: Policy = field(default_factory=Policy)
    is_training_too: bool = False
    overlooked: str = ""
    retired: tuple[Retirement, ...] = ()
    images: Prefixes = ()
    suppress: "tuple[Suppression, ...]" = ()
    judged: "tuple[Lines, ...] | None" = None
    files: tuple[Part, ...] = ()
    defaults: Defaults = NO_DEFAULTS

    @property
    def named(self) -> str:
        """The file or folder by which Pulumi's state names the manifest."""
        return self.files[0].shown if self.files else self.shown


class Suppression(Struct, frozen=True):
    """Findings that project.yaml wants counted and not shown: of a code, whose sentence has the pattern (a glob).

    `until` is the last day, as YYYY-MM-DD.
    """

    code: str
    pattern: str
    reason: str
    until: str
    place: Place


class Allowance(Struct, frozen=True):
    """An override that project.yaml declares: the guard, with what it is about, why, and for which manifests.

    `manifests` has the digest of each dataset's manifest, by `train` or `test`.
    """

    guard: str
    reason: str
    manifests: Mapping[str, str]


class ProjectDeclaration(Struct, frozen=True):
    """One folder under `datasets/`: the project and its datasets.

    Exactly one of these holds: `managed` (the program declares aws.rekognition.Project), `project_arn` is set, or
    neither (the project exists and is found by `name`). `labels` is the closed list of labels, None when open.
    `resource` is the name in the Pulumi state, if it is not the folder's. `allow` overrides guards. `account` and
    `region` say where the project is, `assume_role` is the ARN of the role that its calls are made with; each is empty
    where nothing is said. `retired` are the images that left it, `suppress` what is written, also what expired.
    """

    folder: Path
    shown: str
    name: str
    managed: bool
    project_arn: str | None
    datasets: tuple[DatasetDeclaration, ...]
    labels: tuple[str, ...] | None = None
    resource: str = ""
    allow: tuple[Allowance, ...] = ()
    account: str = ""
    region: str = ""
    retired: tuple[Retirement, ...] = ()
    assume_role: str = ""
    suppress: tuple[Suppression, ...] = ()
    defaults: Defaults = NO_DEFAULTS

    def retired_in(self, dataset_type: DatasetType) -> tuple[Retirement, ...]:
        """The images that left one of the datasets."""
        return tuple(one for one in self.retired if one.dataset_type in {None, dataset_type})

    @property
    def name_in_state(self) -> str:
        """The name of the project's resource in the Pulumi state."""
        return self.resource or self.folder.name

    def dataset_in_state(self, dataset_type: DatasetType) -> str:
        """The name of a dataset's resource in the Pulumi state."""
        return f"{self.name_in_state}-{dataset_type.word}"

    def allowed(self, dataset_type: DatasetType, digest: Callable[[], str]) -> dict[str, str]:
        """The overrides for a dataset whose manifest has this digest: guard to reason."""
        mine = [one for one in self.allow if dataset_type.word in one.manifests]
        present = digest() if mine else ""
        return {one.guard: one.reason for one in mine if one.manifests[dataset_type.word] == present}
