"""`reconciler diff`: two manifests, folders or git revisions, without an account.

A revision without a path means the path of the other side, in that revision. If neither side has a path, it means the
folder of datasets.
"""

from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from msgspec import Struct

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.show import kept
from reconciler.cli.signals import Signals
from reconciler.errors import Exit
from reconciler.review.offline import offline_review
from reconciler.text import inert


def diff(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Compare the two sides. The review contains the errors of a manifest; they do not stop the command.

    A manifest of which nothing could be read is bad input: its dataset is not compared.

    Raises:
        BadInput: a side is not found, or one is a file and the other a folder. InvalidDeclaration: a project.yaml is
            invalid.
    """
    before, after = run.options.sources
    with ExitStack() as places:
        screen.status(f"comparing {inert(before)} with {inert(after)}")
        datasets = run.options.datasets
        old, new = _side(before, after, datasets), _side(after, before, datasets)
        one, other = places.enter_context(old.opened()), places.enter_context(new.opened())
        run.review = offline_review(one, other, (before, after), keep=kept(run.options), places=(old.place, new.place))
    screen.clear()
    changed = any(dataset.changes_total or dataset.has_changes for dataset in run.review.datasets)
    if any(dataset.error for dataset in run.review.datasets):
        return Exit.BAD_INPUT
    return Exit.CHANGES if changed and run.options.exit_code else Exit.DONE


class _Side(Struct, frozen=True):
    """A path, or a revision and a path in it; findings name the files of this side under `place`."""

    place: str
    path: Path
    revision: str | None = None

    def opened(self) -> AbstractContextManager[Path | None]:
        """The files, as long as the context is open; None where the revision has nothing at that path."""
        if self.revision is None:
            return nullcontext(self.path)
        from reconciler.git import checked_out, holds  # noqa: PLC0415 - two files need no git

        if ":" in self.revision:
            return checked_out(self.revision, Path.cwd())
        repository, inside = self._inside()
        if not holds(self.revision, repository, inside):
            return nullcontext(None)
        return checked_out(self.revision, repository, inside)

    def _inside(self) -> tuple[Path, str]:
        """A folder of the repository, and the path from that folder."""
        here = self.path.resolve()
        if here.is_dir():
            return here, ""
        return (here.parent, here.name) if here.parent.is_dir() else (Path.cwd(), str(self.path))


def _side(named: str, other: str, datasets: Path) -> _Side:
    """A path that exists, else a path in a revision."""
    if Path(named).exists():
        return _Side(named, Path(named))
    if ":" in named:
        return _Side(named, Path(named), named)
    if Path(other).exists():
        return _Side(f"{named}:{other}", Path(other), named)
    _revision, colon, inside = other.partition(":")
    if colon:
        return _Side(f"{named}:{inside}", Path(inside), f"{named}:{inside}")
    return _Side(f"{named}:{datasets}", datasets, named)
