"""Check the result of an apply: which lines are live as they were sent, and which entries did the service mark?

The service drops lines without an error, so UPDATE_COMPLETE proves nothing; live is listed and compared again.
"""

from collections.abc import Iterator
from itertools import chain, islice

from msgspec import structs
from msgspec.structs import replace

from reconciler.apply.outcome import LINES_KEPT, Failure, Outcome, Rejected
from reconciler.errors import UpdateFailed
from reconciler.ledger import LET_GO, Ledger, SendQueue
from reconciler.model import Verb
from reconciler.policy import Marking, Policy, Rejection


def verified(  # noqa: PLR0913 - what is judged and by what
    ledger: Ledger,
    policy: Policy,
    queue: SendQueue,
    outcome: Outcome,
    marked_before: frozenset[str],
    *,
    overwritten: bool = False,
) -> Outcome:
    """The outcome, completed from the listing in the ledger.

    `marked_before` are the keys that were marked before the apply; `overwritten`: somebody else changed the dataset
    after our last batch.
    A line that means what was sent but is stored differently is counted as rewritten and added to `settled`, so that
    it is not sent with every apply; under `rejected: skip` so is a line that the service would not take.
    """
    applied = ledger.live_facts(policy.compare, applied=True) if ledger.base.withholds() else None
    read = replace(outcome, live=ledger.live_facts(policy.compare), applied=applied)
    judged_lines, foreign = _with_rejected(ledger, policy, queue, read, overwritten=overwritten)
    complete = _with_marked(ledger, counted_by_verb(queue, judged_lines), marked_before)
    failed = None if complete.error else _verdict(ledger, complete, policy, foreign)
    return replace(complete, error=Failure.of(failed)) if failed else complete


def lacking(ledger: Ledger, policy: Policy, queue: SendQueue) -> Iterator[str]:
    """The keys of confirmed lines that are not live as sent: the service dropped them, or the listing is stale."""
    differing = (row.key for row in ledger.differing(policy.compare) if not row.same_meaning)
    labelled = (row.key for row in ledger.live_only() if row.live_labelled)
    yield from filter(queue.is_confirmed, chain(differing, labelled))


def counted_by_verb(queue: SendQueue, outcome: Outcome) -> Outcome:
    """The outcome with the number of confirmed lines of each verb; nothing else is known when live cannot be listed."""
    verbs = queue.confirmed_by_verb()
    return replace(
        outcome,
        add=verbs.get(Verb.ADD, 0),
        update=verbs.get(Verb.UPDATE, 0),
        unlabel=verbs.get(Verb.UNLABEL, 0),
        unusable=queue.unusable(),
    )


def _with_rejected(
    ledger: Ledger, policy: Policy, queue: SendQueue, outcome: Outcome, *, overwritten: bool
) -> tuple[Outcome, int]:
    """The outcome with the lines that are not live; and how many of them somebody else changed.

    Where somebody else changed the dataset after our last batch, a confirmed line that is live with other content is
    their change. The other confirmed lines that are not live are no longer counted as confirmed.
    """
    rejected: list[Rejected] = []
    lost: list[str] = []
    total, foreign, settled = 0, 0, set(outcome.settled)
    wrong = chain(
        _wrong_lines(ledger, policy, queue, outcome, settled, overwritten=overwritten),
        _wrong_extras(ledger, policy, queue, outcome, settled, overwritten=overwritten),
    )
    for one, theirs in wrong:
        total += 1
        foreign += theirs
        if not theirs:
            lost.append(one.key)
        if len(rejected) < LINES_KEPT:
            rejected.append(one)
    queue.retract(lost)
    complete = replace(
        outcome,
        rejected=tuple(rejected),
        rejected_total=total,
        rewritten=sum(not pair.startswith(LET_GO) for pair in settled - outcome.settled),
        settled=frozenset(settled),
    )
    return complete, foreign


