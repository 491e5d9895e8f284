"""The lines of a file in any form: AWS's JSON Lines, the short form of JSON Lines, or YAML.

A line with `image` in the place of `source-ref` is short: it has the members of an entry in YAML, as JSON, and becomes
the same line. What is wrong with it has its place in the line.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

from reconciler.entries import SOURCE_REF
from reconciler.manifest.findings import Collector, MemberPath, ParsedLine
from reconciler.manifest.jsonl import RAW_LINE_BYTES, other_json_lines, plain_object
from reconciler.manifest.yaml.entry import ENTRY_KEYS, LABEL_KEYS, Head, head_of, written_entry
from reconciler.manifest.yaml.expand import expand
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node, Scalar, SequenceNode
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.model import NO_DEFAULTS, Defaults, Place
from reconciler.rule import Rule

_YAML: Final = frozenset({".yaml", ".yml"})
IMAGE: Final = "image"


def is_yaml(name: str | PurePath) -> bool:
    """Whether a file is YAML, by its name; every other file is JSON Lines."""
    return PurePath(name).suffix.lower() in _YAML


def file_lines(
    name: str | PurePath, handle: BinaryIO, collector: Collector, defaults: Defaults = NO_DEFAULTS
) -> Iterator[ParsedLine]:
    """The lines of a file, each as AWS's own, in order; everything else becomes a finding."""
    lines = other_lines(name, handle, collector, defaults, lambda _number, _start, _raw: False)
    return (line for line in lines if line)


def other_lines(
    name: str | PurePath,
    handle: BinaryIO,
    collector: Collector,
    defaults: Defaults,
    is_taken: Callable[[int, int, bytes], bool],
) -> Iterator[ParsedLine | None]:
    """What `file_lines` gives, without lines of JSON Lines that the caller takes; for some of them it gives None."""
    if is_yaml(name):
        yield from yaml_lines(handle, collector, defaults=defaults)
        return
    head = head_of({}, Fields(lambda *_args, **_details: None), defaults)
    for line in other_json_lines(handle, collector, is_taken):
        if line is None or not is_short(line.document):
            yield line
        elif (whole := expanded(line, head, collector.report)) is not None:
            yield whole


def is_short(document: Mapping[str, Any]) -> bool:
    """Whether a line is meant as a short one."""
    return (
        IMAGE in document
        and SOURCE_REF not in document
        and (any(name in document for name in LABEL_KEYS) or document.keys() <= set(ENTRY_KEYS))
    )


def has_short_lines(path: Path) -> bool:
    """Whether the first line of a file is a short one."""
    with path.open("rb") as handle:
        document = plain_object(handle.readline(RAW_LINE_BYTES).removeprefix(b"\xef\xbb\xbf"))
    return document is not None and is_short(document)


def expanded(line: ParsedLine, head: Head, report: Callable[..., object]) -> ParsedLine | None:
    """The line that a short one stands for; None after reporting what is wrong with it."""
    paths: list[MemberPath] = []
    errors = list[Rule]()

    def place_of(node: Node) -> Place:
        return line.locate(paths[node.line - 1]) if node.line else line.place

    def tell(rule: Rule, number: int, _column: int, **details: object) -> None:
        errors.append(rule)
        report(rule, partial(line.locate, paths[number - 1]) if number else line.place, **details)

    fields = Fields(tell)
    mapping = fields.mapping(_node(line.document, (), paths), "an entry", ENTRY_KEYS)
    entry = None if mapping is None else written_entry(mapping, head, fields)
    if entry is None or errors:
        return None
    document, nodes = expand(entry)
    return ParsedLine(document, line.place, lambda path: place_of(_nearest(nodes, path)))


def _nearest(nodes: Mapping[MemberPath, Node], path: MemberPath) -> Node:
    """Where the innermost part around a path was written."""
    while path not in nodes:
        path = path[:-1]
    return nodes[path]


def _node(value: object, path: MemberPath, paths: list[MemberPath]) -> Node:
    """A JSON value as a node of YAML, whose line is the number of its path."""
    paths.append(path)
    number = len(paths)
    if isinstance(value, dict):
        members = {name: _node(member, (*path, name), paths) for name, member in value.items()}
        names = {name: Scalar(name, False, members[name].line, 1) for name in members}  # noqa: FBT003 - in quotes
        return MappingNode(members, names, number, 1, 1)
    if isinstance(value, list):
        return SequenceNode(tuple(_node(item, (*path, index), paths) for index, item in enumerate(value)), number, 1, 1)
    text = isinstance(value, str)
    return Scalar(str(value) if text else json.dumps(value), not text, number, 1)
