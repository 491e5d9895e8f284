"""What a run knows so far, dataset by dataset, so that every way out can report it."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from reconciler.apply import Observation
from reconciler.apply.outcome import Outcome
from reconciler.aws.objects import Objects
from reconciler.cli.options import Options
from reconciler.errors import Exit, ReconcilerError
from reconciler.ledger import Ledger
from reconciler.manifest import Findings
from reconciler.model import DatasetDeclaration, ProjectDeclaration
from reconciler.plan import Plan
from reconciler.review.model import Review
from reconciler.review.origin import Base

# Which exit code stands for a run in which several things happened: the first of these.
_SEVERITY = (
    Exit.SIGTERM,
    Exit.SIGINT,
    Exit.FAILED,
    Exit.REJECTED,
    Exit.REFUSED,
    Exit.BAD_INPUT,
    Exit.CHANGES,
    Exit.DONE,
)


@dataclass(slots=True)
class DatasetRun:
    """One dataset on its way: its ledger holds the desired side, and live once it was listed.

    `project_arn` is None while the project is not known to exist; `base` is what a base revision says, where one was
    asked for; `remark` is what else should be known before an apply. `calls` and `seconds` are what was spent on it.
    """

    project: ProjectDeclaration
    dataset: DatasetDeclaration
    ledger: Ledger
    findings: Findings | None = None
    project_arn: str | None = None
    seen: Observation = field(default_factory=Observation)
    plan: Plan | None = None
    outcome: Outcome | None = None
    error: ReconcilerError | None = None
    skipped: str | None = None
    base: Base | None = None
    remark: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """`blood-cells train`."""
        return f"{self.project.name} {self.dataset.dataset_type.word}"

    @property
    def failure(self) -> ReconcilerError | None:
        """Why this dataset did not end well, or None."""
        return self.error or (self.outcome.error if self.outcome else None)


@dataclass(slots=True)
class Run:
    """One run of a command; `calls` counts requests by operation. `resources` closes with the run.

    `review` is what there is to show: the plan once everything was planned, with what came of it after an apply.
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
        """The datasets that did not end well."""
        return [one for one in self.datasets if one.failure]


def most_severe(codes: list[Exit]) -> Exit:
    """The exit code of a run in which these happened."""
    return next(code for code in _SEVERITY if code in [*codes, Exit.DONE])
