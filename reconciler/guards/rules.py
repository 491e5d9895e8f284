"""The table of guards: plans that look like an accident are blocked before anything is sent, unless overridden.

A guard is one function below with `@_guard(name, threshold, when it trips)` above it; parsing, options, schema and
documentation follow from that row. A new or empty dataset trips only `unusable` and `leakage`; a plan that sends
nothing trips none.

Guards ask `Figures`, a protocol; `reconciler.plan.figures` reads them from the ledger.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

from msgspec import Struct, field

from reconciler.guards.names import thing_of
from reconciler.model import DatasetType, GuardCheck, GuardState
from reconciler.policy import FROZEN, Threshold
from reconciler.text import Name, Sentence, counted, listed, sentence


class Labels(Struct, frozen=True):
    """How many images use each label, and how many have any."""

    images_by_label: Mapping[str, int]
    images: int

    def share(self, label: str) -> float:
        """The label's share of the images that have any."""
        return self.images_by_label.get(label, 0) / max(1, self.images)


class Leaks(Struct, frozen=True):
    """Images that are labelled in train and in test after an apply.

    `new` are those that this plan labels, `moved` counts those among them that are not live here and live only in the
    other dataset, `before` those that are labelled here already. `compared` says what of the other dataset was looked
    at; empty if there is none. `unread`: its live entries could not be listed.
    """

    new: tuple[str, ...] = ()
    moved: int = 0
    before: int = 0
    compared: Sentence = ()
    unread: bool = False


class Figures(Protocol):
    """What an apply would do to live, each figure counted when it is asked for."""

    @property
    def live(self) -> int:
        """Live entries."""

    @property
    def has_changes(self) -> bool:
        """Whether anything would be sent, created or deleted."""

    @property
    def sent(self) -> int:
        """Lines that would be sent."""

    @property
    def unusable(self) -> int:
        """How many of these lines the service would mark with errors."""

    @property
    def updated(self) -> int:
        """Labelled live entries that differ from the manifest. A replace loads them again; they still count here.

        Labels for an entry that has none are an addition.
        """

    @property
    def losing(self) -> int:
        """Entries of the manifest that are labelled live and would no longer be."""

    @property
    def gone(self) -> int:
        """Live entries that the manifest does not have; those without labels count only where they are deleted."""

    @property
    def unlabelled(self) -> int:
        """Entries that would lose their labels, with the entry or without it."""

    @property
    def before(self) -> Labels:
        """The labels that are live."""

    @property
    def after(self) -> Labels:
        """The labels that will be: the manifest's, and those of live-only entries that keep theirs."""

    @property
    def continues_a_load(self) -> bool:
        """Whether this is the rest of a first load that was interrupted."""

    @property
    def leaks(self) -> Leaks:
        """Images that are labelled in the project's other dataset too."""

    def using(self, labels: Collection[str], most: int) -> list[str]:
        """At most `most` of the live entries that use any of these labels."""


# A share of fewer entries means little. (octoDNS: MIN_EXISTING_RECORDS is 10 too.)
LEAST_ENTRIES: Final = 10
# A label's share is compared only if at least this many live images are labelled.
SHARES_FROM: Final = 100
_NAMED: Final = 3
# Two shares that are the same but for the last bits of a division are the same.
_ROUNDING: Final = 1e-9
_PERCENT: Final = r"(\d{1,3}(?:\.\d+)?)\s*%"


class Asked(Struct, frozen=True):
    """What guards are asked about, beside the comparison; `allow` has the reasons of overrides.

    `before` are the labels that shares are compared with: what was live before an apply began, None where live is as
    it was found.
    """

    dataset_type: DatasetType
    allow: Mapping[str, str] = field(default_factory=dict)
    before: Labels | None = None


class _Said(Struct, frozen=True):
    """What a guard finds: whether that is too much, in words and figures; and the `things` to override it for."""

    trips: bool
    words: str | Sentence
    count: int = 0
    of: int = 0
    share: float | None = None
    things: tuple[str, ...] = ()


_Judge = Callable[[Figures, Asked, float], _Said]


