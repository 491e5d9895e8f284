"""What a reviewer must not miss, and the risk of single changes."""

import json
from collections.abc import Callable

import pytest

from reconciler.analysis.entry import detail_of
from reconciler.entries import compact
from reconciler.model import Change, Verb
from reconciler.policy import Extra, Policy
from reconciler.review.build import review_of
from reconciler.review.changes import risk_of
from reconciler.review.dangers import LEVELS
from reconciler.review.model import Danger, Review
from reconciler.text import plain
from tests.support.filling import filled
from tests.support.lines import FINDINGS, Document, Picture, bare, boxes, labelled, write
from tests.support.plans import planned, run_of

KEY = "s3://acme/1"
BOX, MOVED, OTHER = ("a", 1.0, 2.0, 30.0, 40.0), ("a", 5.0, 2.0, 30.0, 40.0), ("b", 1.0, 2.0, 30.0, 40.0)
LARGER = ("a", 1.0, 2.0, 30.0, 50.0)


def dangers(live: list[Document], desired: list[Document], extra: Extra = Extra.REPORT) -> dict[str, Danger]:
    """The dangers of one dataset by kind; live lines may carry the service's errors."""
    with filled(desired) as ledger:
        for line in live:
            ledger.observe(json.dumps(line))
        plan = planned(ledger, Policy(extra=extra), exists=True, bucket=None)
        review = review_of([run_of(ledger, plan)])
    assert [danger.level for danger in review.dangers] == sorted(
        (one.level for one in review.dangers), key=LEVELS.index
    )
    return {danger.kind: danger for danger in review.dangers}


@pytest.mark.parametrize(
    ("live", "desired", "risk"),
    [
        (labelled(KEY, "a"), bare(KEY), 9),
        (boxes(KEY, BOX), boxes(KEY), 8),
        (boxes(KEY, BOX, OTHER), boxes(KEY, BOX), 7),
        (labelled(KEY, "a", "b"), labelled(KEY, "a"), 7),
        (labelled(KEY, "a"), labelled(KEY, "b"), 6),
        (boxes(KEY, BOX), boxes(KEY, OTHER), 6),
        (boxes(KEY, BOX), boxes(KEY, LARGER), 4),
        (write(Picture(KEY, boxes=())), write(Picture(KEY, boxes=(), size=(320, 240))), 4),
        (boxes(KEY, BOX), boxes(KEY, MOVED), 3),
        (labelled(KEY, "a"), labelled(KEY, "a", "b"), 3),
        (bare(KEY), labelled(KEY, "a"), 3),
        (labelled(KEY, "a"), labelled(KEY, "a") | {"n": 1}, 2),
    ],
)
def test_updates_are_ordered_by_what_they_do_to_training(live: Document, desired: Document, risk: int) -> None:
    """What goes unseen is worst; drift is a step worse than what somebody wrote."""
    detail = detail_of(Change(Verb.UPDATE, KEY, 1, compact(desired), compact(live)))
    assert risk_of(Verb.UPDATE, detail) == risk
    assert risk_of(Verb.UPDATE, detail, drift=True) == min(risk + 1, 9)
    assert risk_of(Verb.UPDATE, detail, marked=True) == max(risk, 6)


def test_entries_that_come_or_stay_have_their_places() -> None:
    """A new one is harmless, a labelled one left behind is not, an unlabelled one is at rest."""
    add = detail_of(Change(Verb.ADD, KEY, 1, compact(labelled(KEY, "a"))))
    stays, rests = (
        detail_of(Change(Verb.LIVE_ONLY, KEY, 1, None, compact(line))) for line in (labelled(KEY, "a"), bare(KEY))
    )
    assert (risk_of(Verb.ADD, add), risk_of(Verb.LIVE_ONLY, stays), risk_of(Verb.LIVE_ONLY, rests)) == (1, 5, 0)


def test_labels_that_are_lost_left_behind_or_new_are_dangers() -> None:
    """Labels that are lost, only live or new are dangers with counts and examples."""
    live = [labelled("s3://acme/1", "a"), labelled("s3://acme/2", "gone"), labelled("s3://acme/3", "a")]
    found = dangers(live, [labelled("s3://acme/1", "a"), bare("s3://acme/2"), labelled("s3://acme/4", "new")])
    assert found["labels-removed"].examples == ("s3://acme/2",)
    assert (found["live-only"].count, found["live-only"].examples) == (1, ("s3://acme/3",))
    assert plain(found["label-gone"].words) == "no image has gone any more"
    assert found["label-new"].examples == ("new",)


def test_a_renamed_label_is_neither_gone_nor_new() -> None:
    """The group says what became of it; all else that is said is that no apply tells whose change it is."""
    found = dangers([labelled(KEY, "a")], [labelled(KEY, "b")])
    assert found.keys() == {"theirs"}
    assert (found["theirs"].level, found["theirs"].count) == ("check", 1)


def test_a_replacement_and_a_refusal_are_the_worst() -> None:
    """Both are dangers of the worst level, and say what happens."""
    live, desired = [labelled(KEY, "a"), labelled("s3://acme/2", "a")], [labelled(KEY, "a")]
    assert plain(dangers(live, desired, Extra.REPLACE)["replace"].words).endswith("2 live entries are deleted")
    refused = dangers(live, desired, Extra.FAIL)["refusal"]
    assert refused.level == "danger"
    assert "extra: fail" in plain(refused.words)


def test_marked_entries_and_look_alikes_are_dangers() -> None:
    """A label that looks like another is named when it is new; a pair that was there is for `validate`."""
    live = [labelled("s3://acme/1", "cat"), labelled("s3://acme/2", "cat") | {"errors": FINDINGS}]
    found = dangers(live, [labelled("s3://acme/1", "Cat"), labelled("s3://acme/2", "cat") | {"n": 1}])
    assert (found["marked"].count, found["marked"].examples) == (1, ("s3://acme/2",))
    assert (found["look-alike"].level, found["look-alike"].examples) == ("check", ("Cat", "cat"))
    letter = dangers(live, [labelled("s3://acme/1", "c\u0430t"), labelled("s3://acme/2", "cat")])["look-alike"]
    assert plain(letter.words).endswith("letters that look the same: U+0430 CYRILLIC SMALL LETTER A")
    before = [labelled("s3://acme/1", "Cat"), labelled("s3://acme/2", "cat")]
    assert "look-alike" not in dangers(before, before)


def test_train_and_test_that_do_not_fit_are_dangers(folders: Callable[..., Review]) -> None:
    """Too few labels in common, and labels that only one has."""
    review = folders(
        {"train": [bare("s3://acme/9")]},
        {"train": [labelled("s3://acme/1", "a", "b", "c")], "test": [labelled("s3://acme/2", "a", "d")]},
    )
    told = [(danger.kind, plain(danger.words)) for danger in review.dangers]
    assert ("labels-overlap", "the test set has 33% of the training labels; training needs 50%") in told
    assert ("label-one-side", "only test has d") in told
