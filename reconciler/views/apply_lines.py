"""An outcome in lines, and what an apply took compared with its estimate."""

from collections.abc import Iterator

from reconciler.apply.outcome import Outcome
from reconciler.entry_codes import ENTRY_CODES, cure_of, meaning_of
from reconciler.ledger import MarkedEntry
from reconciler.model import Mark, Place
from reconciler.review.model import Estimate
from reconciler.text import counted
from reconciler.views.lines import more
from reconciler.views.words import estimate_words, place_words, said, shown, snapshot_line, took_words


def outcome_lines(outcome: Outcome) -> list[str]:
    """What to know besides the counts: snapshots, rejected lines, marked entries, lines stored differently."""
    return list(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from map(snapshot_line, outcome.snapshots)
    yield from (f"{_at(one.place)}rejected: {shown(one.key)}: {said(one.reason)}" for one in outcome.rejected)
    yield from more(outcome.rejected_total - len(outcome.rejected), "more rejected lines")
    yield from map(marked_line, outcome.marked)
    yield from more(outcome.marked_total - len(outcome.marked), "more marked entries")
    live, statistics = outcome.live, outcome.counted
    if live and statistics and not statistics.agree_with(live):
        yield (
            f"the service lists {counted(live.entries, 'entry', 'entries')}, {live.marked:,} of them marked with "
            f"errors, but its statistics count {statistics.entries:,} and {statistics.marked:,}: one of "
            "its answers is not current; run `reconciler plan` to check"
        )
    if outcome.rewritten:
        yield (
            f"not stored as sent: {counted(outcome.rewritten, 'entry means', 'entries mean')} what was sent but "
            "the service stores other fields; remembered, not sent again"
        )


def _calls(estimate: Estimate, took: Estimate) -> Iterator[str]:
    """The calls by operation: `DescribeDataset 8`, after an apply `DescribeDataset 11 (estimate 8)`."""
    for name in sorted({*estimate.calls, *took.calls}):
        many, estimated = took.calls.get(name, 0), estimate.calls.get(name, 0)
        yield f"{name} {many:,}" if many == estimated else f"{name} {many:,} (estimate {estimated:,})"


def cost_lines(estimate: Estimate | None, took: Estimate | None, *, calls: bool) -> Iterator[str]:
    """The estimate, and after an apply what it took; with `calls` also the calls by operation."""
    if estimate and estimate.calls:
        yield f"estimate: {estimate_words(estimate)}"
    if took:
        yield f"took:     {took_words(took)}"
    known = estimate or took
    if calls and known and known.calls:
        yield f"calls:    {', '.join(_calls(known, took or known))}"


def marked_line(marked: MarkedEntry) -> str:
    """An entry that the service marked with errors: each code once, with its meaning and its cure."""
    since = "" if marked.is_new is None else ", new with this apply" if marked.is_new else ", as before"
    marks = dict.fromkeys(map(_mark, {mark.code: mark for mark in marked.marks}.values()))
    return f"{_at(marked.place)}marked by the service{since}: {shown(marked.key)}: {'; '.join(marks)}"


def _mark(mark: Mark) -> str:
    """A code with its meaning and cure; with AWS's text if the code is not known."""
    text = "" if mark.code in ENTRY_CODES else f" ({said(mark.message)})"
    return f"{said(mark.code)}: {meaning_of(mark.code)}{text}; {cure_of(mark.code)}"


def _at(place: Place | None) -> str:
    return f"{place_words(place)}: " if place else ""
