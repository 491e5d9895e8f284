"""From a run to its review, and from a review to the views that the options ask for, with pictures for the HTML view.

Views are written however the run ended; the view of a plan that failed contains the error. Only text needs a plan.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from reconciler.apply.outcome import Failure
from reconciler.aws.clock import utc_now
from reconciler.cli.help import COMMANDS
from reconciler.cli.options import S3, STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.errors import USER_CAUSED, Exit, NotFound, ReconcilerError, with_cure
from reconciler.limits import IMAGE_FILE_BYTES
from reconciler.manifest.parts import parts_of
from reconciler.review.build import review_of, with_outcomes
from reconciler.review.model import NEW_SHOWN, Compared, Keep, Made, Review
from reconciler.views import FOR_FORGES, VIEWS, How
from reconciler.views.terminal import view as terminal

if TYPE_CHECKING:
    from reconciler.aws.objects import Objects, S3Address
    from reconciler.cli.chosen import Options
    from reconciler.views.pictures import Read, Thumbnails


def review_now(run: Run, error: ReconcilerError | None = None, exit_code: int = 0) -> Review:
    """The review of a run against live, with all that is known so far."""
    return review_of(
        run.datasets,
        command=run.options.command,
        compared=Compared(after=str(run.options.datasets), stage=run.stage.name, images=dict(run.stage.images)),
        keep=kept(run.options),
        error=error,
        exit_code=exit_code,
        calls=run.call_counts(),
        throttled=run.throttled,
    )


def kept(options: "Options") -> Keep:
    """What the views of a run need: all changes for a file or to compare with, else few of the new entries."""
    if options.everything:
        return Keep(changes=None)
    is_limited = options.limit is not None or not options.json
    is_short = is_limited and options.files.keys() <= {"text"} and not (options.verbose or options.plan)
    return Keep(new=max(NEW_SHOWN, options.limit or 0)) if is_short else Keep()


def applied_review(run: Run) -> Review | None:
    """The plan of a run with what its apply has done so far; None where there was no plan."""
    if run.review is None:
        return None
    review = structs.replace(run.review, throttled=dict(sorted(run.throttled.items())))
    return with_outcomes(review, run.datasets, run.call_counts())


def show(review: Review, run: Run, screen: Screen, *, verbose: bool = False) -> None:
    """A review on the screen, as wide as that is."""
    screen.block(_on_screen(review, run, screen, verbose=verbose))


def document(run: Run, code: Exit, error: ReconcilerError | None) -> Iterable[str]:
    """The JSON document of a run that ended, in pieces, also if the review of a failed run cannot be made.

    `--limit` keeps the riskiest changes of each dataset; their count stays that of all.
    """
    try:
        review = _whole(run, code, error)
    except USER_CAUSED as fault:
        failed = Failure.of(error or with_cure(fault))
        review = Review(command=run.options.command, error=failed, exit_code=int(code or Exit.FAILED))
    if run.options.limit is not None:
        review = _limited(review, run.options.limit)
    return _pieces(review)


def _pieces(review: Review) -> Iterable[str]:
    from reconciler.views.json_document import document_pieces  # noqa: PLC0415 - few runs need it

    return document_pieces(review)


def _whole(run: Run, code: Exit, error: ReconcilerError | None) -> Review:
    """The review of a run that ended: the same members however it ended."""
    if run.review is None:
        return structs.replace(review_now(run, error, int(code)), made=_made(run))
    failed = Failure.of(error) if error else run.review.error
    made = run.review.made if run.options.command == "report" else _made(run)
    return structs.replace(run.review, exit_code=int(code), error=failed, made=made)


def _made(run: Run) -> Made | None:
    """When and from which commit, looked up once in a run; a review of two revisions has their names instead.

    Text does not show it, and is written without asking git.
    """
    if run.options.files.keys() == {"text"} and not run.options.json:
        return None
    if run.made is None:
        from reconciler.git import author_of, commit_of  # noqa: PLC0415 - see above

        after = run.options.sources[1:] if run.options.command == "diff" else ()
        paths = [Path(after[0])] if after else [part.path for one in run.datasets for part in parts_of(one.dataset)]
        commit = commit_of(*paths) if paths and all(path.exists() for path in paths) else None
        author = author_of(commit.oid, paths[0].parent) if commit else None
        time = utc_now().strftime("%Y-%m-%d %H:%M:%S UTC")
        run.made = Made(
            time=time, commit=commit.oid if commit else None, author=author, dirty=bool(commit and commit.dirty)
        )
    return run.made


def _limited(review: Review, limit: int) -> Review:
    projects = []
    for project in review.projects:
        datasets = tuple(structs.replace(one, changes=one.changes[:limit]) for one in project.datasets)
        projects.append(structs.replace(project, datasets=datasets))
    return structs.replace(review, projects=tuple(projects))


def misunderstood(arguments: Sequence[str], error: ReconcilerError) -> Iterable[str]:
    """The JSON document of a run whose arguments are wrong."""
    named = next(iter(arguments), "")
    return _pieces(
        Review(command=named if named in COMMANDS else "", error=Failure.of(error), exit_code=int(error.exit_code))
    )


def deliver(run: Run, screen: Screen, code: Exit, error: ReconcilerError | None) -> Exit:
    """Write the views that the options ask for; the exit code is `code`, that of the command.

    Raises:
        BadInput: pictures cannot be made. OSError: a file cannot be written.
    """
    options = run.options
    if run.review is None and options.command == "report" and options.files != {"json": STANDARD_OUTPUT}:
        return code  # there is nothing to show, and no program that waits for a document
    review = _whole(run, code, error)
    for view, file in options.files.items():
        if view == "text" and run.review is None:
            continue
        pieces = _made_view(view, review, run, screen, file)
        if file == STANDARD_OUTPUT:
            screen.document(pieces)
        else:
            with Path(file).open("w", encoding="utf-8", newline="\n") as written:
                written.writelines(pieces)
    return code


def _made_view(view: str, review: Review, run: Run, screen: Screen, file: str) -> Iterable[str]:
    """One view, in pieces; the modules of the others stay unloaded."""
    if view == "text" and file == STANDARD_OUTPUT:
        return (_on_screen(review, run, screen),)
    opened: list[Thumbnails] = []

    def pictures() -> "Thumbnails | None":
        opened.extend([source] if (source := _pictures(run)) else [])
        return opened[0] if opened else None

    how = How(verbose=run.options.verbose, links=run.options.links, pictures=pictures)
    if view in FOR_FORGES:
        from reconciler.git import from_root  # noqa: PLC0415 - few runs need it

        how = how._replace(files=from_root(_folder(review.compared.after)))
    made = VIEWS[view].pieces(review, how)
    for one in opened:
        figures = ((one.missing, "missing"), (one.failed, "unreadable"), (one.beyond, "beyond the size limit"))
        rest = "".join(f", {many:,} {word}" for many, word in figures if many)
        screen.remark(f"pictures: {one.shown:,} shown{rest}")
    return made


def _folder(named: str) -> Path:
    """The nearest folder that is there, of a path that may be a file, or a revision's."""
    path = Path(named).absolute()
    return next((one for one in (path, *path.parents) if one.is_dir()), Path.cwd())


