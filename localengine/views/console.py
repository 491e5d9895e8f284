"""The engine's one voice: everything that reaches a screen goes through here."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from localengine.views.palette import Paint, safe


class Console:
    """Two streams and a colour decision.

    Output that nobody reads any more is dropped, and signs that the screen has not are escaped: neither is an error.
    """

    def __init__(self, *, interactive: bool) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        terminal = _is_terminal(sys.stdout)
        self.interactive = interactive and terminal and _is_terminal(sys.stdin)
        self.paint = Paint(on=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb")

    def out(self, text: str = "") -> None:
        """A line on standard output."""
        try:
            print(text, flush=True)
        except BrokenPipeError:
            _silence_stdout()

    def err(self, text: str) -> None:
        """A line on standard error."""
        try:
            print(text, file=sys.stderr, flush=True)
        except BrokenPipeError:
            return

    def error(self, text: str) -> None:
        """A failure of the whole command."""
        self.err(f"{self.paint.colour('error: ', 1)}{safe(text)}")

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        """The user's choice, asked until it is one; the last one at the end of input."""
        self.out(self.paint.colour(question, 6, bold=True))
        while True:
            try:
                answer = input(f"  [{'/'.join(choices)}] ").strip().lower()
            except EOFError:
                return choices[-1]
            if answer in choices:
                return answer


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that was closed before the start is none."""
    return stream is not None and stream.isatty()


def _silence_stdout() -> None:
    """Let further writes and the flush at exit go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
