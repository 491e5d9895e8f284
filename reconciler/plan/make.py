"""The plan: what an apply would do, in figures, and what blocks it. Only `plan` makes one, and always a complete one.

A plan holds no entries: `sends` and `shown_changes` read them from the ledger again.
"""

from collections.abc import Iterator
from typing import Final, NoReturn, final

from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.changes import Action, Comparison, compare
from reconciler.guards import Asked, judged, override_of
from reconciler.ledger import DESIRED, LIVE_ONLY, Ledger, Statistics
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS, MANIFEST_BYTES
from reconciler.model import Change, GuardCheck, GuardState, Override
from reconciler.plan.causes import by_cause
from reconciler.plan.figures import PlanFigures
from reconciler.plan.ids import plan_id
from reconciler.plan.leakage import Sibling
from reconciler.plan.order import Sending, few_labels, fits, in_order, measured, peak_labels, steps
from reconciler.plan.theirs import Judge, Judged, check_theirs, not_judged, withheld
from reconciler.policy import Compare, Extra, Leftover, Policy
from reconciler.text import Name, Sentence, either, safe, sentence

_SEAL: Final = object()
_REPLACE_CURE: Final = (
    "set `extra: replace` to delete the dataset and load it again, or add those entries to the manifest"
)


class Request(Struct, frozen=True):
    """What to plan: `title` is `<project> <type>`, `bucket` the manifest's, `asked` what guards are asked about.

    `settled` names pairs stored differently from how they were sent, or let go. `no_snapshot` is why nothing may be
    deleted; empty where snapshots can be kept. `sibling` is the project's other dataset. `offline`: a second manifest
    takes the place of live. Then guards refuse nothing, and the plan cannot be applied. `judge` finds out by what it is
    told whose changes there are. `manifests` is where in S3 manifests of first loads go; empty: nowhere.
    """

    title: str
    policy: Policy
    asked: Asked
    bucket: str | None = None
    settled: frozenset[str] = frozenset()
    no_snapshot: str = ""
    sibling: Sibling | None = None
    offline: bool = False
    judge: Judge = not_judged
    manifests: str = ""


@final
class Plan(Comparison, frozen=True, kw_only=True):
    """What an apply would do to one dataset; only `plan` makes one.

    `bytes` and `batches` measure what would be sent; `by_label` says that sending in manifest order would pass the
    label limit on the way. `refusals` are sentences: with any of them an apply sends nothing. `guards` has the
    result of each guard, `override` how those that block the plan
    are overridden, None where nothing overrides all that blocks it. `id` names the changes (`ids`).
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
    judged: Judged
    refusals: tuple[Sentence, ...]
    guards: tuple[GuardCheck, ...]
    override: Override | None
    updated: float
    counted: Statistics | None
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            _only_plan()
        force_setattr(self, "seal", None)  # what `replace` makes comes here too, and has none

    def __init_subclass__(cls) -> NoReturn:
        _only_plan()

    def __copy__(self) -> NoReturn:
        _only_plan()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        _only_plan()

    def __setstate__(self, state: object) -> NoReturn:
        _only_plan()

    @property
    def leftover(self) -> Leftover:
        """What it does to live-only entries."""
        if self.policy.extra.replaces and self.action is not Action.REPLACE:
            return Leftover.STAYS  # there are none
        return self.policy.extra.leftover

    @property
    def offline(self) -> bool:
        """Whether a second manifest took the place of live: such a plan cannot be applied."""
        return self.request.offline

    @property
    def is_loaded_from_s3(self) -> bool:
        """Whether the dataset is created from a manifest in S3: it is more than a batch, and no more than AWS takes."""
        return bool(self.request.manifests) and self.loads_all and self.batches > 1 and self.bytes <= MANIFEST_BYTES

    @property
    def refusal(self) -> str:
        """A line for each refusal and how guards are overridden, safe to show; empty when nothing is refused."""
        return "\n".join([*map(safe, self.refusals), *([str(self.override)] if self.override else [])])

    @property
    def overrides(self) -> tuple[tuple[str, str], ...]:
        """The guards that are overridden: name, with what it is about, and reason."""
        overridden = (one for one in self.guards if one.state is GuardState.OVERRIDDEN)
        return tuple((one.override, one.reason) for one in overridden)


def plan(
    ledger: Ledger, request: Request, *, exists: bool, updated: float = 0.0, counted: Statistics | None = None
) -> Plan:
    """Plan from a filled ledger: compared, measured, guarded, and named; `exists` tells whether the dataset is there.

    `updated` and `counted` are of the listing that filled the live side.
    """
    compared, by = _compared(ledger, request, exists=exists)
    sending = measured(ledger, compared)
    refusals = list(_limits_passed(ledger, compared, sending, request.bucket))
    if compared.action is Action.REPLACE and request.no_snapshot:
        refusals.append((request.no_snapshot,))
    checks = judged(PlanFigures(ledger, compared, request.sibling), request.policy.guards, request.asked)
    override = None
    checks = by_cause(ledger, compared, checks, request.policy.guards, request.asked)
    if not request.offline:
        checks = (*checks, check_theirs(ledger, compared, by, request.asked.allow))
    tripped = [check for check in checks if check.state is GuardState.TRIPPED and not request.offline]
    if tripped and not refusals:
        names, digest = [check.override for check in tripped], ledger.desired_facts(Compare.STRICT).digest
        override = override_of(names, digest, request.asked.dataset_type.word)
    refusals += [check.refusal for check in tripped]
    return Plan(
        **{name: getattr(compared, name) for name in compared.__struct_fields__},
        request=request,
        id=plan_id(ledger, compared, request.title),
        bytes=sending.bytes,
        batches=sending.batches,
        by_label=sending.by_label,
        judged=by,
        refusals=tuple(refusals),
        guards=checks,
        override=override,
        updated=updated,
        counted=counted,
        seal=_SEAL,
    )


def _compared(ledger: Ledger, request: Request, *, exists: bool) -> tuple[Comparison, Judged]:
    """Both sides compared, without the entries that `theirs: keep` keeps; and by what changes are judged."""
    ledger.base.withhold(())
    compared = compare(ledger, request.policy, exists=exists, settled=request.settled)
    if compared.live is None or not (compared.has_changes or compared.live_only):
        return compared, Judged()
    by = request.judge(ledger, compared.live)
    keys = list(withheld(ledger, compared, by))
    if not keys:
        return compared, by
    ledger.base.withhold(keys)
    return compare(ledger, request.policy, exists=exists, settled=request.settled, kept=len(keys)), by


def sends(ledger: Ledger, what: Plan) -> Iterator[Change]:
    """The changes in the order of sending."""
    return in_order(ledger, what, by_label=what.by_label)


def _only_plan() -> NoReturn:
    raise TypeError("only reconciler.plan.plan makes a plan: compared, guarded and complete; ask it for a new one")


def _limits_passed(ledger: Ledger, compared: Comparison, sending: Sending, bucket: str | None) -> Iterator[Sentence]:
    """What stops an apply, but for guards; `bucket` is the manifest's."""
    if compared.policy.extra.refuses and compared.live_only:
        yield sentence(
            f"{compared.live_only:,} live {'entry is' if compared.live_only == 1 else 'entries are'} not in the "
            f"manifest and the policy is `extra: {compared.policy.extra}`; add them to the manifest, or set "
            f"`extra` to {either([one.value for one in Extra if not one.refuses])}"
        )
    if not compared.lines or compared.loads_all:
        return
    total = compared.desired.entries + compared.live_only + compared.retired
    if total > DATASET_ENTRIES:
        yield sentence(
            f"manifest and live-only entries together are {total:,} images, {total - DATASET_ENTRIES:,} more than the "
            f"limit of {DATASET_ENTRIES:,}; {_REPLACE_CURE}"
        )
    yield from _other_buckets(ledger, bucket)
    yield from _too_many_labels(ledger, compared, sending)


