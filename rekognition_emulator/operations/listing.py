"""ListDatasetEntries and ListDatasetLabels: pages, tokens, filters.

Source: API Reference, ListDatasetEntries, ListDatasetLabels; the guide's listing script (`HasErrors=False` lists
everything, `NextToken=""` is the first page). That several filters all have to hold is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rekognition_emulator.lines.entries import plain
from rekognition_emulator.operations import page_tokens as tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.backend import Backend
    from rekognition_emulator.state.records import Caller, Dataset
    from rekognition_emulator.switches.table import Switches

Request = dict[str, Any]
Reply = dict[str, Any]

_CHUNK = 1000  # entries looked at together when a filter may skip many


def wanted(request: Request, switches: Switches) -> Callable[[Entry], bool] | None:
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
    spelt = str if switches.contains_labels_case == "exact" else str.casefold
    names = frozenset(map(spelt, labels))
    declared = switches.contains_labels == "declared"
    return lambda entry: not names.isdisjoint(map(spelt, entry.declared if declared else entry.used))


class Listing:
    """The two listings of a dataset."""

    def __init__(self, backend: Backend, lifecycle: Lifecycle) -> None:
        self.backend = backend
        self.lifecycle = lifecycle

    def list_dataset_entries(self, request: Request, caller: Caller) -> Reply:
        """One page of lines, as they stand on the wire; the token is absent on the last page."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "ListDatasetEntries")
        filters = {name: value for name, value in request.items() if name not in {"NextToken", "MaxResults"}}
        name = tokens.scope("ListDatasetEntries", filters, *self._version(dataset))
        position, size = self._position(request, name), request.get("MaxResults", tokens.PAGE)
        rows = self._rows(dataset.arn, position, size + 1, wanted(request, self.backend.switches))
        size = self._fitting(rows, size)
        reply: Reply = {"DatasetEntries": [msgspec.Raw(listed) for _, listed in rows[:size]]}
        if len(rows) > size:
            reply["NextToken"] = tokens.write(name, rows[size - 1][0], self.backend.clock.now())
        return reply

    def list_dataset_labels(self, request: Request, caller: Caller) -> Reply:
        """One page of labels in the order of their first appearance."""
        dataset = self.lifecycle.dataset(request["DatasetArn"], caller, "ListDatasetLabels")
        name = tokens.scope("ListDatasetLabels", dataset.arn, *self._version(dataset))
        position, size = self._position(request, name), request.get("MaxResults", tokens.PAGE)
        labels = [(label, count) for label, count in dataset.tally.labels.items() if count.used or self._all_labels]
        described = []
        for label, count in labels[position : position + size]:
            stats = {"EntryCount": count.used} | ({"BoundingBoxCount": count.boxed} if count.boxed else {})
            described.append({"LabelName": label, "LabelStats": stats})
        reply: Reply = {"DatasetLabelDescriptions": described}
        if len(labels) > position + size:
            reply["NextToken"] = tokens.write(name, position + size, self.backend.clock.now())
        return reply

    def _fitting(self, rows: list[tuple[int, bytes]], size: int) -> int:
        """How many of the rows a page may have: at least one."""
        most, so_far = self.backend.switches.page_bytes, 0
        for count, (_, listed) in enumerate(rows[:size] if most else []):
            so_far += len(plain(listed).encode())
            if so_far > most and count:
                return count
        return size

    def _version(self, dataset: Dataset) -> list[float]:
        """What tokens belong to beside the listing: the dataset's last update, if a switch says so."""
        return [dataset.updated] if self.backend.switches.tokens_after_update != "go on" else []

    @property
    def _all_labels(self) -> bool:
        return self.backend.switches.labels_counted == "declared"

    def _position(self, request: Request, name: str) -> int:
        lifetime = self.backend.switches.token_lifetime
        return tokens.read(request.get("NextToken"), name, self.backend.clock.now(), lifetime)

    def _rows(
        self, arn: str, position: int, limit: int, keep: Callable[[Entry], bool] | None
    ) -> list[tuple[int, bytes]]:
        if keep is None:
            return self.backend.store.lines_after(arn, position, limit)
        found: list[tuple[int, bytes]] = []
        while len(found) < limit and (rows := self.backend.store.entries_after(arn, position, _CHUNK)):
            found += [(place, entry.listed) for place, entry in rows if keep(entry)]
            position = rows[-1][0]
        return found[:limit]
