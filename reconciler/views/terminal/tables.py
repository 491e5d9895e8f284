"""Tables and lists of a review in lines: class balance, where labels come from, train and test together.

On a terminal rich folds long lines; without a width lines stay whole, and rich is not loaded.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from reconciler.analysis.results import Balance, JobCount, LabelBalance, Provenance, Splits
from reconciler.review.model import Compared, ProjectReview
from reconciler.text import counted
from reconciler.views.lines import fitting
from reconciler.views.words import (
    balance_words,
    confidence_words,
    folder_of,
    ignored_words,
    label_remarks,
    manifest_differs,
    percent,
    said,
    shown,
    transfer_words,
)

Role = Literal["plain", "header", "add", "update", "unlabel", "live-only", "bad", "warning", "dim"]
Painter = Callable[[str, Role], str]
StyledLine = tuple[str, Role]

# Keys that take a larger share of the line have a line to themselves.
_KEY_SHARE: Final = 0.5
# The columns beside whole keys, for what changes; where there are fewer, keys are under their folder.
_WORDS: Final = 60
_FIRST_LEAST: Final = 8
_BETWEEN: Final = 2


def columns_of(text: str) -> int:
    """How many columns a text takes: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


class Layout:
    """The width of lines (columns; None: unlimited) and how much they show.

    `changes` are shown of a dataset unless `entries` gives a number; with `verbose` nothing is left out. `compared`
    names the two sides.
    """

    def __init__(
        self,
        width: int | None,
        changes: int,
        *,
        verbose: bool,
        entries: int | None = None,
        compared: Compared = Compared(),  # noqa: B008 - frozen
    ) -> None:
        self.width, self.changes, self.verbose, self.entries = width, changes, verbose, entries
        self.compared = compared

    def limit(self, number: int) -> int | None:
        """At most this number; None for all."""
        return None if self.verbose else number

    def wrap(self, text: str, role: Role = "plain", indent: int = 2, hang: int = 4) -> Iterator[StyledLine]:
        """The text as one line, or folded into several: the first at `indent`, the others at `hang`."""
        start = " " * indent
        if self.width is None:
            yield start + text, role
        else:
            yield from self._folded(text, role, start, " " * hang)

    def folder(self, keys: Sequence[str]) -> str:
        """The common folder that is left out of the lines of `keys`: empty where whole keys are shown.

        They are with `verbose`, on a wide terminal, and where keys have lines to themselves in any case.
        """
        folder = "" if self.verbose else folder_of(keys)
        if not folder or self.width is None:
            return folder
        whole = max(columns_of(shown(key)) for key in keys)
        wide = whole + _WORDS <= self.width
        return "" if wide or not self._fits(whole - columns_of(shown(folder))) else folder

    def _fits(self, room: int) -> bool:
        return self.width is None or room <= self.width * _KEY_SHARE

    def entry(self, sign: str, key: str, room: int, words: str, role: Role) -> Iterator[StyledLine]:
        """A key, never cut, with what changes beside it or below; `room` is the columns of the widest key."""
        if self.width is None:
            yield f"    {sign} {key}  {words}", role
        elif self._fits(room):
            yield from self._folded(
                words, role, f"    {sign} {key}{' ' * (room - columns_of(key))}  ", " " * (room + 8)
            )
        else:
            yield f"    {sign} {key}", role
            yield from self._folded(words, role, " " * 8, " " * 10)

    def _folded(self, text: str, role: Role, start: str, hang: str) -> Iterator[StyledLine]:
        from reconciler.views.terminal.drawn import folded  # noqa: PLC0415 - rich is for terminals

        yield from ((line, role) for line in folded(text, self.width or 0, start, hang))

    def table(self, rows: Sequence[tuple[Role, Sequence[str]]]) -> Iterator[StyledLine]:
        """One line per row, its cells in columns; a first cell that is too long has a line to itself, above."""
        wide = [max(map(columns_of, column)) for column in zip(*(row for _role, row in rows), strict=True)]
        if self.width is not None:
            wide[0] = min(wide[0], max(_FIRST_LEAST, self.width - sum(wide[1:]) - _BETWEEN * (len(wide) - 1)))
        for role, (first, *others) in rows:
            alone = columns_of(first) > wide[0]
            if alone:
                yield first, role
            cells = zip(("" if alone else first, *others), wide, strict=True)
            yield "".join(f"{cell}{' ' * (_BETWEEN + room - columns_of(cell))}" for cell, room in cells).rstrip(), role


def left_out(left: int, what: str, layout: Layout, indent: int = 2) -> Iterator[StyledLine]:
    """A line that counts what is left out, if anything is."""
    if left > 0:
        yield from layout.wrap(f"... and {left:,} {what}", "dim", indent, indent + 2)


