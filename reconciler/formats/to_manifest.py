"""A manifest, made of converted lines: JSON Lines, or YAML in the short form where nothing is lost by it."""

from collections.abc import Iterable, Iterator

from reconciler.formats.conversion import Converted
from reconciler.formats.export import ExportedFile
from reconciler.manifest.write import yaml_manifest


def json_lines(lines: Iterable[Converted], _prefix: str) -> Iterator[ExportedFile]:
    """The lines as they are."""
    yield ExportedFile("", b"".join(line.line + b"\n" for line in lines))


def yaml(lines: Iterable[Converted], _prefix: str) -> Iterator[ExportedFile]:
    """The entries, with what they share in the head."""
    texts = [line.line.decode() for line in lines]
    yield ExportedFile("", "".join(yaml_manifest(lambda: texts)).encode("utf-8", "surrogatepass"))
