"""A review on a terminal, in a preview, in a log: what matters in a screen or two, every entry on request.

Dangers first, then dataset by dataset: figures, groups, labels, the riskiest entries. Lines end before `width` columns
where a width is given. What is left out is counted.

Knows order and layout. Refuses to know escape sequences: the caller passes a `Painter`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

from reconciler.comparison.differences import Group
from reconciler.comparison.figures import Balance, LabelBalance, LookAlike, Provenance, Splits
from reconciler.report.columns import cells, padded, shortened, wrapped
from reconciler.report.wording import (
    DANGER_LEVELS,
    LOOK_ALIKES,
    ORIGINS,
    box_words,
    counted,
    dataset_words,
    estimate_words,
    folder_of,
    is_quiet,
    odd_letters,
    origin_words,
    percent,
    place_words,
    said,
    shown,
    transfer_words,
)
from reconciler.review.model import Change, Danger, DatasetReview, Failure, FindingCounts, ProjectReview, Review

__all__ = ["Painter", "Role", "dataset_view", "view"]

Role = Literal["plain", "header", "add", "update", "unlabel", "live-only", "bad", "warning", "dim"]
Painter = Callable[[str, Role], str]

# So many lines of a kind are shown; changes of all datasets share theirs.
_DANGERS: Final = 6
_GROUPS: Final = 8
_LABELS: Final = 6
_CHANGES: Final = 20
_CHANGES_LEAST: Final = 3
# An entry of this risk is shown even where a group tells what happens to it.
_RISKY: Final = 7
_FINDINGS: Final = 3
_KEYS: Final = 3
# Keys that take more of a line than this stand on a line of their own.
_KEY_SHARE: Final = 0.45
_LABEL_CELLS: Final = 32
# In a narrower terminal the table of labels goes without shares.
_SHARES_FROM: Final = 90

Line = tuple[str, Role]


def view(review: Review, *, width: int | None = None, paint: Painter | None = None, verbose: bool = False) -> str:
    """The whole review as text; with `verbose` nothing is left out."""
    return _text(_review(review, _Layout(width, _share(review), verbose=verbose)), paint)


def dataset_view(
    dataset: DatasetReview, *, width: int | None = None, paint: Painter | None = None, verbose: bool = False
) -> str:
    """One dataset as text: its dangers are not among it, they belong to the review."""
    return _text(_dataset(dataset, _Layout(width, _CHANGES, verbose=verbose)), paint)


class _Layout:
    """How wide, how much of everything."""

    def __init__(self, width: int | None, changes: int, *, verbose: bool) -> None:
        self.width = width
        self.verbose = verbose
        self.changes = changes

    def limit(self, number: int) -> int | None:
        return None if self.verbose else number

    def wrap(self, text: str, role: Role = "plain", indent: int = 2, hang: int = 4, sign: str = "") -> Iterator[Line]:
        """A line that may go on in the next."""
        for line in wrapped(text, self.width, " " * indent + sign, " " * hang):
            yield line, role

    def cut(self, text: str, role: Role = "plain") -> Line:
        """A line that may not."""
        return (text if self.width is None else shortened(text, self.width)), role


def _text(lines: Iterable[Line], paint: Painter | None) -> str:
    painted = (line if paint is None or not line else paint(line, role) for line, role in lines)
    return "".join(f"{line.rstrip(' ') if paint is None else line}\n" for line in painted)


def _share(review: Review) -> int:
    busy = sum(1 for dataset in review.datasets if dataset.changes)
    return max(_CHANGES_LEAST, _CHANGES // max(1, busy))


def _review(review: Review, layout: _Layout) -> Iterator[Line]:
    yield from layout.wrap(_title(review), "header", 0, 2)
    if review.error:
        yield from _failure(review.error, layout, 0)
    yield from _findings(review.findings, layout, 0)
    yield from _dangers(review.dangers, layout)
    for project in review.projects:
        for dataset in project.datasets:
            yield "", "plain"
            yield from _dataset(dataset, layout)
        yield from _project(project, layout)
    yield from _ending(review, layout)


def _title(review: Review) -> str:
    compared = review.compared
    sides = f"{said(compared.before)} -> {said(compared.after)}: " if compared.offline else ""
    return sides + said(review.words)


def _dangers(dangers: Sequence[Danger], layout: _Layout) -> Iterator[Line]:
    if not dangers:
        return
    kept = dangers[: layout.limit(_DANGERS)]
    yield "", "plain"
    yield f"{counted(len(dangers), 'danger', 'dangers')}, the worst first", "header"
    for danger in kept:
        about = shown(danger.dataset or danger.project)
        role: Role = "bad" if danger.level == max(DANGER_LEVELS) else "warning" if danger.level > 1 else "plain"
        word = padded(DANGER_LEVELS[danger.level], 6)
        yield from layout.wrap(f"{word}{about}: {said(danger.words)}", role, hang=8)
        if layout.verbose:
            yield from (line for key in danger.examples for line in layout.wrap(shown(key), "dim", 8, 10))
    yield from _more(len(dangers) - len(kept), "more dangers")


def _dataset(dataset: DatasetReview, layout: _Layout) -> Iterator[Line]:
    yield from layout.wrap(f"{shown(dataset.title)}  ({said(dataset.manifest)})", "header", 0, 2)
    if is_quiet(dataset) and not layout.verbose:
        yield from layout.wrap(said(dataset.words) or "up to date", "dim")
        return
    yield from _figures(dataset, layout)
    yield from _groups(dataset, layout)
    if dataset.balance:
        yield from _balance(dataset.balance, layout)
    yield from _changes(dataset, layout)
    if dataset.provenance and layout.verbose:
        yield from _provenance(dataset.provenance, layout)
    yield from _findings(dataset.findings, layout)


def _figures(dataset: DatasetReview, layout: _Layout) -> Iterator[Line]:
    if dataset.error:
        yield from _failure(dataset.error, layout)
    if dataset.skipped:
        yield from layout.wrap(said(dataset.skipped), "dim")
    role: Role = "bad" if dataset.action == "replace" else "plain"
    yield from layout.wrap(said(dataset.words) or dataset_words(dataset), role)
    for refusal in dataset.refusals:
        yield from layout.wrap(f"refused: {said(refusal)}", "bad")
    if dataset.origins:
        yield from layout.wrap(origin_words(dataset.origins), "dim")
    if dataset.estimate:
        yield from layout.wrap(f"costs {estimate_words(dataset.estimate)}", "dim")


def _groups(dataset: DatasetReview, layout: _Layout) -> Iterator[Line]:
    kept = dataset.groups[: layout.limit(_GROUPS)]
    if kept:
        yield "  groups", "header"
    for group in kept:
        yield from layout.wrap(f"* {said(group.words)}", "update", 4, 6)
        yield from _group(group, layout)
    yield from _more(len(dataset.groups) - len(kept), "more groups", 4)


def _group(group: Group, layout: _Layout) -> Iterator[Line]:
    if group.exceptions:
        first, rest = said("; ".join(group.exceptions)), group.exception_count
        yield from layout.wrap(f"except {counted(rest, 'entry', 'entries')}: {first}", "warning", 6, 8)
    if layout.verbose:
        for word, texts in (("because", group.evidence), ("such as", group.examples)):
            for text in texts:
                yield from layout.wrap(f"{word} {said(text)}", "dim", 6, 8)


def _balance(balance: Balance, layout: _Layout) -> Iterator[Line]:
    rows = [row for row in balance.rows if layout.verbose or _differs(row)]
    kept = rows[: layout.limit(_LABELS)]
    if not kept:
        return
    yield from _table(kept, balance, layout)
    yield from _more(len(rows) - len(kept), "more labels that change", 4)


def _table(rows: Sequence[LabelBalance], balance: Balance, layout: _Layout) -> Iterator[Line]:
    cut = min(_LABEL_CELLS, layout.width // 3) if layout.width else None
    table = [("  labels", "images", "share", "boxes", "")] + [
        (
            f"    {shortened(shown(row.label), cut) if cut else shown(row.label)}",
            _step(row.images_before, row.images_after),
            _shares(row),
            _step(row.boxes_before, row.boxes_after),
            _remark(row, balance),
        )
        for row in rows
    ]
    columns = (0, 1, 2, 3, 4) if layout.width is None or layout.width >= _SHARES_FROM else (0, 1, 3, 4)
    wide = [max(cells(line[column]) for line in table) for column in columns]
    roles: list[Role] = ["header", *(_balance_role(row) for row in rows)]
    for line, role in zip(table, roles, strict=True):
        parts = (padded(line[at], room) for at, room in zip(columns, wide, strict=True))
        yield layout.cut("  ".join(parts).rstrip(), role)


def _shares(row: LabelBalance) -> str:
    before, after = percent(row.share_before), percent(row.share_after)
    return f"{before} -> {after}" if before != after else after


def _step(before: int, after: int) -> str:
    return f"{before:,} -> {after:,}" if before != after else f"{after:,}"


def _differs(row: LabelBalance) -> bool:
    return (row.images_before, row.boxes_before) != (row.images_after, row.boxes_after)


def _remark(row: LabelBalance, balance: Balance) -> str:
    words = [
        *(["new"] if row.label in balance.appeared else []),
        *(["gone"] if row.label in balance.gone else []),
        *(["fewest images"] if row.label == balance.smallest else []),
    ]
    return ", ".join(words)


def _balance_role(row: LabelBalance) -> Role:
    if not row.images_after:
        return "unlabel"
    return "add" if not row.images_before else "plain"


def _changes(dataset: DatasetReview, layout: _Layout) -> Iterator[Line]:
    kept, grouped = _chosen(dataset, layout)
    left = dataset.changes_total - len(kept)
    if kept:
        folder = folder_of([change.key for change in kept])
        under = f" under {said(folder)}" if folder else ""
        yield from layout.wrap(f"entries{under}{', the riskiest first' if len(kept) > 1 else ''}", "header")
        room = max(cells(_key(change, folder)) for change in kept)
        for change in kept:
            yield from _change(change, _key(change, folder), room, layout)
    some = "" if grouped == left else f"{grouped:,} of them "
    ways = f" ({some}in the groups above)" if grouped else ""
    shows = "" if layout.verbose else "; --verbose shows them"
    yield from _more(left, f"{'more ' if kept else ''}{'entry' if left == 1 else 'entries'}{ways}{shows}", 4)


def _chosen(dataset: DatasetReview, layout: _Layout) -> tuple[Sequence[Change], int]:
    """The entries to show, and how many of the others belong to groups, which say what happens to them."""
    if layout.verbose:
        return dataset.changes, 0
    shown_groups = {group.id for group in dataset.groups[:_GROUPS]}
    lone = [one for one in dataset.changes if one.risk >= _RISKY or not shown_groups.intersection(one.groups)]
    kept = lone[: layout.limit(layout.changes)]
    return kept, len(dataset.changes) - len(lone)


def _key(change: Change, folder: str) -> str:
    return shown(change.key.removeprefix(folder)) if folder else shown(change.key)


def _change(change: Change, key: str, room: int, layout: _Layout) -> Iterator[Line]:
    role: Role = change.verb
    origin = f" [{ORIGINS[change.origin]}]" if change.origin not in {"", "branch"} else ""
    words = f"{said(change.words)}{origin}"
    if layout.width is None:
        yield f"    {change.sign} {key}  {words}", role
    elif room > layout.width * _KEY_SHARE:
        yield f"    {change.sign} {shortened(key, max(8, layout.width - 6))}", role
        yield from layout.wrap(words, role, 8, 10)
    else:
        yield from layout.wrap(f"{padded(key, room)}  {words}", role, 4, room + 8, f"{change.sign} ")
    if layout.verbose:
        yield from _change_detail(change, layout)


def _change_detail(change: Change, layout: _Layout) -> Iterator[Line]:
    if change.place:
        yield from layout.wrap(place_words(change.place), "dim", 8, 10)
    for box in change.boxes:
        if box.what != ("same",) and change.verb == "update":
            yield from layout.wrap(box_words(box), "dim", 8, 10)
    for field in change.fields:
        values = f"{said(field.before or 'missing')} -> {said(field.after or 'missing')}"
        yield from layout.wrap(f"{said(field.path)}: {values}", "dim", 8, 10)
    for mark in change.marks:
        yield from layout.wrap(f"{said(mark.code)}: {said(mark.meaning)}", "warning", 8, 10)


def _project(project: ProjectReview, layout: _Layout) -> Iterator[Line]:
    lines = [*_splits(project.splits, layout), *_look_alikes(project.look_alikes, layout)]
    if lines:
        yield "", "plain"
        yield f"{shown(project.name)}: train and test together", "header"
        yield from lines


def _splits(splits: Splits | None, layout: _Layout) -> Iterator[Line]:
    if splits is None:
        return
    if splits.overlap is not None and (layout.verbose or splits.overlap < splits.overlap_needed):
        words = f"the test set has {percent(splits.overlap)} of the training labels; {percent(splits.overlap_needed)}"
        low = splits.overlap < splits.overlap_needed
        yield from layout.wrap(f"{words} are needed to train", "bad" if low else "dim")
    yield from _listed("same image in both", splits.shared_count, splits.shared, layout, "bad")
    moved = [f"{shown(one.key)}: {transfer_words(one)}" for one in splits.moved]
    yield from _listed("moves to the other set", splits.moved_count, moved, layout, "bad")
    pairs = [f"{shown(pair.train)} and {shown(pair.test)}" for pair in splits.same_name]
    yield from _listed("same file name in both", splits.same_name_count, pairs, layout, "dim")
    for word, labels in (("train", splits.train_only), ("test", splits.test_only)):
        yield from _listed(f"label in {word} only", len(labels), labels, layout, "warning")


def _listed(what: str, count: int, texts: Sequence[str], layout: _Layout, role: Role) -> Iterator[Line]:
    if not count:
        return
    kept = texts[: layout.limit(_KEYS)]
    rest = f" and {count - len(kept):,} more" if count > len(kept) else ""
    yield from layout.wrap(f"{what}: {', '.join(shown(text) for text in kept)}{rest}", role)


def _look_alikes(pairs: Sequence[LookAlike], layout: _Layout) -> Iterator[Line]:
    kept = pairs[: layout.limit(_KEYS)]
    for pair in kept:
        why = LOOK_ALIKES[pair.why] + (f": {odd_letters(pair)}" if pair.why == "letters" else "")
        first, second = f"{shown(pair.first)} ({pair.first_images:,})", f"{shown(pair.second)} ({pair.second_images:,})"
        yield from layout.wrap(f"look alike: {first} and {second} {why}", "warning")
    yield from _more(len(pairs) - len(kept), "more pairs of labels that look alike")


def _provenance(provenance: Provenance, layout: _Layout) -> Iterator[Line]:
    yield "  where labels come from", "header"
    for word, side in (("before", provenance.before), ("after", provenance.after)):
        figures = f"{side.human:,} by people, {side.machine:,} by machines, {side.unsaid:,} unsaid"
        yield from layout.wrap(f"{padded(word, 6)} {figures}", "plain", 4, 6)
    for job in provenance.jobs:
        yield from layout.wrap(f"{_step(job.before, job.after)} by {shown(job.value)}", "dim", 4, 6)
    for field in provenance.ignored:
        entries = counted(field.entries, "entry differs", "entries differ")
        yield from layout.wrap(f"{entries} in {shown(field.field)} only, which is ignored", "dim", 4, 6)


def _findings(findings: FindingCounts, layout: _Layout, indent: int = 2) -> Iterator[Line]:
    kept = findings.shown[: layout.limit(_FINDINGS)]
    for found in kept:
        role: Role = "bad" if found.severity == "error" else "warning" if found.severity == "marked" else "dim"
        words = f"{place_words(found.place)}: {found.severity}: {said(found.message)}; {said(found.cure)}"
        yield from layout.wrap(words, role, indent, indent + 2)
    left = findings.errors + findings.marked + findings.notes - len(kept)
    yield from _more(left, "more findings", indent)


def _failure(failure: Failure, layout: _Layout, indent: int = 2) -> Iterator[Line]:
    code = f" ({said(failure.code)} from {said(failure.operation)})" if failure.code else ""
    yield from layout.wrap(f"failed: {said(failure.message)}{code}", "bad", indent, indent + 2)


def _ending(review: Review, layout: _Layout) -> Iterator[Line]:
    if review.plan_id and not review.compared.offline:
        yield "", "plain"
        yield from layout.wrap(f"plan {shown(review.plan_id)}", "dim", 0, 2)


def _more(left: int, what: str, indent: int = 2) -> Iterator[Line]:
    if left > 0:
        yield f"{' ' * indent}... and {left:,} {what}", "dim"
