"""Plans, findings and outcomes as plain text: the lines that a terminal, a preview and a log share.

Knows words and numbers. Refuses to know colour and width (the command line adds them) and who reads it. Everything
from manifests and the service passes through `inert`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from reconciler.codes import ENTRY_CODES, cure_of, meaning_of
from reconciler.comparison import describe
from reconciler.inert import inert
from reconciler.ledger import Ledger
from reconciler.model import Change, Extra, Finding, Mark
from reconciler.outcome import MarkedEntry, Outcome, Rejected
from reconciler.plan import Action, Plan, shown_changes, shown_total
from reconciler.progress import Progress

__all__ = [
    "SHOWN",
    "change_line",
    "change_lines",
    "counted",
    "finding_line",
    "marks_text",
    "outcome_lines",
    "outcome_summary",
    "progress_line",
    "size",
    "snapshot_line",
    "summary",
]

# So many changes are shown line by line; the rest is a count.
SHOWN: Final = 50
_KILO: Final = 1000


def summary(plan: Plan) -> str:
    """The plan in one line: what would happen, in figures."""
    parts = [_action(plan), *_verbs(plan)]
    if plan.lines:
        parts.append(f"{counted(plan.batches, 'batch', 'batches')}, {size(plan.bytes)}")
    return "; ".join(part for part in parts if part)


def change_lines(ledger: Ledger, plan: Plan, limit: int | None = SHOWN) -> list[str]:
    """One line a change (`+ key  labels`), at most `limit`, the rest as a count."""
    shown = [change_line(change) for change in islice(shown_changes(ledger, plan), limit)]
    total = shown_total(plan)
    if limit is not None and total > len(shown):
        shown.append(f"... and {total - len(shown):,} more")
    return shown


def change_line(change: Change) -> str:
    """A change in one line: its sign, the key, what changes."""
    return f"{change.verb.value} {inert(change.key)}  {inert(describe(change))}"


def finding_line(finding: Finding) -> str:
    """A finding in one line: place, class, what is wrong, the cure."""
    place = inert(str(finding.place))
    return f"{place}: {finding.severity.value}: {inert(finding.message, 600)}; {inert(finding.cure, 600)}"


def outcome_summary(outcome: Outcome) -> str:
    """What an apply did, in one line."""
    done = [
        f"{many:,} {word}"
        for many, word in ((outcome.add, "added"), (outcome.update, "updated"), (outcome.unlabel, "unlabelled"))
        if many
    ]
    if not done:
        return "nothing was sent" if outcome.error is None else "nothing was applied"
    return f"{', '.join(done)} in {counted(outcome.batches, 'batch', 'batches')}"


def outcome_lines(outcome: Outcome) -> list[str]:
    """What should be known besides: snapshots, rejected lines, marked entries, lines stored differently."""
    lines = [snapshot_line(where) for where in outcome.snapshots]
    lines += [_rejected(one) for one in outcome.rejected]
    lines += _more(outcome.rejected_total - len(outcome.rejected), "rejected lines")
    lines += [_marked(row) for row in outcome.marked]
    lines += _more(outcome.marked_total - len(outcome.marked), "marked entries")
    lines += _disagreement(outcome)
    if outcome.rewritten:
        lines.append(
            f"not stored as sent: {counted(outcome.rewritten, 'entry means', 'entries mean')} what was sent but "
            "the service stores other fields; remembered, not sent again"
        )
    return lines


def snapshot_line(where: str) -> str:
    """Where the entries of a deleted dataset are, and what brings them back."""
    return f"what was live before the delete is kept in {inert(where)}; `reconciler restore` brings it back"


def progress_line(progress: Progress) -> str:
    """`batch 3 of 12, 41 %, about 2 min left`, or what is being done."""
    if not progress.batches:
        return inert(progress.doing)
    left = "" if progress.seconds_left is None else f", about {_duration(progress.seconds_left)} left"
    return f"batch {progress.batch} of {progress.batches}, {progress.fraction:.0%}{left}".replace("%", " %")


def size(number: int) -> str:
    """Bytes as people say them: `812 B`, `36.7 kB`, `4.9 MB`."""
    if number < _KILO:
        return f"{number} B"
    if number < _KILO**2:
        return f"{number / _KILO:.1f} kB"
    return f"{number / _KILO**2:.1f} MB"


def counted(number: int, one: str, many: str) -> str:
    """`1 entry`, `2,000 entries`."""
    return f"{number:,} {one if number == 1 else many}"


def _action(plan: Plan) -> str:
    if plan.action is Action.CREATE:
        return "the dataset will be created"
    if plan.action is Action.REPLACE:
        going = counted(plan.live.entries if plan.live else 0, "live entry goes", "live entries go")
        return (
            f"the dataset will be DELETED and created anew (new ARN): {going}, "
            f"{plan.live_only:,} of them not in the manifest"
        )
    if plan.action is Action.NOTHING:
        return f"up to date: {counted(plan.desired.entries, 'entry', 'entries')}"
    return ""


def _verbs(plan: Plan) -> Iterator[str]:
    words = ((plan.add, "to add"), (plan.update, "to update"), (plan.unlabel, "to unlabel"))
    doing = ", ".join(f"{many:,} {word}" for many, word in words if many)
    if doing:
        yield doing
    if plan.live_only and plan.action is not Action.REPLACE and plan.policy.extra is not Extra.UNLABEL:
        yield f"{plan.live_only:,} live only"
    if plan.unchanged and plan.lines:
        yield f"{plan.unchanged:,} unchanged"
    if plan.ignored:
        yield f"{plan.ignored:,} differ only in fields that are ignored"
    if plan.marked:
        yield f"{plan.marked:,} live {'entry is' if plan.marked == 1 else 'entries are'} marked with errors"
    for guard, reason in plan.overrides:
        yield f"guard {guard} overridden: {inert(reason)}"
    if plan.by_label:
        yield "sent ordered by label to stay within 250 labels"


def _rejected(rejected: Rejected) -> str:
    place = f"{inert(str(rejected.place))}: " if rejected.place else ""
    return f"{place}rejected: {inert(rejected.key)}: {rejected.reason}"


def marks_text(marks: Iterable[Mark]) -> str:
    """An entry's marks, each code once: `CODE: what it means; the cure`; AWS's text where the code is not known."""
    return "; ".join(_mark(mark) for mark in {mark.code: mark for mark in marks}.values())


def _marked(entry: MarkedEntry) -> str:
    place = f"{inert(str(entry.place))}: " if entry.place else ""
    since = "new with this apply" if entry.is_new else "as before"
    return f"{place}marked by the service, {since}: {inert(entry.key)}: {marks_text(entry.marks)}"


def _mark(mark: Mark) -> str:
    said = "" if mark.code in ENTRY_CODES else f" ({inert(mark.message)})"
    return f"{inert(mark.code)}: {meaning_of(mark.code)}{said}; {cure_of(mark.code)}"


def _disagreement(outcome: Outcome) -> Iterator[str]:
    """That what was listed is not what the service itself counts: one of its two answers is not current."""
    listed, said = outcome.live, outcome.counted
    if listed is None or said is None or said.agree_with(listed):
        return
    yield (
        f"the service lists {counted(listed.entries, 'entry', 'entries')}, {listed.marked:,} of them marked with "
        f"errors, but its statistics count {said.entries:,} and {said.marked:,}: one of its answers is not current; "
        "look again with `reconciler plan`"
    )


def _more(rest: int, what: str) -> list[str]:
    return [f"... and {rest:,} more {what}"] if rest > 0 else []


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
