"""The commands of the pages are typed, one page after the other, and do what the pages say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator.sources.s3 import serve_s3
from tests.support.quick_clock import hurry
from tests.support.reader import PART, ROOT, Worlds, pictures, unseen, worlds_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for part in ("*", "docs/**/*", "examples/**/*")
    for path in sorted(ROOT.glob(f"{part}.md"))
}
TYPED = [name for name, text in PAGES.items() if any(steps for _world, steps in worlds_of(text))]
# Blocks that are not typed, or not all of their commands; the page says why.
NOT_RUN = {
    "README.md": 2,
    "docs/emulator.md": 4,
    "docs/getting-started.md": 3,
    "docs/localengine.md": 1,
    "docs/pulumi.md": 1,
    "docs/reliability.md": 1,
    "docs/review.md": 1,
    "docs/snapshots.md": 1,
    "docs/stages.md": 1,
    "docs/testing.md": 1,
    "examples/two-stages/README.md": 1,
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """What pages begin with is made once, and copied for each; one S3 has the pictures, and what pages keep there."""
    folder = tmp_path_factory.mktemp("worlds")
    pictures([str(folder / "s3" / "cells"), "50", "640", "480"])
    with serve_s3({"acme-vision": folder / "s3", "acme-keep": folder / "s3"}) as s3:
        yield Worlds(folder, s3)


@pytest.mark.parametrize("page", TYPED)
def test_a_reader_who_types_the_page_sees_what_it_shows(
    page: str, prepared: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command ends with the exit code that the page says, and prints the lines that it shows."""
    hurry(monkeypatch)
    for number, (world, steps) in enumerate(worlds_of(PAGES[page])):
        with prepared.copy(world, tmp_path / str(number), monkeypatch) as reader:
            for step in steps:
                if "jq " in step.command and not shutil.which("jq"):
                    pytest.skip("jq is not installed")
                code, printed = reader.types(step.command)
                assert code == step.code, f"$ {step.command}\n{printed}"
                assert not unseen(step.shown, printed), f"$ {step.command}\n{printed}"


def test_a_page_says_where_it_leaves_lines_out() -> None:
    """Lines that were not printed one after another are seen as wrong, unless `...` is between them."""
    assert unseen("a\nb\n...\nd\n", "0\na\n\nb\nc\nd\n") == ""
    assert unseen("a\nc\n", "a\nb\nc\n") == "a\nc"
    assert unseen("...\nb\n...\na\n", "a\nb\n") == "a"


def test_every_block_that_is_not_typed_says_why() -> None:
    """The marks are counted, so that none comes by accident; each gives a reason of several words."""
    reasons = {page: [part["reason"] for part in PART.finditer(text) if part["reason"]] for page, text in PAGES.items()}
    assert {page: len(said) for page, said in reasons.items() if said} == NOT_RUN
    assert all(len(reason.split()) >= 2 for said in reasons.values() for reason in said)


def test_what_is_typed_elsewhere_names_the_place() -> None:
    """A part of a page that another file types, or is made by it, names that file, which names the page."""
    for page, text in PAGES.items():
        for part in PART.finditer(text):
            if part["word"] == "world" and part["said"].endswith(".py"):
                assert page.rpartition("/")[2] in (ROOT / part["said"]).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_command_is_in_a_block_that_is_typed(page: str) -> None:
    """A block that begins with the name of a program is `console`, with `$ ` before each command, or is marked.

    All blocks are of a language that the site can show: it draws no diagrams.
    """
    blocks = [part for part in PART.finditer(PAGES[page]) if part["block"]]
    assert {part["language"] for part in blocks} <= {"", "console", "json", "python", "text", "yaml"}
    for part in (part for part in blocks if not part["reason"]):
        first = part["block"].split(maxsplit=1)[0]
        assert (first == "$") == (part["language"] == "console"), part["block"]
        assert first not in {"reconciler", "pulumi", "python", "pip", "make", "git", "aws", "npm"}, part["block"]
