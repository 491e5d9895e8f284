"""`--base REF`: the manifests in a git revision and in commits before it, to find out where each change comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.errors import BadInput
from reconciler.git import checked_out, history, is_shallow
from reconciler.ledger import Ledger
from reconciler.model import DatasetType
from reconciler.review.offline import Declared, declared_in, earlier_in, read_side
from reconciler.run import Base, DatasetRun
from reconciler.text import inert

# The number of earlier commits that are read; what was in git before them is unknown.
_COMMITS: Final = 20
_Name = tuple[str, DatasetType]
_Manifests = dict[_Name, Ledger]


@dataclass(frozen=True, slots=True)
class _Revisions:
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
    base = _base(revisions, run) or {}
    wanted = {_name(one) for one in run.datasets}
    before = [_at(revisions, commit, wanted, run) for commit in commits]
    known = len(commits) < _COMMITS and None not in before and not is_shallow(revisions.repository)
    for one in run.datasets:
        name = _name(one)
        there = base.get(name) or run.resources.enter_context(Ledger())
        earlier = [manifests[name] for manifests in before if manifests and name in manifests]
        one.base = Base(reference, there, earlier_in(earlier, one.dataset.policy.compare), complete=known)
    screen.clear()


def _name(one: DatasetRun) -> _Name:
    return one.project.name, one.dataset.dataset_type


def _base(revisions: _Revisions, run: Run) -> _Manifests | None:
    """The manifests of the base; None where it does not have the folder (`history` has found the revision)."""
    try:
        place = run.resources.enter_context(
            checked_out(f"{revisions.base}{revisions.inside}", revisions.repository, revisions.default)
        )
    except BadInput:
        if revisions.inside:
            raise
        return None
    return _read(declared_in(place, revisions.folder), {_name(one) for one in run.datasets}, run)


def _at(revisions: _Revisions, commit: str, wanted: set[_Name], run: Run) -> _Manifests | None:
    """The manifests of an earlier commit; None where they are invalid."""
    try:
        with checked_out(f"{commit}{revisions.inside}", revisions.repository, revisions.default) as place:
            return _read(declared_in(place, revisions.folder), wanted, run)
    except BadInput:
        return None


def _read(declared: Iterable[Declared], wanted: set[_Name], run: Run) -> _Manifests:
    manifests = {}
    for one in declared:
        name = one[0].name, one[1].dataset_type
        if name in wanted:
            manifests[name] = run.resources.enter_context(Ledger())
            read_side(one, manifests[name])
    return manifests
