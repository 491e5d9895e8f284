"""From a run to its review, and from a review to the views that were asked for.

Views are written however the run ended: a plan that failed says so in them. Only text needs a plan to show.

Where the pictures of a report come from: a folder, or S3 with the connection of the run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from msgspec import structs

from reconciler.aws.objects import Objects, S3Address
from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.parser import S3
from reconciler.cli.screen import Screen, Style, paint
from reconciler.cli.session.run import Run
from reconciler.errors import Exit, Failure, NotFound, ReconcilerError
from reconciler.review.build import review_of, with_outcome, with_outcomes
from reconciler.review.changes import CHANGES_KEPT
from reconciler.review.model import Command, Compared, DatasetReview, Review
from reconciler.run import DatasetRun
from reconciler.shell.faults import USER_CAUSED, sentence
from reconciler.views import VIEWS, How
from reconciler.views.json_document import document_text
from reconciler.views.pictures import Read, Thumbnails, from_folder, from_s3
from reconciler.views.terminal import view as terminal
from reconciler.views.terminal.columns import Role

# Custom Labels takes images up to 15 MB (Custom Labels Developer Guide, Guidelines and quotas).
_OBJECT_BYTES = 16_000_000


def pictures_of(run: Run) -> Thumbnails | None:
    """The source of pictures that was asked for; None: boxes are drawn on a frame."""
    images = run.options.asked.images
    if images is None:
        return None
    if images != S3:
        return from_folder(Path(images))
    return from_s3(_reader(run.objects(None))) if run.objects else None


def told(pictures: Thumbnails) -> str:
    """What became of the pictures, in a line."""
    rest = ((pictures.missing, "missing"), (pictures.failed, "unreadable"), (pictures.beyond, "beyond the size limit"))
    return ", ".join([f"pictures: {pictures.shown:,} shown", *(f"{many:,} {word}" for many, word in rest if many)])


def _reader(objects: Objects) -> Read:
    """Reads objects; a bucket that refused once is not asked again for every picture."""
    refused: dict[str, str] = {}

    def read(bucket: str, key: str) -> bytes | None:
        if bucket in refused:
            raise OSError(refused[bucket])
        try:
            return _opened(objects, S3Address(bucket, key))
        except NotFound:
            return None
        except ReconcilerError as error:
            refused[bucket] = str(error)
            raise OSError(str(error)) from None

    return read


def _opened(objects: Objects, address: S3Address) -> bytes:
    """An object's bytes.

    Raises:
        OSError: it is larger than any picture that the service takes.
    """
    content = bytearray()
    for piece in objects.read(address):
        content += piece
        if len(content) > _OBJECT_BYTES:
            raise OSError(f"the object has more than {_OBJECT_BYTES / 1e6:g} MB")
    return bytes(content)


# JSON on standard output.
_TO_PROGRAMS: Final = {"json": STANDARD_OUTPUT}


def review_now(run: Run, error: ReconcilerError | None = None, exit_code: int = 0) -> Review:
    """The review of a run against live, as far as it came."""
    return review_of(
        run.datasets,
        command=run.options.command,
        compared=Compared(after=str(run.options.datasets)),
        keep=None if run.options.everything else CHANGES_KEPT,
        error=error,
        exit_code=exit_code,
        calls=run.call_counts(),
    )


def applied_review(run: Run) -> Review | None:
    """The plan of a run with what its apply has done so far; None where there was no plan."""
    return with_outcomes(run.review, run.datasets, run.call_counts()) if run.review else None


def _whole(run: Run, code: Exit, error: ReconcilerError | None) -> Review:
    """The review of a run that ended: the same members on every way out."""
    if run.review is None:
        return review_now(run, error, int(code))
    return structs.replace(run.review, exit_code=int(code), error=Failure.of(error) if error else run.review.error)


def show(review: Review, run: Run, screen: Screen, *, verbose: bool = False) -> None:
    """A review on the screen, as wide as that is."""
    screen.block(_on_screen(review, run, screen, verbose=verbose))


def show_outcome(one: DatasetRun, dataset: DatasetReview, screen: Screen) -> None:
    """What an apply did to one dataset, on the screen; `dataset` is its plan."""
    screen.block(
        terminal.outcome_view(with_outcome(dataset, one), width=screen.width, paint=_paint if screen.colour else None)
    )


def show_ending(review: Review, screen: Screen) -> None:
    """What an apply did to all datasets, on the screen."""
    screen.block(terminal.ending_view(review, width=screen.width, paint=_paint if screen.colour else None))


def document(run: Run, code: Exit, error: ReconcilerError | None) -> str:
    """The JSON document of a run that ended; it says so itself where the review of a failed run cannot be made."""
    try:
        review = _whole(run, code, error)
    except USER_CAUSED as fault:
        review = Review(
            command=run.options.command, error=Failure.of(error or sentence(fault)), exit_code=int(code or Exit.FAILED)
        )
    return document_text(_limited(review, run.options.limit))


def misunderstood(arguments: Sequence[str], error: ReconcilerError) -> str:
    """The JSON document of a run whose arguments are wrong."""
    named = next(iter(arguments), "")
    command: Command = next((one for one in get_args(Command) if one == named), "")
    return document_text(Review(command=command, error=Failure.of(error), exit_code=int(error.exit_code)))


def deliver(run: Run, screen: Screen, code: Exit, error: ReconcilerError | None) -> None:
    """Write the views that were asked for.

    Raises:
        BadInput: pictures cannot be made. OSError: a file cannot be written.
    """
    if run.review is None and run.options.command == "report" and run.options.asked.files != _TO_PROGRAMS:
        return  # there is nothing to show, and no program that waits for a document
    review = _whole(run, code, error)
    for view, place in run.options.asked.files.items():
        if view != "text" or run.review is not None:
            _write(place, _text(view, review, run, screen, place), screen)


def _limited(review: Review, entries: int | None) -> Review:
    """The review with so many changes of each dataset, the riskiest; their count stays that of all."""
    if entries is None:
        return review
    projects = tuple(
        structs.replace(
            project,
            datasets=tuple(structs.replace(one, changes=one.changes[:entries]) for one in project.datasets),
        )
        for project in review.projects
    )
    return structs.replace(review, projects=projects)


def _text(view: str, review: Review, run: Run, screen: Screen, place: str) -> str:
    """One view; the modules of the others stay unloaded."""
    if view == "text" and place == STANDARD_OUTPUT:
        return _on_screen(review, run, screen)
    asked: list[Thumbnails | None] = []

    def pictures() -> Thumbnails | None:
        asked.append(pictures_of(run))
        return asked[-1]

    made = VIEWS[view].make(review, How(verbose=run.options.verbose, links=run.options.asked.links, pictures=pictures))
    for one in asked:
        if one is not None:
            screen.remark(told(one))
    return made


def _on_screen(review: Review, run: Run, screen: Screen, *, verbose: bool = False) -> str:
    return terminal.view(
        review,
        width=screen.width,
        paint=_paint if screen.colour else None,
        verbose=verbose or run.options.verbose or run.options.everything,
        entries=run.options.limit,
    )


def _paint(line: str, role: Role) -> str:
    return paint(line, Style[role.upper().replace("-", "_")])


def _write(place: str, text: str, screen: Screen) -> None:
    if place == STANDARD_OUTPUT:
        screen.document(text)
    else:
        Path(place).write_text(text, encoding="utf-8", newline="\n")
