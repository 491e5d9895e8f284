"""A manifest in either form, JSON Lines or YAML by its file's ending, as the source of a conversion.

A line's text stays as it is; an entry of YAML becomes the line that it stands for.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Final

from reconciler.entries import SOURCE_REF, compact
from reconciler.formats.conversion import Converted, Keys, Unreadable
from reconciler.manifest.findings import Collector
from reconciler.manifest.forms import file_lines
from reconciler.model import Finding
from reconciler.rule import error

NO_KEY: Final = error(
    "manifest-line", "the line has no `source-ref`", "correct what `reconciler validate` reports first"
)


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, _created: str) -> Iterator[Converted | Finding]:
    """The lines of manifests, and what is wrong with their form; a file's findings come before its lines."""
    for file, content in files:
        collector = Collector(file)
        lines: list[Converted] = []
        refused: list[Finding] = []
        for line in file_lines(file, BytesIO(content), collector):
            key = line.document.get(SOURCE_REF)
            try:
                if not isinstance(key, str):
                    raise Unreadable(NO_KEY, line.place)  # noqa: TRY301 - told beside the others
                lines.append(Converted(keys.of(key, line.place), compact(line.document), line.place))
            except Unreadable as fault:
                refused.append(fault.finding)
        yield from collector.findings()
        yield from refused
        yield from lines
