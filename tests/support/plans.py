"""Complete plans, made as every plan is made."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.guards import OFF, Asked, Labels
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Policy, Threshold
from reconciler.plan import Plan, Request, plan


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
    moved: int = 0,
    before: Labels | None = None,
    offline: bool = False,
) -> Plan:
    """The plan of a filled ledger. Guards are off unless a test is about them."""
    policy = replace(policy or Policy(), guards=OFF if guards is None else guards)
    asked = Asked(kind, allow or {}, lambda: moved, before)
    return plan(ledger, Request(title, policy, asked, bucket, offline=offline), exists=exists)
