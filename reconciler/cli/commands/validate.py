"""`reconciler validate`: every finding of every manifest; no network."""

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run, read_all, refuse_invalid
from reconciler.cli.show import review_now, show
from reconciler.cli.signals import Signals
from reconciler.errors import Exit


def validate(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Read all manifests and show all findings.

    Raises:
        BadInput: a declaration or a manifest has errors.
    """
    read_all(run, screen)
    run.review = review_now(run)
    show(run.review, run, screen, verbose=True)
    refuse_invalid(run)
    return Exit.DONE
