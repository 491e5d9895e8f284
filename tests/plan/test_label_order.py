"""The order of sending in which a dataset never has too many labels on the way."""

import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.changes import Action, batches
from reconciler.entries import entry_of
from reconciler.ledger import Ledger
from reconciler.model import Change
from reconciler.plan import Plan, sends
from reconciler.policy import Extra, Policy
from reconciler.text import safe
from tests.support.filling import filled
from tests.support.lines import labelled
from tests.support.plans import planned

Uses = dict[str, tuple[str, ...]]  # key -> labels
KEYS = [f"s3://b/{number}" for number in range(10)]
LABELS = 4


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the label limit 4 and a batch as small as asked."""

    def limit(size: int) -> None:
        monkeypatch.setattr("reconciler.plan.make.DATASET_LABELS", LABELS)
        monkeypatch.setattr("reconciler.plan.order.DATASET_LABELS", LABELS)
        monkeypatch.setattr("reconciler.plan.order.BATCH_BYTES", size)
        monkeypatch.setattr("reconciler.plan.order.peak_labels.__defaults__", (size,))

    return limit


def ledger_of(desired: Uses, live: Uses) -> Ledger:
    """Both sides as image-level labels."""
    return filled(
        [labelled(key, *names) for key, names in desired.items()],
        [labelled(key, *names) for key, names in live.items()],
    )


def peak(live: Uses, changes: Iterable[Change], size: int) -> int:
    """The most labels that any batch leaves behind, by carrying the batches out."""
    now, most = dict(live), 0
    for batch in batches(changes, size):
        for change in batch.changes:
            now[change.key] = entry_of(json.loads(change.desired or b"")).labels
        most = max(most, len({name for names in now.values() for name in names}))
    return most


def in_manifest_order(changes: Iterable[Change]) -> list[Change]:
    """Adds and updates as the manifest has them, then what is unlabelled as listed."""
    return sorted(changes, key=lambda change: (change.place is None, change.place, change.seq))


uses = st.lists(st.sampled_from("abcdef"), max_size=2, unique=True).map(tuple)
sides = st.dictionaries(st.sampled_from(KEYS), uses)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sides, sides, st.sampled_from([Extra.REPORT, Extra.UNLABEL]), st.sampled_from([1, 300, 700, 100_000]))
def test_what_is_sent_never_passes_the_label_limit(
    small: Callable[[int], None], desired: Uses, live: Uses, extra: Extra, size: int
) -> None:
    """Unless refused; manifest order is kept where it fits, refused is what fits in neither order."""
    small(size)
    with ledger_of(desired, live) as ledger:
        plan = planned(ledger, Policy(extra=extra), exists=True, bucket="b")
        changes = list(sends(ledger, plan))
        queued = list(ledger.send_queue(sends(ledger, plan)).changes())
    if plan.action is not Action.UPDATE:
        return
    assert [(one.key, one.desired, one.verb) for one in queued] == [(one.key, one.desired, one.verb) for one in changes]
    ordered = in_manifest_order(changes)
    fits_as_it_stands = peak(live, ordered, size) <= LABELS
    assert plan.by_label == (not fits_as_it_stands)
    assert plan.by_label or changes == ordered
    assert bool(plan.refusals) == (peak(live, changes, size) > LABELS)
    assert plan.batches == len(list(batches(changes, size)))
    if peak(live, ordered, 100_000) > LABELS:
        assert safe(plan.refusals[0]).startswith("manifest and live-only entries together use")
    elif plan.refusals:
        assert safe(plan.refusals[0]).startswith(
            f"while the lines are sent the dataset would have {peak(live, changes, size)} labels, "
        )


def plan_of(ledger: Ledger, extra: Extra = Extra.REPORT) -> Plan:
    """The plan of a ledger."""
    return planned(ledger, Policy(extra=extra), exists=True, bucket="b")


def test_renaming_every_label_goes_label_by_label(small: Callable[[int], None]) -> None:
    """Manifest order would have all new labels beside all old ones; in this order each leaves in time."""
    small(1)  # each line a batch of its own
    names = ("a", "b", "c")
    live: Uses = {f"s3://b/{number}": (names[number % 3],) for number in range(9)}
    desired: Uses = {key: (old[0].upper(),) for key, old in live.items()}
    with ledger_of(desired, live) as ledger:
        plan = plan_of(ledger)
        assert (plan.by_label, plan.refusals, plan.update) == (True, (), 9)
        assert [change.labels[0] for change in sends(ledger, plan)] == list("AAABBBCCC")
    assert peak(live, in_manifest_order(changes_of(desired, live)), 1) == 6


def changes_of(desired: Uses, live: Uses) -> list[Change]:
    """What a plan sends."""
    with ledger_of(desired, live) as ledger:
        return list(sends(ledger, plan_of(ledger)))


def test_unlabelling_makes_room_first(small: Callable[[int], None]) -> None:
    """Lines that bring no new label go first, also those of live-only entries, which manifest order has last."""
    small(1)
    live: Uses = {f"s3://b/{number}": (name,) for number, name in enumerate("abcd")}
    desired: Uses = {"s3://b/new1": ("x",), "s3://b/new2": ("y",)}
    with ledger_of(desired, live) as ledger:
        plan = plan_of(ledger, Extra.UNLABEL)
        assert (plan.by_label, plan.refusals, plan.unlabel) == (True, (), 4)
        assert [change.key for change in sends(ledger, plan)] == [*live, *desired]


def test_a_plan_that_no_order_saves_is_refused_with_the_cure(small: Callable[[int], None]) -> None:
    """Two entries of one old label become two new labels while all labels are taken: nothing is sent."""
    small(1)
    live: Uses = {"s3://b/1": ("a",), "s3://b/2": ("a",), "s3://b/3": ("b",), "s3://b/4": ("c",), "s3://b/5": ("d",)}
    desired: Uses = {**live, "s3://b/1": ("x",), "s3://b/2": ("x",)}
    with ledger_of(desired, live) as ledger:
        refusal = safe(*plan_of(ledger).refusals)
    assert refusal.startswith(
        "while the lines are sent the dataset would have 5 labels, whatever their order, 1 more than the limit of 4; "
    )
    assert "in two applies" in refusal
    small(100_000)  # one batch never passes the limit
    with ledger_of(desired, live) as ledger:
        assert (plan_of(ledger).refusals, plan_of(ledger).by_label) == ((), False)
