"""The labels that the class-maps of a manifest declare, whether a box has them or not.

Custom Labels counts "labels declared in the dataset" (botocore service-2.json, DatasetStats), and allows 250; whether a
label that only stands in a class-map counts, AWS does not say. Refuses to know labels that are used (`across.py`).
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from reconciler.entries import BOXES_TYPE, METADATA
from reconciler.limits import DATASET_LABELS
from reconciler.manifest.findings import Collector
from reconciler.manifest.line import Line
from reconciler.manifest.rules import line_rules as rules

if TYPE_CHECKING:
    from reconciler.model import Place

__all__ = ["ClassMaps"]

# Labels that are remembered: a manifest that declares others in every line costs no memory.
_KEPT: Final = 10_000


class ClassMaps:
    """What was declared so far; lines come in the file's order."""

    def __init__(self) -> None:
        self._labels: set[str] = set()
        self._last: Any = None
        self._beyond: Place | None = None

    def see(self, line: Line) -> None:
        """Remember what a line declares. Most lines repeat the class-map of the one before."""
        for name, metadata in line.document.items():
            if not name.endswith(METADATA) or not isinstance(metadata, dict) or metadata.get("type") != BOXES_TYPE:
                continue
            class_map = metadata.get("class-map")
            if isinstance(class_map, dict) and class_map != self._last:
                self._last = class_map
                self._add(class_map, name, line)

    def report(self, collector: Collector, used: Collection[str]) -> None:
        """Note labels beyond the limit, unless those that are used pass it already, which is an error."""
        if self._beyond is None or len(used) > DATASET_LABELS:
            return
        place, more = self._beyond, " or more" if len(self._labels) >= _KEPT else ""
        collector.report(rules.DECLARED_LABELS, lambda: place, count=len(self._labels), more=more, used=len(used))

    def _add(self, class_map: dict[str, Any], name: str, line: Line) -> None:
        for class_id, label in class_map.items():
            if not isinstance(label, str) or label in self._labels or len(self._labels) >= _KEPT:
                continue
            self._labels.add(label)
            if self._beyond is None and len(self._labels) > DATASET_LABELS:
                self._beyond = line.locate((name, "class-map", class_id))
