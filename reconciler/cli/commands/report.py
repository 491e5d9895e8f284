"""`reconciler report`: a saved plan in another view."""

from pathlib import Path

from reconciler.cli.session.run import Run
from reconciler.errors import BadInput, Exit
from reconciler.review.model import Review
from reconciler.text import inert
from reconciler.views.json_document import read_document


def report(run: Run) -> Exit:
    """Read the plan; the views are written as for any other run.

    Raises:
        BadInput: it is not there, or is no plan.
    """
    run.review = saved_review(run.options.asked.sources[0])
    return Exit.DONE


def saved_review(place: str) -> Review:
    """The review in a file.

    Raises:
        BadInput: it is not there, or is no plan.
    """
    try:
        content = Path(place).read_bytes()
    except OSError as error:
        raise BadInput(
            f"{inert(place)} cannot be read: {error.strerror}; name a file that `reconciler plan --save` wrote"
        ) from None
    return read_document(content, inert(place))
