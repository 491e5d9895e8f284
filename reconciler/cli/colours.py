"""Colours and widths of a terminal.

Knows escape sequences, who wants them, and how wide a terminal is. Refuses to know what is shown.
"""

import shutil
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TextIO

from reconciler.report.columns import cells, head_of

__all__ = ["Style", "cut", "paint", "wants_colour", "width_of"]

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
