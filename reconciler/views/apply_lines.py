"""What an apply did, in lines: what went not as wished, and what it took beside what was estimated."""

from collections.abc import Iterator

from reconciler.entry_codes import ENTRY_CODES, cure_of, meaning_of
from reconciler.model import Mark, Place
from reconciler.review.model import Done, Estimate, Marked, RejectedLine
from reconciler.text import counted
from reconciler.views.words import estimate_words, place_words, said, shown, snapshot_line, took_words


def done_lines(done: Done) -> list[str]:
    """What should be known besides the counts: snapshots, rejected lines, marked entries, lines stored differently."""
    return list(_done_lines(done))


def _calls(estimate: Estimate, took: Estimate | None = None) -> str:
    """The calls by operation: `DescribeDataset 8`, after an apply `DescribeDataset 11 (estimate 8)`."""
    known = (took or estimate).calls
    names = sorted({*estimate.calls, *known})
    return ", ".join(f"{name} {_beside(known.get(name, 0), estimate.calls.get(name, 0))}" for name in names)


def _beside(many: int, estimated: int) -> str:
    return f"{many:,}" if many == estimated else f"{many:,} (estimate {estimated:,})"


def cost_lines(estimate: Estimate | None, took: Estimate | None, *, calls: bool) -> Iterator[str]:
    """The estimate, and after an apply what it took beside it; with `calls` also the calls by operation."""
    if estimate and estimate.calls:
        yield f"estimate: {estimate_words(estimate)}"
    if took:
        yield f"took:     {took_words(took)}"
    known = estimate or took
    if calls and known and known.calls:
        yield f"calls:    {_calls(known, took)}"


def marked_line(marked: Marked) -> str:
    """An entry that the service has marked with errors, each code once: what it means, and the cure."""
    since = "" if marked.is_new is None else ", new with this apply" if marked.is_new else ", as before"
    marks = dict.fromkeys(map(_mark, {mark.code: mark for mark in marked.marks}.values()))
    return f"{_at(marked.place)}marked by the service{since}: {shown(marked.key)}: {'; '.join(marks)}"


def _mark(mark: Mark) -> str:
    """With AWS's text where the code is not known."""
    text = "" if mark.code in ENTRY_CODES else f" ({said(mark.message)})"
    return f"{said(mark.code)}: {meaning_of(mark.code)}{text}; {cure_of(mark.code)}"


def _done_lines(done: Done) -> Iterator[str]:
    yield from map(snapshot_line, done.snapshots)
    yield from map(_rejected, done.rejected)
    yield from _more(done.rejected_total - len(done.rejected), "rejected lines")
    yield from map(marked_line, done.marked)
    yield from _more(done.marked_total - len(done.marked), "marked entries")
    if done.live and done.statistics and not done.statistics.agree:
        yield (
            f"the service lists {counted(done.live.entries, 'entry', 'entries')}, {done.live.marked:,} of them marked "
            f"with errors, but its statistics count {done.statistics.entries:,} and {done.statistics.marked:,}: one of "
            "its answers is not current; look again with `reconciler plan`"
        )
    if done.rewritten:
        yield (
            f"not stored as sent: {counted(done.rewritten, 'entry means', 'entries mean')} what was sent but "
            "the service stores other fields; remembered, not sent again"
        )


def _rejected(line: RejectedLine) -> str:
    return f"{_at(line.place)}rejected: {shown(line.key)}: {said(line.reason)}"


def _at(place: Place | None) -> str:
    return f"{place_words(place)}: " if place else ""


def _more(rest: int, what: str) -> Iterator[str]:
    if rest > 0:
        yield f"... and {rest:,} more {what}"
