"""The nouns: frozen types without behaviour beyond properties.

How far an apply is, as it is told to whoever shows it.

Guards as nouns: their names, the thresholds of a dataset, and what a guard said of a plan.

The recommended thresholds are the default.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one long step is: what it does, and how much of `total` is done, both in `unit`; total 0: nobody knows.

    While batches are sent, `batch` of `batches` is the running one, and `seconds_left` what the rest takes at the pace
    so far.
    """

    doing: str
    done: int = 0
    total: int = 0
    unit: str = ""
    batch: int = 0
    batches: int = 0
    seconds_left: float | None = None

    @property
    def fraction(self) -> float:
        """The share that is done, at most 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0


class Reporter(Protocol):
    """Where progress goes."""

    def __call__(self, progress: Progress) -> None:
        """Show it; must not raise."""


# Below so many entries a share says little. (octoDNS: MIN_EXISTING_RECORDS is 10 too.)
LEAST_ENTRIES: Final = 10
# From so many labelled live images on a label's share is compared.
SHARES_FROM: Final = 100


class Guard(StrEnum):
    """The guards' names, as settings and overrides spell them."""

    UPDATES = "updates"
    LABEL_REMOVED = "label-removed"
    LABEL_SHARE = "label-share"
    SHRINK = "shrink"
    TEST_SET = "test-set"
    DISTRIBUTED = "distributed"


@dataclass(frozen=True, slots=True)
class Guards:
    """Thresholds beyond which a plan is refused until somebody says why; None or False: the guard is off.

    Shares are of the live entries (`label_share`: of the labelled images). The members are named as `Guard` is, with
    underscores, and stand in its order.
    """

    updates: float | None = 0.30
    label_removed: bool = True
    label_share: float | None = 0.10
    shrink: float | None = 0.10
    test_set: float | None = 0.10
    distributed: bool = True

    @classmethod
    def off(cls) -> "Guards":
        """No guard at all."""
        return cls(None, label_removed=False, label_share=None, shrink=None, test_set=None, distributed=False)

    def threshold(self, guard: Guard) -> float | bool | None:
        """What is set for a guard: a share, on (True), or off (None or False)."""
        value: float | bool | None = getattr(self, guard.value.replace("-", "_"))
        return value


class GuardState(StrEnum):
    """What a guard said of a plan; `overridden`: it says no, and somebody gave a reason to go on."""

    PASSED = "passed"
    TRIPPED = "tripped"
    OVERRIDDEN = "overridden"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class GuardCheck:
    """One guard asked about one plan: its sentence and figures, and why it was overridden.

    `count` of `of` is what it is about (entries; labels for `label-removed`, uses for `label-share`), `share` their
    share or, for `label-share`, by how much the share moves. `threshold` is None where the guard has none, or is off.
    """

    guard: Guard
    state: GuardState
    words: str = ""
    count: int = 0
    of: int = 0
    share: float | None = None
    threshold: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """How the guards that refuse a plan are overridden, ready to be pasted.

    `options` for the command line, `variable` for Pulumi, each for one run; `configuration` for a stack, for as long as
    the manifest is what it is.
    """

    options: str
    variable: str
    configuration: str

    def __str__(self) -> str:
        return (
            f"if it is meant, say why, for one run: {self.options}, or under Pulumi {self.variable}; or for this "
            f"manifest alone, in the stack's configuration: {self.configuration}"
        )


class DatasetType(StrEnum):
    """AWS's DatasetType. In a dataset's ARN and in `project.yaml` the same word stands in lower case."""

    TRAIN = "TRAIN"
    TEST = "TEST"

    @property
    def word(self) -> str:
        """`train` or `test`."""
        return self.value.lower()


class Extra(StrEnum):
    """What to do about live entries that the manifest does not have (the service cannot delete an entry)."""

    REPORT = "report"
    UNLABEL = "unlabel"
    FAIL = "fail"
    REPLACE = "replace"


class Marked(StrEnum):
    """What to do about entries that the service keeps but marks with errors."""

    WARN = "warn"
    REFUSE = "refuse"


class Rejection(StrEnum):
    """What to do about lines that the service will not take, after all others are in: fail, or only say so."""

    FAIL = "fail"
    SKIP = "skip"


class Compare(StrEnum):
    """When two lines are the same: by what they mean to training, or by all their JSON."""

    LABELS = "labels"
    STRICT = "strict"


class Destroy(StrEnum):
    """What deleting the resource does: refuse while the dataset has entries, delete it, or keep it."""

    REFUSE = "refuse"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one dataset; `patience` is the longest time without progress, in seconds."""

    extra: Extra = Extra.REPORT
    marked: Marked = Marked.WARN
    compare: Compare = Compare.LABELS
    patience: int = 1800
    destroy: Destroy = Destroy.REFUSE
    rejected: Rejection = Rejection.FAIL
    guards: Guards = field(default_factory=Guards)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: the file as the user knows it, line and column counted from 1 (0: the file as such)."""

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
    note: worth a word.
    """

    ERROR = "error"
    MARKED = "marked"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint about a declaration: where, what is wrong, the cure.

    `code` is AWS's code where AWS has one, else a name of ours in lower-case-with-dashes.
    """

    severity: Severity
    code: str
    place: Place
    message: str
    cure: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An error that the service wrote into a live line: AWS's code and its text."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one line says, read by `reconciler.entries`.

    `meaning` is the digest of what the line means to training, `content` the digest of all its JSON; both 16 bytes
    and both without what the service adds. `labels` are the distinct label names in order of first use, `boxes` the
    number of bounding boxes, `labelled` whether it has any label attribute (a line with zero boxes has one).
    """

    key: str
    meaning: bytes
    content: bytes
    labels: tuple[str, ...]
    boxes: int
    labelled: bool
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredEntry:
    """One line of a manifest, ready to be sent: what it says, its text (compact JSON, UTF-8), where it stands."""

    entry: Entry
    line: bytes
    place: Place


class Verb(StrEnum):
    """What will happen to an entry; the value is the sign the user sees."""

    ADD = "+"
    UPDATE = "~"
    UNLABEL = "-"
    LIVE_ONLY = "!"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between desired and live.

    `desired` and `live` are the lines' text (compact JSON; None where there is no such line); `place` is the desired
    line's. `labels` and `live_labels` are the distinct label names of each side.
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


@dataclass(frozen=True, slots=True)
class DatasetDeclaration:
    """One dataset as `project.yaml` declares it: the manifest's path, how to name it to the user, and the policy.

    `is_training_too` says of a test dataset that its manifest is the training dataset's.
    """

    dataset_type: DatasetType
    manifest: Path
    shown: str
    policy: Policy = field(default_factory=Policy)
    is_training_too: bool = False


@dataclass(frozen=True, slots=True)
class ProjectDeclaration:
    """One folder under `datasets/`: the project and its datasets.

    Exactly one of these holds: `managed` (the program declares aws.rekognition.Project), `project_arn` is set, or
    neither (the project exists and is found by `name`). `labels` is the closed list of labels, None when open.
    """

    folder: Path
    shown: str
    name: str
    managed: bool
    project_arn: str | None
    datasets: tuple[DatasetDeclaration, ...]
    labels: tuple[str, ...] | None = None
