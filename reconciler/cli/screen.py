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
from typing import TYPE_CHECKING, Final, TextIO, cast

from reconciler.aws.clock import SystemClock
from reconciler.model import Progress
from reconciler.views.words import progress_line

if TYPE_CHECKING:
    from reconciler.cli.bar import Bar

# Seconds between two updates.
_ON_A_TERMINAL: Final = 0.1
_ELSEWHERE: Final = 30.0


class Style(StrEnum):
    """How a text looks, in rich's words; empty for plain text."""

    PLAIN = ""
    HEADER = "bold"
    ADD = "green"
    UPDATE = "yellow"
    UNLABEL = "red"
    LIVE_ONLY = "magenta"
    BAD = "bold red"
    WARNING = "yellow"
    DIM = "dim"


def paint(text: str, style: Style) -> str:
    """The text between escape sequences; what is in it is never read as markup."""
    from rich.color import ColorSystem  # noqa: PLC0415 - a text that is piped needs no rich
    from rich.style import Style as Look  # noqa: PLC0415 - likewise

    return Look.parse(style.value).render(text, color_system=ColorSystem.STANDARD) if text else text


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


class Screen:
    """One run's two streams. With `quiet`, lines are left out and only `document` writes to standard output.

    `colour` and `width` (columns, None: never cut) are those of standard output.
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
        self.colour, self._err_colour = wants_colour(out, environ), wants_colour(err, environ)
        self.width = width_of(out)
        self._now, self._shown, self._doing = clock or SystemClock().now, 0.0, ""
        self._bar: Bar | None = None
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

    def status(self, doing: str) -> None:
        """Show what is done now; only where standard error is a terminal."""
        self.show(Progress(doing))

    def show(self, progress: Progress, title: str = "") -> None:
        """Show how far a step is, ten times a second at most; only where standard error is a terminal."""
        now, doing = self._now(), f"{title}: {progress.doing}"
        if not self.is_live or (doing == self._doing and now - self._shown < _ON_A_TERMINAL):
            return
        self._shown, self._doing = now, doing
        self.flush()
        self._drawn().show(title, progress)

    def _drawn(self) -> "Bar":
        from reconciler.cli.bar import Bar  # noqa: PLC0415 - rich is for terminals

        self._bar = self._bar or Bar(cast("TextIO", self._err), self._now, colour=self._err_colour)
        return self._bar

    def clear(self) -> None:
        """Take the progress away."""
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
        self.stream, self.encoding = stream, stream.encoding
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


class ProgressLine:
    """Shows progress under a title, such as `blood-cells train`. In a log nothing is said before 30 seconds passed."""

    def __init__(self, screen: Screen, now: Callable[[], float]) -> None:
        self._screen, self._now = screen, now
        self._last = now()
        self.title = ""

    def __call__(self, progress: Progress) -> None:
        """Show it, unless something was shown just before."""
        if self._screen.is_live:
            self._screen.show(progress, self.title)
        elif (now := self._now()) - self._last >= _ELSEWHERE:
            self._last = now
            self._screen.remark(f"{self.title}: {progress_line(progress)}")