class Guard(Struct, frozen=True):
    """A row: the recommended threshold (a share, or True for on), when it trips, and the function that judges.

    `first_loads` guards judge new and empty datasets too. `frozen` judges in place of `judge` where the guard is set to
    that; None: it cannot be.
    """

    name: str
    default: Threshold
    trips_when: str
    judge: _Judge
    first_loads: bool = False
    frozen: _Judge | None = None


GUARDS: Final[dict[str, Guard]] = {}


def _guard(
    name: str, default: Threshold, trips_when: str, *, first_loads: bool = False, frozen: _Judge | None = None
) -> Callable[[_Judge], _Judge]:
    """Enter a function that judges into the table."""

    def enter(judge: _Judge) -> _Judge:
        GUARDS[name] = Guard(name, default, trips_when, judge, first_loads, frozen)
        return judge

    return enter


def read_threshold(name: str, text: str) -> Threshold:
    """The threshold that a text means: a share for `30%`, False for `off`, as recommended for `on`; `frozen`.

    Raises:
        ValueError: there is no such guard, it is none of these, or a percentage where the guard has no threshold.
    """
    if name not in GUARDS:
        raise ValueError(name)
    recommended = GUARDS[name].default
    if text == FROZEN and GUARDS[name].frozen:
        return FROZEN
    if text in {"on", "off"}:
        return text == "on" and recommended
    match = re.fullmatch(_PERCENT, text)
    if match is None or recommended is True or not 0 <= float(match[1]) <= 100:
        raise ValueError(text)
    return float(match[1]) / 100


def threshold_forms(name: str) -> str:
    """How the threshold of a guard is written, in words."""
    return f"on, off{', frozen' if GUARDS[name].frozen else ''} or a percentage such as 50%"


def written(threshold: Threshold) -> str:
    """A threshold as `project.yaml` writes it."""
    if threshold == FROZEN:
        return threshold
    return f"{threshold * 100:g}%" if isinstance(threshold, float) else "on" if threshold else "off"


def judged(
    figures: Figures, guards: Mapping[str, Threshold], asked: Asked, names: Collection[str] | None = None
) -> tuple[GuardCheck, ...]:
    """What guards find about what an apply would do, in the table's order: all, or those of these `names`.

    `guards` are the thresholds that were set.
    """
    rows = [one for one in GUARDS.values() if names is None or one.name in names]
    return tuple(_checked(one, figures, guards.get(one.name, one.default), asked) for one in rows)


def _checked(guard: Guard, figures: Figures, threshold: Threshold, asked: Asked) -> GuardCheck:
    if threshold is False:
        return GuardCheck(guard.name, GuardState.OFF)
    is_frozen = threshold == FROZEN
    judge = guard.frozen if is_frozen and guard.frozen else guard.judge
    limit = None if threshold is True or threshold == FROZEN else threshold
    said = _nothing_to_lose(figures, guard) or judge(figures, asked, limit or 0.0)
    reason = asked.allow.get(guard.name, "") or _reason_by_thing(guard, said, asked)
    if not said.trips:
        state, reason = GuardState.PASSED, ""
    else:
        state = GuardState.OVERRIDDEN if reason else GuardState.TRIPPED
    share = None if said.share is None else round(said.share, 6)
    return GuardCheck(guard.name, state, sentence(said.words), said.count, said.of, share, limit, reason)


def _reason_by_thing(guard: Guard, said: _Said, asked: Asked) -> str:
    """The reasons for all things that a guard is about, where each was given one."""
    reasons = [asked.allow.get(f"{guard.name}:{thing_of((thing,))}", "") for thing in said.things]
    return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""


def _nothing_to_lose(figures: Figures, guard: Guard) -> _Said | None:
    if not figures.live and not guard.first_loads:
        return _Said(trips=False, words="a new or empty dataset has nothing to lose")
    return None if figures.has_changes else _Said(trips=False, words="nothing would be sent")


@_guard(
    "updates",
    0.30,
    "more than this share of the live entries, and at least 10, would be updated; adds never count, nor do labels for "
    "entries that have none. Under `extra: replace`, entries that differ from live count",
)
def _updates(figures: Figures, _asked: Asked, limit: float) -> _Said:
    return _shares(figures.updated, figures.live, limit, "would be updated", least=LEAST_ENTRIES)


