"""Dangers: what a reviewer must not miss, the worst first.

There are three levels: a "danger" cannot be undone, or spoils training or its score without anybody noticing; a "check"
is probably not intended; a "note" is good to know. Every danger follows from figures that the review already holds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, get_args

from reconciler.analysis.labels import odd_letters
from reconciler.analysis.results import LookAlike, MachineLabels, Splits
from reconciler.guards import THEIRS
from reconciler.images.results import ImageCheck
from reconciler.manifest.rules.images import CODES
from reconciler.model import GuardCheck, Place, Severity
from reconciler.review.model import Danger, DangerKind, DatasetReview, EntryChange, ProjectReview
from reconciler.run import DangerLevel
from reconciler.text import Command, Name, Sentence, counted, for_shell, listed, sentence

# The beginning of a danger that is a refusal; the refusal itself follows.
REFUSED: Final = "an apply is refused: "
# The levels, the worst first.
LEVELS: Final[tuple[DangerLevel, ...]] = get_args(DangerLevel)

_EXAMPLES: Final = 3
# Origins of changes that undo what somebody made of live.
_EDITED: Final = frozenset({"drift", "theirs", "both", "ours-or-theirs"})
_SUCCEEDED: Final = frozenset({"renamed", "merged", "split"})
_STAYING: Final = {
    False: (
        "live image is not in the manifest and will still be used for training",
        "live images are not in the manifest and will still be used for training",
    ),
    True: (
        "image is no longer in the manifest; if it is live, it will still be used for training",
        "images are no longer in the manifest; those that are live will still be used for training",
    ),
}
_MANY: Final = {"image has": "images have", "image was": "images were", "image is": "images are"}
_BETTER: Final = "the score will look better than the model is"
_WHY: Final = {
    "case": "they differ in case only",
    "spaces": "they differ in spaces, hyphens or underscores only",
    "plural": "one is the plural of the other",
    "letters": "they differ in letters that look the same",
    "one-letter": "they differ in one letter",
}


def dangers_of(projects: Iterable[ProjectReview], *, offline: bool = False) -> tuple[Danger, ...]:
    """All dangers of a run, by level, then by project. `offline`: a manifest is compared instead of live."""
    found = [danger for project in projects for danger in _project(project, _STAYING[offline])]
    return tuple(sorted(found, key=lambda danger: LEVELS.index(danger.level)))


def _project(project: ProjectReview, staying: tuple[str, str]) -> Iterator[Danger]:
    for dataset in project.datasets:
        yield from _dataset(dataset, staying)
        shared = next(
            (guard.count for guard in dataset.guards if guard.name == "leakage" and guard.state == "passed"), 0
        )
        if shared and project.splits is None:
            yield _danger(dataset, "danger", "split-overlap", _shared(shared), shared)
    yield from _one_sided(project)
    if project.splits is not None:
        yield from _splits(project.name, project.splits)
        yield from _one_side(project, project.splits)
    balances = [one.balance for one in project.datasets if one.balance]
    appeared = {label for balance in balances for label in balance.appeared}
    for pair in project.look_alikes:
        if not balances or appeared.intersection((pair.first, pair.second)):
            yield _look_alike(project.name, pair, appeared)


def _dataset(dataset: DatasetReview, staying: tuple[str, str]) -> Iterator[Danger]:
    yield from _blocked(dataset)
    yield from _images(dataset)
    yield from _machine(dataset)
    yield from _losses(dataset)
    yield from _left_behind(dataset, staying)
    yield from _labels(dataset)


def _blocked(dataset: DatasetReview) -> Iterator[Danger]:
    """What stops an apply, or makes it delete everything; and what differs in how the dataset is declared."""
    for one in dataset.settings:
        if one.level != "note":
            yield _danger(dataset, one.level, "declaration", one.words, 1)
    many = dataset.findings.errors - (dataset.images.errors if dataset.images else 0)
    if many:
        errors = _places(dataset, images=False)
        shown = [f"{place.file}:{place.line}" if place.line else place.file for place in errors]
        files = list(dict.fromkeys(place.file for place in errors)) or [dataset.manifest]
        then = "an apply would send nothing" if dataset.manifest in files else "it could not be read completely"
        words = sentence(f"{counted(many, 'error', 'errors')} in ", listed(files), f": {then}")
        yield _danger(dataset, "danger", "finding-error", words, many, shown)
    if dataset.action == "replace":
        going = dataset.balance.before.entries if dataset.balance else dataset.live_only
        lost = counted(going, "live entry is deleted", "live entries are deleted")
        deleted = f"the dataset is deleted and created again, with a new ARN; {lost}"
        yield _danger(dataset, "danger", "replace", deleted, going)
    guards = {guard.refusal for guard in dataset.guards if guard.state == "tripped"}
    for why in dataset.refusals:
        if why not in guards:
            yield _danger(dataset, "danger", "refusal", sentence(REFUSED, why), 1)
    for guard in dataset.guards:
        yield from _guard(dataset, guard)


def _places(dataset: DatasetReview, *, images: bool) -> list[Place]:
    """Where the errors about images are, or all others."""
    errors = (found for found in dataset.findings.shown if found.severity is Severity.ERROR)
    return [found.place for found in errors if (found.code in CODES) is images]


def _images(dataset: DatasetReview) -> Iterator[Danger]:
    """What a check of the images found, but for images that cannot be used: those are errors."""
    check = dataset.images or ImageCheck(images=0)
    if check.wrong:
        words = (
            f"{counted(check.wrong, 'image', 'images')} cannot be used: training ignores them, or their boxes are wrong"
        )
        shown = [f"{place.file}:{place.line}" for place in _places(dataset, images=True)]
        yield _danger(dataset, "danger", "images", words, check.wrong, shown)
    rows: tuple[tuple[DangerLevel, int, str, str], ...] = (
        ("danger", check.leaks, "image has", f"the bytes of an image of the other dataset; {_BETTER}"),
        ("check", check.duplicates, "image has", "the bytes of another image of this dataset"),
        ("check", check.overwritten, "image was", "overwritten since the last check: look at the labels again"),
        ("check", check.turned, "image is", "turned by EXIF; whether the service turns images is not known"),
        ("note", check.undecided, "image was", "not decided"),
    )
    for level, many, verb, what in rows:
        if many:
            words = f"{counted(many, verb, _MANY[verb])} {what}"
            yield _danger(dataset, level, "images", words, many)


def _machine(dataset: DatasetReview) -> Iterator[Danger]:
    """Labels of machines in a test set, and those that a person verified."""
    machine = dataset.machine or MachineLabels()
    if machine.after and dataset.type == "test":
        entries = counted(machine.after, "entry of the test set is", "entries of the test set are")
        lowest = "" if machine.lowest_after is None else f", the lowest confidence is {machine.lowest_after:g}"
        words = f"{entries} labelled by machine{lowest}: the score is measured with labels that no person checked"
        yield _danger(dataset, "check", "machine-labels", words, machine.after)
    if machine.verified:
        entries = counted(machine.verified, "entry that a machine labelled was", "entries that a machine labelled were")
        unsent = f"; {machine.unsent:,} of them are not sent, unless `compare: strict` is set" if machine.unsent else ""
        named = ": " if machine.verified <= len(machine.examples) else ", such as "
        verified = sentence(f"{entries} verified by a person{named}", listed(machine.examples), unsent)
        yield _danger(dataset, "note", "machine-labels", verified, machine.verified, machine.examples)


def _guard(dataset: DatasetReview, guard: GuardCheck) -> Iterator[Danger]:
    """A guard that trips; it refuses nothing when two manifests are compared."""
    if guard.state == "tripped":
        stops = guard.refusal in dataset.refusals
        words = sentence(f"{'blocked' if stops else 'would be blocked'} by guard {guard.name}: ", guard.words)
        yield _danger(dataset, "danger" if stops else "check", "guard", words, guard.count)
    elif guard.state == "overridden":
        words = sentence(f"guard {guard.name} overridden: ", guard.words, "; because: ", Name(guard.reason))
        yield _danger(dataset, "check", "guard", words, guard.count)


def _losses(dataset: DatasetReview) -> Iterator[Danger]:
    if dataset.losing_labels:
        keys = _examples(dataset, lambda one: not one.retired and one.labelled_before and one.labelled_after is False)
        words = counted(dataset.losing_labels, "image loses all its labels", "images lose all their labels")
        yield _danger(dataset, "check", "labels-removed", words, dataset.losing_labels, keys)
    for group in dataset.groups:
        if group.kind == "mirrored":
            mirrored = sentence(group.words, ": check the converters of both sides")
            yield _danger(dataset, "check", "mirrored", mirrored, group.entries, group.examples)
    if unusable := dataset.content.unusable if dataset.content else 0:
        words = f"the service will mark {counted(unusable, 'entry', 'entries')} with errors; training ignores them"
        yield _danger(dataset, "check", "finding-marked", words, unusable)


def _left_behind(dataset: DatasetReview, staying: tuple[str, str]) -> Iterator[Danger]:
    """Live entries and labels that do not come from the manifest."""
    if dataset.staying:
        keys = _examples(dataset, lambda one: one.verb == "live-only" and one.labelled_after)
        keep = () if staying is _STAYING[True] else _to_keep(dataset, keys, dataset.staying)
        words = sentence(counted(dataset.staying, *staying), keep)
        yield _danger(dataset, "check", "live-only", words, dataset.staying, keys)
    yield from _edited(dataset)
    if dataset.marked:
        keys = _examples(dataset, lambda one: bool(one.marks))
        marked = f"{counted(dataset.marked, 'live entry is', 'live entries are')} marked with errors by the service"
        yield _danger(dataset, "check", "marked", marked, dataset.marked, keys)


def _edited(dataset: DatasetReview) -> Iterator[Danger]:
    """Edits made outside git that the plan undoes although nothing refuses it, or of which nothing is known."""
    origins, guard = dataset.origins, next((one for one in dataset.guards if one.name == THEIRS), None)
    if guard is None or guard.state not in {"off", "passed"}:
        return
    if origins and (many := origins.drift + origins.theirs + origins.both + origins.unknown):
        undone, keys, both, kept = 0, list[str](), False, 0
        for one in dataset.changes:
            kept += one.verb != "add"
            if one.origin in _EDITED and one.verb in {"update", "unlabel"}:
                undone, both = undone + 1, both or one.origin == "both"
                keys += [one.key] if len(keys) < _EXAMPLES else []
        many = undone if kept == dataset.changes_total - dataset.add else many
        if undone:
            words = f"{counted(many, 'change undoes', 'changes undo')} edits that were made to live"
            pull = _to_keep(dataset, keys, many, both=both)
            yield _danger(dataset, "check", "drift", sentence(words, pull), many, keys)
    elif guard.count and not origins:
        yield _danger(dataset, "check", "theirs", guard.words, guard.count)


def _examples(dataset: DatasetReview, which: Callable[[EntryChange], bool | None]) -> list[str]:
    """The keys of the first changes that are such; there may be many, which are read one by one."""
    return [one.key for one in islice(filter(which, dataset.changes), _EXAMPLES)]


def _to_keep(dataset: DatasetReview, keys: Sequence[str], count: int, *, both: bool = False) -> Sentence:
    """The command that writes what is live into the manifest, with the keys where they are few.

    `both`: git changed some of them too, which `pull` leaves unless it is told which side is right.
    """
    pull = Command(f"{pull_command(dataset.project, keys, count).text}{' --conflicts live' if both else ''}")
    return "; to keep them in git: " if count > 1 else "; to keep it in git: ", pull


def pull_command(project: str, keys: Sequence[str], count: int) -> Command:
    """`reconciler pull` of these entries; of all that differ where there are more of them than are named here."""
    import glob  # noqa: PLC0415 - few reviews have a danger

    only = [for_shell(glob.escape(key), "KEY") for key in keys] if len(keys) == count <= _EXAMPLES else []
    parts = ["reconciler pull --project", for_shell(project, "NAME"), *(f"--only {key}" for key in only)]
    return Command(" ".join(parts))


def _labels(dataset: DatasetReview) -> Iterator[Danger]:
    if dataset.balance is None or not dataset.balance.before.labels:
        return
    old = {label for group in dataset.groups if group.kind in _SUCCEEDED for label in group.old}
    new = {label for group in dataset.groups if group.kind in _SUCCEEDED for label in group.new}
    gone = [label for label in dataset.balance.gone if label not in old]
    come = [label for label in dataset.balance.appeared if label not in new]
    if gone:
        yield _danger(
            dataset, "check", "label-gone", sentence("no image has ", listed(gone), " any more"), len(gone), gone
        )
    if come:
        yield _danger(dataset, "note", "label-new", sentence("new: ", listed(come)), len(come), come)


def _one_sided(project: ProjectReview) -> Iterator[Danger]:
    """Labels that are renamed in one of the two datasets only: what is trained is then not what is tested."""
    for dataset in project.datasets:
        for other in project.datasets:
            rows = other.balance.rows if other is not dataset and other.balance else ()
            kept = {row.label: row.images_after for row in rows if row.images_after}
            for group in (one for one in dataset.groups if one.kind == "renamed" and one.old[0] in kept):
                images = kept[group.old[0]]
                left = counted(images, "image", "images")
                still = f" in {dataset.type} only; {left} of {other.type} still have the old label"
                words = sentence("the label ", Name(group.old[0]), " is renamed to ", Name(group.new[0]), still)
                yield _danger(project.name, "danger", "rename-one-side", words, images, group.old)


def _splits(project: str, splits: Splits) -> Iterator[Danger]:
    if splits.moved_danger_count:
        keys = [one.key for one in splits.moved if one.danger]
        words = counted(
            splits.moved_danger_count,
            "image moves between train and test, and is still used in the old dataset",
            "images move between train and test, and are still used in the old dataset",
        )
        yield _danger(project, "danger", "split-move", words, splits.moved_danger_count, keys)
    if splits.shared_count:
        yield _danger(
            project, "danger", "split-overlap", _shared(splits.shared_count), splits.shared_count, splits.shared
        )
    if splits.overlap is not None and splits.overlap < splits.overlap_needed:
        words = (
            f"the test set has {splits.overlap:.0%} of the training labels; training needs {splits.overlap_needed:.0%}"
        )
        yield _danger(project, "danger", "labels-overlap", words, len(splits.train_only), splits.train_only)


def _one_side(project: ProjectReview, splits: Splits) -> Iterator[Danger]:
    """Labels that only train or test has: those that came or went with a plan; `validate` names all, and the sizes."""
    balances = [one.balance for one in project.datasets if one.balance]
    moved = {label for balance in balances for label in (*balance.appeared, *balance.gone)}
    if 0 < splits.train_images < splits.test_images and not balances:
        sizes = f"test has more labelled images ({splits.test_images:,}) than train ({splits.train_images:,})"
        yield _danger(project.name, "note", "split-sizes", sizes, splits.test_images)
    one_side = [("train", splits.train_only), ("test", splits.test_only)]
    for word, only in one_side if splits.overlap is not None else ():
        told = _told_as_alike(project, set(only))
        labels = [label for label in only if (label in moved or not balances) and label not in told]
        if labels:
            words = sentence(f"only {word} has ", listed(labels))
            yield _danger(project.name, "note", "label-one-side", words, len(labels), labels)


def _told_as_alike(project: ProjectReview, only: set[str]) -> set[str]:
    """Of labels that only one side has, those that look like one which both or the other have: one typo, told once."""
    pairs = [(pair.first, pair.second) for pair in project.look_alikes]
    return {one for pair in pairs for one, other in (pair, pair[::-1]) if one in only and other not in only}


def _shared(images: int) -> str:
    many = counted(images, "image is", "images are")
    cure = "remove them from one manifest, and set `extra: unlabel` to take off the labels that are live"
    return f"{many} labelled in train and in test: the score will look better than the model is; {cure}"


def _danger(  # noqa: PLR0913, PLR0917 - a row of a table
    about: DatasetReview | str,
    level: DangerLevel,
    kind: DangerKind,
    words: str | Sentence,
    count: int,
    examples: Sequence[str] = (),
) -> Danger:
    """A danger of a dataset, or of the project with this name."""
    project, dataset = (about, "") if isinstance(about, str) else (about.project, about.title)
    some, said = tuple(examples[:_EXAMPLES]), sentence(words)
    return Danger(level=level, kind=kind, project=project, dataset=dataset, words=said, count=count, examples=some)


def _look_alike(project: str, pair: LookAlike, appeared: set[str]) -> Danger:
    new = pair.first in appeared or pair.second in appeared
    odd = odd_letters(pair.first, pair.second) if pair.why == "letters" else ""
    exchanged = pair.why == "one-letter" and sorted(pair.first.casefold()) == sorted(pair.second.casefold())
    why = "two letters are exchanged" if exchanged else _WHY[pair.why]
    words = sentence(
        Name(pair.first),
        f" ({counted(pair.first_images, 'image', 'images')}) and ",
        Name(pair.second),
        f" ({pair.second_images:,}) look alike: {why}{f': {odd}' if odd else ''}",
    )
    return _danger(project, "check" if new else "note", "look-alike", words, 2, (pair.first, pair.second))