def _other_buckets(ledger: Ledger, bucket: str | None) -> Iterator[Sentence]:
    if bucket is None:
        return
    strangers = [row.key for row in ledger.brief_live_only() if not row.key.startswith(f"s3://{bucket}/")]
    if strangers:
        yield sentence(
            f"{len(strangers):,} live entries that the manifest does not have are in a different bucket than ",
            "its images (",
            Name(f"s3://{bucket}/"),
            "): ",
            Name(strangers[0]),
            f"; all images of a dataset must be in one bucket; {_REPLACE_CURE}",
        )


def _too_many_labels(ledger: Ledger, compared: Comparison, sending: Sending) -> Iterator[Sentence]:
    if few_labels(ledger):
        return
    live, by_label = ledger.label_counts(), sending.by_label
    final = peak_labels(steps(ledger, compared, by_label=by_label, declared=False), live, limit=sending.bytes + 1)
    if not fits(final):
        yield sentence(
            f"manifest and live-only entries together use {final:,} labels, {final - DATASET_LABELS:,} more than the "
            f"limit of {DATASET_LABELS}; {_REPLACE_CURE}"
        )
    elif by_label and not fits(peak := peak_labels(steps(ledger, compared, by_label=True, declared=False), live)):
        yield sentence(
            f"while the lines are sent the dataset would have {peak:,} labels, whatever their order, "
            f"{peak - DATASET_LABELS:,} more than the limit of {DATASET_LABELS}; rename the labels in two applies, or "
            "set `extra: replace` and remove one entry from the manifest"
        )
    else:
        yield from _too_many_declared(ledger, compared, sending)


def _too_many_declared(ledger: Ledger, compared: Comparison, sending: Sending) -> Iterator[Sentence]:
    """Where class-maps that are live declare labels that those of the manifest no longer do, and that are not sent."""
    live, ordered = ledger.label_counts(declared=True), steps(ledger, compared, by_label=sending.by_label)
    final = peak_labels(ordered, live, limit=sending.bytes + 1)
    kept = {} if compared.policy.extra.unlabels else ledger.label_counts(LIVE_ONLY, declared=True)
    if not fits(final) and fits(len(ledger.label_counts(DESIRED, declared=True).keys() | kept.keys())):
        yield sentence(
            f"the class-maps of live entries would declare {final:,} labels, with those that no box uses; the limit is "
            f"{DATASET_LABELS}, and AWS may count declared labels; set `compare: strict` for one apply, which sends "
            "the class-maps of the manifest"
        )
