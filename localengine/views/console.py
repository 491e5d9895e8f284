"""Standard output and standard error: all output of the engine is printed here."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from localengine.views.palette import Paint, safe


class Console:
    """Prints lines, and decides whether they are coloured.

    A closed pipe and characters that the encoding lacks are not errors: the output is dropped, the characters escaped.
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
        """The error of a command."""
        self.err(f"{self.paint.colour('error: ', 1)}{safe(text)}")

    def ask(self, question: str, choices: tuple[str, ...]) -> str:
        """The user's choice; asks again after an invalid answer. At the end of input, the last choice."""
        self.out(self.paint.colour(question, 6, bold=True))
        while True:
            try:
                answer = input(f"  [{'/'.join(choices)}] ").strip().lower()
            except EOFError:
                return choices[-1]
            if answer in choices:
                return answer


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a stream that was closed before the start is not."""
    return stream is not None and stream.isatty()


def _silence_stdout() -> None:
    """Redirect further writes and the flush at exit to the null device."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
