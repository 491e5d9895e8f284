"""Progress of a dataset: a rewritten line on a terminal, elsewhere a line now and then.

Knows how often to speak. Refuses to know what progress is made of (`reconciler.report.text.progress_line`).
"""

from collections.abc import Callable
from typing import Final

from reconciler.cli.terminal import Screen
from reconciler.progress import Progress
from reconciler.report.text import progress_line

__all__ = ["ProgressLine"]

# Seconds between two updates.
_ON_A_TERMINAL: Final = 0.1
_ELSEWHERE: Final = 30.0


class ProgressLine:
    """Shows progress under a title, such as `blood-cells train`. In a log nothing is said before 30 seconds passed."""

    def __init__(self, screen: Screen, now: Callable[[], float]) -> None:
        self._screen, self._now = screen, now
        self._interval = _ON_A_TERMINAL if screen.is_live else _ELSEWHERE
        self._last = now() - (self._interval if screen.is_live else 0.0)
        self.title = ""

    def __call__(self, progress: Progress) -> None:
        """Show it, unless something was shown just before."""
        now = self._now()
        if now - self._last < self._interval:
            return
        self._last = now
        text = f"{self.title}: {progress_line(progress)}"
        if self._screen.is_live:
            self._screen.status(text)
        else:
            self._screen.remark(text)
