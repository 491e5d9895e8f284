"""ListDatasetEntries and ListDatasetLabels: pages, filters, and the tokens between pages.

Source: API Reference, ListDatasetEntries, ListDatasetLabels; the guide's listing script (`HasErrors=False` lists
everything, `NextToken=""` is the first page). That an entry must match all of several filters is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rekognition_emulator.lines.entries import line_text
from rekognition_emulator.operations import page_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.context import Reply, Request, ServiceContext
    from rekognition_emulator.state.records import Caller, Dataset
    from rekognition_emulator.switches.all_switches import Switches

_CHUNK_ENTRIES = 1000  # entries read together, because a filter may skip many


def entry_filter(request: Request, switches: Switches) -> Callable[[Entry], bool] | None:
    """The filter of a request, or None when it has none."""
    tests: list[Callable[[Entry], bool]] = []
    if "ContainsLabels" in request:
        tests.append(_with_labels(request["ContainsLabels"], switches))
    if "Labeled" in request:
        by_mark = switches.labeled_filter == "is_labeled"
        tests.append(lambda entry: (entry.labeled if by_mark else bool(entry.used)) is request["Labeled"])
    if "SourceRefContains" in request:
        tests.append(lambda entry: request["SourceRefContains"] in entry.key)
    if request.get("HasErrors"):
        tests.append(lambda entry: entry.errors)
    combined = all if switches.filters == "all" else any
    return (lambda entry: combined(test(entry) for test in tests)) if tests else None


def _with_labels(labels: list[str], switches: Switches) -> Callable[[Entry], bool]:
    """Whether an entry has one of the labels."""
    folded = str if switches.contains_labels_case == "exact" else str.casefold
    names = frozenset(map(folded, labels))
    declared = switches.contains_labels == "declared"
    return lambda entry: not names.isdisjoint(map(folded, entry.declared if declared else entry.used))


class Listing:
    """The two listings of a dataset."""

    def __init__(self, context: ServiceContext, lifecycle: Lifecycle) -> None:
        self.context = context
        self.lifecycle = lifecycle

    def list_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """One page of lines as msgspec.Raw JSON strings; the reply has no token on the last page."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "ListDatasetEntries")
        filters = {name: value for name, value in request.items() if name not in {"NextToken", "MaxResults"}}
        listing = page_tokens.listing_id("ListDatasetEntries", filters, *self._version(dataset))
        position, size = self._position(request, listing), request.get("MaxResults", page_tokens.PAGE)
        rows = self._rows(dataset.arn, position, size + 1, entry_filter(request, self.context.switches))
        size = self._fitting(rows, size)
        reply: Reply = {"DatasetEntries": [msgspec.Raw(listed) for _, listed in rows[:size]]}
        if len(rows) > size:
            reply["NextToken"] = page_tokens.write_token(listing, rows[size - 1][0], self.context.clock.now())
        return reply

    def list_dataset_labels(self, request: Request, caller: Caller) -> Reply:
        """One page of labels in the order of their first appearance; the reply has no token on the last page."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "ListDatasetLabels")
        listing = page_tokens.listing_id("ListDatasetLabels", dataset.arn, *self._version(dataset))
        position, size = self._position(request, listing), request.get("MaxResults", page_tokens.PAGE)
        labels = [(label, count) for label, count in dataset.tally.labels.items() if count.used or self._all_labels]
        described = []
        for label, count in labels[position : position + size]:
            stats = {"EntryCount": count.used} | ({"BoundingBoxCount": count.boxed} if count.boxed else {})
            described.append({"LabelName": label, "LabelStats": stats})
        reply: Reply = {"DatasetLabelDescriptions": described}
        if len(labels) > position + size:
            reply["NextToken"] = page_tokens.write_token(listing, position + size, self.context.clock.now())
        return reply

    def _fitting(self, rows: list[tuple[int, bytes]], size: int) -> int:
        """How many of the rows fit on a page by the switch `page_bytes`: at least one."""
        most, so_far = self.context.switches.page_bytes, 0
        for count, (_, listed) in enumerate(rows[:size] if most else []):
            so_far += len(line_text(listed).encode())
            if so_far > most and count:
                return count
        return size

    def _version(self, dataset: Dataset) -> list[float]:
        """What a token is bound to besides the listing: the last update, by the switch `tokens_after_update`."""
        return [dataset.updated] if self.context.switches.tokens_after_update != "go on" else []

    @property
    def _all_labels(self) -> bool:
        return self.context.switches.labels_counted == "declared"

    def _position(self, request: Request, listing: str) -> int:
        lifetime = self.context.switches.token_lifetime
        return page_tokens.read_token(request.get("NextToken"), listing, self.context.clock.now(), lifetime)

    def _rows(
        self, arn: str, position: int, limit: int, keep: Callable[[Entry], bool] | None
    ) -> list[tuple[int, bytes]]:
        if keep is None:
            return self.context.store.lines_after(arn, position, limit)
        found: list[tuple[int, bytes]] = []
        while len(found) < limit and (rows := self.context.store.entries_after(arn, position, _CHUNK_ENTRIES)):
            found += [(place, entry.listed) for place, entry in rows if keep(entry)]
            position = rows[-1][0]
        return found[:limit]
