"""`reconciler validate`: every finding of every manifest; without --check-images no network."""

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run, read_all, refuse_invalid
from reconciler.cli.show import review_now, show
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.review.model import Review
from reconciler.review.verdict import would_not_train
from reconciler.text import counted, inert


def validate(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Read all manifests and show all findings, with --check-images those of the images too.

    Raises:
        BadInput: a declaration or a manifest has errors; with --strict also for lines that training would ignore, for
            a danger, and where training would not start.
    """
    since = run.options.since

    def judge(run: Run) -> None:
        if since:
            from reconciler.cli.session.since import judge_changed  # noqa: PLC0415 - few runs ask git

            judge_changed(run, screen, since)

    read_all(run, screen, judge)
    if run.options.check_images:
        from reconciler.cli.session.images import check_images  # noqa: PLC0415 - no other run needs the network
        from reconciler.cli.session.live import LiveSide  # noqa: PLC0415 - likewise

        check_images(run, screen, LiveSide(run, screen, signals))
    run.review = review_now(run)
    if since:
        from reconciler.cli.session.since import touching  # noqa: PLC0415 - likewise

        run.review = touching(run, screen, run.review)
    show(run.review, run, screen, verbose=True)
    refuse_invalid(run)
    if run.options.strict:
        _refuse_doubtful(run.review)
    return Exit.DONE


def _refuse_doubtful(review: Review) -> None:
    marked = sum(one.findings.marked for one in review.datasets)
    dangers = sum(one.level == "danger" for one in review.dangers)
    found = [f"{inert(one.name)} would not train" for one in review.projects if would_not_train(one.verdict)]
    found += [counted(dangers, "danger", "dangers")] if dangers else []
    found += [counted(marked, "finding above a note", "findings above a note")] if marked else []
    if found:
        raise BadInput(f"{', '.join(found)}, and --strict allows none")
