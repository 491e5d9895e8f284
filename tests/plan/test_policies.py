"""What a plan says and sends under each policy."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.changes import Action, batches, shown_changes
from reconciler.entries import bare_line, compact, entry_of
from reconciler.guards import OFF
from reconciler.ledger import Ledger
from reconciler.model import Verb
from reconciler.plan import Plan, sends
from reconciler.policy import Compare, Extra, Policy
from reconciler.text import safe
from tests.support.filling import filled
from tests.support.lines import FINDINGS, Document, bare, boxes, labelled
from tests.support.plans import planned

BUCKET = "b"
EXTRA = {extra.value: Policy(extra=extra) for extra in Extra}
DESIRED = [labelled("s3://b/1", "a"), labelled("s3://b/2", "b"), bare("s3://b/3")]
# The first as desired, the second changed, the third missing; one labelled and one unlabelled that only live has.
LIVE = [labelled("s3://b/9", "x"), labelled("s3://b/1", "a"), labelled("s3://b/2", "c"), bare("s3://b/8")]


def plan_of(ledger: Ledger, policy: Policy | None = None, *, exists: bool = True) -> Plan:
    """The plan of a filled ledger."""
    return planned(ledger, policy, exists=exists, bucket=BUCKET)


def shown(ledger: Ledger, plan: Plan) -> list[str]:
    """Signs and the last letters of keys, as people see them."""
    return [change.verb.value + change.key[-1] for change in shown_changes(ledger, plan)]


def test_report_sends_adds_and_updates_and_shows_what_only_live_has() -> None:
    """Whole desired lines in manifest order; live-only entries are shown, not sent."""
    with filled(DESIRED, LIVE) as ledger:
        plan = plan_of(ledger, EXTRA["report"])
        assert (plan.action, plan.add, plan.update, plan.unlabel, plan.live_only) == (Action.UPDATE, 1, 1, 0, 2)
        assert (plan.unchanged, plan.lines, plan.has_changes, plan.refusals) == (1, 2, True, ())
        assert [(change.verb, change.desired) for change in sends(ledger, plan)] == [
            (Verb.UPDATE, compact(DESIRED[1])),
            (Verb.ADD, compact(DESIRED[2])),
        ]
        assert shown(ledger, plan) == [
            "~2",
            "+3",
            "!9",
            "!8",
        ]


def test_unlabel_sends_the_bare_line_of_what_only_live_labels() -> None:
    """After the adds and updates; an entry without labels is at rest."""
    with filled(DESIRED, LIVE) as ledger:
        plan = plan_of(ledger, EXTRA["unlabel"])
        assert (plan.add, plan.update, plan.unlabel, plan.live_only, plan.lines) == (1, 1, 1, 2, 3)
        assert [change.desired for change in sends(ledger, plan)][2:] == [bare_line("s3://b/9")]
        assert shown(ledger, plan) == ["~2", "+3", "-9"]


def test_unlabel_is_at_rest_when_nothing_only_live_is_labelled() -> None:
    """The second plan after an unlabel is empty."""
    with filled(DESIRED, [*DESIRED, bare("s3://b/9")]) as ledger:
        plan = plan_of(ledger, EXTRA["unlabel"])
        assert (plan.action, plan.lines, plan.live_only, plan.has_changes) == (Action.NOTHING, 0, 1, False)


def test_unlabel_sends_for_malformed_labels_too() -> None:
    """A line whose label attribute cannot be read is labelled all the same."""
    broken = {"source-ref": "s3://b/9", "x": 1, "x-metadata": {"type": "groundtruth/image-classification"}}
    with filled(DESIRED, [*DESIRED, broken, boxes("s3://b/8")]) as ledger:
        assert plan_of(ledger, EXTRA["unlabel"]).unlabel == 2


def test_fail_refuses_with_the_count_and_the_cure() -> None:
    """With changes and without; and says nothing when live has no entries of its own."""
    for live in (LIVE, [*DESIRED, bare("s3://b/9"), bare("s3://b/8")]):
        with filled(DESIRED, live) as ledger:
            refusal = safe(*plan_of(ledger, EXTRA["fail"]).refusals)
            assert refusal.startswith("2 live entries are not in the manifest and the policy is `extra: fail`; ")
            assert "report, unlabel or replace" in refusal
    with filled(DESIRED, DESIRED) as ledger:
        assert plan_of(ledger, EXTRA["fail"]).refusals == ()


def test_replace_loads_everything_anew_only_when_live_has_entries_of_its_own() -> None:
    """All desired lines as adds, unchanged ones too; without live-only entries it is an update like any other."""
    with filled(DESIRED, LIVE) as ledger:
        plan = plan_of(ledger, EXTRA["replace"])
        assert (plan.action, plan.add, plan.update, plan.live_only) == (Action.REPLACE, 3, 0, 2)
        assert plan.live is not None
        assert plan.live.entries == 4
        assert [change.desired for change in sends(ledger, plan)] == [compact(line) for line in DESIRED]
        assert shown(ledger, plan) == [
            "+1",
            "+2",
            "+3",
            "!9",
            "!8",
        ]
    with filled(DESIRED, LIVE[1:3]) as ledger:
        plan = plan_of(ledger, EXTRA["replace"])
        assert (plan.action, plan.add, plan.update) == (Action.UPDATE, 1, 1)


def test_a_dataset_that_is_not_there_is_created_and_loaded() -> None:
    """Also with an empty manifest; all policies alike, for there is nothing extra."""
    for policy in EXTRA.values():
        with filled(DESIRED) as ledger:
            plan = plan_of(ledger, policy, exists=False)
            assert (plan.action, plan.add, plan.live, plan.refusals) == (Action.CREATE, 3, None, ())
            assert shown(ledger, plan) == ["+1", "+2", "+3"]
        with filled([]) as ledger:
            plan = plan_of(ledger, policy, exists=False)
            assert (plan.action, plan.lines, plan.batches, plan.bytes, plan.has_changes) == (
                Action.CREATE,
                0,
                0,
                0,
                True,
            )


def test_equal_sides_make_an_empty_plan() -> None:
    """Nothing to send, in no batches; what labels mode ignored is counted."""
    with filled(DESIRED, [DESIRED[2], DESIRED[1] | {"note": 1}, DESIRED[0]]) as ledger:
        plan = plan_of(ledger)
        assert (plan.action, plan.lines, plan.batches, plan.bytes) == (Action.NOTHING, 0, 0, 0)
        assert (plan.unchanged, plan.ignored) == (3, 1)
        assert list(sends(ledger, plan)) == list(shown_changes(ledger, plan)) == []
        strict = plan_of(ledger, Policy(compare=Compare.STRICT))
        assert (strict.update, strict.ignored) == (1, 0)


def test_marked_entries_are_counted_and_their_repair_is_an_update() -> None:
    """The repair of a marked entry counts as an update and not as ignored."""
    live = json.dumps(DESIRED[0] | {"note": 1, "cl-errors": FINDINGS})
    with filled(DESIRED, [live, *DESIRED[1:]]) as ledger:
        plan = plan_of(ledger)
        assert (plan.update, plan.marked, plan.ignored, plan.unchanged) == (1, 1, 0, 2)


def test_lines_are_sent_whole_and_never_merged_with_live() -> None:
    """What live has beside the desired fields goes away; the service's fields are not sent back."""
    desired = labelled("s3://b/1", "a") | {"mine": 1}
    live = labelled("s3://b/1", "b") | {"theirs": 2, "cl-metadata": {"is_labeled": True}, "cl-errors": FINDINGS}
    with filled([desired], [json.dumps(live)]) as ledger:
        (change,) = sends(ledger, plan_of(ledger))
        assert change.desired == compact(desired)
        assert change.live == compact(labelled("s3://b/1", "b") | {"theirs": 2})


