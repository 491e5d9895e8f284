"""The progress bar of a terminal, drawn by rich. Imported where there is a terminal to draw on, and nowhere else."""

from collections.abc import Callable
from datetime import timedelta
from typing import IO, Final

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task
from rich.progress import Progress as Bars
from rich.text import Text

from reconciler.model import Progress
from reconciler.views.words import size

_BAR: Final = 10
# From so many columns on there is a bar beside the figures.
_BAR_FROM: Final = 60
# The share of the line that figures may take.
_FIGURES: Final = 0.6


class Bar:
    """One line that shows how far a step is, until it is cleared. Texts are inert already and never read as markup."""

    def __init__(self, stream: IO[str], now: Callable[[], float], *, colour: bool) -> None:
        console = _Console(
            file=stream,
            force_terminal=True,
            force_interactive=True,
            color_system="standard" if colour else None,
            no_color=not colour,
        )
        bar = [BarColumn(_BAR)] if console.width >= _BAR_FROM else []
        self._bars = Bars(
            _Doing(console),
            *bar,
            _Figures(console),
            console=console,
            auto_refresh=False,  # a thread that writes would meet the handlers of signals
            transient=True,
            get_time=now,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._step = ""

    def show(self, title: str, progress: Progress) -> None:
        """Draw the line anew; a step that begins starts its clock."""
        step = f"{title}: {progress.unit if progress.batches else progress.doing}"
        if step != self._step:
            self._step = step
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(step, total=progress.total or None, title=title, progress=progress)
        (task,) = self._bars.task_ids
        self._bars.update(task, completed=progress.done, total=progress.total or None, title=title, progress=progress)
        self._bars.start()
        self._bars.refresh()

    def clear(self) -> None:
        """Take the line away."""
        self._bars.stop()


class _Console(Console):
    """A console whose cursor is never hidden: a process that is killed or suspended cannot show it again."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - rich's signature
        return False


class _Doing(ProgressColumn):
    """What is done, in the room that bar and figures leave."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: Task) -> Text:
        """`cells train: listing`, its end cut off where it is too long."""
        progress: Progress = task.fields["progress"]
        doing = f"batch {progress.batch} of {progress.batches}" if progress.batches else progress.doing
        title = task.fields["title"]
        text = Text(f"{title}: {doing}" if title else doing)
        width = self._console.width
        bar = _BAR + 1 if width >= _BAR_FROM else 0
        text.truncate(max(4, width - bar - len(_figures(task, width)) - 3), overflow="ellipsis")
        return text


class _Figures(ProgressColumn):
    """How much of how much, at which rate, and the time left."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def render(self, task: Task) -> Text:
        """As many of the figures as there is room for."""
        return Text(_figures(task, self._console.width), no_wrap=True)


def _figures(task: Task, width: int) -> str:
    """Share, amount, rate and time left; without a total the time that it has taken."""
    progress: Progress = task.fields["progress"]
    seconds = task.elapsed or 0.0
    rate = progress.done / seconds if seconds >= 1 else 0.0
    share = f"{progress.fraction:.0%}" if progress.total else ""
    figures = [
        share,
        _amount(progress),
        f"{_counted(rate, progress)}/s" if rate else "",
        _time(progress, rate, seconds),
    ]
    for least in (2, 1, 3):  # what is left out first where there is little room
        if len("  ".join(filter(None, figures))) > width * _FIGURES:
            figures[least] = ""
    return "  ".join(filter(None, figures))


def _amount(progress: Progress) -> str:
    if not progress.done:
        return ""
    of = f" of {_counted(progress.total, progress)}" if progress.total else ""
    return f"{_counted(progress.done, progress)}{of}"


def _counted(number: float, progress: Progress) -> str:
    return size(round(number)) if progress.unit == "bytes" else f"{number:,.0f}"


def _time(progress: Progress, rate: float, seconds: float) -> str:
    left = progress.seconds_left
    if left is None and rate and progress.total:
        left = max(0.0, progress.total - progress.done) / rate
    return str(timedelta(seconds=round(seconds))) if left is None else f"{timedelta(seconds=round(left))} left"
