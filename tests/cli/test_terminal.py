"""How output looks: colours only where they are wanted, widths kept, one status line that never stays."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from reconciler.cli.screen import ProgressLine, Screen, shows_colours
from reconciler.model import Progress
from reconciler.text import inert
from reconciler.views.terminal.drawn import chopped
from reconciler.views.terminal.tables import columns_of

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


ROOT = Path(__file__).parents[2]
# The line is cleared, and the cursor is at its beginning.
GONE = "\n\r\x1b[1A\x1b[2K"
LOADED = """
import sys
from reconciler.cli import main
try:
    code = main(sys.argv[1:])
finally:
    print(f"rich: {'rich' in sys.modules}, code: {code}")
"""


class Terminal(io.StringIO):
    """A stream that reports that it is a terminal."""

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
    """Colours and status lines appear on terminals only."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes")
    assert "\x1b" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err


def test_a_terminal_gets_colours_and_a_status_line(account: Account, world: World) -> None:
    """Adds are green; the status line is removed before anything else is shown."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes", terminal=True)
    assert "\x1b[32m    + s3://acme-vision/cells/0000.jpg  1 box: RBC\x1b[0m\n" in ran.out
    assert "\r\x1b[2Kcells train: " in ran.err
    assert "\x1b[?25l" not in ran.err
    assert ran.err.endswith(GONE)


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
def test_who_shows_colourss(environ: dict[str, str], *, terminal: bool, colour: bool) -> None:
    """NO_COLOR counts before FORCE_COLOR, and both before the kind of the stream."""
    assert shows_colours(Terminal() if terminal else io.StringIO(), environ) is colour


def test_a_long_key_has_a_line_to_itself_on_a_terminal(account: Account, world: World) -> None:
    """On the screen a key is whole, for a copy of it; what changes is in the next line, in a pipe beside it."""
    account.create("cells")
    key = f"s3://acme-vision/cells/{'long' * 50}.jpg"
    world.write("cells", [world.boxes(key, "RBC")])
    (line,) = [line for line in world.run("plan", terminal=True).out.splitlines() if "  + " in line]
    bare = line.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert bare == f"    + {key}"
    assert f"+ {key}  1 box: RBC" in world.run("plan").out


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(20, 120))
def test_the_bar_keeps_to_one_line(text: str, width: int) -> None:
    """The bar is never wider than the terminal, whatever the step and however wide its letters."""
    err = Terminal()
    with patch.dict(os.environ, {"COLUMNS": str(width)}):
        screen = Screen(io.StringIO(), err, {"NO_COLOR": "1"})
        screen.show(Progress(inert(text), 120_000, 250_000, "entries"), "cells train")
    for line in err.getvalue().split("\r\x1b[2K"):
        assert "\n" not in line
        assert cell_len(line) <= width


def test_wide_characters_count_twice() -> None:
    """Widths are counted in columns, not in characters."""
    assert columns_of("血球") == 4
    assert chopped("血球血球", 5) == ["血球", "血球"]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (120, "cells train: listing ━━━━╸      48%  120,000 of 250,000  6,000/s  0:00:22 left"),
        (80, "cells train: listing ━━━━╸      48%  120,000 of 250,000  6,000/s  0:00:22 left"),
        (60, "cells train: listing ━━━━╸      48%  0:00:22 left"),
        (40, "cells train: listing 48%  0:00:22 left"),
        (20, "cells train: … 48%"),
    ],
)
def test_a_bar_shows_share_amount_rate_and_time_left_as_far_as_there_is_room(width: int, line: str) -> None:
    """The share is shown on the narrowest terminal; the rate is left out first."""
    listing = Progress("listing", 0, 250_000, "entries")
    assert drawn(width, listing, replace(listing, done=120_000)) == line


def test_a_bar_counts_bytes_and_batches_and_the_time_that_a_wait_takes() -> None:
    """While batches are sent the time left is the apply's own; a wait of unknown length shows its duration."""
    reading = Progress("reading train.jsonl", 0, 288_000_000, "bytes")
    assert drawn(100, reading, replace(reading, done=36_000_000)) == (
        "cells train: reading train.jsonl ━          12%  36.0 MB of 288.0 MB  1.8 MB/s  0:02:20 left"
    )
    sending = Progress("waiting", 4_000_000, 12_000_000, "bytes", 3, 12, 125.0)
    assert drawn(100, sending, sending).endswith("33%  4.0 MB of 12.0 MB  200.0 kB/s  0:02:05 left")
    assert drawn(100, sending, sending).startswith("cells train: batch 3 of 12 ")
    assert drawn(40, Progress("waiting"), Progress("waiting")) == "cells train: waiting 0:00:20"


