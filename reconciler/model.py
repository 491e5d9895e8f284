"""The nouns: frozen types without behaviour beyond properties.

`Policy` is the table of settings: a line is a row, and parsing, state, schema and documentation follow from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from reconciler.text import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Progress:
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


# What a guard is set to: a share that trips it when it is passed, on (True), or off (False).
Threshold = float | bool


class GuardState(StrEnum):
    """What a guard found about a plan; `overridden`: it blocks the plan, and a reason to apply it anyway was given."""

    PASSED = "passed"
    TRIPPED = "tripped"
    OVERRIDDEN = "overridden"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class GuardCheck:
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


@dataclass(frozen=True, slots=True)
class Override:
    """How the guards that block a plan are overridden, ready to be pasted.

    `options` for the command line, `variable` for Pulumi, each for one run; `configuration` for a stack and
    `declaration` for project.yaml, until the manifest changes.
    """

    options: str
    variable: str
    configuration: str
    declaration: str = ""

    def __str__(self) -> str:
        ways = (
            ("For one run", self.options),
            ("or under Pulumi", self.variable),
            ("or for this manifest alone, in the stack's configuration", self.configuration),
            ("or for everybody, in project.yaml", self.declaration),
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


class Choice(StrEnum):
    """The words that a setting may have, each with what it `does`, as the documentation says it."""

    does: str

    def __new__(cls, word: str, does: str) -> Self:
        """A word and what it does."""
        choice = str.__new__(cls, word)
        choice._value_, choice.does = word, does
        return choice


class Leftover(StrEnum):
    """What happens to live entries that the manifest does not have."""

    STAYS = "stays"
    UNLABELLED = "unlabelled"
    GONE = "gone"


class Extra(Choice):
    """What to do about live entries that the manifest does not have (the service cannot delete an entry).

    `leftover` is what becomes of them, `refuses` whether an apply is refused while there are any. Where `wants()`
    is false, an entry that is still live after an apply is a failure.
    """

    leftover: Leftover
    refuses: bool

    def __new__(cls, word: str, leftover: Leftover, does: str, refuses: bool = False) -> Self:  # noqa: FBT001, FBT002 - a row
        """A word, what becomes of the entries, what it does in words, and whether it refuses."""
        extra = str.__new__(cls, word)
        extra._value_, extra.does = word, does
        extra.leftover, extra.refuses = leftover, refuses
        return extra

    @property
    def unlabels(self) -> bool:
        """Whether their bare lines are sent."""
        return self.leftover is Leftover.UNLABELLED

    @property
    def replaces(self) -> bool:
        """Whether the dataset is deleted and loaded again without them."""
        return self.leftover is Leftover.GONE

    def wants(self, *, labelled: bool) -> bool:
        """Whether an entry that the manifest does not have may be live after an apply."""
        return not (self.refuses or self.replaces or (self.unlabels and labelled))

    REPORT = "report", Leftover.STAYS, "shows them; they keep their labels"
    UNLABEL = "unlabel", Leftover.UNLABELLED, "sends the bare line, so that training ignores the image"
    FAIL = "fail", Leftover.STAYS, "refuses the apply", True
    REPLACE = "replace", Leftover.GONE, "deletes the dataset and loads a new one with a new ARN"


class Marking(Choice):
    """What to do about entries that the service keeps but marks with errors."""

    WARN = "warn", "reports them"
    REFUSE = "refuse", "sends nothing; if the service marks an entry anyway, the apply fails"


class Rejection(Choice):
    """What to do about lines that the service rejects, after all others are in: fail, or only report them."""

    FAIL = "fail", "fails the run (exit code 5) after all others are in"
    SKIP = "skip", "only reports them, and sends such a line again only when it or its live entry changes"


class Compare(Choice):
    """When two lines are the same: by what they mean to training, or by all their JSON."""

    LABELS = "labels", "compares labels, boxes and image size"
    STRICT = "strict", "compares all of the JSON"


class Destroy(Choice):
    """What deleting the resource does: refuse while the dataset has entries, delete it, or keep it."""

    REFUSE = "refuse", "deletes only a dataset without entries"
    DELETE = "delete", "deletes the dataset after its entries were written to a snapshot"
    KEEP = "keep", "leaves the dataset where it is; not with `managed: true`"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's line in `Policy` beside its name, type and default; everything else is derived from it.

    `help` goes into the documentation, with `form` as the way it is written where it is not one of some words. `sends`:
    a change of it may send something; a change of any other is recorded by the next `pulumi up` and sends nothing.
    Version 0.1.0 stored a `stored` one always; others are stored where they differ from the default, so that a state
    without them is the same as one with the default.
    """

    help: str
    form: str = ""
    sends: bool = False
    stored: bool = False


