"""`reconciler report`: a saved plan in another view."""

from pathlib import Path

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.review.model import Review
from reconciler.text import inert
from reconciler.views.json_document import read_document


def report(run: Run, _screen: Screen, _signals: Signals) -> Exit:
    """Read the saved plan; the views are written as for any other command.

    Raises:
        BadInput: the file is not found, or is not a saved plan.
    """
    run.review = saved_review(run.options.sources[0])
    return Exit.DONE


def saved_review(file: str) -> Review:
    """The review in a file.

    Raises:
        BadInput: the file is not found, or is not a saved plan.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise BadInput(
            f"{inert(file)} cannot be read: {error.strerror}; name a file that `reconciler plan --save` wrote"
        ) from None
    return read_document(content, inert(file))
