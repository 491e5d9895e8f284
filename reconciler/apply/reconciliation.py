"""An apply: make the dataset ready, send what differs, plan again after somebody else's edit, list the result.

Nothing is stored between runs that a listing can show.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from msgspec import Struct, field, structs
from msgspec.structs import replace

from reconciler.apply.context import Context, ManifestPlace, Target
from reconciler.apply.delete import delete
from reconciler.apply.first_load import FirstLoad, upload
from reconciler.apply.live import list_live, observe, plan_against_live
from reconciler.apply.outcome import Failure, Outcome
from reconciler.apply.send import Lane, send
from reconciler.apply.verify import counted_by_verb, lacking, verified
from reconciler.changes import Action
from reconciler.errors import (
    AlreadyThere,
    Interrupted,
    Moved,
    NotFound,
    ReconcilerError,
    Refused,
    ServiceError,
    with_cure,
)
from reconciler.guards import Labels
from reconciler.ledger import Ledger, SendQueue, Statistics
from reconciler.model import DatasetDescription, DatasetStatus, Observation
from reconciler.plan import Plan, sends
from reconciler.plan.figures import labels_of_live
from reconciler.snapshots.listings import Listings
from reconciler.snapshots.probe import written
from reconciler.text import inert

# How often a plan is made for a dataset that somebody else keeps changing, before the apply ends with an error.
_ROUNDS: Final = 6
# The pause before each further plan, in seconds; it doubles, and varies so that two applies do not run in step.
_ROUND_PAUSE: Final = 0.5
# For how many seconds live is read back after a stop, so that the state has what was done.
_READ_AFTER_A_STOP: Final = 10.0


class Work(Struct):
    """What an apply works on: the ledger, the lines to send, the dataset; the places of the copies that it wrote.

    `before` are the labels that were live when the apply was planned. `done` is the outcome so far, without its
    counts and places; `report` receives it with them. `updated` is the dataset's LastUpdatedTimestamp after our last
    batch, None before the first; `uploaded` are the bytes of the manifest that it was created from.
    """

    ledger: Ledger
    queue: SendQueue
    target: Target
    before: Labels
    done: Outcome
    report: Callable[[Outcome], None]
    snapshots: list[str] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    updated: float | None = None
    uploaded: int = 0

    def so_far(self, error: Failure | None = None) -> Outcome:
        """The outcome of what was done until now; counts that the ledger cannot give any more are 0."""
        updates, sent = sum(lane.updates for lane in self.lanes), sum(lane.bytes for lane in self.lanes)
        outcome = replace(self.done, batches=updates, bytes=self.uploaded + sent, error=error or self.done.error)
        kept = self.overwritten if any(lane.requested for lane in self.lanes) else ()  # else nothing was overwritten
        outcome = replace(outcome, snapshots=tuple(self.snapshots), overwritten=tuple(kept))
        with suppress(Exception):
            return counted_by_verb(self.queue, outcome)
        return outcome

    def add(self, **changes: Any) -> None:  # noqa: ANN401 - members of an outcome
        """Add to what was done, and report it."""
        self.done = replace(self.done, **changes)
        self.report(self.so_far())

    def loaded(self, size: int, updated: float) -> None:
        """The dataset was created from a manifest in S3 with all lines of the queue: none is left to send."""
        self.queue.confirm(self.queue.changes())
        self.queue.refill(())
        self.uploaded, self.updated = size, updated

    def keep(self, place: str) -> None:
        """Add the place of a snapshot, and report it."""
        self.snapshots.append(place)
        self.add()


def apply(context: Context, ledger: Ledger, plan: Plan, seen: Observation, target: Target) -> Outcome:
    """Carry out a plan and list the result. Whatever ends it after the first request is in the outcome's `error`.

    `context.so_far` is called with the outcome so far whenever more was done, and before an interrupt passes on.

    Raises:
        Refused: the plan has refusals, or was made without a service; nothing was sent.
        Interrupted: it was stopped before anything was sent.
    """
    if plan.offline:
        raise Refused("a comparison without a service is for reading only; nothing was sent")
    if plan.refusals:
        raise Refused(plan.refusal)
    if reason := context.stop():
        raise reason
    marked_before = frozenset(row.key for row in ledger.marked())
    queue = ledger.send_queue(sends(ledger, plan))
    work = Work(
        ledger, queue, target, labels_of_live(ledger), Outcome(seen.arn or "", settled=plan.settled), context.so_far
    )
    try:
        return _carried_out(context, work, plan, seen, marked_before)
    except Exception as error:  # noqa: BLE001 - a full disk, or a bug: what was done until then is the result
        return work.so_far(Failure.of(with_cure(error)))
    except BaseException:
        work.add()
        raise


def _carried_out(context: Context, work: Work, plan: Plan, seen: Observation, marked_before: frozenset[str]) -> Outcome:
    """Send, list again and compare."""
    ledger, queue = work.ledger, work.queue
    work.done, overwritten = _sent(context, work, plan, seen), False
    outcome = work.so_far()
    if not plan.has_changes:
        outcome = replace(outcome, counted=plan.counted, listed=plan.updated)
    if outcome.dataset_arn and plan.has_changes:
        try:
            missing, began = partial(lacking, ledger, context.policy, queue), written(context.listings.now())
            read = list_live(_reading(context), ledger, outcome.dataset_arn, missing=missing)
            counted = Statistics(read.entries, read.errors, read.labelled, began)
            overwritten = work.updated not in {None, read.updated}
            last = work.updated == read.updated
            outcome = replace(outcome, counted=counted, listed=read.updated, last_update=last)
            if not overwritten:
                _keep_stored(context, work)
        except ReconcilerError as error:
            arn = "" if isinstance(error, NotFound) else outcome.dataset_arn
            failure = outcome.error or Failure.of(error)
            if isinstance(error, Interrupted) and not outcome.error:
                failure = structs.replace(failure, message=f"all lines were sent, but live was not read back: {error}")
            return replace(outcome, dataset_arn=arn, error=failure)
    if not outcome.dataset_arn:
        return outcome
    return verified(ledger, context.policy, queue, outcome, marked_before, overwritten=overwritten)


def _keep_stored(context: Context, work: Work) -> None:
    """Keep what the service stores in another form than it was sent, so that a restore can tell it from an edit."""
    if work.overwritten and next(work.queue.stored_differently(), None) is not None:
        with suppress(ReconcilerError):
            context.keeper.keep_stored(work.overwritten[-1], work.queue.stored_differently())


def _sent(context: Context, work: Work, plan: Plan, seen: Observation) -> Outcome:
    """Send all lines; when somebody else changed the dataset, list it and plan again."""
    failure: Failure | None = None
    for number in range(_ROUNDS):
        try:
            if number:
                context.pause(_ROUND_PAUSE * 2**number * (0.5 + context.random.random() / 2))
                seen, plan = _planned_again(context, work, plan)
            arn, updated = _ready(context, plan, seen, work)
            work.add(dataset_arn=arn)
            now = context.clock.now()
            lane = Lane(context, work.ledger, work.queue, plan, arn, updated, now, work.overwritten)
            work.lanes.append(lane)
            for _batch in send(lane):
                work.updated = lane.updated
                work.add()
        except Moved as moved:
            failure = Failure.of(moved)
        except ReconcilerError as error:
            return replace(work.done, error=Failure.of(error))
        else:
            return work.done
    return replace(work.done, error=failure)


def _reading(context: Context) -> Context:
    """The context of the last listing: a stop ends it at once; one that was asked for before, after a few seconds."""
    start, asked_before = context.clock.now(), context.stop() is not None

    def stop() -> Interrupted | None:
        may_read = asked_before and context.clock.now() - start < _READ_AFTER_A_STOP
        return None if may_read else context.stop()

    return replace(context, stop=stop).patient()


def _planned_again(context: Context, work: Work, plan: Plan) -> tuple[Observation, Plan]:
    """List the dataset that somebody else changed, and plan what is left to send.

    Raises:
        Refused: the policy or a guard blocks the new plan, or the new plan would delete the dataset and the one that
        was shown would not.
    """
    seen = observe(context, work.target)
    # Our own lines are live by now: the guards must not count them against what is left to send.
    before = work.before if work.queue.confirmed_by_verb() else None
    bucket, settled = plan.request.bucket, plan.settled
    context = replace(context, listings=Listings())  # it was changed: nothing but a listing tells how
    again = plan_against_live(context, work.ledger, seen, work.target, bucket=bucket, settled=settled, before=before)
    if again.refusals:
        raise Refused(f"somebody else changed the dataset, and nothing more is sent: {again.refusal}")
    if again.action is Action.REPLACE and plan.action is not Action.REPLACE:
        raise Refused(
            f"the dataset {seen.arn} now has entries that the manifest does not have, so it would have to be deleted "
            "and loaded again (`extra: replace`); run again to see that plan"
        )
    work.queue.refill(sends(work.ledger, again))
    return seen, again


def _ready(context: Context, plan: Plan, seen: Observation, work: Work) -> tuple[str, float]:
    """The dataset's ARN and its LastUpdatedTimestamp.

    Raises:
        Moved: somebody else created the dataset, or changed the one that was to be deleted.
        ServiceError: it could not be created.
    """
    if not plan.loads_all and seen.arn:
        if not work.uploaded:  # somebody else created it since the upload
            work.done = replace(work.done, manifest="")
        return seen.arn, plan.updated
    load = _uploaded(context, context.manifests, work) if plan.is_loaded_from_s3 and context.manifests else None
    if plan.action is Action.REPLACE and seen.arn:
        decided = plan.updated, plan.live.entries if plan.live else 0
        delete(context, seen.arn, lambda _now: None, work.keep, decided)  # the plan asked for it
    elif seen.leftover:
        delete(context, seen.leftover, _refuse_leftover, work.keep)
    work.add(dataset_arn="")  # until it is created there is none
    try:
        arn = context.gateway.create_dataset(
            work.target.project_arn, work.target.dataset_type, load.address if load else None
        )
    except AlreadyThere as error:
        raise Moved(str(error)) from None
    except ServiceError as error:
        raise load.about(error) if load else error from None
    work.add(dataset_arn=arn)
    size = load.bytes if load else 0
    described = context.waiter.until_idle(arn, context.looking("creating the dataset"), size=size)
    if described.status == DatasetStatus.CREATE_FAILED:
        reason = inert(described.message) or "AWS gave no reason"
        raise ServiceError(f"the dataset {arn} could not be created: {reason}; {load.cure if load else 'run again'}")
    if load:
        work.loaded(load.bytes, described.updated)
    return arn, described.updated


def _uploaded(context: Context, place: ManifestPlace, work: Work) -> FirstLoad:
    """The manifest of a first load, in S3.

    Raises:
        Interrupted: it was stopped before the dataset is created. ReconcilerError: S3 cannot be written.
    """
    load = upload(context, place, work.queue, work.target)
    work.add(manifest=str(load.address))
    if reason := context.stop():
        raise reason
    return load


def _refuse_leftover(now: DatasetDescription) -> None:
    """Refuse to delete a leftover that has entries.

    Raises:
        Moved: it is not a leftover any more. Refused: its creation failed, and it has entries.
    """
    if now.status != DatasetStatus.CREATE_FAILED:
        raise Moved("somebody else repaired the dataset whose creation had failed; run again")
    raise Refused(
        "the dataset could not be created (CREATE_FAILED), but has entries, so it is not deleted; look at it in the "
        "console of Rekognition, and delete it there"
    )
