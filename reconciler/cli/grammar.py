"""What the command line adds to argparse: sentences for errors, options under an old name, kinds of values."""

import argparse
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NoReturn

from reconciler.cli.help import epilog_of
from reconciler.errors import BadInput
from reconciler.limits import RATE_WORDS, rate_of
from reconciler.text import did_you_mean, inert

# A row of the exit codes: its number, and where its sentence begins.
_ROW: Final = r"  \d+ +"
_UNREAD: Final = 80


class Help(argparse.HelpFormatter):
    """Folds sentences at the width of the terminal; examples and tables, which are copied and read in columns, stay."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        blocks = (list(lines) for filled, lines in groupby(text.splitlines(), key=bool) if filled)
        return "\n\n".join("\n".join(indent + line for line in self._folded(lines, width)) for lines in blocks)

    def _folded(self, lines: list[str], width: int) -> list[str]:
        if not any("  " in line for line in lines):
            return self._wrapped(" ".join(lines), width)
        if not re.match(_ROW, lines[-1]):
            return lines
        head, *rows = re.split(r"\n(?=  \d)", "\n".join(lines))
        folded = [head]
        for row in rows:
            start = row[: len(row) - len(re.sub(_ROW, "", row, count=1))]
            said = self._wrapped(row[len(start) :], width - len(start))
            folded += [f"{start}{said[0]}", *(f"{' ' * len(start)}{line}" for line in said[1:])]
        return folded

    def _wrapped(self, text: str, width: int) -> list[str]:
        import textwrap  # noqa: PLC0415 - argparse, too, loads it for a help only

        return textwrap.wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one sentence, as an exception.

    `command` is what the help below the options is about (None: the program).
    """

    command: str | None = None
    _is_read = False

    def format_help(self) -> str:
        """The help, with what only its reader needs."""
        self.epilog, self._is_read = epilog_of(self.command), True
        return super().format_help()

    def _get_formatter(self) -> argparse.HelpFormatter:
        """Argparse makes one to check each option; only a help that is read needs a width, which is slow to find."""
        return super()._get_formatter() if self._is_read else Help(self.prog, width=_UNREAD)

    def error(self, message: str) -> NoReturn:
        """Raise the sentence, with the help that explains more."""
        raise BadInput(f"{inert(message)}; see `{self.prog} --help`")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Argparse's own sentence lists the choices and suggests none of them."""
        if action.choices is not None and value not in action.choices:
            known = list(map(str, action.choices))
            guess = did_you_mean(str(value), known)
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{guess}; choose from {', '.join(known)}")


class Renamed(argparse.Action):
    """An option under its old name: it works, without help, and a warning in `warnings` gives the new one."""

    def __init__(self, option_strings: Sequence[str], dest: str, new: str) -> None:
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        self.new = new

    def __call__(
        self, _parser: object, given: argparse.Namespace, value: object, option_string: str | None = None
    ) -> None:
        """Store the value under the new option's name."""
        setattr(given, self.dest, value)
        given.warnings = (*getattr(given, "warnings", ()), f"{option_string} is now {self.new}; use that name")


def share(text: str) -> float:
    """A share such as 20% or 0.2.

    Raises:
        ValueError: it is not a number from 0 to 1, or from 0% to 100%.
    """
    return confidence(text) if not text.endswith("%") else confidence(str(float(text[:-1]) / 100))


def confidence(text: str) -> float:
    """A confidence.

    Raises:
        ValueError: it is not a number from 0 to 1.
    """
    if not 0 <= (value := float(text)) <= 1:
        raise ValueError
    return value


def digest(text: str) -> str:
    """The beginning of an entry's digest.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch("[0-9a-f]{8,16}", text):
        raise argparse.ArgumentTypeError(f"{text!r} must be the digest of an entry: 8 to 16 of 0-9 a-f")
    return text


def number(text: str) -> int:
    """A whole number, 0 or larger.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 0 or larger")
    return int(text)


def rate(text: str) -> float:
    """Calls per second.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if (rate := rate_of(text)) is None:
        raise argparse.ArgumentTypeError(f"{text!r} must be {RATE_WORDS}")
    return rate
