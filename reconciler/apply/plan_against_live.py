"""Make a plan: list live, compare it with the manifest, and run the guards."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.apply.context import Context, Target
from reconciler.apply.list_live import list_live
from reconciler.dataset import Observation
from reconciler.entries import key_of
from reconciler.errors import InUse, Moved, NotFound
from reconciler.guards import Asked, Labels
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Policy
from reconciler.plan import Plan, Request, Statistics, plan

SettledIn = Callable[[Plan], frozenset[str]]


def plan_against_live(  # noqa: PLR0913 - what is planned, each by name
    context: Context,
    ledger: Ledger,
    seen: Observation,
    target: Target,
    *,
    bucket: str | None,
    settled: frozenset[str] = frozenset(),
    before: Labels | None = None,
    more_settled: SettledIn | None = None,
) -> Plan:
    """List live into the ledger, which already holds the desired entries, and make the complete plan.

    `bucket` is the manifest's; `settled` names pairs stored differently from how they were sent. `before` are the
    labels that guards compare shares with, where this apply has already changed live. `more_settled` gets the plan and
    may return further pairs; then the same listing is planned once more.
    """
    asked = Asked(target.dataset_type, context.allow, lambda: _moved_to_test(context, ledger, seen), before)
    request = Request(target.title, context.policy, asked, bucket, settled, context.keeper.refusal())
    if seen.arn is None:
        return plan(ledger, request, exists=False)
    listed = list_live(context, ledger, seen.arn, seen.description)
    counted = Statistics(listed.entries, listed.errors)
    made = plan(ledger, request, exists=True, updated=listed.updated, counted=counted)
    if more_settled is None or (more := more_settled(made)) == settled:
        return made
    return plan(ledger, replace(request, settled=more), exists=True, updated=listed.updated, counted=counted)


def plan_without_project(
    ledger: Ledger, title: str, dataset_type: DatasetType, declared: tuple[Policy, str | None], allow: Mapping[str, str]
) -> Plan:
    """Plan from the manifest alone while the project does not exist: guards and overrides count as for a first load.

    `declared` is the policy and the manifest's bucket.
    """
    policy, bucket = declared
    return plan(ledger, Request(title, policy, Asked(dataset_type, allow), bucket), exists=False)


def _moved_to_test(context: Context, ledger: Ledger, seen: Observation) -> int:
    """How many desired entries that are not live are live only in TEST."""
    if seen.test_arn is None or next(ledger.only_desired(), None) is None:
        return 0
    try:
        found = ledger.missing(key_of(line) for line in context.gateway.entries(seen.test_arn))
    except (InUse, Moved, NotFound):
        return 0  # somebody is working on the test dataset: this guard is a hint, not a lock
    return len(set(found) - set(context.test_keys())) if found else 0
