"""The last lines of a phase: the counts and the duration.

Follows renderSummaryEvent of pulumi/pulumi pkg/backend/display/diff.go.
"""

from __future__ import annotations

import math

from localengine.engine.events import Op, Summary
from localengine.views.palette import WORDS, Paint


def summary_lines(summary: Summary, errored: int, paint: Paint) -> list[str]:
    """The lines from `Resources:` on, with the empty line at the end."""
    changed = [(op, summary.changes[op]) for op in Op if op is not Op.SAME and summary.changes.get(op)]
    lines = [paint.headline("Resources:")]
    for op, count in changed:
        words = WORDS[op]
        text = f"to {words.plan}" if summary.preview else words.done
        lines.append("    " + paint.verb(f"{words.sign}{count} {text}", op))
    pieces = []
    if len(changed) > 1:
        pieces.append(f"{sum(count for _, count in changed)} changes")
    if same := summary.changes.get(Op.SAME):
        pieces.append(f"{same} unchanged")
    if pieces:
        lines.append("    " + ". ".join(pieces))
    if errored:
        lines.append("    " + paint.colour(f"{errored} errored", 1))
    if not summary.preview:
        lines += ["", f"{paint.headline('Duration:')} {duration(summary.seconds)}"]
    return [*lines, ""]


def duration(seconds: float) -> str:
    """Whole seconds, rounded up, as Go prints a duration: `59s`, `1m5s`, `2h0m1s`."""
    total = math.ceil(seconds)
    hours, rest = divmod(total, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
