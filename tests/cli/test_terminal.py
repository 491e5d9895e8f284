"""How output looks: colours only where they are wanted, widths kept, one status line that never stays."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.screen import ProgressLine, Screen, Style, cut, wants_colour
from reconciler.model import Progress
from reconciler.views.terminal.columns import cells

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """The time it was moved to."""
        return self.at


def test_a_pipe_gets_no_escape_sequence(account: Account, world: World) -> None:
    """Colours and status lines are for terminals."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes")
    assert "\x1b" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err


def test_a_terminal_gets_colours_and_a_status_line(account: Account, world: World) -> None:
    """Adds are green; the status line is taken away before anything else is shown."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes", terminal=True)
    assert "\x1b[32m    + 0000.jpg  1 box: RBC\x1b[0m\n" in ran.out
    assert "\rcells train: " in ran.err
    assert ran.err.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_who_wants_colours(environ: dict[str, str], *, terminal: bool, colour: bool) -> None:
    """NO_COLOR before FORCE_COLOR before what the stream is."""
    assert wants_colour(Terminal() if terminal else io.StringIO(), environ) is colour


def test_long_keys_are_cut_to_the_terminal_and_whole_in_a_pipe(account: Account, world: World) -> None:
    """The key on one line of the screen, its ends kept."""
    account.create("cells")
    key = f"s3://acme-vision/cells/{'long' * 50}.jpg"
    world.write("cells", [world.boxes(key, "RBC")])
    (line,) = [line for line in world.run("plan", terminal=True).out.splitlines() if "  + " in line]
    bare = line.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert len(bare) == 100
    assert bare.endswith("longlong.jpg")
    assert f"+ {key}  1 box: RBC" in world.run("plan").out


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(0, 60))
def test_cut_keeps_to_the_width_and_to_short_texts(text: str, width: int) -> None:
    """Never wider than asked; a text that fits is left alone."""
    assert cells(cut(text, width)) <= width
    assert cells(text) > width or cut(text, width) == text


def test_wide_characters_count_twice() -> None:
    """Columns, not characters."""
    assert cells("血球") == 4
    assert cut("血球血球", 7) == "血球..."


def test_the_status_line_never_mixes_with_lines() -> None:
    """It is erased before a line and never printed where nobody watches."""
    err = Terminal()
    screen = Screen(io.StringIO(), err, {})
    screen.status("working")
    screen.line("done")
    assert err.getvalue() == "\rworking\x1b[K\r\x1b[K"
    log = io.StringIO()
    Screen(io.StringIO(), log, {}).status("working")
    assert log.getvalue() == ""


def test_a_quiet_screen_shows_documents_only() -> None:
    """With --json nothing else reaches standard output."""
    out = io.StringIO()
    screen = Screen(out, io.StringIO(), {}, quiet=True)
    screen.line("a plan", Style.BAD)
    screen.document("{}\n")
    assert out.getvalue() == "{}\n"


def test_a_log_hears_of_progress_every_30_seconds() -> None:
    """Nothing for what is quick; then a line now and then, with batch, share and time left."""
    clock, log = Clock(), io.StringIO()
    progress = ProgressLine(Screen(io.StringIO(), log, {}), clock.now)
    progress.title = "cells train"
    for second in range(95):
        clock.at = float(second)
        progress(Progress("waiting", 3, 12, 0.41, 120.0))
    assert log.getvalue() == "cells train: batch 3 of 12, 41 %, about 2 min left\n" * 3


def test_a_terminal_sees_progress_at_once_but_not_too_often() -> None:
    """Ten times a second at most."""
    clock, err = Clock(), Terminal()
    progress = ProgressLine(Screen(io.StringIO(), err, {}), clock.now)
    for hundredth in range(100):
        clock.at = hundredth / 100
        progress(Progress("listing"))
    assert 5 <= err.getvalue().count("listing") <= 11