@_guard("label-removed", True, "a label would no longer be used by any entry")  # noqa: FBT003 - on
def _label_removed(figures: Figures, _asked: Asked, _limit: float) -> _Said:
    before, after = figures.before.images_by_label, figures.after.images_by_label
    gone = sorted(set(before) - set(after))
    if not gone:
        return _Said(trips=False, words="every label would still be used", of=len(before))
    uses = sum(before[label] for label in gone)
    now = sentence(f"(now {uses:,} {'use' if uses == 1 else 'uses'}", _where(figures, gone, uses), ")")
    words = sentence("the label ", listed(gone), " would no longer be used ", now)
    if len(gone) > 1:
        words = sentence(f"{len(gone):,} labels would no longer be used ", now, ": ", listed(gone))
    return _Said(trips=True, words=words, count=len(gone), of=len(before), things=tuple(gone))


def _where(figures: Figures, labels: list[str], uses: int) -> Sentence:
    """The entries that use these labels, so that a person can find their owner; if there are many, the first."""
    keys = figures.using(labels, _NAMED if uses <= _NAMED else 1)
    return sentence(": " if uses <= _NAMED else ", the first in ", listed(keys))


@_guard(
    "label-share",
    0.10,
    "a label's share of the labelled images would move by more than this many percentage points, if at least 100 live "
    "images are labelled",
)
def _label_share(figures: Figures, asked: Asked, limit: float) -> _Said:
    """The label whose share of the labelled images moves most."""
    before, after = asked.before or figures.before, figures.after
    if before.images < SHARES_FROM:
        return _Said(trips=False, words=f"{before.images:,} labelled images are too few to compare shares")
    labels = sorted({*before.images_by_label, *after.images_by_label})
    moves = {label: after.share(label) - before.share(label) for label in labels}
    label = max(labels, key=lambda name: abs(moves[name]), default="")
    moved = abs(moves.get(label, 0.0))
    shares = f"{before.share(label):.0%} -> {after.share(label):.0%}"
    words = sentence("the share of images with the label ", Name(label), f" would move {shares}")
    trips = moved > limit + _ROUNDING
    if trips and figures.continues_a_load:
        trips, words = False, ("this continues a first load that was interrupted",)
    elif trips:
        words = sentence(words, f", by more than {limit * 100:g} points")
    return _Said(trips, words, after.images_by_label.get(label, 0), after.images, moved)


@_guard(
    "shrink",
    0.10,
    "more than this share of the live entries, and at least 10, would lose their labels or are not in the manifest. "
    "Live-only entries without labels count only under `extra: replace`",
)
def _shrink(figures: Figures, _asked: Asked, limit: float) -> _Said:
    what = "are not in the manifest"
    if figures.losing:
        what += " or would lose their labels"
    return _shares(figures.gone + figures.losing, figures.live, limit, what, least=LEAST_ENTRIES)


def _frozen_test_set(figures: Figures, asked: Asked, _limit: float) -> _Said:
    """The same guard where the test set is frozen: whatever would be sent, but for the rest of a first load."""
    if asked.dataset_type is not DatasetType.TEST:
        return _Said(trips=False, words="this is not a test set")
    if many := figures.unlabelled:
        words = f"{counted(many, 'entry', 'entries')} of the test set, which is frozen, would lose their labels"
        return _Said(True, words, many, figures.live, many / figures.live)  # noqa: FBT003 - trips
    if figures.continues_a_load:
        return _Said(trips=False, words="this continues a first load that was interrupted")
    words = f"{counted(figures.sent, 'entry', 'entries')} would be added to or changed in the test set, which is frozen"
    return _Said(True, words, figures.sent, figures.live)  # noqa: FBT003 - trips


