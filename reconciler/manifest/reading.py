"""Reading one manifest from disk: lines in, findings and accepted entries out.

Knows the order of judging: form, key, the service's codes, then other lines. Refuses to know any single rule.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from reconciler.entries import without_service_fields
from reconciler.entries.encoding import encoded
from reconciler.entries.line import own_entry
from reconciler.limits import INVALID_SHARE, LINE_CHARACTERS
from reconciler.manifest.across import Across
from reconciler.manifest.files import open_regular
from reconciler.manifest.findings import Collector, Findings
from reconciler.manifest.jsonl import json_lines
from reconciler.manifest.judgement import judge
from reconciler.manifest.line import Fault, Line
from reconciler.manifest.notes import Notes
from reconciler.manifest.rules import line_rules as rules
from reconciler.manifest.source_ref import source_ref_fault
from reconciler.manifest.yaml_manifest import yaml_lines
from reconciler.model import DatasetDeclaration, DesiredEntry, Place

__all__ = ["read_manifest"]

_YAML: Final = frozenset({".yaml", ".yml"})


def read_manifest(
    dataset: DatasetDeclaration,
    labels: tuple[str, ...] | None,
    accept: Callable[[DesiredEntry], Place | None],
) -> Findings:
    """Stream a dataset's manifest: judge every line and hand the good ones to `accept`, in the file's order.

    `labels` is the project's closed list of labels, None when it is open. `accept` returns the place of an earlier
    entry with the same key, which makes this one an error, or None. A line with an error is not handed on.
    Never raises for what the file holds: everything is a finding. Memory is that of one line (JSON Lines) or one entry
    (YAML).
    """
    collector = Collector(dataset.shown, dataset.policy.marked)
    reading = _Reading(collector, Across(collector, labels, accept), Notes())
    if dataset.is_training_too:
        collector.report(rules.TRAINING_TOO, collector.place)
    with open_regular(dataset.manifest, collector) as handle:
        if handle is not None:
            for line in _lines(dataset.manifest, handle, collector):
                reading.read(line)
    return reading.findings()


def _lines(manifest: Path, handle: BinaryIO, collector: Collector) -> Iterator[Line]:
    """The lines of a manifest; everything that does not end in .yaml or .yml is JSON Lines."""
    if manifest.suffix.lower() in _YAML:
        return yaml_lines(handle, collector)
    return json_lines(handle, collector)


class _Reading:
    """One manifest on its way through the rules."""

    def __init__(self, collector: Collector, across: Across, notes: Notes) -> None:
        self._collector = collector
        self._across = across
        self._notes = notes
        self._lines = self._marked = 0

    def read(self, line: Line) -> None:
        self._across.count_line(line)
        own = without_service_fields(line.document)
        line = Line(own, line.place, line.locate)  # what the service adds to listed lines is nobody's declaration
        fault = source_ref_fault(own)
        judgement = judge(own)
        for found in (*((fault,) if fault else ()), *judgement.faults):
            self._report(found, line)
        self._lines += 1
        self._marked += bool(judgement.faults)
        self._across.see_kinds(line, judgement)
        self._notes.see(line, judgement)
        if fault is None:
            self._entry(line)

    def findings(self) -> Findings:
        if self._marked > self._lines * INVALID_SHARE:
            self._collector.report(rules.MANY_MARKED, self._collector.place, count=self._marked, lines=self._lines)
        self._notes.report(self._collector)
        return self._across.findings()

    def _entry(self, line: Line) -> None:
        entry, text = own_entry(line.document), encoded(line.document)
        self._notes.see_key(entry.key, line)
        if len(text) > LINE_CHARACTERS and len(text.decode()) > LINE_CHARACTERS:
            self._report(Fault(rules.LONG_LINE), line)
        else:
            self._across.judge(DesiredEntry(entry, text, line.place), line)

    def _report(self, fault: Fault, line: Line) -> None:
        self._collector.report(fault.rule, partial(line.locate, fault.path), **fault.details)
