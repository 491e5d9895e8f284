"""The engine's one voice: everything that reaches a screen goes through here.

Knows standard output, standard error, whether they are a terminal, and how to ask. Knows no verbs and no layout.
"""

from __future__ import annotations

import os
import sys

from localengine.palette import Paint, safe


class Console:
    """Two streams and a colour decision. Output that nobody reads any more is dropped, not an error."""

    def __init__(self, *, interactive: bool) -> None:
        terminal = sys.stdout.isatty()
        self.interactive = interactive and terminal and sys.stdin.isatty()
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


def _silence_stdout() -> None:
    """Let further writes and the flush at exit go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
