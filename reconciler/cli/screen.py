"""The two output streams: lines on standard output, remarks and progress on standard error, with colours and widths.

Output that cannot be written never stops the work: a pipe that its reader closed is ignored, a full disk is reported at
the end. Texts are inert before they are written here. Progress is one line that is rewritten on a terminal; in a log it
is a line every 30 seconds.
"""

import os
import sys
import termios
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from errno import EBADF
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, TextIO, cast

from reconciler.aws.clock import SystemClock

if TYPE_CHECKING:
    from reconciler.cli.bar import Bar
    from reconciler.model import Progress
    from reconciler.views.terminal.tables import Painter, Role

# Seconds between two updates.
_ON_A_TERMINAL: Final = 0.1
_ELSEWHERE: Final = 30.0


# How each role of a text looks, in the words of rich.
_LOOKS: "Final[dict[Role, str]]" = {
    "plain": "",
    "header": "bold",
    "add": "green",
    "update": "yellow",
    "unlabel": "red",
    "live-only": "magenta",
    "bad": "bold red",
    "warning": "yellow",
    "dim": "dim",
}


def paint(text: str, role: "Role") -> str:
    """The text between escape sequences; nothing in it is read as markup."""
    from rich.color import ColorSystem  # noqa: PLC0415 - output without colours needs no rich
    from rich.style import Style  # noqa: PLC0415 - likewise

    return Style.parse(_LOOKS[role]).render(text, color_system=ColorSystem.STANDARD) if text else text


def shows_colours(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream shows colours: NO_COLOR turns them off, FORCE_COLOR on; else only a terminal that is not dumb.

    Sources: no-color.org, force-color.org; both count only when they are not empty.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal; None for anything else, where lines are never cut or folded."""
    if not stream.isatty():
        return None
    import shutil  # noqa: PLC0415 - pipes need no width

    return shutil.get_terminal_size().columns


class Screen:
    """The two streams of a run. With `quiet`, only `document` writes to standard output, and lines are left out.

    `paint` (None: no colours) and `width` (columns; None: lines are never cut or folded) are those of standard output.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        environ: Mapping[str, str],
        *,
        quiet: bool = False,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._out, self._err = _Stream(out), _Stream(err)
        self.is_quiet = quiet
        self.paint: Painter | None = paint if shows_colours(out, environ) else None
        self._err_colour = shows_colours(err, environ)
        self.width = width_of(out)
        self._now, self._shown, self._doing = clock or SystemClock().now, 0.0, ""
        self._bar: Bar | None = None
        self.is_live = err.isatty() and environ.get("TERM") != "dumb"

    def line(self, text: str = "", role: "Role" = "plain") -> None:
        """A line on standard output."""
        if self.is_quiet:
            return
        self.clear()
        self._out.write(f"{self.paint(text, role) if self.paint else text}\n")

    def block(self, text: str) -> None:
        """Lines on standard output that already have their layout and colours."""
        if not self.is_quiet:
            self.document(text)
            self.flush()

    def document(self, text: str | Iterable[str]) -> None:
        """A whole document, or its pieces, on standard output."""
        self.clear()
        for piece in (text,) if isinstance(text, str) else text:
            self._out.write(piece)

    def remark(self, text: str, role: "Role" = "plain") -> None:
        """A line on standard error."""
        self.flush()
        self.clear()
        self._err.write(f"{paint(text, role) if self._err_colour else text}\n")

    def ask(self, question: str) -> None:
        """A question on standard error; the cursor stays on its line."""
        self.flush()
        self.clear()
        self._err.write(question)
        self._err.flush()

    def answer(self, question: str) -> str | None:
        """Ask on the terminal, and the answer; None at its end. What was typed before the question answers nothing."""
        with suppress(OSError, ValueError, termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        self.ask(question)
        return sys.stdin.readline() or None

    def status(self, doing: str) -> None:
        """Show what is being done; only if standard error is a terminal."""
        if self.is_live:
            from reconciler.model import Progress  # noqa: PLC0415 - the parser's errors need no nouns

            self.show(Progress(doing))

    def show(self, progress: "Progress", title: str = "") -> None:
        """Show how far a step is, at most ten times per second; only if standard error is a terminal."""
        now, doing = self._now(), f"{title}: {progress.doing}"
        if not self.is_live or (doing == self._doing and now - self._shown < _ON_A_TERMINAL):
            return
        self._shown, self._doing = now, doing
        self.flush()
        if self._bar is None:
            from reconciler.cli.bar import Bar  # noqa: PLC0415 - rich is for terminals

            self._bar = Bar(cast("TextIO", self._err), self._now, colour=self._err_colour)
        self._bar.show(title, progress)

    def clear(self) -> None:
        """Remove the progress line."""
        if self._bar:
            self._bar.clear()
            self._err.flush()

    def shout(self, text: str) -> None:
        """A line on standard error from a signal's handler, which may have interrupted a write to the same stream."""
        prefix = "\r\x1b[K" if self._bar else ""
        data = f"{prefix}{text}\n"
        try:
            os.write(self._err.stream.fileno(), data.encode(errors="backslashreplace"))
        except (OSError, ValueError, AttributeError):
            self._err.write(data)

    def flush(self) -> None:
        """Write what is buffered."""
        self._out.flush()
        self._err.flush()

    @property
    def fault(self) -> OSError | None:
        """Why standard output could not be written; None also if its reader closed the pipe."""
        return self._out.fault


class _Stream:
    """A stream that is written to until its first failure, and then discards everything."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.encoding = stream, stream.encoding
        self.fault: OSError | None = None
        self._dead, self._closed = False, getattr(stream, "name", "") == os.devnull
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a label may have a character that this encoding lacks

    def write(self, text: str) -> None:
        if self._closed and text:  # by the caller; it was opened to nowhere
            self.fault = OSError(EBADF, "standard output is closed")
        self._try(lambda: self.stream.write(text))

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, action: Callable[[], object]) -> None:
        if not self._dead:
            try:
                action()
            except OSError as error:
                self._die(error)

    def _die(self, error: OSError) -> None:
        """Redirect the descriptor to the null device, or the interpreter fails again when it flushes at its end."""
        self._dead = True
        self.fault = None if isinstance(error, BrokenPipeError) else error
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return


class ProgressLine:
    """Shows progress under a title, such as `blood-cells train`; in a log, a line every 30 seconds, and every retry."""

    def __init__(self, screen: Screen, now: Callable[[], float]) -> None:
        self._screen, self._now = screen, now
        self._last = now()
        self.title = ""

    def __call__(self, progress: "Progress") -> None:
        """Show it, unless progress was shown just before."""
        if self._screen.is_live:
            self._screen.show(progress, self.title)
        elif (now := self._now()) - self._last >= _ELSEWHERE or progress.at_once:
            self._last = now
            from reconciler.views.words import progress_line  # noqa: PLC0415 - likewise

            title = f"{self.title}: " if self.title else ""
            self._screen.remark(f"{title}{progress_line(progress)}")
