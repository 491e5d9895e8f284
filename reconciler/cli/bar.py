"""The progress bar of a terminal, drawn by rich. Imported only where there is a terminal to draw on."""

from collections.abc import Callable
from datetime import timedelta
from typing import IO, Final

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from reconciler.model import Progress
from reconciler.views.words import size

_BAR: Final = 10
# A terminal with fewer columns shows no bar beside the figures.
_BAR_FROM: Final = 60
# The share of the line that the figures may take.
_FIGURES: Final = 0.6


class Bar:
    """One line that shows how far a step is, until it is cleared. Texts are inert before and never read as markup."""

    def __init__(self, stream: IO[str], now: Callable[[], float], *, colour: bool) -> None:
        self._console = _Console(
            file=stream,
            force_terminal=True,
            force_interactive=True,
            color_system="standard" if colour else None,
            no_color=not colour,
        )
        self._bars = Bars(
            TextColumn("{task.fields[doing]}", markup=False),
            *([BarColumn(_BAR)] if self._console.width >= _BAR_FROM else []),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            auto_refresh=False,  # a thread that writes would interfere with the handlers of signals
            transient=True,
            get_time=now,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._bars.add_task("", doing="", figures="")
        self._now, self._began, self._step = now, 0.0, ""

    def show(self, title: str, progress: Progress) -> None:
        """Draw the line again; the clock starts with each new step."""
        step = f"{title}: {progress.unit if progress.batches else progress.doing}"
        if step != self._step:
            self._step, self._began = step, self._now()
        (task,) = self._bars.tasks
        task.total, task.completed = progress.total or None, progress.done
        width = self._console.width
        figures = _figures(progress, self._now() - self._began, width)
        doing = f"batch {progress.batch} of {progress.batches}" if progress.batches else progress.doing
        text = Text(f"{title}: {doing}" if title else doing)
        room = width - len(figures) - 3 - (_BAR + 1 if width >= _BAR_FROM else 0)
        text.truncate(max(4, room), overflow="ellipsis")
        task.fields |= {"doing": text.plain, "figures": figures}
        self._bars.start()
        self._bars.refresh()

    def clear(self) -> None:
        """Remove the line."""
        self._bars.stop()


class _Console(Console):
    """A console whose cursor is never hidden: a process that is killed or suspended cannot show it again."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - rich's signature
        return False


def _figures(progress: Progress, seconds: float, width: int) -> str:
    """Share, amount, rate and time left, as far as there is room; without a total the time that the step has taken."""
    rate = progress.done / seconds if seconds >= 1 else 0.0
    of = f" of {_counted(progress.total, progress)}" if progress.total else ""
    figures = [
        f"{progress.fraction:.0%}" if progress.total else "",
        f"{_counted(progress.done, progress)}{of}" if progress.done else "",
        f"{_counted(rate, progress)}/s" if rate else "",
        _time(progress, rate, seconds),
    ]
    for least in (2, 1, 3):  # what is left out first if there is little room
        if len("  ".join(filter(None, figures))) > width * _FIGURES:
            figures[least] = ""
    return "  ".join(filter(None, figures))


def _counted(number: float, progress: Progress) -> str:
    return size(round(number)) if progress.unit == "bytes" else f"{number:,.0f}"


def _time(progress: Progress, rate: float, seconds: float) -> str:
    left = progress.seconds_left
    if left is None and rate and progress.total:
        left = max(0.0, progress.total - progress.done) / rate
    return str(timedelta(seconds=round(seconds))) if left is None else f"{timedelta(seconds=round(left))} left"
