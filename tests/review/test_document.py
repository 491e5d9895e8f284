"""The review as a JSON document: one form on every way out, as the schema in the repository says."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from reconciler.errors import AccessDenied, BadInput, InvalidDeclaration, ReconcilerError
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Finding, Place, Severity
from reconciler.review import kept
from reconciler.review.build import review_of
from reconciler.review.model import FORMAT, NEW_SHOWN, Compared, Keep, Review
from reconciler.text import Name
from reconciler.views import VIEWS, How
from reconciler.views.json_document import document_text, read_document, schema, schema_text
from reconciler.views.preview import preview_of
from reconciler.views.terminal.view import view
from tests.support.lines import bare, boxes, labelled
from tests.support.plans import run_of

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "plan.schema.json"

Compare = Callable[..., Review]


def test_the_schema_in_the_repository_is_current() -> None:
    """The schema in the repository is what `make docs` writes; `make check` holds it against the types, too."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_every_member_of_the_review_is_in_the_schema() -> None:
    """The schema has every member of the review, and a description of each object."""
    defined = schema()["$defs"]
    assert set(defined["Review"]["properties"]) == set(Review.__struct_fields__)
    assert all(one.get("description") for one in defined.values())


def test_a_document_reads_back_as_the_review_it_was(taco: Callable[[str, str], Review]) -> None:
    """A view made from the file is a view made from the plan."""
    for review in (taco("v2", "v3"), taco("v3", "v5")):
        assert msgspec.json.decode(msgspec.json.encode(review), type=Review, strict=True) == review


def test_readers_skip_members_that_they_do_not_know() -> None:
    """New members may come without a new format."""
    text = msgspec.json.encode({"format": FORMAT, "new": {"member": 1}})
    assert msgspec.json.decode(text, type=Review) == Review()


@pytest.mark.parametrize(
    "error",
    [
        BadInput("the folder is not there; make it"),
        AccessDenied("no; ask", code="AccessDeniedException", operation="DescribeProjects", request_id="1"),
        InvalidDeclaration([Finding(Severity.ERROR, "x", Place("project.yaml", 3), "wrong", "fix it")]),
    ],
)
def test_a_failed_run_has_the_same_members(error: ReconcilerError) -> None:
    """A failed run is shown with its error and with what was known by then."""
    failed = review_of([], error=error, exit_code=3, compared=Compared(after="datasets"))
    empty = msgspec.to_builtins(review_of([]))
    told = msgspec.to_builtins(failed)
    assert told.keys() == empty.keys()
    assert told["error"]["kind"] == type(error).__name__
    assert (told["exit_code"], told["plan_id"]) == (3, "")
    assert told["findings"]["errors"] == (1 if isinstance(error, InvalidDeclaration) else 0)


def test_a_dataset_that_could_not_be_planned_is_in_it() -> None:
    """With why; the run has no plan id then, because nobody can have reviewed it."""
    with Ledger() as ledger:
        broken = run_of(ledger, project="cells", error=ReconcilerError("it broke"))
        skipped = run_of(ledger, project="cells", kind=DatasetType.TEST, skipped="not looked at, because it broke")
        review = review_of([skipped, broken])
    assert [(one.type, one.status) for one in review.datasets] == [("train", "failed"), ("test", "skipped")]
    assert review.plan_id == ""
    assert review.projects[0].splits is None


def test_counts_agree_with_the_changes(compared: Compare) -> None:
    """The counts by verb, in total and over all datasets agree with the changes."""
    before = [
        labelled("s3://acme/1", "a"),
        labelled("s3://acme/2", "a"),
        boxes("s3://acme/3", ("a", 1, 2, 30, 40)),
        bare("s3://acme/4"),
    ]
    after = [labelled("s3://acme/1", "b"), boxes("s3://acme/3"), labelled("s3://acme/5", "a")]
    review = compared(before, after)
    (dataset,) = review.datasets
    verbs = Counter(change.verb for change in dataset.changes)
    assert verbs == {"update": 2, "add": 1, "live-only": 2}
    assert (dataset.add, dataset.update, dataset.live_only) == (1, 2, 2)
    assert (review.totals.add, review.totals.update, review.totals.live_only) == (1, 2, 2)
    assert dataset.changes_total == len(dataset.changes) == 5
    assert (dataset.losing_labels, dataset.staying) == (0, 1)