def _wrong_lines(  # noqa: PLR0913 - what is judged and by what
    ledger: Ledger, policy: Policy, queue: SendQueue, outcome: Outcome, settled: set[str], *, overwritten: bool
) -> Iterator[tuple[Rejected, bool]]:
    """Lines of the manifest that are not live, and whether somebody else changed them; fills `settled`."""
    for row in ledger.differing(policy.compare, outcome.settled):
        confirmed = queue.is_confirmed(row.key)
        if confirmed and row.in_live and row.same_meaning and not overwritten:
            settled.add(row.pair)
            continue
        refusal = queue.rejection(row.key)
        if outcome.error and not confirmed and refusal is None:
            continue  # it was not sent: the error says so
        theirs = refusal is None and (not confirmed or (overwritten and row.in_live))
        if policy.rejected is Rejection.SKIP and not theirs:
            settled.add(row.let_go)
        yield Rejected(row.key, row.place, refusal or _reason(theirs=theirs, in_live=row.in_live)), theirs


def _wrong_extras(  # noqa: PLR0913 - likewise
    ledger: Ledger, policy: Policy, queue: SendQueue, outcome: Outcome, settled: set[str], *, overwritten: bool
) -> Iterator[tuple[Rejected, bool]]:
    """Live-only entries that the policy does not allow, and whether somebody else changed them; fills `settled`."""
    for row in ledger.live_only(withheld=False):
        if row.let_go in outcome.settled:
            continue
        refusal = queue.rejection(row.key)
        sent = row.live_labelled and (refusal is not None or queue.is_confirmed(row.key))
        may_stay = not row.live_labelled if row.retired else policy.extra.wants(labelled=row.live_labelled)
        if not sent and (outcome.error or may_stay):
            continue  # it may stay; or the error says that not all was done
        reason = refusal or ("its labels were not removed" if sent else "somebody else added it during the apply")
        theirs = refusal is None and (overwritten or not sent)
        if policy.rejected is Rejection.SKIP and not theirs:
            settled.add(row.let_go)
        yield Rejected(row.key, None, reason), theirs


def _reason(*, theirs: bool, in_live: bool) -> str:
    if theirs:
        return "somebody else changed it during the apply" if in_live else "it was deleted during the apply"
    return "it was not stored as sent" if in_live else "the service dropped it without an error"


def _with_marked(ledger: Ledger, outcome: Outcome, before: frozenset[str]) -> Outcome:
    new = (row for row in ledger.marked() if row.key not in before)
    old = (row for row in ledger.marked() if row.key in before)
    first = islice(chain(new, old), LINES_KEPT)
    return replace(
        outcome,
        marked=tuple(structs.replace(row, is_new=row.key not in before) for row in first),
        marked_total=sum(1 for _row in ledger.marked()),
        marked_new=sum(row.key not in before for row in ledger.marked()),
    )


def _verdict(ledger: Ledger, outcome: Outcome, policy: Policy, foreign: int) -> UpdateFailed | None:
    """The error of an apply whose calls all succeeded.

    `policy.rejected` concerns lines that the service does not store; lines that somebody else overwrote are an error.
    """
    ours = outcome.rejected_total - foreign
    if ours and policy.rejected is Rejection.FAIL:
        return UpdateFailed(f"{_lines(ours)} not live as {'it was' if ours == 1 else 'they were'} sent")
    if foreign:
        return UpdateFailed(
            f"{_lines(foreign)} not live as in the manifest, because somebody else changed the dataset during the "
            "apply; run again"
        )
    if policy.marked is Marking.REFUSE and (ours := sum(1 for row in ledger.marked() if row.place is not None)):
        return UpdateFailed(
            f"the service marked {ours:,} entries of the manifest with errors and the policy is `marked: refuse`; "
            "fix the lines"
        )
    return None


def _lines(many: int) -> str:
    return "1 line is" if many == 1 else f"{many:,} lines are"