documents = st.sampled_from([bare(""), boxes(""), labelled("", "a"), labelled("", "b"), boxes("", ("a", 1, 2, 3, 4))])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([f"s3://b/{n}" for n in range(8)]), documents),
    st.dictionaries(st.sampled_from([f"s3://b/{n}" for n in range(8)]), documents),
    st.sampled_from(Extra),
)
def test_carrying_a_plan_out_makes_live_as_desired(
    desired: dict[str, Document], live: dict[str, Document], extra: Extra
) -> None:
    """Upserting what a plan sends leaves nothing to send; its figures are those of what it sends."""
    want = [line | {"source-ref": key} for key, line in desired.items()]
    have = {key: line | {"source-ref": key} for key, line in live.items()}
    with filled(want, have.values()) as ledger:
        plan = plan_of(ledger, Policy(extra=extra))
        changes = list(sends(ledger, plan))
        bodies = list(batches(changes))
        after = {} if plan.action is Action.REPLACE else dict(have)
    for change in changes:
        assert change.desired is not None
        after[change.key] = json.loads(change.desired)
    assert (plan.batches, plan.bytes) == (len(bodies), sum(len(one.body) for one in bodies))
    assert plan.lines == len(changes)
    assert bool(plan.refusals) == (extra is Extra.FAIL and bool(live.keys() - desired.keys()))
    with filled(want, after.values()) as ledger:
        again = plan_of(ledger, Policy(extra=extra))
        assert again.action is Action.NOTHING
        assert all(
            entry_of(after[key]).meaning == entry_of(line).meaning for key, line in zip(desired, want, strict=True)
        )
        if extra is Extra.UNLABEL:
            assert not any(entry_of(after[key]).labelled for key in after.keys() - desired.keys())


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Makes the limits of entries and labels small."""

    def limit(entries: int, labels: int) -> None:
        monkeypatch.setattr("reconciler.plan.make.DATASET_ENTRIES", entries)
        monkeypatch.setattr("reconciler.plan.make.DATASET_LABELS", labels)
        monkeypatch.setattr("reconciler.plan.order.DATASET_LABELS", labels)

    return limit


def test_images_are_counted_on_manifest_and_live_together(limited: Callable[[int, int], None]) -> None:
    """Refused when they pass the limit together; replace needs room for the manifest alone."""
    limited(4, 250)
    with filled(DESIRED, LIVE) as ledger:
        refusal = safe(*plan_of(ledger).refusals)
        assert refusal.startswith(
            "manifest and live-only entries together are 5 images, 1 more than the limit of 4; set `extra"
        )
        assert plan_of(ledger, EXTRA["replace"]).refusals == ()
    limited(5, 250)
    with filled(DESIRED, LIVE) as ledger:
        assert plan_of(ledger).refusals == ()


def test_labels_are_counted_on_manifest_and_live_together(limited: Callable[[int, int], None]) -> None:
    """A label that only live-only entries use counts too, unless they are unlabelled."""
    limited(250_000, 2)
    with filled(DESIRED, LIVE) as ledger:
        refusal = safe(*plan_of(ledger).refusals)
        assert refusal.startswith(
            "manifest and live-only entries together use 3 labels, 1 more than the limit of 2; set `extra"
        )
        assert plan_of(ledger, EXTRA["unlabel"]).refusals == ()
        assert plan_of(ledger, EXTRA["replace"]).refusals == ()
    limited(250_000, 3)
    with filled(DESIRED, LIVE) as ledger:
        assert plan_of(ledger).refusals == ()


def test_all_images_must_be_in_one_bucket_live_ones_too() -> None:
    """One example is named, made harmless; unlabelling does not help, replacing does."""
    live = [bare("s3://b/2"), bare("s3://else/\x1b[31m"), bare("s3://b-2/3")]
    with filled([labelled("s3://b/1", "a")], live) as ledger:
        for policy in (EXTRA["report"], EXTRA["unlabel"]):
            refusal = safe(*plan_of(ledger, policy).refusals)
            assert refusal.startswith("2 live entries that the manifest does not have are in a different bucket")
            assert "(s3://b/): s3://else/\\x1b[31m;" in refusal
        assert plan_of(ledger, EXTRA["replace"]).refusals == ()


def test_a_stop_that_nothing_overrides_is_never_shown_with_an_override() -> None:
    """Images in two buckets stop an apply whatever is overridden; once that is fixed, the guard's override is shown."""
    live = [labelled(f"s3://b/{number}", "a") for number in range(20)]
    for other, words in ((["s3://else/1"], ("different bucket", "guard updates")), ([], ("guard updates",))):
        desired = [labelled(f"s3://b/{number}", "bc"[number % 2]) for number in range(20)]
        with filled(desired, [*live, *map(bare, other)]) as ledger:
            plan = planned(ledger, bucket="b", guards={**OFF, "updates": 0.3})
        assert [word in safe(refusal) for word, refusal in zip(words, plan.refusals, strict=True)] == [True] * len(
            words
        )
        assert bool(plan.override) is not bool(other)
        assert ("--allow" in plan.refusal) is not bool(other)


def test_a_plan_that_sends_nothing_is_not_refused_for_what_is_live(limited: Callable[[int, int], None]) -> None:
    """Strangers and too many entries are only a matter when something is sent."""
    limited(1, 1)
    with filled([bare("s3://b/1")], [bare("s3://b/1"), labelled("s3://else/1", "x", "y")]) as ledger:
        assert plan_of(ledger).refusals == ()
    with filled([], [labelled("s3://else/1", "x")]) as ledger:
        assert planned(ledger, EXTRA["unlabel"]).refusals == ()
