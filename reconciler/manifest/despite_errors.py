"""The entries of a manifest that may not be sent: as many as can be understood, for looking at them.

A line counts when it is an object with a text `source-ref`, whatever else is wrong with it. What is wrong is said by
`reconciler.manifest.read_manifest`; nothing read here is ever sent.

Knows the two forms of a manifest. Refuses to judge.
"""

from collections.abc import Iterator
from typing import Final

from reconciler.entries import SOURCE_REF, compact, entry_of, without_service_fields
from reconciler.manifest.files import open_regular
from reconciler.manifest.findings import Collector
from reconciler.manifest.jsonl import json_lines
from reconciler.manifest.yaml_manifest import yaml_lines
from reconciler.model import DatasetDeclaration, DesiredEntry

__all__ = ["entries_despite_errors"]

_YAML: Final = frozenset({".yaml", ".yml"})


def entries_despite_errors(dataset: DatasetDeclaration) -> Iterator[DesiredEntry]:
    """The entries of a manifest in its order; of several with one key all are given."""
    collector = Collector(dataset.shown)
    with open_regular(dataset.manifest, collector) as handle:
        if handle is None:
            return
        yaml = dataset.manifest.suffix.lower() in _YAML
        for line in yaml_lines(handle, collector) if yaml else json_lines(handle, collector):
            own = without_service_fields(line.document)
            if isinstance(own.get(SOURCE_REF), str):
                yield DesiredEntry(entry_of(own), compact(own), line.place)
