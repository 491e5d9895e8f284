"""One dataset in a Pulumi preview: a property that is shown as added lines, and one message.

Pulumi shows the members of a property in alphabetical order, a list line by line, each line up to 150 characters; of a
message the first line on the resource's row, the rest under Diagnostics. So dangers come first, groups are at the head
of the list of entries, and both are bounded.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from reconciler.analysis.results import Balance
from reconciler.model import TO_OVERRIDE
from reconciler.review.model import DatasetReview, EntryChange, FindingCounts, Review
from reconciler.text import counted, joined
from reconciler.views.lines import chosen, fitting, left_words, more
from reconciler.views.words import EXPECTED, ORIGINS, estimate_words, finding_lines, said, shown

# How many lines of each kind are shown.
_DANGERS: Final = 6
_GROUPS: Final = 8
_ENTRIES: Final = 30
_FINDINGS: Final = 10
_LABELS: Final = 6
# Dangers that repeat refusals.
_REFUSING: Final = frozenset({"refusal", "guard"})


class Preview(Struct, frozen=True):
    """A plan in lines: its id, dangers, groups and entries, changes of labels, and what else to know.

    `refused` is appended to the first line of the message; `is_quiet`: there is nothing that a reviewer must see.
    """

    summary: str
    plan: str = ""
    dangers: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    labels: str = ""
    estimate: str = ""
    refused: str = ""
    is_quiet: bool = True

    def properties(self) -> dict[str, Any]:
        """The value of `pendingChanges`: the groups are the first of `entries`."""
        members: dict[str, Any] = {
            "dangers": list(self.dangers),
            "entries": list(self.entries),
            "estimate": self.estimate,
            "labels": self.labels,
            "plan": self.plan,
            "remarks": list(self.remarks),
            "summary": self.summary,
        }
        return {name: value for name, value in members.items() if value or name == "entries"}

    def message(self, *reasons: str) -> str:
        """The same as one text, the summary in its first line; `reasons` are other reasons for an update."""
        lines = [f"{self.summary}{self.refused}", *self.dangers, *self.entries]
        lines += [f"labels, in images: {self.labels}"] if self.labels else []
        lines += [*self.remarks, *reasons]
        lines += [f"estimate: {self.estimate}"] if self.estimate else []
        lines += [f"plan {self.plan}"] if self.plan else []
        return "\n".join(lines)


def preview_of(review: Review) -> Preview:
    """The preview of a review of one dataset."""
    dataset = review.datasets[0]
    return Preview(
        summary=said(dataset.words),
        plan=review.plan_id if dataset.project_arn else "",
        dangers=tuple(_dangers(review, dataset)),
        entries=tuple(_entries(dataset)),
        remarks=tuple(_remarks(dataset)),
        labels=_labels(dataset.balance) if dataset.balance else "",
        estimate=estimate_words(dataset.estimate) if dataset.estimate and dataset.has_changes else "",
        refused="; `pulumi up` will be refused" if dataset.refusals else "",
        is_quiet=not (dataset.changes_total or dataset.has_changes or dataset.refusals),
    )


def change_line(change: EntryChange) -> str:
    """A change in one line: its sign, the key, what changes."""
    origin = f" [{ORIGINS[change.origin]}]" if change.origin not in EXPECTED else ""
    return f"{change.sign} {shown(change.key)}  {said(change.words)}{origin}"


def _dangers(review: Review, dataset: DatasetReview) -> Iterator[str]:
    yield from (f"`pulumi up` will be refused: {said(refusal)}" for refusal in dataset.refusals)
    others = [danger for danger in review.dangers if danger.kind not in _REFUSING or danger.level != "danger"]
    kept = others[: fitting(len(others), _DANGERS)]
    yield from (f"{danger.level}: {said(danger.words)}" for danger in kept)
    yield from more(len(others) - len(kept), "more dangers")


def _entries(dataset: DatasetReview) -> Iterator[str]:
    groups = dataset.groups[: fitting(len(dataset.groups), _GROUPS)]
    for group in groups:
        words = said(joined(group.exceptions))
        but = f", except {counted(group.exception_count, 'entry', 'entries')}: {words}" if group.exceptions else ""
        yield f"* {said(group.words)}{but}"
    yield from more(len(dataset.groups) - len(groups), "more groups")
    kept, grouped = chosen(dataset, groups, _ENTRIES)
    yield from map(change_line, kept)
    left = dataset.changes_total - len(kept)
    yield from more(left, f"{left_words(left, grouped, more=bool(kept))}; `reconciler plan --verbose` shows them")


def _labels(balance: Balance) -> str:
    """The labels whose number of images changes: `RBC 12 -> 14, WBC 0 -> 3 and 2 more`."""
    rows = [row for row in balance.rows if row.images_before != row.images_after]
    kept = rows[: fitting(len(rows), _LABELS)]
    words = ", ".join(f"{shown(row.label)} {row.images_before:,} -> {row.images_after:,}" for row in kept)
    return f"{words} and {len(rows) - len(kept):,} more" if len(rows) > len(kept) else words


def _remarks(dataset: DatasetReview) -> Iterator[str]:
    if dataset.override:
        yield f"{TO_OVERRIDE}. For one `pulumi up`:\n  {said(dataset.override.variable)}"
        yield f"or for this manifest, in the stack's configuration:\n  {said(dataset.override.configuration)}"
        if dataset.override.items:
            yield "\n  ".join(["or below `allow:` in project.yaml:", *map(said, dataset.override.items)])
    yield from map(said, dataset.remarks)
    if dataset.has_changes:
        yield from _findings(dataset.findings)


def _findings(findings: FindingCounts) -> Iterator[str]:
    kept = findings.shown[: fitting(findings.total, _FINDINGS)]
    for line, cure in map(finding_lines, kept):
        yield from (line, f"  {cure}")
    yield from more(findings.total - len(kept), "more remarks on the manifest; `reconciler validate` shows them")