# The number that is shown of each kind, unless `verbose` shows all.
_LABELS: Final = 6
_KEYS: Final = 3
# A narrower terminal shows the table of labels without shares and remarks, an even narrower one without boxes.
_SHARES_FROM: Final = 90
_BOXES_FROM: Final = 40


def balance_lines(balance: Balance, layout: Layout) -> Iterator[StyledLine]:
    """The labels whose figures change, or all of them; offline with what each column is."""
    rows = [row for row in balance.rows if layout.verbose or _differs(row)]
    kept = rows[: layout.limit(fitting(len(rows), _LABELS))]
    if kept:
        own = manifest_differs(balance)
        if own or layout.compared.offline:
            yield from layout.wrap(said(balance_words(layout.compared, balance)), "dim")
        header: tuple[Role, list[str]] = ("header", ["  labels", "images", "manifest", "share", "boxes", ""])
        table = [header, *(_row(row, balance) for row in kept)]
        columns: tuple[int, ...] = (0, 1, 2, 3, 4, 5) if own else (0, 1, 3, 4, 5)
        if layout.width and layout.width < _SHARES_FROM:
            columns = (0, 1, 4) if layout.width >= _BOXES_FROM else (0, 1)
        yield from layout.table([(role, [texts[at] for at in columns]) for role, texts in table])
    yield from left_out(len(rows) - len(kept), "more labels that change", layout, 4)


def _row(row: LabelBalance, balance: Balance) -> tuple[Role, list[str]]:
    """A label with its figures, in the colour of what becomes of it."""
    role: Role = "unlabel" if not row.images_after else "plain" if row.images_before else "add"
    images, boxes = _step(row.images_before, row.images_after), _step(row.boxes_before, row.boxes_after)
    remarks = ", ".join(label_remarks(row, balance))
    return role, [f"    {shown(row.label)}", images, f"{row.images_manifest:,}", _shares(row), boxes, remarks]


def _shares(row: LabelBalance) -> str:
    before, after = percent(row.share_before), percent(row.share_after)
    return f"{before} -> {after}" if before != after else after


def _step(before: int, after: int) -> str:
    return f"{before:,} -> {after:,}" if before != after else f"{after:,}"


def _differs(row: LabelBalance) -> bool:
    return (row.images_before, row.boxes_before) != (row.images_after, row.boxes_after)


def project_lines(project: ProjectReview, layout: Layout) -> Iterator[StyledLine]:
    """What should be known of train and test together."""
    lines = list(_splits(project.splits, layout))
    if lines:
        yield "", "plain"
        yield from layout.wrap(f"{shown(project.name)}: train and test together", "header", 0, 2)
        yield from lines


def _splits(splits: Splits | None, layout: Layout) -> Iterator[StyledLine]:
    if splits is None:
        return
    if layout.verbose and (images := splits.train_images + splits.test_images):
        train = counted(splits.train_images, "labelled image", "labelled images")
        share = percent(splits.test_images / images)
        yield from layout.wrap(f"train has {train}, test {splits.test_images:,}: {share} of both", "dim")
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


def _listed(what: str, count: int, texts: Sequence[str], layout: Layout, role: Role) -> Iterator[StyledLine]:
    if not count:
        return
    kept = texts[: layout.limit(_KEYS)]
    rest = f" and {count - len(kept):,} more" if count > len(kept) else ""
    between = "; " if any(", " in text or " and " in text for text in kept) else ", "
    yield from layout.wrap(f"{what}: {between.join(shown(text) for text in kept)}{rest}", role)


def job_lines(provenance: Provenance, layout: Layout) -> Iterator[StyledLine]:
    """The labeling jobs that more or fewer entries name than before: a new annotation pass."""
    jobs = [job for job in provenance.jobs if job.before != job.after]
    kept = jobs[: fitting(len(jobs), _KEYS)]
    yield from _jobs(kept, layout)
    yield from left_out(len(jobs) - len(kept) + provenance.other_jobs, "more jobs", layout, 4)


def _jobs(jobs: Sequence[JobCount], layout: Layout) -> Iterator[StyledLine]:
    for job in jobs:
        yield from layout.wrap(f"{_step(job.before, job.after)} by {shown(job.value)}", "dim", 4, 6)


def provenance_lines(provenance: Provenance, layout: Layout) -> Iterator[StyledLine]:
    """Who made the labels, before and after."""
    yield from layout.wrap("where labels come from", "header")
    for word, side in (("before", provenance.before), ("after", provenance.after)):
        figures = f"{side.human:,} by people, {side.machine:,} by machines, {side.unsaid:,} not stated"
        figures += f"; confidence {confidence_words(side)}" if confidence_words(side) else ""
        yield from layout.wrap(f"{word:6} {figures}", "plain", 4, 6)
    yield from _jobs(provenance.jobs, layout)
    for field in provenance.ignored:
        yield from layout.wrap(f"{shown(field.field)} {ignored_words(field)}", "dim", 4, 6)
