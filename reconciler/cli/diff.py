"""`reconciler diff`: two manifests, folders or git revisions, without an account.

Knows paths and revisions. Refuses to know how sides are compared (`reconciler.review.offline`).
"""

from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from reconciler.cli.record import Run
from reconciler.cli.terminal import Screen
from reconciler.comparison.line_text import holdable
from reconciler.errors import Exit
from reconciler.inert import inert
from reconciler.review.offline import offline_review
from reconciler.store.revisions import checked_out

__all__ = ["diff"]


def diff(run: Run, screen: Screen) -> Exit:
    """Compare; findings of class error are in the review, and do not stop it.

    Raises:
        BadInput: a side is not there, or a file is to be compared with a folder. InvalidDeclaration: a project.yaml
            does not pass.
    """
    before, after = run.options.asked.sources
    with ExitStack() as places:
        screen.status(f"comparing {inert(before)} with {inert(after)}")
        sides = [places.enter_context(_side(one, run.options.datasets)) for one in (before, after)]
        run.review = offline_review(sides[0], sides[1], (holdable(before), holdable(after)))
    screen.clear()
    changed = any(dataset.changes_total or dataset.has_changes for dataset in run.review.datasets)
    return Exit.CHANGES if changed and run.options.exit_code else Exit.DONE


def _side(named: str, datasets: Path) -> AbstractContextManager[Path]:
    """A path that exists, else what a revision has."""
    path = Path(named)
    return nullcontext(path) if path.exists() else checked_out(named, Path.cwd(), str(datasets))