def _on_screen(review: Review, run: Run, screen: Screen, *, verbose: bool = False) -> str:
    verbose = verbose or run.options.verbose or run.options.everything
    return terminal.view(review, width=screen.width, paint=screen.paint, verbose=verbose, entries=run.options.limit)


def _pictures(run: Run) -> "Thumbnails | None":
    """The source of pictures that `--pictures` names; None: boxes are drawn on a frame."""
    pictures = run.options.pictures
    if pictures is None:
        return None
    from reconciler.views.pictures import from_folder, from_s3  # noqa: PLC0415 - few runs show pictures

    if pictures != S3:
        return from_folder(Path(pictures))
    return from_s3(_reader(run.objects(None))) if run.objects else None


def _reader(objects: "Objects") -> "Read":
    """Reads objects; a bucket that refused once is not asked again for every picture."""
    from reconciler.aws.objects import S3Address  # noqa: PLC0415 - few runs read pictures

    refused: dict[str, str] = {}

    def read(bucket: str, key: str) -> bytes | None:
        if bucket in refused:
            raise OSError(refused[bucket])
        try:
            return _content(objects, S3Address(bucket, key))
        except NotFound:
            return None
        except ReconcilerError as error:
            refused[bucket] = str(error)
            raise OSError(str(error)) from None

    return read


def _content(objects: "Objects", address: "S3Address") -> bytes:
    """The bytes of an object.

    Raises:
        OSError: it is larger than any picture that the service takes.
    """
    content = bytearray()
    for piece in objects.read(address):
        content += piece
        if len(content) > IMAGE_FILE_BYTES:
            raise OSError(f"the object has more than {IMAGE_FILE_BYTES / 1e6:g} MB")
    return bytes(content)
