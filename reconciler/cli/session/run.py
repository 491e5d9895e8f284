"""What a run knows so far, dataset by dataset, so that it can be reported however the run ends."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from reconciler.aws.objects import Objects
from reconciler.cli.options import Options
from reconciler.errors import Exit
from reconciler.review.model import Review
from reconciler.run import DatasetRun

# The exit code of a run in which several things happened is the first of these.
_SEVERITY = (Exit.SIGTERM, Exit.SIGINT, Exit.FAILED, Exit.REJECTED, Exit.REFUSED, Exit.BAD_INPUT, Exit.CHANGES)


@dataclass(slots=True)
class Run:
    """One run of a command; `calls` counts requests by operation. `resources` closes with the run.

    `review` is the plan once every dataset was planned; after an apply it includes the outcomes.
    `objects` opens S3 near a region, for commands that use an account.
    """

    options: Options
    resources: ExitStack
    datasets: list[DatasetRun] = field(default_factory=list)
    calls: list[Counter[str]] = field(default_factory=list)
    review: Review | None = None
    objects: Callable[[str | None], Objects] | None = None

    def call_counts(self) -> Counter[str]:
        """The requests of the run so far, by operation."""
        return sum(self.calls, Counter[str]())

    def failures(self) -> list[DatasetRun]:
        """The datasets that failed."""
        return [one for one in self.datasets if one.failure]


def most_severe(codes: Sequence[Exit]) -> Exit:
    """The exit code of a run in which these happened."""
    return next((code for code in _SEVERITY if code in codes), Exit.DONE)
