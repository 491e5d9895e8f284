"""The review of a run, made from the ledgers and plans of its datasets; after an apply with their outcomes.

The changes and the entries of a dataset are each read once from its ledger. Memory holds the riskiest changes, and one
row per label, job and mark.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import structs
from msgspec.structs import replace

from reconciler.analysis.labels import balance_of, look_alikes
from reconciler.analysis.provenance import machine_labels
from reconciler.analysis.train_test import Half, splits_of
from reconciler.apply.outcome import Failure
from reconciler.errors import InvalidDeclaration, ReconcilerError
from reconciler.guards import configuration_of, declaration_of
from reconciler.manifest.rules import images
from reconciler.manifest.rules.lines import OVERLOOKED, TRAINING_TOO
from reconciler.model import DatasetType, GuardState, Override
from reconciler.plan import run_id
from reconciler.policy import Compare, Leftover
from reconciler.review.dangers import dangers_of
from reconciler.review.estimate import spent, total
from reconciler.review.headline import (
    LEFT,
    applied_headline,
    content_words,
    image_words,
    left_in,
    run_headline,
    totals_of,
    with_machine,
)
from reconciler.review.model import (
    KEEP,
    Command,
    Compared,
    Content,
    DatasetReview,
    FindingCounts,
    Keep,
    ProjectReview,
    Review,
    Status,
)
from reconciler.review.verdict import Contents, after_apply, verdict_of
from reconciler.run import DatasetRun
from reconciler.text import Sentence, counted, inert

# The most characters of a stage in a headline.
_STAGE: Final = 400
# Notes that concern an apply; the others are the same in every run.
_ALSO_IN_PLANS: Final = frozenset({TRAINING_TOO.code, OVERLOOKED.code, *images.CODES})
# Commands that say whether a training would start.
_TRAINS: Final = frozenset({"validate", "plan", "apply"})


def review_of(  # noqa: PLR0913 - what a run knows, each by name
    datasets: Sequence[DatasetRun],
    *,
    command: Command = "plan",
    compared: Compared | None = None,
    keep: Keep = KEEP,
    error: ReconcilerError | None = None,
    exit_code: int = 0,
    calls: Mapping[str, int] | None = None,
    throttled: Mapping[str, int] | None = None,
) -> Review:
    """The review of a run; datasets of one project are neighbours."""
    by_name = groupby(datasets, key=lambda one: one.project.name)
    projects = tuple(_project(list(some), keep, command) for _name, some in by_name)
    found = FindingCounts()
    if isinstance(error, InvalidDeclaration):
        found = FindingCounts(errors=error.total, shown=error.findings)
    all_datasets = [dataset for project in projects for dataset in project.datasets]
    totals = totals_of(all_datasets, found.errors)
    return Review(
        command=command,
        plan_id=run_id([dataset.plan_id for dataset in all_datasets]),
        compared=compared or Compared(),
        words=_staged(compared, run_headline(totals, all_datasets, left_in(datasets[0]) if datasets else LEFT)),
        totals=totals,
        dangers=dangers_of(projects, offline=compared is not None and compared.offline),
        projects=projects,
        findings=found,
        estimate=total([[one.estimate for one in project.datasets if one.estimate] for project in projects]),
        calls=dict(sorted((calls or {}).items())),
        throttled=dict(sorted((throttled or {}).items())),
        error=Failure.of(error) if error else None,
        exit_code=exit_code,
    )


def _staged(compared: Compared | None, words: str) -> str:
    """A headline after the stage that live is of, with the prefixes that it maps."""
    if compared is None or not compared.stage:
        return words
    pairs = ", ".join(f"{of} -> {to}" for of, to in compared.images.items())
    return f"{inert(f'stage {compared.stage}: {pairs}' if pairs else f'stage {compared.stage}', _STAGE)}; {words}"


def with_outcomes(review: Review, datasets: Sequence[DatasetRun], calls: Mapping[str, int]) -> Review:
    """The review of a plan with the outcomes of its datasets, in the same order; `calls` are those of the run."""
    rest = iter(datasets)
    projects = tuple(_with_outcomes(project, [next(rest) for _one in project.datasets]) for project in review.projects)
    applied = structs.replace(review, projects=projects, spent=spent(datasets), calls=dict(calls or review.calls))
    totals = totals_of(applied.datasets, review.findings.errors)
    words = review.words
    if applied.spent:
        words = _staged(review.compared, applied_headline(totals, applied.datasets))
    return structs.replace(applied, totals=totals, words=words)


def _with_outcomes(project: ProjectReview, datasets: Sequence[DatasetRun]) -> ProjectReview:
    done = tuple(map(with_outcome, project.datasets, datasets))
    return structs.replace(project, datasets=done, verdict=project.verdict and after_apply(project.verdict, done))


def with_outcome(dataset: DatasetReview, one: DatasetRun) -> DatasetReview:
    """The review of one dataset with its outcome."""
    outcome, failed = one.outcome, one.failure
    status = "failed" if failed else "applied" if outcome else "skipped" if one.skipped else dataset.status
    return structs.replace(
        dataset,
        status=status,
        dataset_arn=(outcome.dataset_arn if outcome else None) or dataset.dataset_arn,
        outcome=replace(outcome, settled=frozenset()) if outcome else None,
        spent=spent([one]),
        error=failed or dataset.error,
        skipped=one.skipped or dataset.skipped,
    )


def _project(datasets: Sequence[DatasetRun], keep: Keep, command: Command) -> ProjectReview:
    ordered = sorted(datasets, key=lambda one: one.dataset.dataset_type is DatasetType.TEST)
    reviews = _overridden_together(ordered, [dataset_review(one, keep) for one in ordered])
    if command == "drift":  # it has no --allow: nothing is applied
        reviews = tuple(structs.replace(one, override=None) for one in reviews)
    images: dict[str, int] = {}
    halves: dict[DatasetType, Half] = {}
    for one, review in zip(ordered, reviews, strict=True):
        if half := _half(one, review):
            halves[one.dataset.dataset_type] = half
            for row in half.balance.rows:
                images[row.label] = images.get(row.label, 0) + row.images_after
    both = halves.get(DatasetType.TRAIN), halves.get(DatasetType.TEST)
    splits = splits_of(both[0], both[1]) if both[0] and both[1] else None
    return ProjectReview(
        name=datasets[0].project.name,
        folder=datasets[0].project.shown,
        project_arn=next((one.project_arn for one in datasets if one.project_arn), None),
        datasets=reviews,
        splits=splits,
        look_alikes=look_alikes({label: many for label, many in images.items() if many}),
        verdict=verdict_of([_contents(one, halves) for one in ordered], splits) if command in _TRAINS else (),
    )


def _overridden_together(datasets: Sequence[DatasetRun], reviews: Sequence[DatasetReview]) -> tuple[DatasetReview, ...]:
    """The reviews, the last that guards block with the overrides of all: two `allow` in one file are a repeated key."""
    plans = {number: one.plan for number, one in enumerate(datasets) if one.plan and one.plan.override}
    if not plans:
        return tuple(reviews)
    digests = {one.dataset.dataset_type.word: one.ledger.desired_facts(Compare.STRICT).digest for one in datasets}
    blocked = {
        (word := datasets[number].dataset.dataset_type.word): (
            [check.override for check in plan.guards if check.state is GuardState.TRIPPED],
            digests[word],
        )
        for number, plan in plans.items()
    }
    before = [
        replace(one, manifests=still)
        for one in datasets[0].project.allow
        if (still := {word: digest for word, digest in one.manifests.items() if digests.get(word) == digest})
    ]
    last = max(plans)
    texts = (configuration_of(blocked), declaration_of(blocked, before))
    return tuple(
        structs.replace(one, override=_with_texts(one.override, *(texts if number == last else ("", ""))))
        for number, one in enumerate(reviews)
    )


def _with_texts(override: Override | None, configuration: str, declaration: str) -> Override | None:
    return override and structs.replace(override, configuration=configuration, declaration=declaration)


def _half(one: DatasetRun, review: DatasetReview) -> Half | None:
    """One of the two datasets as it will be; where nothing was planned, as its manifest alone has it."""
    if one.plan is not None and review.balance is not None:
        return Half(one.ledger, one.plan.leftover, review.balance)
    of_images = one.images.errors if one.images else 0
    if review.status != "valid" and not (of_images and review.findings.errors == of_images):
        return None
    return Half(one.ledger, Leftover.GONE, balance_of(one.ledger, Leftover.GONE))


def _contents(one: DatasetRun, halves: Mapping[DatasetType, Half]) -> Contents:
    kind, lines = one.dataset.dataset_type, one.findings.entries if one.findings else 0
    half = halves.get(kind)
    return Contents(kind, one.dataset.shown, half.balance if half else None, lines, one.ledger.unusable())


def dataset_review(one: DatasetRun, keep: Keep = KEEP) -> DatasetReview:
    """The review of one dataset."""
    region, account = _region_and_account(one.project_arn)
    found, counts, content = one.findings, FindingCounts(), None
    if found:
        shown = (
            *found.errors,
            *found.marked,
            *(note for note in found.notes if one.plan is None or note.code in _ALSO_IN_PLANS),
        )
        counts = FindingCounts(
            errors=found.error_count,
            marked=found.marked_count,
            notes=found.note_count,
            shown=shown,
            suppressed=found.suppressed,
            unjudged=found.unjudged,
        )
        content = Content(entries=found.lines, boxes=found.boxes, labels=found.labels, unusable=one.ledger.unusable())
    bare = DatasetReview(
        title=one.title,
        project=one.project.name,
        type="train" if one.dataset.dataset_type is DatasetType.TRAIN else "test",
        manifest=one.dataset.shown,
        status=_status(one),
        region=region,
        account=account,
        project_arn=one.project_arn,
        dataset_arn=one.seen.arn,
        bucket=one.bucket,
        content=content,
        words=content_words(content, found.total) if content and found else "",
        findings=counts,
        settings=one.settings,
        remarks=_remarks(one),
        drift=one.drift,
        images=one.images,
        error=one.failure,
        skipped=one.skipped,
    )
    if one.plan is not None:
        from reconciler.review.planned import planned  # noqa: PLC0415 - validating makes no plan

        return planned(one, one.plan, bare, keep)
    return with_machine(bare, machine_labels(one.ledger)) if found else bare


def _remarks(one: DatasetRun) -> tuple[Sentence, ...]:
    """What to know before an apply that no plan tells; settings whose change is a danger are among the dangers."""
    unread = f"whose changes these are is not known: {one.base.unread}" if one.base and one.base.unread else ""
    checked = [image_words(one.images)] if one.images else []
    known = tuple((words,) for words in (one.remark, unread, *checked, *_left_out(one)) if words)
    return (*known, *(change.words for change in one.settings if change.level == "note"))


def _left_out(one: DatasetRun) -> Iterator[str]:
    """What was found and is not shown."""
    if one.findings and (many := one.findings.suppressed):
        yield f"{counted(many, 'finding is', 'findings are')} suppressed by `suppress` in project.yaml"
    if one.findings and (many := one.findings.unjudged):
        yield f"{counted(many, 'finding is', 'findings are')} on lines that did not change, and not judged"


def _region_and_account(arn: str | None) -> tuple[str | None, str | None]:
    """The region and account of an ARN: arn:partition:service:region:account:resource."""
    parts = (arn or "").split(":", 5)
    return (parts[3] or None, parts[4] or None) if len(parts) == 6 else (None, None)


def _status(one: DatasetRun) -> Status:
    if one.skipped:
        return "skipped"
    if one.failure:
        return "failed"
    if one.findings and one.findings.refused:
        return "invalid"
    if one.plan is None:
        return "valid" if one.findings else "unread"
    return "refused" if one.plan.refusals else "planned"
