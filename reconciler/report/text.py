"""Findings, progress and sizes in words: the lines that a terminal, a preview and a log share.

Knows words and numbers. Refuses to know colour and width (the command line adds them) and who reads it. Everything
from manifests and the service passes through `inert`.
"""

from typing import Final

from reconciler.inert import inert
from reconciler.model import Finding
from reconciler.progress import Progress

__all__ = ["finding_line", "progress_line", "size", "snapshot_line"]

_KILO: Final = 1000


def finding_line(finding: Finding) -> str:
    """A finding in one line: place, class, what is wrong, the cure."""
    place = inert(str(finding.place))
    return f"{place}: {finding.severity.value}: {inert(finding.message, 600)}; {inert(finding.cure, 600)}"


def snapshot_line(where: str) -> str:
    """Where the entries of a deleted dataset are, and what brings them back."""
    return f"what was live before the delete is kept in {inert(where)}; `reconciler restore` brings it back"


def progress_line(progress: Progress) -> str:
    """`batch 3 of 12, 41 %, about 2 min left`, or what is being done."""
    if not progress.batches:
        return inert(progress.doing)
    left = "" if progress.seconds_left is None else f", about {_duration(progress.seconds_left)} left"
    return f"batch {progress.batch} of {progress.batches}, {progress.fraction:.0%}{left}".replace("%", " %")


def size(number: int) -> str:
    """Bytes as people say them: `812 B`, `36.7 kB`, `4.9 MB`."""
    if number < _KILO:
        return f"{number} B"
    if number < _KILO**2:
        return f"{number / _KILO:.1f} kB"
    return f"{number / _KILO**2:.1f} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
