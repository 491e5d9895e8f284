"""Guards in words, for all views of a review: those that were overridden, and on request those that passed.

Knows what must be seen. Refuses to know views: each makes the words its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.review.model import DatasetReview, GuardView

__all__ = ["GuardLine", "guard_lines"]


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One line about a guard: `bad` where it must be seen, `quiet` where it is nothing to act on.

    `pieces` are the parts of `words` that are typed as they stand.
    """

    words: str
    pieces: tuple[str, ...] = ()
    bad: bool = False
    quiet: bool = False


def guard_lines(dataset: DatasetReview, *, verbose: bool = False, brief: bool = False) -> Iterator[GuardLine]:
    """What guards say beside the refusals: overridden ones always, passed ones and those that are off when verbose.

    A guard that trips stands among the refusals and the dangers; the last line says how it is overridden: in every way,
    or when `brief` for one run.
    """
    for guard in dataset.guards:
        name = f"guard {guard.name}"
        if guard.state == "overridden":
            yield GuardLine(f"{name} overridden: {guard.words}; because: {guard.reason}", bad=True)
        elif verbose and guard.state in {"passed", "off"}:
            yield GuardLine(f"{name} {guard.state}{_figures(guard)}", quiet=True)
    how = dataset.override
    if how:
        whole = GuardLine(how.words, (how.options, how.variable, how.configuration))
        once = f"if it is meant, say why, for one run: {how.options}, or under Pulumi {how.variable}"
        short = f"{once}; --verbose says how for this manifest"
        yield GuardLine(short, (how.options, how.variable)) if brief and not verbose else whole


def _figures(guard: GuardView) -> str:
    limit = "" if guard.threshold is None else f" (up to {guard.threshold * 100:g}%)"
    return f": {guard.words}{limit}" if guard.words else ""
