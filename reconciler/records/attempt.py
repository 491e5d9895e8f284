"""What a record contains of an apply, collected while the apply runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.apply.outcome import Outcome
from reconciler.errors import Failure
from reconciler.ledger import Ledger
from reconciler.model import Compare, DatasetType
from reconciler.plan import Plan


@dataclass(slots=True)
class Attempt:
    """One apply of one dataset; the command line or the provider fills it in while it runs.

    `action` is `apply`, `destroy` or `restore`; `manifest` is its path as messages show it; `files` (the manifest and
    what else declares the dataset) are looked up in git. `snapshots` and `dataset_arn` are for an attempt without an
    outcome. `on_plan` is called when the plan is known, so that it is recorded before anything is sent.
    """

    action: str
    project: str
    project_arn: str
    dataset_type: DatasetType
    manifest: str | None = None
    files: Sequence[Path] = ()
    plan: Plan | None = None
    digest: str | None = None
    outcome: Outcome | None = None
    snapshots: Sequence[str] = ()
    dataset_arn: str = ""
    error: BaseException | None = None
    on_plan: Callable[[], None] = lambda: None

    def planned(self, ledger: Ledger, plan: Plan) -> None:
        """Set the plan, before anything is sent."""
        self.plan = plan
        self.digest = ledger.desired_facts(Compare.STRICT).digest
        self.on_plan()

    def failure(self) -> Failure | None:
        """Why it failed, or None."""
        return Failure.of(self.error) if self.error else self.outcome.error if self.outcome else None
