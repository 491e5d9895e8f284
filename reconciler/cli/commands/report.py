"""`reconciler report`: a saved plan in another view."""

from pathlib import Path
from typing import Final

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.manifest.read import open_file
from reconciler.review.model import Review
from reconciler.text import inert
from reconciler.views.json_document import read_document

# The largest file that is read as a whole.
_LARGEST: Final = 1_000_000_000


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
    return read_document(whole_file(file, "name a file that `reconciler plan --save` wrote"), inert(file))


def whole_file(name: str, cure: str) -> bytes:
    """The content of a file that the user names.

    Raises:
        BadInput: it cannot be read, is not a regular file, or is too large; with the cure.
    """
    try:
        with open_file(Path(name)) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "there is not enough memory"
        raise BadInput(f"{inert(name)} cannot be read: {inert(reason)}; {cure}") from None
    if len(content) > _LARGEST:
        raise BadInput(f"{inert(name)} cannot be read: it has more than {_LARGEST:,} bytes; {cure}")
    return content
