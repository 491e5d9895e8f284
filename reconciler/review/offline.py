"""Two manifests, folders or revisions compared without a service: the first takes the place of live.

The rules, the plan and the review are the same as against a service. Findings of class error are in the review and do
not stop it: every entry that can be read is compared. `extra: replace` and `extra: fail` count as `report`, so that
single changes are shown; the review still holds the policy as it is.

A path is a manifest, the folder of one project, or a folder of such folders (like `datasets/`). A folder without any
project.yaml counts as a project when it has manifests under their usual names.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from filecmp import cmp
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BadInput
from reconciler.guards import Asked
from reconciler.ledger import DESIRED_ONLY, LIVE_ONLY, Ledger
from reconciler.manifest import Findings, load_projects, read_manifest
from reconciler.manifest.parts import parts_of
from reconciler.manifest.project.folders import declared_beside, default_manifests
from reconciler.manifest.read import entries_despite_errors
from reconciler.model import DatasetDeclaration, DatasetType, Part, ProjectDeclaration
from reconciler.plan import Request, plan
from reconciler.policy import Compare, Extra, Policy
from reconciler.review.build import review_of
from reconciler.review.declaration import PROJECT_FILE, Declared, Pair, declaration_changes, paired, project_change
from reconciler.review.model import KEEP, Compared, Keep, Review
from reconciler.run import DatasetRun, sibling_in
from reconciler.text import counted, inert


def declared_in(path: Path, shown: str) -> tuple[Declared, ...]:
    """The datasets of a path in order, each with its project; `shown` is the user's name for the path.

    Raises:
        BadInput: the path is not found. InvalidDeclaration: a project.yaml is invalid.
    """
    if path.is_dir():
        return tuple((project, dataset) for project in _in_folder(path, shown) for dataset in project.datasets)
    if not path.exists():
        raise BadInput(f"{shown} was not found; give a manifest, a folder, or a git revision such as main:datasets")
    project = undeclared_project(path, shown, _named_by(path, shown))
    return ((project, project.datasets[0]),)


def undeclared_project(manifest: Path, shown: str, name: str) -> ProjectDeclaration:
    """A manifest without a project, as one of this name: with any labels, and every default."""
    defaults = declared_beside(manifest, DatasetType.TRAIN).defaults
    kind = DatasetType.TEST if manifest.name.casefold().startswith(DatasetType.TEST.word) else DatasetType.TRAIN
    return _undeclared(
        manifest.parent, str(Path(shown).parent), name, (DatasetDeclaration(kind, manifest, shown, defaults=defaults),)
    )


class Side(Struct, frozen=True):
    """What was read of one manifest: its findings, and how many lines were left out.

    `unknown` of these could not be read: their images are not known. `unread`: that is all there is.
    """

    findings: Findings
    lost: int = 0
    unknown: int = 0
    unread: bool = False

    @property
    def words(self) -> str:
        """What could not be read, as a sentence that is safe to show."""
        name = inert(self.findings.shown)
        if self.unread:
            return f"{name} could not be read ({counted(self.findings.error_count, 'error', 'errors')})"
        lines = counted(self.lost, "line", "lines")
        return f"{lines} of {name} could not be read, or repeated an image"


def read_side(declared: Declared, ledger: Ledger) -> Side:
    """Read a manifest into an empty ledger; from one with errors, every entry that can be read."""
    project, dataset = declared
    findings = read_manifest(dataset, project.labels, ledger.accept)
    if not findings.refused:
        return Side(findings)
    ledger.forget_desired()
    unknown, repeated = entries_despite_errors(dataset, ledger.accept)
    lost = unknown + repeated
    return Side(findings, lost, unknown, unread=lost > 0 and not ledger.desired_facts(Compare.LABELS).entries)


def is_same_manifest(one: Declared, other: Declared) -> bool:
    """Whether two manifests are the same files, byte by byte, and are read by the same rules; `other` was read."""
    rules, others = (
        (project.labels, dataset.policy.marked, replace(dataset, manifest=Path(), shown="", files=(), policy=Policy()))
        for project, dataset in (one, other)
    )
    if rules != others:
        return False
    files, read = parts_of(one[1]), parts_of(other[1])
    return len(files) == len(read) and all(map(_is_same_file, files, read))


def _is_same_file(one: Part, other: Part) -> bool:
    is_alike = one.path.suffix == other.path.suffix and one.path.is_file()
    return is_alike and cmp(one.path, other.path, shallow=False)


def earlier_in(ledgers: Collection[Ledger], mode: Compare) -> Callable[[str], Collection[bytes]]:
    """The digests of a key in earlier revisions, of which each ledger holds one: for `reconciler.run.Base`."""

    def earlier(key: str) -> Collection[bytes]:
        digests = (ledger.digests(key, mode)[0] for ledger in ledgers)
        return {digest for digest in digests if digest is not None}

    return earlier


def _named_by(manifest: Path, shown: str) -> str:
    """The project name of a manifest without a project: its own name, or its folder's if that is more specific."""
    folder = Path(shown).parent.name.rpartition(":")[2]
    return folder if folder and manifest.stem in {kind.word for kind in DatasetType} else manifest.stem


def _in_folder(path: Path, shown: str) -> Iterator[ProjectDeclaration]:
    if (path / PROJECT_FILE).exists():
        here = path.resolve()
        named = Path(shown).name not in {"", ".."}
        projects = load_projects(here.parent, str(Path(shown).parent if named else Path(shown, "..")))
        yield from (project for project in projects if project.folder.resolve() == here)
    elif any((folder / PROJECT_FILE).exists() for folder in path.iterdir() if folder.is_dir()):
        yield from load_projects(path, shown)
    else:
        found = tuple(_bare(path, shown))
        if not found:
            raise BadInput(f"{shown} has no project.yaml and no manifest such as train.jsonl; name another folder")
        yield _undeclared(path, shown, path.resolve().name, found)


