"""From a run to its review, and from a review to the views that were asked for.

Views are written however the run ended: a plan that failed says so in them. Only text needs a plan to show.

Knows formats and files. Refuses to know what stands in a view.
"""

from pathlib import Path

from msgspec import structs

from reconciler.cli.colours import Style, paint
from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.pictures import pictures_of, told
from reconciler.cli.record import DatasetRun, Run
from reconciler.cli.terminal import Screen
from reconciler.comparison.line_text import holdable
from reconciler.errors import Exit, ReconcilerError
from reconciler.report.document import encoded
from reconciler.report.layout import Role
from reconciler.review.build import Reviewed, review_of
from reconciler.review.forms import failure
from reconciler.review.model import Compared, Review

__all__ = ["deliver", "review_now"]


def review_now(run: Run, error: ReconcilerError | None = None, exit_code: int = 0) -> Review:
    """The review of a run against live, as far as it came."""
    return review_of(
        [_reviewed(one) for one in run.datasets],
        compared=Compared(after=holdable(str(run.options.datasets))),
        error=error,
        exit_code=exit_code,
    )


def deliver(run: Run, screen: Screen, code: Exit, error: ReconcilerError | None) -> None:
    """Write the views that were asked for.

    Raises:
        BadInput: pictures cannot be made. OSError: a file cannot be written.
    """
    if run.review is not None:
        review = structs.replace(run.review, exit_code=int(code), error=failure(error) or run.review.error)
    elif run.options.command == "report":
        return  # there is nothing to show
    else:
        review = review_now(run, error, int(code))
    for view, place in run.options.asked.files.items():
        if view != "text" or run.review is not None:
            _write(place, _text(view, review, run, screen, place), screen)


def _reviewed(one: DatasetRun) -> Reviewed:
    return Reviewed(
        project=one.project.name,
        folder=one.project.shown,
        dataset_type=one.dataset.dataset_type,
        manifest=one.dataset.shown,
        ledger=one.ledger,
        findings=one.findings,
        plan=one.plan,
        project_arn=one.project_arn,
        dataset_arn=one.seen.arn,
        base=one.base,
        error=one.failure,
        skipped=one.skipped,
    )


def _text(view: str, review: Review, run: Run, screen: Screen, place: str) -> str:
    """One view; the modules of the others stay unloaded."""
    if view == "json":
        return encoded(review)
    if view == "text":
        return _on_terminal(review, screen, run.options.verbose, place)
    if view == "markdown":
        from reconciler.report import markdown  # noqa: PLC0415 - see above

        return markdown.view(review)
    from reconciler.report import html  # noqa: PLC0415 - see above

    pictures = pictures_of(run)
    page = html.view(review, pictures=pictures, links=run.options.asked.links)
    if pictures is not None:
        screen.remark(told(pictures))
    return page


def _on_terminal(review: Review, screen: Screen, verbose: bool, place: str) -> str:  # noqa: FBT001 - private, two callers
    from reconciler.report import terminal  # noqa: PLC0415 - see `_text`

    if place != STANDARD_OUTPUT:
        return terminal.view(review, verbose=verbose)
    return terminal.view(review, width=screen.width, paint=_paint if screen.colour else None, verbose=verbose)


def _paint(line: str, role: Role) -> str:
    return paint(line, Style[role.upper().replace("-", "_")])


def _write(place: str, text: str, screen: Screen) -> None:
    if place == STANDARD_OUTPUT:
        screen.document(text)
    else:
        Path(place).write_text(text, encoding="utf-8", newline="\n")
