"""Lines that several views share: entries of a short view, guards in words, an outcome, and what an apply took."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.analysis.results import Group
from reconciler.apply.outcome import Outcome
from reconciler.entries.codes import ENTRY_CODES, code_meaning, cure_of
from reconciler.ledger import MarkedEntry
from reconciler.model import TO_OVERRIDE, GuardCheck, Mark, Override, Place
from reconciler.review.model import NEW_SHOWN, DatasetReview, EntryChange, Estimate
from reconciler.text import Command, Name, Sentence, counted, joined, sentence
from reconciler.views.words import (
    estimate_words,
    is_explained,
    overwritten_sentence,
    place_words,
    said,
    snapshot_sentence,
    took_words,
)

# An entry of this risk is shown even if a group explains it.
_RISKY = 7


def chosen(dataset: DatasetReview, groups: Sequence[Group], limit: int) -> tuple[Sequence[EntryChange], int]:
    """The entries that a short view shows, and how many of the others the groups shown explain completely."""
    lone, new, explained = list[EntryChange](), 0, 0
    for one in dataset.changes:  # read one by one, where there are many
        if one.risk < _RISKY and is_explained(one, groups):
            explained += 1
            continue
        new += one.verb == "add"
        if len(lone) < limit and not (one.verb == "add" and new > NEW_SHOWN):
            lone.append(one)
    return lone, explained


def fitting(total: int, limit: int) -> int:
    """How many of `total` are shown: one above the limit too, because counting it takes as much room."""
    return total if total <= limit + 1 else limit


def more(left: int, what: str) -> Iterator[str]:
    """`... and 3 more groups`; nothing for none left out."""
    if left > 0:
        yield f"... and {left:,} {what}"


def left_words(left: int, grouped: int, *, more: bool) -> str:
    """The words after the number of entries left out: `more entries (3 of them in the groups above)`."""
    some = "" if grouped == left else f"{grouped:,} of them "
    ways = f" ({some}in the groups above)" if grouped else ""
    return f"{'more ' if more else ''}{'entry' if left == 1 else 'entries'}{ways}"


class GuardLine(Struct, frozen=True):
    """One line about a guard: `bad` if it must be seen, `quiet` if there is nothing to do."""

    words: Sentence
    bad: bool = False
    quiet: bool = False


def guard_lines(dataset: DatasetReview, *, verbose: bool = False, brief: bool = False) -> Iterator[GuardLine]:
    """Guards that were overridden, and if `verbose` those that passed or are off.

    A guard that trips is among the refusals and the dangers; the last lines are how to override it: in every way, or if
    `brief` for one run only.
    """
    for guard in dataset.guards:
        name = f"guard {guard.name}"
        if guard.state == "overridden":
            yield GuardLine(sentence(name, " overridden: ", guard.words, "; because: ", Name(guard.reason)), bad=True)
        elif verbose and guard.state in {"passed", "off"}:
            yield GuardLine(sentence(f"{name} {guard.state}", _figures(guard)), quiet=True)
    yield from map(
        GuardLine, _override_lines(dataset.override, brief=brief and not verbose) if dataset.override else ()
    )


def _override_lines(how: Override, *, brief: bool) -> Iterator[Sentence]:
    """Each way to override, and what to paste on a line of its own."""
    yield (f"{TO_OVERRIDE}. For one run:",)
    yield (Command(how.options),)
    yield ("or under Pulumi:",)
    yield (Command(how.variable),)
    if brief:
        yield ("--verbose shows how for this manifest alone",)
        return
    if how.configuration:
        yield ("or for this manifest alone, in the stack's configuration:",)
        yield (Command(how.configuration),)
    if how.declaration:
        yield ("or as `allow` in project.yaml, once for train and test:",)
        yield (Command(how.declaration),)


def _figures(guard: GuardCheck) -> Sentence:
    limit = "" if guard.threshold is None else f" (up to {guard.threshold * 100:g}%)"
    return sentence(": ", guard.words, limit) if guard.words else ()


def outcome_lines(outcome: Outcome) -> list[str]:
    """`outcome_sentences` as text that is safe to show."""
    return list(map(said, outcome_sentences(outcome)))


def outcome_sentences(outcome: Outcome) -> Iterator[Sentence]:
    """What to know besides the counts: snapshots, rejected lines, marked entries, lines stored differently."""
    yield from map(snapshot_sentence, outcome.snapshots)
    if outcome.overwritten:
        yield overwritten_sentence(outcome)
    for one in outcome.rejected:
        yield sentence(_at(one.place), "rejected: ", Name(one.key), ": ", Name(one.reason))
    yield from ((line,) for line in more(outcome.rejected_total - len(outcome.rejected), "more rejected lines"))
    yield from map(_marked, outcome.marked)
    yield from ((line,) for line in more(outcome.marked_total - len(outcome.marked), "more marked entries"))
    live, statistics = outcome.live, outcome.counted
    if live and statistics and not statistics.agree_with(live):
        yield sentence(
            f"the service lists {counted(live.entries, 'entry', 'entries')}, {live.marked:,} of them marked with "
            f"errors, but its statistics count {statistics.entries:,} and {statistics.marked:,}: one of "
            "its answers is not current; run `reconciler plan` to check"
        )
    if outcome.rewritten:
        yield sentence(
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
    return said(_marked(marked))


def _marked(marked: MarkedEntry) -> Sentence:
    since = "" if marked.is_new is None else ", new with this apply" if marked.is_new else ", as before"
    marks = joined(map(_mark, {mark.code: mark for mark in marked.marks}.values()))
    return sentence(_at(marked.place), f"marked by the service{since}: ", Name(marked.key), ": ", marks)


def _mark(mark: Mark) -> Sentence:
    """A code with its meaning and cure; with AWS's text if the code is not known."""
    text = () if mark.code in ENTRY_CODES else (" (", Name(mark.message), ")")
    return sentence(Name(mark.code), f": {code_meaning(mark.code)}", text, f"; {cure_of(mark.code)}")


def _at(place: Place | None) -> Sentence:
    return (Name(place_words(place)), ": ") if place else ()