@_guard(
    "test-set",
    0.10,
    "more than this share of a test set would be updated, or any entry of it would lose its labels; with `frozen` also "
    "where any entry would be added or changed. A first load passes",
    frozen=_frozen_test_set,
)
def _test_set(figures: Figures, asked: Asked, limit: float) -> _Said:
    if asked.dataset_type is not DatasetType.TEST:
        return _Said(trips=False, words="this is not a test set")
    if many := figures.unlabelled:
        entries = "entry of the test set would lose its" if many == 1 else "entries of the test set would lose their"
        return _Said(True, f"{many:,} {entries} labels", many, figures.live, many / figures.live)  # noqa: FBT003 - trips
    return _shares(figures.updated, figures.live, limit, "of the test set would be updated")


@_guard(
    "distributed",
    True,  # noqa: FBT003 - on
    "entries of the training manifest are missing in the live training dataset, and labelled live only in the test "
    "dataset, whose manifest does not list them and whose policy leaves them their labels",
)
def _distributed(figures: Figures, asked: Asked, _limit: float) -> _Said:
    many = _distributed_entries(figures, asked)
    if not many:
        return _Said(trips=False, words="no entry that would be added is live only in the test dataset")
    words = (
        f"{many:,} {'entry that is' if many == 1 else 'entries that are'} missing in the live training dataset and "
        "live only in the test dataset would be added again, and the same images would train and test; perhaps "
        "DistributeDatasetEntries moved them"
    )
    return _Said(trips=True, words=words, count=many)


def _distributed_entries(figures: Figures, asked: Asked) -> int:
    """How many shared images the guard `distributed` is about; a first load has none."""
    return figures.leaks.moved if asked.dataset_type is DatasetType.TRAIN and figures.live else 0


@_guard(
    "leakage",
    True,  # noqa: FBT003 - on
    "the plan labels an image that is labelled in the project's other dataset too, by its manifest or as a live-only "
    "entry (also on a first load); images that both have already do not count, nor do those of `distributed`",
    first_loads=True,
)
def _leakage(figures: Figures, asked: Asked, _limit: float) -> _Said:
    leaks = figures.leaks
    many = len(leaks.new) - _distributed_entries(figures, asked)
    compared = sentence("compared with ", leaks.compared or "nothing")
    compared = sentence(compared, "; live could not be listed" if leaks.unread else "")
    if many:
        images = "image would be labelled" if many == 1 else "images would be labelled"
        named = sentence(": ", listed(leaks.new)) if many == len(leaks.new) else ()
        why = "; the score would look better than the model is; remove them from one of the two ("
        words = sentence(f"{many:,} {images} in train and in test", named, why, compared, ")")
        return _Said(trips=True, words=words, count=many)
    known = f"; {leaks.before:,} are in both already" if leaks.before else ""
    words = sentence(f"no further image would be labelled in train and in test{known} (", compared, ")")
    return _Said(trips=False, words=words, count=leaks.before)


@_guard(
    "unusable",
    0.20,
    "the service would mark a larger share of the sent lines with errors, or all of them (also on a first load)",
    first_loads=True,
)
def _unusable(figures: Figures, _asked: Asked, limit: float) -> _Said:
    many, sent = figures.unusable, figures.sent
    if not many:
        return _Said(trips=False, words="the service would mark no line that would be sent", of=sent)
    share = many / sent
    if many == sent:
        which = "the only line" if sent == 1 else f"all {sent:,} lines"
        return _Said(True, f"the service would mark {which} with errors", many, sent, share)  # noqa: FBT003 - trips
    trips = share > limit + _ROUNDING
    beyond = f"; more than {limit * 100:g}%" if trips else ""
    words = f"the service would mark {many:,} of {sent:,} lines ({share:.0%}) with errors{beyond}"
    return _Said(trips, words, many, sent, share)


def _shares(number: int, live: int, limit: float, what: str, *, least: int = 0) -> _Said:
    share = number / live
    trips = number >= least and share > limit + _ROUNDING
    beyond = f"; more than {limit * 100:g}%" if trips else ""
    return _Said(trips, f"{number:,} of {live:,} entries ({share:.0%}) {what}{beyond}", number, live, share)


# Every guard switched off.
OFF: Final[Mapping[str, Threshold]] = dict.fromkeys(GUARDS, False)
