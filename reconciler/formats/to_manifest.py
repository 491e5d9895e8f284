"""A manifest, made of converted lines: JSON Lines, or YAML in the short form where nothing is lost by it."""

from collections.abc import Iterable, Iterator

from reconciler.entries import parse_live
from reconciler.formats.conversion import Converted
from reconciler.formats.export import ExportedFile
from reconciler.manifest.judge.line import judge
from reconciler.manifest.write import short_line_of, yaml_manifest


def json_lines(lines: Iterable[Converted], _prefix: str) -> Iterator[ExportedFile]:
    """The lines as they are."""
    yield ExportedFile("", b"".join(line.line + b"\n" for line in lines))


def short(lines: Iterable[Converted], _prefix: str) -> Iterator[ExportedFile]:
    """The lines in the short form, each with all that it means."""
    marked = _marked(lines := list(lines))
    yield ExportedFile("", b"".join(line.line + b"\n" if line.key in marked else _short(line) for line in lines))


def _short(line: Converted) -> bytes:
    return short_line_of(line.line.decode())


def _marked(lines: Iterable[Converted]) -> frozenset[str]:
    """The keys of lines that the service will mark: these are compared by all their content, so they stay whole."""
    return frozenset(line.key for line in lines if judge(parse_live(line.line.decode())).faults)


def yaml(lines: Iterable[Converted], _prefix: str) -> Iterator[ExportedFile]:
    """The entries, with what they share in the head."""
    marked = _marked(lines := list(lines))
    texts = [line.line.decode() for line in lines]
    yield ExportedFile("", "".join(yaml_manifest(lambda: texts, marked)).encode("utf-8", "surrogatepass"))