def test_the_bar_reads_no_markup() -> None:
    """What looks like rich's markup, a link or an emoji is shown as it is written."""
    text = "[bold red]x[/] :smile: [link=https://a]"
    assert text in drawn(120, Progress(text), Progress(text))


def drawn(width: int, *steps: Progress) -> str:
    """The bar after the last step, 20 seconds after the one before it."""
    err, clock = Terminal(), Clock()
    with patch.dict(os.environ, {"COLUMNS": str(width)}):
        screen = Screen(io.StringIO(), err, {"NO_COLOR": "1"}, clock=clock.now)
        for progress in steps:
            screen.show(progress, "cells train")
            clock.at += 20
    return err.getvalue().split("\r\x1b[2K")[-1].rstrip()


def test_nothing_of_rich_is_loaded_where_nothing_is_drawn(world: World) -> None:
    """The help, and a validation whose output is piped, do not import rich."""
    world.write("cells", world.many(2))
    for arguments in (["--help"], ["validate"]):
        ended = subprocess.run(
            [sys.executable, "-c", LOADED, *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert ended.stdout.splitlines()[-1] == "rich: False, code: 0"


def test_the_status_line_never_mixes_with_lines() -> None:
    """The status line is removed before a line is written, and never written to a log."""
    err = Terminal()
    screen = Screen(io.StringIO(), err, {"NO_COLOR": "1"})
    screen.status("working")
    screen.line("done")
    assert re.fullmatch(r"working [ 0:━]+(\r\x1b\[2Kworking [ 0:━]+)*\n\r\x1b\[1A\x1b\[2K", err.getvalue())
    log = io.StringIO()
    Screen(io.StringIO(), log, {}).status("working")
    assert log.getvalue() == ""


def test_a_quiet_screen_shows_documents_only() -> None:
    """With --json nothing else is written to standard output."""
    out = io.StringIO()
    screen = Screen(out, io.StringIO(), {}, quiet=True)
    screen.line("a plan", "bad")
    screen.document("{}\n")
    assert out.getvalue() == "{}\n"


def test_a_log_hears_of_progress_every_30_seconds() -> None:
    """A log has no line for quick steps, then one every 30 seconds with batch, share and time left."""
    clock, log = Clock(), io.StringIO()
    progress = ProgressLine(Screen(io.StringIO(), log, {}), clock.now)
    progress.title = "cells train"
    for second in range(95):
        clock.at = float(second)
        progress(Progress("waiting", 41, 100, "bytes", 3, 12, 120.0))
    assert log.getvalue() == "cells train: batch 3 of 12, 41 %, about 2 min left\n" * 3


def test_a_terminal_sees_progress_at_once_but_not_too_often() -> None:
    """A terminal is updated at most ten times per second."""
    clock, err = Clock(), Terminal()
    progress = ProgressLine(Screen(io.StringIO(), err, {}, clock=clock.now), clock.now)
    for hundredth in range(100):
        clock.at = hundredth / 100
        progress(Progress("listing"))
    assert 5 <= err.getvalue().count("listing") <= 11
