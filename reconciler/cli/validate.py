"""`reconciler validate`: every finding of every manifest; no network.

Knows the order of the command. Refuses to know AWS.
"""

from reconciler.cli.reading import read_all, refuse_invalid
from reconciler.cli.record import Run
from reconciler.cli.reviewing import review_now, show
from reconciler.cli.terminal import Screen
from reconciler.errors import Exit

__all__ = ["validate"]


def validate(run: Run, screen: Screen) -> Exit:
    """Read all and show all.

    Raises:
        BadInput: a declaration or a manifest has errors.
    """
    read_all(run, screen)
    run.review = review_now(run)
    show(run.review, run, screen, verbose=True)
    refuse_invalid(run)
    return Exit.DONE
