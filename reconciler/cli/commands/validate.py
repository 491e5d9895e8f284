"""`reconciler validate`: every finding of every manifest; no network."""

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run, read_all, refuse_invalid
from reconciler.cli.show import review_now, show
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.text import counted


def validate(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Read all manifests and show all findings.

    Raises:
        BadInput: a declaration or a manifest has errors; with --strict also lines that training would ignore.
    """
    read_all(run, screen)
    run.review = review_now(run)
    show(run.review, run, screen, verbose=True)
    refuse_invalid(run)
    marked = sum(one.findings.marked_count for one in run.datasets if one.findings)
    if run.options.strict and marked:
        raise BadInput(f"{counted(marked, 'finding', 'findings')} above a note, and --strict allows none")
    return Exit.DONE