def _bare(path: Path, shown: str) -> Iterator[DatasetDeclaration]:
    """The manifests of a folder without project.yaml."""
    for kind in DatasetType:
        for name in default_manifests(path, kind.word)[:1]:
            yield DatasetDeclaration(kind, path / name, str(Path(shown) / name))


def _undeclared(folder: Path, shown: str, name: str, datasets: tuple[DatasetDeclaration, ...]) -> ProjectDeclaration:
    return ProjectDeclaration(folder, shown, name, managed=False, project_arn=None, datasets=datasets)


def offline_review(
    before: Path | None,
    after: Path | None,
    shown: tuple[str, str] | None = None,
    keep: Keep = KEEP,
    places: tuple[str, str] | None = None,
) -> Review:
    """The review of what `after` changes in `before`; `shown` are the names that the user gave to the two.

    `places` are longer names for the files of both sides, if there are any. A side that is None is empty. Datasets of
    one project and type are compared; two single manifests always are.

    Raises:
        BadInput: a path is not found, a file is compared with a folder, or both sides are None.
        InvalidDeclaration: a project.yaml is invalid.
    """
    names = shown or (str(before), str(after))
    sides = [side for side in (before, after) if side]
    if not sides:
        raise BadInput(f"{names[0]} and {names[1]} both have nothing to compare; name a path")
    if all(side.exists() for side in sides) and len({side.is_dir() for side in sides}) > 1:
        raise BadInput(f"{names[0]} and {names[1]} are a file and a folder; compare two files, or two folders")
    called = places or names
    old = declared_in(before, called[0]) if before else ()
    new = declared_in(after, called[1]) if after else ()
    files = not sides[0].is_dir()
    pairs: list[Pair] = [(old[0] if old else None, new[0] if new else None)] if files else paired(old, new)
    with ExitStack() as ledgers:
        read = [_read_both(pair, ledgers.enter_context(Ledger())) for pair in pairs]
        datasets = [one for one, _unusable in read]
        for (one, unusable), pair in zip(read, pairs, strict=True):
            one.settings = () if files else declaration_changes(*pair)
            if pair[1] and not pair[0] and not files:
                one.settings = project_change(pair[1], old)
            if one.error is None:
                _plan(one, datasets, exists=pair[0] is not None, unusable=unusable)
        compared = Compared(before=names[0], after=names[1], offline=True)
        return review_of(datasets, command="diff", compared=compared, keep=keep)


def _read_both(pair: Pair, ledger: Ledger) -> tuple[DatasetRun, bool]:
    """One dataset in a run with both sides in its ledger, the first as what is live.

    Also: whether any entry of the first side will be marked with errors. A side that could not be read is an error of
    the run.
    """
    before, after = pair
    declared = after or before
    if declared is None:  # a pair has at least one of the two
        raise BadInput("there is nothing to compare")
    one = DatasetRun(*declared, ledger, project_arn=declared[0].project_arn)
    sides = [read_side(after, ledger)] if after else []
    one.findings = sides[0].findings if sides else None
    unusable = False
    if before and after and not sides[0].findings.refused and is_same_manifest(before, after):
        sides.append(sides[0])
        ledger.observe_desired(ledger)
        unusable = ledger.unusable() > 0
    elif before:
        with Ledger() as other:
            sides.append(read_side(before, other))
            ledger.observe_desired(other)
            unusable = other.unusable() > 0
    one.findings = _findings(sides, of_after=after is not None)
    one.remark = "; ".join(
        _withheld(sides, ledger) if before and after else (side.words for side in sides if side.lost)
    )
    if any(side.unread for side in sides):
        one.error = BadInput("; ".join(side.words for side in sides if side.unread) + "; nothing is compared with it")
    return one, unusable


def _withheld(sides: Sequence[Side], ledger: Ledger) -> Iterator[str]:
    """What could not be read of the second and the first side, and what that makes unknown of the other one.

    An entry that only one side has may be in a line of the other that could not be read, so it is taken out.
    """
    unknown = ((LIVE_ONLY, "removed"), (DESIRED_ONLY, "added"))
    for side, other, (rows, done) in zip(sides, reversed(sides), unknown, strict=True):
        if side.unknown and not (side.unread or other.unread) and (many := ledger.set_aside(rows)):
            entries = counted(many, "entry", "entries")
            where = inert(other.findings.shown)
            yield f"{side.words}: whether {entries} of {where} were {done} is not known, so they are left out"
        elif side.lost:
            yield side.words


def _plan(one: DatasetRun, datasets: Sequence[DatasetRun], *, exists: bool, unusable: bool) -> None:
    """Plan one of the datasets of a comparison, all of which were read."""
    policy = one.dataset.policy
    shown = policy if policy.extra.unlabels else replace(policy, extra=Extra.REPORT)
    asked, sibling = Asked(one.dataset.dataset_type), sibling_in(datasets, one, listed=True)
    request = Request(one.title, shown, asked, one.bucket, sibling=sibling, offline=True)
    one.plan = plan(one.ledger, request, exists=exists)
    if not one.remark and unusable and one.plan.ignored:
        one.remark = "some of the entries will be marked with errors: their lines are sent again for any difference"


def _findings(sides: Sequence[Side], *, of_after: bool) -> Findings | None:
    """The findings of the second side, with those of the first where it could not be read completely."""
    after = sides[0].findings if of_after else None
    first = sides[-1].findings if sides[-1].lost else None
    if first is None or first is after or after is None:
        return after or first
    errors = (*first.errors, *after.errors)
    return replace(after, errors=errors, error_count=first.error_count + after.error_count)
