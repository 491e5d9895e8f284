"""Manifests in YAML that are read entry by entry: nothing that comes of them differs from reading them in one piece."""

from collections.abc import Iterator
from io import BytesIO
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries.meaning import encoded
from reconciler.manifest.findings import Collector, MemberPath
from reconciler.manifest.rules import lines as rules
from reconciler.manifest.yaml import read as reader
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.model import Defaults
from tests.manifest.yaml_files import Writer


def paths_in(value: object, path: MemberPath = ()) -> Iterator[MemberPath]:
    """The paths of all members, and of one that is missing in each."""
    yield path
    yield (*path, "missing")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in inner:
        yield from paths_in(member, (*path, step))


def outcome(content: bytes, least: int, consumer: int) -> tuple[list[Any], Any]:
    """Lines with the places of all members, and findings; files of fewer bytes than `least` are read in one piece.

    Every `consumer`th line the caller reports an error, as one who knows the lines before.
    """
    collector, lines = Collector("x.yaml"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_CUT", least)
        for number, line in enumerate(yaml_lines(BytesIO(content), collector, defaults=Defaults(size=(32, 32)))):
            places = {path: line.locate(path) for path in paths_in(line.document)}
            lines.append((encoded(line.document), line.place, places, collector.error_count))
            if number % consumer == consumer - 1:
                collector.report(rules.NO_KEY, line.place, guess="")
    return lines, collector.findings()


def check(content: bytes, consumer: int) -> None:
    """Hold the law for one file."""
    assert outcome(content, 0, consumer) == outcome(content, len(content) + 1, consumer), content.decode(
        errors="replace"
    )


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), odd=st.sampled_from([0, 3, 30]))
def test_entry_by_entry_a_file_gives_what_it_gives_in_one_piece(seed: int, odd: int) -> None:
    """Lines, the places of all their members, findings and their order are equal for any file, however it is spoilt."""
    check(Writer(Random(seed), odd).file(), 1 + seed % 5)  # noqa: S311 - the same file for a seed
