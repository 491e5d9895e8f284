"""What a killed process loads at its start: six batches are eighteen lines instead of thirty megabytes, in no time.

`sitecustomize_in` writes a folder for PYTHONPATH whose `sitecustomize` does it in every Python that is started there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path


LINES_IN_BATCH: Final = 3
_SOURCE: Final = '''\
"""Batches of three lines and pages of four."""
import reconciler.aws.gateway
import reconciler.changes
import reconciler.plan.order
reconciler.aws.gateway._PAGE = 4
reconciler.plan.order.BATCH_BYTES = 900
reconciler.changes.batches.__defaults__ = (900,)
reconciler.plan.order.peak_labels.__defaults__ = (900,)
'''
_HURRY: Final = """
from tests.support.quick_clock import hurry
hurry()
"""


def sitecustomize_in(folder: Path, *, hurried: bool = True) -> Path:
    """The folder, for PYTHONPATH; unless `hurried`, pauses take their time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SOURCE + (_HURRY if hurried else ""), encoding="utf-8")
    return folder