_SETTING: Final = "setting"


def _setting(default: object, help_: str, form: str = "", *, sends: bool = False, stored: bool = False) -> Any:  # noqa: ANN401 - a field
    """A field of `Policy` with its default and its row."""
    row = {_SETTING: Setting(help_, form, sends, stored)}
    # The JSON Schema shows a default, but no factory's.
    return field(default_factory=dict, metadata=row) if default == {} else field(default=default, metadata=row)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one dataset, and their table: `patience` is in seconds, `guards` has those that were set."""

    extra: Extra = _setting(
        Extra.REPORT,
        "live entries that the manifest does not have. The service cannot delete an entry",
        sends=True,
        stored=True,
    )
    marked: Marking = _setting(Marking.WARN, "entries that the service keeps and marks with an error code", stored=True)
    compare: Compare = _setting(Compare.LABELS, "when two lines are the same", sends=True, stored=True)
    patience: int = _setting(
        1800,
        "longest time without progress: of an operation at AWS, or of a network that fails during a run",
        "`90s`, `30m`, `1h30m`",
        stored=True,
    )
    destroy: Destroy = _setting(
        Destroy.REFUSE, "what deleting the resource does to a dataset that has entries", stored=True
    )
    rejected: Rejection = _setting(Rejection.FAIL, "lines that the service rejects")
    guards: Mapping[str, Threshold] = _setting(
        {},
        "plans that look like an accident, see [guards](#guards)",
        "`{updates: 50%, label-share: off}`",
    )


def settings_of(policy: Policy) -> dict[str, Setting]:
    """The table of settings: name and row, in the order of their lines."""
    return {one.name: one.metadata[_SETTING] for one in fields(policy)}


@dataclass(frozen=True, slots=True, order=True)
class Place:
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about a declaration or annotations: where, what is wrong, the cure.

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
    """What one line means, read by `reconciler.entries`.

    `meaning` is the digest of what the line means to training, `content` the digest of all its JSON; both 16 bytes
    and both without what the service adds. `labels` are the distinct label names in order of first use, `boxes` the
    number of bounding boxes, `labelled` whether it has any label attribute (a line with zero boxes has one). `declared`
    are the labels and those of its class-maps that no box uses.
    """

    key: str
    meaning: bytes
    content: bytes
    labels: tuple[str, ...]
    boxes: int
    labelled: bool
    marks: tuple[Mark, ...] = ()
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredEntry:
    """One line of a manifest, ready to be sent: what it says, its text (compact JSON, UTF-8), its place.

    `unusable` has the codes with which the service will mark it, empty for none.
    """

    entry: Entry
    line: bytes
    place: Place
    unusable: str = ""


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
    line's. `labels` and `live_labels` are the distinct label names of each side, `declared` and `live_declared` with
    those of class-maps that no box uses.
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


@dataclass(frozen=True, slots=True)
class DatasetDeclaration:
    """One dataset as `project.yaml` declares it: the manifest's path, how to name it to the user, and the policy.

    `is_training_too`: the manifest of this test dataset is also the training dataset's. `overlooked`: a file beside it
    that looks like the other dataset's manifest and has no name that is read.
    """

    dataset_type: DatasetType
    manifest: Path
    shown: str
    policy: Policy = field(default_factory=Policy)
    is_training_too: bool = False
    overlooked: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """An override that project.yaml declares: the guard, with what it is about, why, and for which manifests.

    `manifests` has the digest of each dataset's manifest, by `train` or `test`.
    """

    guard: str
    reason: str
    manifests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProjectDeclaration:
    """One folder under `datasets/`: the project and its datasets.

    Exactly one of these holds: `managed` (the program declares aws.rekognition.Project), `project_arn` is set, or
    neither (the project exists and is found by `name`). `labels` is the closed list of labels, None when open.
    `resource` is the name in the Pulumi state, if it is not the folder's. `allow` overrides guards. `account` and
    `region` say where the project is, empty where nothing is said.
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
