"""Where text goes: lines on standard output, remarks and one rewritten status line on standard error.

Output that cannot be written never stops the work: a reader who went away is no fault, a full disk is told at the end.
What comes in is already inert.

Colours and widths of a terminal.

Progress of a dataset: a rewritten line on a terminal, elsewhere a line now and then.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from enum import StrEnum
from io import TextIOWrapper
from typing import Final, TextIO

from reconciler.model import Progress
from reconciler.views.terminal.columns import cells, head_of
from reconciler.views.words import progress_line

_RESET: Final = "\x1b[0m"
_ELLIPSIS: Final = "..."


class Style(StrEnum):
    """How a text looks; the value is the parameter of the SGR sequence (ECMA-48), empty for plain text."""

    PLAIN = ""
    HEADER = "1"
    ADD = "32"
    UPDATE = "33"
    UNLABEL = "31"
    LIVE_ONLY = "35"
    BAD = "1;31"
    WARNING = "33"
    DIM = "2"


def paint(text: str, style: Style) -> str:
    """The text between escape sequences."""
    return f"\x1b[{style.value}m{text}{_RESET}" if style.value and text else text


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream shows colours: NO_COLOR says no, FORCE_COLOR says yes, else a terminal that is not dumb.

    Sources: no-color.org, force-color.org; both count only when they are not empty.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal; None for anything else, which is never cut."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns; what was cut off is shown as `...`."""
    if cells(text) <= width:
        return text
    return head_of(text, max(0, width - len(_ELLIPSIS))) + _ELLIPSIS[: max(0, width)]


class Screen:
    """One run's two streams. With `quiet`, lines are left out and only `document` writes to standard output.

    `colour` and `width` (columns, None: never cut) are those of standard output.
    """

    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str], *, quiet: bool = False) -> None:
        self._out, self._err = _Stream(out), _Stream(err)
        self.is_quiet = quiet
        self.colour, self._err_colour = wants_colour(out, environ), wants_colour(err, environ)
        self.width = width_of(out)
        self._has_status = False
        self.is_live = err.isatty() and environ.get("TERM") != "dumb"

    def line(self, text: str = "", style: Style = Style.PLAIN) -> None:
        """A line on standard output."""
        if self.is_quiet:
            return
        self.clear()
        self._out.write(f"{paint(text, style) if self.colour else text}\n")

    def block(self, text: str) -> None:
        """Lines on standard output that are laid out and coloured already."""
        if not self.is_quiet:
            self.document(text)
            self.flush()

    def document(self, text: str) -> None:
        """A whole document on standard output."""
        self.clear()
        self._out.write(text)

    def remark(self, text: str, style: Style = Style.PLAIN) -> None:
        """A line on standard error."""
        self.flush()
        self.clear()
        self._err.write(f"{paint(text, style) if self._err_colour else text}\n")

    def ask(self, question: str) -> None:
        """A question on standard error; the cursor stays behind it."""
        self.flush()
        self.clear()
        self._err.write(question)
        self._err.flush()

    def status(self, text: str) -> None:
        """Rewrite the status line; only where standard error is a terminal."""
        if self.is_live:
            self.flush()
            width = width_of(self._err.stream) or 80
            self._err.write(f"\r{cut(text, width - 1)}\x1b[K")
            self._err.flush()
            self._has_status = True

    def clear(self) -> None:
        """Take the status line away."""
        if self._has_status:
            self._has_status = False
            self._err.write("\r\x1b[K")
            self._err.flush()

    def shout(self, text: str) -> None:
        """A line on standard error from a signal's handler, which may have interrupted a write to the same stream."""
        prefix = "\r\x1b[K" if self._has_status else ""
        data = f"{prefix}{text}\n"
        try:
            os.write(self._err.stream.fileno(), data.encode(errors="backslashreplace"))
        except (OSError, ValueError, AttributeError):
            self._err.write(data)

    def flush(self) -> None:
        """Bring out what is buffered."""
        self._out.flush()
        self._err.flush()

    @property
    def fault(self) -> OSError | None:
        """Why standard output could not be written; None also when its reader only went away."""
        return self._out.fault


class _Stream:
    """A stream that is written to until the first failure, and then leads nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.fault: OSError | None = None
        self._dead = False
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a label may hold what this encoding cannot write

    def write(self, text: str) -> None:
        if not self._dead:
            try:
                self.stream.write(text)
            except OSError as error:
                self._die(error)

    def flush(self) -> None:
        if not self._dead:
            try:
                self.stream.flush()
            except OSError as error:
                self._die(error)

    def _die(self, error: OSError) -> None:
        """Lead the descriptor nowhere, or the interpreter fails once more when it flushes at its end."""
        self._dead = True
        self.fault = None if isinstance(error, BrokenPipeError) else error
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return


# Seconds between two updates.
_ON_A_TERMINAL: Final = 0.1
_ELSEWHERE: Final = 30.0


class ProgressLine:
    """Shows progress under a title, such as `blood-cells train`. In a log nothing is said before 30 seconds passed."""

    def __init__(self, screen: Screen, now: Callable[[], float]) -> None:
        self._screen, self._now = screen, now
        self._interval = _ON_A_TERMINAL if screen.is_live else _ELSEWHERE
        self._last = now() - (self._interval if screen.is_live else 0.0)
        self.title = ""

    def __call__(self, progress: Progress) -> None:
        """Show it, unless something was shown just before."""
        now = self._now()
        if now - self._last < self._interval:
            return
        self._last = now
        text = f"{self.title}: {progress_line(progress)}"
        if self._screen.is_live:
            self._screen.status(text)
        else:
            self._screen.remark(text)
