"""A review on a terminal or in a log: what matters in a screen or two, every entry with `--verbose`.

Dangers first, then dataset by dataset: figures, groups, labels, the riskiest entries. A line takes at most `width`
columns if a width is given. What is left out is counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from reconciler.analysis.results import Group
from reconciler.apply.outcome import Failure
from reconciler.entries.codes import code_meaning
from reconciler.review.dangers import REFUSED
from reconciler.review.model import Danger, DatasetReview, EntryChange, Estimate, FindingCounts, Review
from reconciler.review.verdict import would_train
from reconciler.run import DangerLevel
from reconciler.text import Command, Sentence, counted, joined, sentence
from reconciler.views.lines import chosen, cost_lines, fitting, guard_lines, left_words, outcome_lines
from reconciler.views.terminal.tables import (
    Layout,
    Painter,
    Role,
    StyledLine,
    balance_lines,
    columns_of,
    job_lines,
    left_out,
    project_lines,
    provenance_lines,
)
from reconciler.views.words import (
    EXPECTED,
    ORIGINS,
    box_words,
    boxes_words,
    dataset_words,
    finding_lines,
    is_quiet,
    not_listed_words,
    origin_words,
    outcome_words,
    place_words,
    said,
    shown,
)

# The number of lines of each kind; the changes of all datasets share theirs.
_DANGERS: Final = 6
_GROUPS: Final = 8
_CHANGES: Final = 20
_CHANGES_LEAST: Final = 3
_FINDINGS: Final = 3
_BY_LEVEL: Final[dict[DangerLevel, Role]] = {"danger": "bad", "check": "warning", "note": "plain"}
_GAP: Final[tuple[StyledLine, ...]] = (("", "plain"),)
# The number of findings where nothing else is shown.
_FINDINGS_ALONE: Final = 10


def view(
    review: Review,
    *,
    width: int | None = None,
    paint: Painter | None = None,
    verbose: bool = False,
    entries: int | None = None,
) -> str:
    """The whole review as text; with `verbose` nothing is left out, `entries` is the number to show of each dataset."""
    return _text(_review(review, _layout(review, width, verbose=verbose, entries=entries)), paint)


def _layout(review: Review, width: int | None, *, verbose: bool, entries: int | None) -> Layout:
    return Layout(width, _share(review), verbose=verbose, entries=entries, compared=review.compared)


def outcome_view(dataset: DatasetReview, *, width: int | None = None, paint: Painter | None = None) -> str:
    """What an apply did to one dataset, as text, for a reader who has seen its plan."""
    layout = Layout(width, 0, verbose=False)
    return _text(chain(_GAP, _header(dataset, layout), _outcome(dataset, layout)), paint)


def ending_view(review: Review, *, width: int | None = None, paint: Painter | None = None) -> str:
    """What an apply did to all datasets, and its calls, batches and time beside the estimate."""
    layout = Layout(width, 0, verbose=False)
    costs = _costs(review.estimate, review.spent, layout, 0)
    return _text(chain(_GAP, _title(review, layout), costs, _verdicts(review, layout)), paint)


def _text(lines: Iterable[StyledLine], paint: Painter | None) -> str:
    painted = (line if paint is None or not line else paint(line, role) for line, role in lines)
    return "".join(f"{line.rstrip(' ') if paint is None else line}\n" for line in painted)


def _share(review: Review) -> int:
    busy = sum(1 for dataset in review.datasets if dataset.changes)
    return max(_CHANGES_LEAST, _CHANGES // max(1, busy))


def _review(review: Review, layout: Layout) -> Iterator[StyledLine]:
    yield from _title(review, layout)
    if review.error:
        yield from _failure(review.error, layout, 0)
    yield from _findings(review.findings, layout, 0, alone=True)
    kept = review.dangers[: layout.limit(fitting(len(review.dangers), _DANGERS))]
    yield from _dangers(review.dangers, kept, layout)
    for project in review.projects:
        for dataset in project.datasets:
            yield from _GAP
            yield from _dataset(dataset, frozenset(one.words for one in kept if one.dataset == dataset.title), layout)
        yield from project_lines(project, layout)
    yield from _verdicts(review, layout)
    yield from _ending(review, layout)


def _verdicts(review: Review, layout: Layout) -> Iterator[StyledLine]:
    known = [project for project in review.projects if project.verdict]
    yield from _GAP if known else ()
    for project in known:
        role: Role = "plain" if would_train(project.verdict) else "warning"
        yield from layout.wrap(f"{shown(project.name)} {said(project.verdict)}", role, 0, 2)


def _title(review: Review, layout: Layout) -> Iterator[StyledLine]:
    compared = review.compared
    sides = f"{said(compared.before)} -> {said(compared.after)}: " if compared.offline else ""
    yield from layout.wrap(sides + said(review.words), "header", 0, 2)


def _dangers(dangers: Sequence[Danger], kept: Sequence[Danger], layout: Layout) -> Iterator[StyledLine]:
    if not dangers:
        return
    yield from _GAP
    yield from layout.wrap(f"{counted(len(dangers), 'danger', 'dangers')}, the worst first", "header", 0, 2)
    for danger in kept:
        about = shown(danger.dataset or danger.project)
        role: Role = _BY_LEVEL[danger.level]
        *words, last = danger.words
        rest = sentence(*words) if isinstance(last, Command) else danger.words
        yield from layout.wrap(f"{danger.level:8}{about}: {said(rest)}", role, hang=10)
        if isinstance(last, Command):
            yield f"{' ' * 10}{said((last,))}", role  # never folded: users copy it
        if layout.verbose:
            yield from (line for key in danger.examples for line in layout.wrap(shown(key), "dim", 10, 12))
    yield from left_out(len(dangers) - len(kept), "more dangers", layout)


def _header(dataset: DatasetReview, layout: Layout) -> Iterator[StyledLine]:
    return layout.wrap(f"{shown(dataset.title)}  ({said(dataset.manifest)})", "header", 0, 2)


def _dataset(dataset: DatasetReview, shown_above: frozenset[Sentence], layout: Layout) -> Iterator[StyledLine]:
    yield from _header(dataset, layout)
    if is_quiet(dataset) and not dataset.outcome and not layout.verbose:
        yield from layout.wrap(said(dataset.words) or "up to date", "dim")
        yield from _remarks(dataset, layout)
        yield from _findings(dataset.findings, layout)
        return
    yield from _outcome(dataset, layout)
    yield from _figures(dataset, shown_above, layout)
    yield from _groups(dataset, layout)
    if dataset.balance:
        yield from balance_lines(dataset.balance, layout)
    yield from _changes(dataset, layout)
    if dataset.provenance and layout.verbose:
        yield from provenance_lines(dataset.provenance, layout)
    yield from _findings(dataset.findings, layout, alone=dataset.status == "invalid")


def _outcome(dataset: DatasetReview, layout: Layout) -> Iterator[StyledLine]:
    """How the apply of a dataset ended, or why it was not applied."""
    done = dataset.outcome
    if done:
        yield from layout.wrap(outcome_words(done))
        for line in outcome_lines(done):
            yield from layout.wrap(line, "warning")
    if done and done.rejected_total and not dataset.error:
        lines = counted(done.rejected_total, "line is", "lines are")
        yield from layout.wrap(f"warning: {lines} not live; the policy is `rejected: skip`", "warning")
    if dataset.error:
        yield from _failure(dataset.error, layout)
    if dataset.skipped:
        yield from layout.wrap(said(dataset.skipped), "dim")
    if dataset.spent and layout.verbose:
        yield from _costs(dataset.estimate, dataset.spent, layout, 2)


def _figures(dataset: DatasetReview, shown_above: frozenset[Sentence], layout: Layout) -> Iterator[StyledLine]:
    role: Role = "bad" if dataset.action == "replace" else "plain"
    words = said(dataset.words) or dataset_words(dataset)
    if words:
        yield from layout.wrap(f"planned: {words}" if dataset.outcome else words, role)
    if boxes := boxes_words(dataset):
        yield from layout.wrap(boxes)
    yield from _refusals(dataset, shown_above, layout)
    for guard in guard_lines(dataset, verbose=layout.verbose, brief=True):
        role = "bad" if guard.bad else "dim" if guard.quiet else "plain"
        if any(isinstance(piece, Command) for piece in guard.words):
            yield f"  {said(guard.words)}", role  # never folded: users copy it
        else:
            yield from layout.wrap(said(guard.words), role)
    yield from _remarks(dataset, layout)
    if dataset.origins:
        yield from layout.wrap(said(origin_words(dataset.origins)), "dim")
    if dataset.estimate and dataset.has_changes and dataset.outcome is None:
        yield from _costs(dataset.estimate, None, layout, 2)


def _refusals(dataset: DatasetReview, shown_above: frozenset[Sentence], layout: Layout) -> Iterator[StyledLine]:
    """Why an apply would be refused; the dangers in `shown_above` and the guards are not repeated."""
    guards = {guard.refusal: guard.name for guard in dataset.guards if guard.state == "tripped"}
    for words in dataset.refusals:
        if words not in guards:
            why = "see the danger above" if sentence(REFUSED, words) in shown_above else said(words)
            yield from layout.wrap(f"refused: {why}", "bad")
    if names := [guards[words] for words in dataset.refusals if words in guards]:
        by = "the guard" if len(names) == 1 else "the guards"
        yield from layout.wrap(f"refused by {by} {', '.join(names)}", "bad")


def _remarks(dataset: DatasetReview, layout: Layout) -> Iterator[StyledLine]:
    if dataset.not_listed_since:
        yield from layout.wrap(not_listed_words(dataset.not_listed_since), "dim")
    for remark in dataset.remarks:
        yield from layout.wrap(said(remark), "warning")
    if dataset.ignored and dataset.provenance and not layout.verbose:
        yield from job_lines(dataset.provenance, layout)


def _costs(estimate: Estimate | None, took: Estimate | None, layout: Layout, indent: int) -> Iterator[StyledLine]:
    for line in cost_lines(estimate, took, calls=layout.verbose or took is not None):
        yield from layout.wrap(line, "dim", indent, indent + 2)


def _groups(dataset: DatasetReview, layout: Layout) -> Iterator[StyledLine]:
    kept = dataset.groups[: layout.limit(fitting(len(dataset.groups), _GROUPS))]
    if kept:
        yield "  groups", "header"
    for group in kept:
        yield from layout.wrap(f"* {said(group.words)}", "update", 4, 6)
        yield from _group(group, layout)
    yield from left_out(len(dataset.groups) - len(kept), "more groups", layout, 4)


def _group(group: Group, layout: Layout) -> Iterator[StyledLine]:
    if group.exceptions:
        entries = counted(group.exception_count, "entry", "entries")
        yield from layout.wrap(f"except {entries}: {said(joined(group.exceptions))}", "warning", 6, 8)
    if layout.verbose:
        texts = [f"because {said(one)}" for one in group.evidence] + [f"such as {shown(key)}" for key in group.examples]
        yield from (line for text in texts for line in layout.wrap(text, "dim", 6, 8))


def _changes(dataset: DatasetReview, layout: Layout) -> Iterator[StyledLine]:
    kept, grouped = _chosen(dataset, layout)
    left = dataset.changes_total - len(kept)
    if kept:
        folder = layout.folder([change.key for change in kept])
        under = f" under {said(folder)}" if folder else ""
        order = ", the riskiest first" if len({change.risk for change in kept}) > 1 else ""
        yield from layout.wrap(f"entries{under}{order}", "header")
        keys = [shown(change.key.removeprefix(folder)) for change in kept]
        room = max(map(columns_of, keys))
        for change, key in zip(kept, keys, strict=True):
            yield from _change(change, key, room, layout)
    shows = "" if layout.verbose else "; --verbose shows them"
    yield from left_out(left, f"{left_words(left, grouped, more=bool(kept))}{shows}", layout, 4)


def _chosen(dataset: DatasetReview, layout: Layout) -> tuple[Sequence[EntryChange], int]:
    """The entries to show, and how many of the others the groups describe in full."""
    if layout.verbose or layout.entries is not None:
        most = layout.limit(layout.entries or 0)
        return dataset.changes if most is None else dataset.changes[:most], 0
    return chosen(dataset, dataset.groups[: fitting(len(dataset.groups), _GROUPS)], layout.changes)


def _change(change: EntryChange, key: str, room: int, layout: Layout) -> Iterator[StyledLine]:
    origin = f" [{ORIGINS[change.origin]}]" if change.origin not in EXPECTED else ""
    yield from layout.entry(change.sign, key, room, f"{said(change.words)}{origin}", change.verb)
    if layout.verbose:
        for text in _details(change):
            yield from layout.wrap(text, "dim", 8, 10)
        for mark in change.marks:
            yield from layout.wrap(f"{said(mark.code)}: {code_meaning(mark.code)}", "warning", 8, 10)


def _details(change: EntryChange) -> Iterator[str]:
    if change.place:
        yield place_words(change.place)
    yield from (said(box_words(box)) for box in change.boxes if box.what != ("same",) and change.verb == "update")
    for field in change.fields:
        yield f"{said(field.path)}: {said(field.before or 'missing')} -> {said(field.after or 'missing')}"


def _findings(findings: FindingCounts, layout: Layout, indent: int = 2, *, alone: bool = False) -> Iterator[StyledLine]:
    total = findings.errors + findings.marked + findings.notes
    kept = findings.shown[: layout.limit(fitting(total, _FINDINGS_ALONE if alone else _FINDINGS))]
    for found in kept:
        role: Role = "bad" if found.severity == "error" else "warning" if found.severity == "marked" else "dim"
        line, cure = finding_lines(found)
        yield from layout.wrap(line, role, indent, indent + 2)
        yield from layout.wrap(cure, "dim", indent + 2, indent + 4)
    what = "more finding" if total - len(kept) == 1 else "more findings"
    yield from left_out(total - len(kept), f"{what}; see them with `reconciler validate --verbose`", layout, indent)


def _failure(failure: Failure, layout: Layout, indent: int = 2) -> Iterator[StyledLine]:
    code = f" ({said(failure.code)} from {said(failure.operation)})" if failure.code else ""
    yield from layout.wrap(f"failed: {said(failure.message)}{code}", "bad", indent, indent + 2)


def _ending(review: Review, layout: Layout) -> Iterator[StyledLine]:
    changes = any(dataset.has_changes for dataset in review.datasets)
    costs = changes and (len(review.datasets) > 1 or review.spent is not None)
    named = review.plan_id and not review.compared.offline
    if costs or named:
        yield from _GAP
    if costs:
        yield from _costs(review.estimate, review.spent, layout, 0)
    if named:
        yield f"plan {shown(review.plan_id)}", "dim"  # never folded: users copy it
