"""The plan: what an apply would do, in figures, and what blocks it. Only `plan` makes one, and always a complete one.

A plan holds no entries: `sends` and `shown_changes` read them from the ledger again.
"""

from collections.abc import Iterator
from dataclasses import InitVar, dataclass, fields
from typing import Final, NoReturn, final

from reconciler.changes import Action, Comparison, compare
from reconciler.guards import GUARDS, Asked, judged, override_of
from reconciler.ledger import Facts, Ledger
from reconciler.model import Change, Compare, GuardCheck, GuardState, Override, Policy
from reconciler.plan.figures import PlanFigures
from reconciler.plan.ids import plan_id
from reconciler.plan.limits import limits_passed
from reconciler.plan.order import in_order, measured

_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Statistics:
    """DescribeDataset's own counts: TotalEntries and ErrorEntries.

    LabeledEntries is not among them: which entries it counts is not documented where a label attribute is invalid.
    """

    entries: int
    marked: int

    def agree_with(self, live: Facts) -> bool:
        """Whether they match what was listed."""
        return (self.entries, self.marked) == (live.entries, live.marked)


@dataclass(frozen=True, slots=True)
class Request:
    """What to plan: `title` is `<project> <type>`, `bucket` the manifest's, `asked` what guards are asked about.

    `settled` names pairs stored differently from how they were sent. `no_snapshot` is why nothing may be deleted; empty
    where snapshots can be kept. `offline`: a second manifest takes the place of live. Then guards refuse nothing, those
    that ask what only the service knows are left out, and the plan cannot be applied.
    """

    title: str
    policy: Policy
    asked: Asked
    bucket: str | None = None
    settled: frozenset[str] = frozenset()
    no_snapshot: str = ""
    offline: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Comparison):
    """What an apply would do to one dataset; only `plan` makes one.

    `bytes` and `batches` measure what would be sent; `by_label` says that sending in manifest order would pass the
    label limit on the way. `refusals` are sentences: with any of them an apply sends nothing. `guards` has the
    result of each guard, `override` how those that block the plan are overridden. `id` names the changes (`ids`).
    `updated` is the LastUpdatedTimestamp of the listing that was compared, `counted` the service's own statistics
    then.

    Raises:
        TypeError: other code makes, changes, copies or pickles one.
    """

    request: Request
    id: str
    bytes: int
    batches: int
    by_label: bool
    refusals: tuple[str, ...]
    guards: tuple[GuardCheck, ...]
    override: Override | None
    updated: float
    counted: Statistics | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            _only_plan()

    def __init_subclass__(cls) -> NoReturn:
        _only_plan()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        _only_plan()

    def __setstate__(self, state: object) -> NoReturn:
        _only_plan()

    @property
    def offline(self) -> bool:
        """Whether a second manifest took the place of live: such a plan cannot be applied."""
        return self.request.offline

    @property
    def refusal(self) -> str:
        """All refusals and how guards are overridden, as one sentence; empty when nothing is refused."""
        return "; ".join((*self.refusals, str(self.override)) if self.override else self.refusals)

    @property
    def overrides(self) -> tuple[tuple[str, str], ...]:
        """The guards that are overridden: name and reason."""
        overridden = (one for one in self.guards if one.state is GuardState.OVERRIDDEN)
        return tuple((one.name, one.reason) for one in overridden)


def plan(
    ledger: Ledger, request: Request, *, exists: bool, updated: float = 0.0, counted: Statistics | None = None
) -> Plan:
    """Plan from a filled ledger: compared, measured, guarded, and named; `exists` tells whether the dataset is there.

    `updated` and `counted` are of the listing that filled the live side.
    """
    compared = compare(ledger, request.policy, exists=exists, settled=request.settled)
    sending = measured(ledger, compared)
    refusals = list(limits_passed(ledger, compared, sending, request.bucket))
    if compared.action is Action.REPLACE and request.no_snapshot:
        refusals.append(request.no_snapshot)
    checks = judged(PlanFigures(ledger, compared), request.policy.guards, request.asked)
    override = None
    if request.offline:
        checks = tuple(check for check in checks if not GUARDS[check.name].live_only)
    elif tripped := [check for check in checks if check.state is GuardState.TRIPPED]:
        refusals += [check.refusal for check in tripped]
        override = override_of([check.name for check in tripped], ledger.desired_facts(Compare.STRICT).digest)
    return Plan(
        **{member.name: getattr(compared, member.name) for member in fields(compared)},
        request=request,
        id=plan_id(ledger, compared, request.title),
        bytes=sending.bytes,
        batches=sending.batches,
        by_label=sending.by_label,
        refusals=tuple(refusals),
        guards=checks,
        override=override,
        updated=updated,
        counted=counted,
        seal=_SEAL,
    )


def sends(ledger: Ledger, what: Plan) -> Iterator[Change]:
    """The changes in the order of sending."""
    return in_order(ledger, what, by_label=what.by_label)


def _only_plan() -> NoReturn:
    raise TypeError("only reconciler.plan.plan makes a plan: compared, guarded and complete; ask it for a new one")
