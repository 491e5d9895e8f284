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
from reconciler.manifest.yaml.common_entries import CommonEntries
from reconciler.manifest.yaml.common_text import NOWHERE
from reconciler.manifest.yaml.entry import Head
from reconciler.manifest.yaml.expand import DEFAULTS, Shared
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.model import Defaults
from tests.manifest.yaml_cases import RAW_BOXES, RAW_CASES, YAML_CASES, entry
from tests.manifest.yaml_files import COMMON, UNCOMMON, Writer

# So many members of a line are asked for their places.
PLACES = 12


def paths_in(value: object, path: MemberPath = ()) -> Iterator[MemberPath]:
    """The paths of all members, and of one that is missing in each."""
    yield path
    yield (*path, "missing")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in inner:
        yield from paths_in(member, (*path, step))


def some_paths(document: object) -> list[MemberPath]:
    """Paths from all over a line."""
    paths = list(paths_in(document))
    return paths[:: max(1, len(paths) // PLACES)]


def outcome(content: bytes, least: int, consumer: int) -> tuple[list[Any], Any]:
    """Lines with the places of members, and findings; files of fewer bytes than `least` are read in one piece.

    Every `consumer`th line the caller reports an error, as one who knows the lines before.
    """
    collector, lines = Collector("x.yaml"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_CUT", least)
        for number, line in enumerate(yaml_lines(BytesIO(content), collector, defaults=Defaults(size=(32, 32)))):
            places = {path: line.locate(path) for path in some_paths(line.document)}
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
    """Lines, the places of their members, findings and their order are equal for any file, however it is spoilt."""
    random = Random(seed)  # noqa: S311 - the same files for a seed
    for _ in range(3):
        check(Writer(random, odd).file(), 1 + seed % 5)


def test_a_broken_rule_is_found_at_its_place_entry_by_entry_too() -> None:
    """Each case of a rule gives the same alone, and with other entries above it and below it."""
    good = "entries:\n  - image: s3://pics/z.jpg\n    labels: [z]\n"
    cases = [text for _code, text in YAML_CASES] + [entry(RAW_BOXES.replace(*case[1:])) for case in RAW_CASES]
    for text in (case.replace("§", "") for case in cases):
        check(text.encode(), 2)
        check(f"{text.replace('entries:' + chr(10), good)}  - image: y.jpg\n".encode(), 2)


@pytest.mark.parametrize("text", [*COMMON, COMMON[10].replace("\n", "\r\n")])
def test_an_entry_of_the_common_form_reaches_no_scanner(text: str) -> None:
    """What our writer and people write is read without events of YAML, and alike."""
    head = Head("s3://pics", Shared(((640, NOWHERE), (480, NOWHERE))).over(DEFAULTS), frozenset())

    assert CommonEntries(4, head).read(text.encode()) is not None
    check(f"images: s3://pics/\nsize: [640, 480]\nentries:\n  - {text}\n  - {text}\n".encode(), 3)


@pytest.mark.parametrize("text", UNCOMMON)
def test_an_entry_that_is_not_common_is_read_as_in_one_piece(text: str) -> None:
    """It may be the first, the last or between others, at the margin or further in, with a list written twice above."""
    for indent in ("", "  "):
        mine = text if indent else text.replace("\n  ", "\n")
        margin = f"{indent}  "
        good = f"{indent}- image: b.jpg\n{margin}boxes: []\n"
        for entries in (good + f"{indent}- {mine}\n" + good, f"{indent}- {mine}\n" + good, good + f"{indent}- {mine}"):
            check(f"images: s3://pics/\nsize: [64, 64]\nentries:\n{entries}".encode(), 3)


@pytest.mark.parametrize(
    "head",
    [
        *(
            "entries: [a]\nentries:",
            "entries:#",
            "entries: # all",
            "---\nentries:",
            "%YAML 1.1\n---\nentries:",
            "x: 1\nentries:",
        ),
        *(
            "images: s3://pics/\n  more\nentries:",
            "images: 's3://pics/'#\nentries:",
            "images: s3://pics/ # a\n# b\n\nentries:",
        ),
        *(
            "size: [64, 64]\nsize: [1, 1]\nentries:",
            "images: pics\nentries:",
            "created:\nentries:",
            "images: |\n  x\nentries:",
        ),
        *(
            "'entries':",
            "entries :",
            "entries: !t",
            "entries: &a",
            "entries:\n  # b\n\n#c",
            "images: a: b\nentries:",
            "\ufeffentries:",
        ),
        *(
            "images: s3://b/\t# x\nentries:",
            "images: s3://b/\r\nentries: \r\n",
            "source-ref: x\nentries:",
            "entries: []\nx:",
        ),
    ],
)
def test_any_head_is_read_as_in_one_piece(head: str) -> None:
    """What is above the list, on its line or behind it is not common unless it surely leaves the list as it is."""
    entries = "  - image: s3://pics/a.jpg\n    boxes: []\n  - image: b.jpg\n"

    check(f"{head}\n{entries}".encode(), 3)
    check(f"{head}\n{entries}size: [64, 64]\n".encode(), 3)


def test_aliases_are_bounded_by_the_whole_file() -> None:
    """How many nodes aliases may add depends on what is written above them, also where that was read in pieces."""
    tens = {new: f"&{new} [{', '.join([old] * 10)}]" for new, old in zip("abcd", ["x", "*a", "*b", "*c"], strict=True)}
    many = "".join(f"    {name}: {value}\n" for name, value in tens.items())
    bomb = f"  - image: s3://pics/a.jpg\n{many}    e: [{', '.join(['*d'] * 10)}]\n"
    good = "".join(f"  - image: s3://pics/{number}.jpg\n    labels: [a, b, c]\n" for number in range(600))

    check(f"entries:\n{good}{bomb}".encode(), 7)
    check(f"entries:\n{bomb}".encode(), 7)
