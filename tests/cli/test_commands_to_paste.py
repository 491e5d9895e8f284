"""Commands that are printed for pasting: a shell takes from them exactly the names that they are about."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.text import PASTED_IN_A_CURE, for_shell, inert
from reconciler.views.words import said

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

TEXTS = st.text(st.sampled_from("ab'\"$`\\;&|<>(){}[]*?!#~-= \t\n\x1b\u202e\xa0\u3164\xe9\u05d0")) | st.text(
    max_size=60
)
# Names that a file may have, without what no terminal shows.
NAMES = st.text(st.sampled_from("ab'\"$`;&|<>(){}[]*?!#~-= \xe9\u05d0."), min_size=1, max_size=30)
MULTILABEL = "groundtruth/image-classification-multilabel"


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("a'; $(touch x) '")
@example("'" * 300 + "$(touch x)")
def test_an_argument_is_whole_and_shown_as_it_is_or_left_out(text: str) -> None:
    """`shlex.split` gives back the text, also after a view made it inert; what cannot be shown is a word instead."""
    argument = for_shell(text, "NAME")
    assert shlex.split(f"command {argument} --end") in (["command", text, "--end"], ["command", "NAME", "--end"])
    assert said(argument, 600) == inert(argument) == argument
    if text.isascii() and text.isprintable() and len(text) < 30:
        assert shlex.split(argument) == [text]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
@example("a b")
@example("$(touch hurt)")
@example("it's `x`; rm -r *")
@example("'" * 30)
@example("-n")
@example(";;;;;;;;;;;;;;;;;;;;;''")
def test_the_command_that_settles_a_type_names_its_file(world: World, name: str) -> None:
    """Whatever the file is called, the command changes that file and no other; FILE where its quotes take too much."""
    metadata = {"class-name": "cat", "confidence": 1, "type": MULTILABEL, "human-annotated": "yes"}
    metadata |= {"creation-date": "2020-01-01T00:00:00", "job-name": "a"}
    line = {"source-ref": "s3://acme/1.jpg", "cat": 1, "cat-metadata": metadata}
    path = world.folder / f"{name}.jsonl"
    path.write_text(json.dumps(line) + "\n")
    try:
        said_of = world.run("validate", f"./{name}.jsonl").out
        (command,) = [row for row in said_of.splitlines() if "reconciler convert jsonl" in row]
        words = shlex.split(command[command.index("reconciler convert") :])
        file = f"./{name}.jsonl" if name.startswith("-") else f"{name}.jsonl"
        file = file if len(shlex.quote(file)) <= PASTED_IN_A_CURE else "FILE"
        assert words[words.index("jsonl") + 1] == words[words.index("-o") + 1] == file
        assert len(words) == words.index("-o") + 2
    finally:
        path.unlink()


def test_a_name_that_looks_like_an_option_is_pasted_as_a_file(world: World) -> None:
    """The command was answered with: there is no option -n.jsonl."""
    metadata = {"class-name": "cat", "confidence": 1, "type": MULTILABEL, "human-annotated": "yes"}
    metadata |= {"creation-date": "2020-01-01T00:00:00", "job-name": "a"}
    line = {"source-ref": "s3://acme/1.jpg", "cat": 1, "cat-metadata": metadata}
    (world.folder / "-n.jsonl").write_text(json.dumps(line) + "\n")
    (command,) = re.findall("reconciler (convert .*)", world.run("validate", "./-n.jsonl").out)
    assert world.run(*shlex.split(command)).code == 0
    assert "multilabel-type" not in world.run("validate", "./-n.jsonl").out


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "a\u202eb"])
def test_a_name_that_acts_is_left_out_of_the_command(world: World, name: str) -> None:
    """The command has a word in its place; the finding shows the name with escapes."""
    metadata = {"class-name": "cat", "confidence": 1, "type": MULTILABEL, "human-annotated": "yes"}
    metadata |= {"creation-date": "2020-01-01T00:00:00", "job-name": "a"}
    (world.folder / f"{name}.jsonl").write_text(
        json.dumps({"source-ref": "s3://acme/1.jpg", "cat": 1, "cat-metadata": metadata}) + "\n"
    )
    assert "reconciler convert jsonl FILE --fix-types -o FILE" in world.run("validate", f"./{name}.jsonl").out


LABELS = st.text(
    st.sampled_from("ab'\"$`;&|<>(){}=->,:\\!~* \xe9\u05d0\x1b\n\u202e\xa0\u3164"), min_size=1, max_size=12
)


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LABELS.filter(lambda label: label.strip() != "RBC"))
@example("Red cell")
@example("$(touch hurt)->'x'=\"y\"; shrink")
@example("a  b ")
@example("\x1b[2J\n\u202e")
def test_the_override_of_a_renamed_label_is_pasted_as_it_is_printed(account: Account, world: World, label: str) -> None:
    """A label in the name of an override: a shell takes the printed options, and the guard is overridden by them."""
    if not (world.folder / "datasets").exists():  # once for all labels: a plan changes nothing
        account.create("cells")
        world.write("cells", world.many(12))
        assert world.run("apply", "--yes").code == 0
    world.write("cells", world.many(12, label))
    for terminal in (False, True):
        ran = world.run("plan", terminal=terminal)
        assert ran.code == 4, ran
        (line, *_same) = [row for row in re.sub("\x1b\\[[0-9;]*m", "", ran.out).splitlines() if "--allow" in row]
        options = shlex.split(line[line.index("--allow") :])
        again = world.run("plan", *options)
        assert (again.code, "overridden" in again.out) == (0, True), (line, again)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("name", ["it's [1] new.jpg", "$(touch hurt)*.jpg"])
def test_the_command_that_keeps_what_is_live_names_that_image_alone(
    account: Account, world: World, name: str, *, terminal: bool
) -> None:
    """It is one line on a terminal too, a shell gives back its words, and it takes exactly this entry."""
    account.create("cells")
    folder = world.write("cells", world.many(2))
    assert world.run("apply", "--yes").code == 0
    lines = [world.boxes(one, "RBC") for one in (name, "it's 1 new.jpg", "$(touch hurt)more.jpg")]
    account.emulator.edit_entries(account.dataset("cells"), lines[:1])
    shown = re.sub("\x1b\\[[0-9;]*m", "", world.run("plan", terminal=terminal).out)
    (command,) = re.findall("reconciler (pull --project cells --only .*)", shown)
    account.emulator.edit_entries(account.dataset("cells"), lines)
    assert world.run(*shlex.split(command)).code == 2
    after = (folder / "train.jsonl").read_text().splitlines()
    assert [json.loads(line)["source-ref"].rpartition("/")[2] for line in after][2:] == [name]
