"""What an apply did is in every view of its document."""

from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.apply.outcome import Failure, Outcome, Rejected
from reconciler.errors import UpdateFailed
from reconciler.ledger import Ledger, MarkedEntry
from reconciler.model import Mark, Place
from reconciler.review.build import with_outcomes
from reconciler.review.model import Review
from reconciler.views.html import view as html
from reconciler.views.json_document import document_text, read_document
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal
from reconciler.views.words import outcome_words
from tests.support.plans import run_of
from tests.views.reviews import change, dataset, review

VIEWS: dict[str, Callable[[Review], str]] = {"text": terminal.view, "markdown": markdown.view, "html": html.view}
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m|`@all`"
OUTCOME = Outcome(
    "arn:aws:rekognition:eu-west-1:123456789012:project/p/dataset/train/1",
    add=2,
    batches=1,
    rejected=(Rejected(f"s3://b/{HOSTILE}.jpg", Place("train.jsonl", 3), f"AWS: {HOSTILE}"),),
    rejected_total=1_003,
    marked=(MarkedEntry("s3://b/off.jpg", Place("train.jsonl", 4), (Mark("ERROR_NEW", HOSTILE),), is_new=True),),
    marked_total=1,
    snapshots=("s3://kept/here.jsonl.gz",),
    bytes=900,
    settled=frozenset({"0123456789abcdef"}),
    error=Failure.of(UpdateFailed("1,003 lines are not live as they were sent")),
)


def applied() -> Review:
    """A review of two datasets: one was applied and lost lines, the other was left out."""
    planned = review(dataset([change(1)]), dataset([change(2)], type_="test", title="blood-cells test"))
    with Ledger() as ledger:
        calls = Counter({"UpdateDatasetEntries": 1})
        done = run_of(ledger, outcome=OUTCOME, calls=calls, seconds=30)
        left_out = run_of(ledger, skipped="not applied, because blood-cells train failed")
        return with_outcomes(planned, [done, left_out], calls)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_what_an_apply_did(view: str) -> None:
    """What was done, what is not live, what was marked, where snapshots are, what failed and was left out."""
    text = VIEWS[view](applied())
    for said in ("2 added", "train.jsonl:3", "1,002 more rejected lines", "off.jpg", "here.jsonl.gz", "30 s"):
        assert said in text, said
    assert "not live as they were sent" in text
    assert "not applied, because" in text


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_in_an_outcome_acts(view: str) -> None:
    """The service's sentences and keys are others' text."""
    text = VIEWS[view](applied())
    assert "\x1b" not in text
    assert view != "html" or "<img src=x" not in text
    if view == "markdown":
        assert not [line for line in text.splitlines() if "<img" in line and "`" not in line]


def test_the_document_of_an_apply_reads_back() -> None:
    """With statuses, totals and the outcome, but for the memory of lines that are stored differently."""
    made = applied()
    assert read_document(document_text(made).encode(), "run.json") == made
    assert [one.status for one in made.datasets] == ["failed", "skipped"]
    assert (made.totals.sent, made.totals.rejected, made.totals.failed, made.totals.skipped) == (2, 1_003, 1, 1)
    assert made.words == "2 datasets: 2 added, 1,003 rejected, 1 failed, 1 skipped"
    assert replace(
        made.datasets[0], outcome=None, spent=None, error=None, status="planned", dataset_arn=None
    ) == replace(review(dataset([change(1)])).datasets[0], dataset_arn=None)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(""), "nothing was sent"),
        (Outcome("", batches=1), "1 batch was sent, with no line known to be live"),
        (Outcome("", batches=2, error=Failure.of(UpdateFailed("x"))), "nothing was applied"),
    ],
    ids=["nothing", "stopped", "failed"],
)
def test_a_batch_that_was_sent_is_never_told_as_nothing(outcome: Outcome, words: str) -> None:
    """A second Ctrl-C leaves a batch with AWS whose lines are not known to be live."""
    assert outcome_words(outcome) == words
