"""With `--base REF`: manifests of a git revision and of commits before it, to find out where each change comes from."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.errors import BadInput
from reconciler.git import checked_out, history, holds, is_shallow
from reconciler.ledger import Ledger
from reconciler.manifest.project.stages import NO_STAGE, staged
from reconciler.model import DatasetType
from reconciler.review.declaration import Declared, declaration_changes, is_same, project_change
from reconciler.review.offline import Side, declared_in, earlier_in, read_side
from reconciler.run import Base, DatasetRun
from reconciler.text import inert

# The number of earlier commits that are read; what was in git before them is unknown.
_COMMITS: Final = 20
_Name = tuple[str, DatasetType]


class _Manifest(Struct, frozen=True):
    """A manifest of a revision: its declaration, what was read of it, and its entries."""

    declared: Declared
    side: Side
    ledger: Ledger


_Manifests = dict[_Name, _Manifest]


class _Revisions(Struct, frozen=True):
    """A repository, the name of the base in it, and the path of the datasets in each of its revisions."""

    repository: Path
    base: str
    inside: str
    folder: str

    @classmethod
    def of(cls, reference: str, datasets: Path) -> "_Revisions":
        """A path in the reference, `main:labels`, is from the root of the repository, as in git."""
        here = datasets.resolve()
        name, colon, inside = reference.partition(":")
        return cls(here.parent, name, f":{inside}" if colon else "", f":/{inside}" if colon else here.name)

    @property
    def default(self) -> str:
        """The folder of a revision without a path."""
        return "" if self.inside else self.folder


def load_base(run: Run, screen: Screen) -> None:
    """Read the base of every dataset of the run; a base without the folder has no entries.

    Raises:
        BadInput: the revision or git is not found. InvalidDeclaration: a project.yaml of the base is invalid.
    """
    reference = run.options.base
    if reference is None:
        return
    screen.status(f"reading {inert(reference)}")
    revisions = _Revisions.of(reference, run.options.datasets)
    commits = history(revisions.base, revisions.repository, revisions.folder, _COMMITS)
    base, declared = _base(revisions, run)
    wanted = {_name(one) for one in run.datasets}
    before = [_at(revisions, commit, wanted, run) for commit in commits]
    known = len(commits) < _COMMITS and None not in before and not is_shallow(revisions.repository)
    for one in run.datasets:
        name = _name(one)
        there = base.get(name)
        if there and is_same(there.declared, (one.project, one.dataset)):
            one.settings = declaration_changes(there.declared, (one.project, one.dataset))
        else:
            one.settings = project_change((one.project, one.dataset), declared)
        found = [manifests[name] for manifests in before if manifests and name in manifests]
        earlier = [manifest.ledger for manifest in found]
        one.base = Base(
            reference,
            there.ledger if there else run.resources.enter_context(Ledger()),
            earlier_in(earlier, one.dataset.policy.compare),
            complete=known and not any(manifest.side.lost for manifest in found),
            unread=there.side.words if there and there.side.lost else "",
        )
    screen.clear()


def _name(one: DatasetRun) -> _Name:
    return one.project.name, one.dataset.dataset_type


def _base(revisions: _Revisions, run: Run) -> tuple[_Manifests, Sequence[Declared]]:
    """The manifests and declarations of the base; none where it does not have the folder."""
    if not (revisions.inside or holds(revisions.base, revisions.repository, revisions.folder)):
        return {}, ()
    place = run.resources.enter_context(
        checked_out(f"{revisions.base}{revisions.inside}", revisions.repository, revisions.default)
    )
    declared = [_in_stage(one, run) for one in declared_in(place, revisions.folder)]
    return _read(declared, {_name(one) for one in run.datasets}, run), declared


def _at(revisions: _Revisions, commit: str, wanted: set[_Name], run: Run) -> _Manifests | None:
    """The manifests of an earlier commit; None where they are invalid."""
    try:
        with checked_out(f"{commit}{revisions.inside}", revisions.repository, revisions.default) as place:
            declared = [_in_stage(one, run) for one in declared_in(place, revisions.folder)]
            return _read(declared, wanted, run)
    except BadInput:
        return None


def _in_stage(declared: Declared, run: Run) -> Declared:
    """A declaration of a revision in the stage of the run."""
    if run.stage == NO_STAGE:
        return declared
    project = staged(declared[0], run.stage)
    return project, next(one for one in project.datasets if one.dataset_type is declared[1].dataset_type)


def _read(declared: Iterable[Declared], wanted: set[_Name], run: Run) -> _Manifests:
    manifests = {}
    for one in declared:
        name = one[0].name, one[1].dataset_type
        if name in wanted:
            ledger = run.resources.enter_context(Ledger())
            manifests[name] = _Manifest(one, read_side(one, ledger), ledger)
    return manifests
