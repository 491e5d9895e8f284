"""The table of settings of one dataset, and the words that each setting may have.

A line of `Policy` is a row: parsing, state, schema and documentation follow from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Literal, Self

from msgspec import Struct
from msgspec.structs import replace

# The threshold that any change passes, an addition too; for `test-set` alone.
Frozen = Literal["frozen"]
FROZEN: Final[Frozen] = "frozen"
# What a guard is set to: a share that trips it when it is passed, on (True), off (False), or frozen.
Threshold = float | bool | Frozen


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


class Theirs(Choice):
    """What to do about entries that somebody edited outside git since the last apply."""

    REFUSE = "refuse", "sends nothing, and names them; `reconciler pull` takes them into git"
    OVERWRITE = "overwrite", "sends what the manifest says"
    KEEP = "keep", "leaves out what only live changed, and refuses where both changed; not with `extra: replace`"


class Probe(Choice):
    """Whether live is listed where DescribeDataset proves that it is as it was listed last."""

    probes: bool

    def __new__(cls, word: str, probes: bool, does: str) -> Self:  # noqa: FBT001 - a row
        """A word, whether the proof is asked for, and what it does in words."""
        probe = str.__new__(cls, word)
        probe._value_, probe.probes, probe.does = word, probes, does
        return probe

    ON = "on", True, "takes the copy of the last listing while DescribeDataset proves it ([probe.md](probe.md))"
    OFF = "off", False, "lists live every time"


class Destroy(Choice):
    """What deleting the resource does: refuse while the dataset has entries, delete it, or keep it."""

    REFUSE = "refuse", "deletes only a dataset without entries"
    DELETE = "delete", "deletes the dataset after its entries were written to a snapshot"
    KEEP = "keep", "leaves the dataset where it is; not with `managed: true`"


class Setting(Struct, frozen=True):
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


# The rows of `Policy`, in the order of its lines.
_ROWS: Final[list[Setting]] = []


def _setting(default: object, help_: str, form: str = "", *, sends: bool = False, stored: bool = False) -> Any:  # noqa: ANN401 - a field
    """A field of `Policy` with its default; its row is kept."""
    _ROWS.append(Setting(help_, form, sends, stored))
    return default


class Policy(Struct, frozen=True):
    """The settings of one dataset, and their table: times are in seconds, `guards` has those that were set."""

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
    theirs: Theirs = _setting(
        Theirs.REFUSE,
        "entries that were edited outside git since the last apply, and that an apply would overwrite or unlabel",
        sends=True,
    )
    probe: Probe = _setting(Probe.ON, "whether live is listed when nothing moved since the last listing")
    full_read: int = _setting(
        604_800,
        "longest time between two full listings of live, whatever the probe says",
        "`7d`, `12h`",
    )
    guards: Mapping[str, Threshold] = _setting(
        {},
        "plans that look like an accident, see [guards](#guards)",
        "`{updates: 50%, label-share: off}`",
    )


# The table of settings: name as it is written and row, in the order of their lines.
SETTINGS: Final[Mapping[str, Setting]] = {
    name.replace("_", "-"): row for name, row in zip(Policy.__struct_fields__, _ROWS, strict=True)
}


def value_of(policy: Policy, name: str) -> Any:  # noqa: ANN401 - of the setting's type
    """The value of a setting, by its name in the table."""
    return getattr(policy, name.replace("-", "_"))


def with_values(policy: Policy, values: Mapping[str, Any]) -> Policy:
    """The policy with other values of some settings, by their names in the table."""
    return replace(policy, **{name.replace("-", "_"): value for name, value in values.items()})
