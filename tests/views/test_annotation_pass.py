"""A new annotation pass that changes no label: nothing to send, and still to be read in every view."""

from reconciler.analysis.results import IgnoredField, JobCount, Provenance, ProvenanceSide
from reconciler.review.model import Review
from reconciler.views.html import view as html
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal
from tests.views.reviews import dataset, review

_SIDE = ProvenanceSide(human=40, machine=0, unsaid=0, confidence_lowest=0.5, confidence_highest=1)
_REMARK = "40 entries differ in ignored fields only: creation-date, job-name"


def passed() -> Review:
    """Forty entries that name another job."""
    provenance = Provenance(
        before=_SIDE,
        after=_SIDE,
        jobs=(JobCount(value="job/b", before=0, after=40), JobCount(value="job/a", before=40, after=0)),
        other_jobs=0,
        ignored=(IgnoredField(field="creation-date", entries=40), IgnoredField(field="job-name", entries=40)),
        ignored_entries=40,
    )
    return review(dataset([], ignored=40, remarks=(_REMARK,), provenance=provenance))


def test_a_terminal_names_the_fields_and_the_jobs() -> None:
    """Two lines of the dataset, and one for each job."""
    text = terminal.view(passed())
    assert f"  {_REMARK}\n    0 -> 40 by job/b\n    40 -> 0 by job/a\n" in text


def test_a_comment_does_not_pass_over_it() -> None:
    """Although nothing is to be sent: fields, jobs and the range of confidence before and after."""
    text = markdown.view(passed())
    assert _REMARK in text
    assert "| job `job/b` | 0 | 40 |\n| job `job/a` | 40 | 0 |\n| confidence | 0.5 to 1 | 0.5 to 1 |\n" in text


def test_no_view_says_that_one_field_alone_differs() -> None:
    """An entry may differ in several of the fields that are ignored."""
    for text in (terminal.view(passed(), verbose=True), markdown.view(passed()), html.view(passed())):
        assert "differs in 40 entries, and is ignored" in text
        assert "only, which is ignored" not in text