def test_a_screen_shows_of_few_new_entries_what_it_shows_of_all(compared: Compare) -> None:
    """For a screen, ten new entries are described; what it shows is the same, with moved keys, edits and a limit."""
    old = [boxes(f"s3://acme/old/{number}", ("a", 1, 2, 30, 40)) for number in range(4)]
    edited = [boxes(line["source-ref"], ("a", 5, 2, 30, 40)) for line in old[:3]]
    new = [labelled(f"s3://acme/new/n{number}", "a", "b") for number in range(30)]
    moved = [boxes(f"s3://acme/moved/{number}", ("a", 1, 2, 30, 40)) for number in range(4)]
    for before, after in (([], new), (old, [*new, *edited]), (old, [*new, *moved])):
        whole, short = (compared(before, after, keep) for keep in (Keep(), Keep(new=NEW_SHOWN)))
        for entries in (None, 3):
            assert view(short, entries=entries) == view(whole, entries=entries)
        assert preview_of(short) == preview_of(whole)
        assert short.datasets[0].changes_total == whole.datasets[0].changes_total
    assert len(compared([], new, Keep(new=NEW_SHOWN)).datasets[0].changes) == NEW_SHOWN


def test_the_riskiest_changes_are_kept_and_come_first(compared: Compare) -> None:
    """The riskiest changes are listed first, and those beyond the limit are counted."""
    before = [boxes(f"s3://acme/{number}", ("a", 1, 2, 30, 40)) for number in range(5)]
    after = [boxes(f"s3://acme/{number}", ("a", 5, 2, 30, 40)) for number in range(3)]
    after += [bare("s3://acme/3"), boxes("s3://acme/4"), labelled("s3://acme/9", "a")]
    dataset = compared(before, after, keep=Keep(3)).datasets[0]
    assert [(change.key, change.risk) for change in dataset.changes] == [
        ("s3://acme/3", 9),
        ("s3://acme/4", 8),
        ("s3://acme/0", 3),
    ]
    assert (dataset.changes_total, dataset.losing_labels) == (6, 1)
    everything = compared(before, after).datasets[0]
    assert [change.number for change in everything.changes] == [4, 5, 1, 2, 3, 6]
    assert everything.plan_id == dataset.plan_id


@pytest.mark.parametrize("most", [None, 6, 2])
def test_changes_in_a_file_are_those_that_are_held(
    compared: Compare, monkeypatch: pytest.MonkeyPatch, most: int | None
) -> None:
    """Many changes are in a file that goes with the review: every view is what it is of few, also with odd text."""
    odd, quoting = "s3://acme/\udfff", 's3://acme/\u2028\n,"groups":[-1]'
    before = [boxes(f"s3://acme/{number}", ("a", 1, 2, 30, 40), ("b", 7, 2, 5.5, 40)) for number in range(5)]
    after = [boxes(f"s3://acme/{number}", ("c", 1, 2, 30, 40), ("b", 7, 2.5, 5.5, 40)) for number in range(3)]
    after += [bare("s3://acme/3"), boxes("s3://acme/4"), labelled("s3://acme/9", "a")]
    for key in (odd, quoting):
        before, after = [*before, labelled(key, "a", key)], [*after, labelled(key, "b", key)]
    held = compared(before, after, keep=Keep(most))
    for some in (0, 2):
        monkeypatch.setattr(kept, "_HELD", some)
        stored = compared(before, after, keep=Keep(most))
        changes = stored.datasets[0].changes
        assert isinstance(changes, kept.StoredChanges) or most == some
        assert changes == held.datasets[0].changes
        assert (changes[0], changes[1:]) == (held.datasets[0].changes[0], held.datasets[0].changes[1:])
        for row in VIEWS.values():
            assert row.make(stored, How(verbose=True)) == row.make(held, How(verbose=True))


def test_text_that_utf_8_cannot_hold_does_not_stop_the_document(compared: Compare) -> None:
    """Half a character in a label is written out; everything else is unchanged."""
    hostile = "<b>\u202e|`@x #1\x1b[31m"
    review = compared([], [labelled("s3://acme/1", hostile)])
    (project,) = review.projects
    (change,) = project.datasets[0].changes
    odd = structs.replace(change, key="s3://acme/2\udfff", words=("1 box: ", Name("\ud800")))
    (dataset,) = (structs.replace(one, changes=(change, odd)) for one in project.datasets)
    review = structs.replace(review, projects=(structs.replace(project, datasets=(dataset,)),))
    first, second = read_document(document_text(review).encode(), "plan.json").datasets[0].changes
    assert first.labels_added == (hostile,)
    assert (second.key, second.words) == ("s3://acme/2\\udfff", ("1 box: ", Name("\\ud800")))
