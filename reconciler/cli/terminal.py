"""Where text goes: lines on standard output, remarks and one rewritten status line on standard error.

Output that cannot be written never stops the work: a reader who went away is no fault, a full disk is told at the end.
Knows streams. Refuses to know what is said. What comes in is already inert.
"""

import os
from collections.abc import Mapping
from io import TextIOWrapper
from typing import TextIO

from reconciler.cli.colours import Style, cut, paint, wants_colour, width_of

__all__ = ["Screen"]


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
