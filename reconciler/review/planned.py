"""The review of a dataset that has a plan: its changes, each read once from the ledger, and their groups."""

from msgspec import structs

from reconciler.analysis.groups import groups_of
from reconciler.analysis.labels import balance_of
from reconciler.analysis.movements import repoints
from reconciler.analysis.provenance import provenance_of
from reconciler.changes import Action, shown_total
from reconciler.plan import Plan
from reconciler.policy import Compare
from reconciler.review.changes import Reading
from reconciler.review.estimate import estimate_of
from reconciler.review.headline import headline, left_in, remarks, with_machine
from reconciler.review.model import DatasetReview, Keep
from reconciler.run import DatasetRun


def planned(one: DatasetRun, plan: Plan, bare: DatasetReview, keep: Keep) -> DatasetReview:
    """The review of a dataset that has a plan."""
    changes = plan.has_changes or (plan.offline and bool(plan.live_only or one.settings or one.remark))
    leftover, strict = plan.leftover, plan.policy.compare is Compare.STRICT
    counted = balance_of(one.ledger, leftover)
    made, machine = provenance_of(one.ledger, leftover, strict=strict)
    base = one.base if one.base and not one.base.unread else None
    moves = repoints(one.ledger)
    if moves or plan.action is Action.REPLACE:  # a group has some of the new entries, or they are more than new
        keep = keep._replace(new=None)
    reading = Reading(one.ledger, plan, base, keep, left_in(one))
    known = with_machine(bare, machine)
    groups, kept = groups_of(reading.patterns, counted, moves), one.ledger.base.withheld_keys()
    fields = [one.field for one in made.ignored]
    return structs.replace(
        known,
        policy=one.dataset.policy,
        action=plan.action.value,
        has_changes=changes,
        words=headline(plan, left_in(one), same=_same(one, changes=changes)),
        add=plan.add,
        update=plan.update,
        unlabel=plan.unlabel,
        live_only=plan.live_only,
        not_listed_since=plan.counted.listed if plan.counted and plan.counted.copied else "",
        unchanged=plan.unchanged,
        ignored=plan.ignored,
        marked=plan.marked,
        retired=plan.retired,
        retiring=plan.retiring,
        losing_labels=reading.losing_labels,
        staying=reading.staying,
        box_changes=reading.box_changes,
        by_label=plan.by_label,
        plan_id=plan.id,
        refusals=plan.refusals,
        guards=plan.guards,
        override=plan.override,
        origins=reading.origins,
        groups=groups.groups,
        changes=reading.changes(groups),
        changes_total=shown_total(plan),
        balance=counted,
        provenance=made,
        estimate=estimate_of(plan, one.rate),
        remarks=(*known.remarks, *remarks(plan, fields, kept, verified=machine.unsent)),
    )


def _same(one: DatasetRun, *, changes: bool) -> str:
    """How the headline of a plan without changes begins."""
    if changes and one.remark:
        return "no difference in what could be compared"
    return "the same entries" if changes else "up to date"
