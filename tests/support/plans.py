"""Complete plans, made as every plan is made, and the runs that they belong to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler.guards import OFF, Asked, Labels
from reconciler.ledger import Ledger
from reconciler.model import DatasetDeclaration, DatasetType, ProjectDeclaration
from reconciler.plan import Plan, Request, Sibling, plan
from reconciler.policy import Policy, Threshold
from reconciler.run import DatasetRun


def planned(
    ledger: Ledger,
    policy: Policy | None = None,
    *,
    exists: bool = True,
    bucket: str | None = None,
    title: str = "p train",
    kind: DatasetType = DatasetType.TRAIN,
    guards: Mapping[str, Threshold] | None = None,
    allow: Mapping[str, str] | None = None,
    sibling: Sibling | None = None,
    before: Labels | None = None,
    offline: bool = False,
) -> Plan:
    """The plan of a filled ledger. Guards are off unless a test is about them."""
    policy = replace(policy or Policy(), guards=OFF if guards is None else guards)
    asked = Asked(kind, allow or {}, before)
    return plan(ledger, Request(title, policy, asked, bucket, sibling=sibling, offline=offline), exists=exists)


def run_of(
    ledger: Ledger,
    made: Plan | None = None,
    *,
    project: str = "p",
    kind: DatasetType = DatasetType.TRAIN,
    **more: Any,  # noqa: ANN401 - any other member of a run
) -> DatasetRun:
    """A dataset in a run, declared in `datasets/<project>`, with what is known of it so far."""
    manifest = f"{kind.word}.jsonl"
    policy = made.policy if made else Policy()
    dataset = DatasetDeclaration(kind, Path(manifest), manifest, policy)
    folder = f"datasets/{project}"
    declared = ProjectDeclaration(Path(folder), folder, project, managed=False, project_arn=None, datasets=(dataset,))
    return DatasetRun(declared, dataset, ledger, plan=made, **more)
