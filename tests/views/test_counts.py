"""No view loses a change: what is shown and what is said to be left out are together what the plan has."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.review.model import Review
from reconciler.views import preview
from reconciler.views.html import view as html
from reconciler.views.json_document import document_text, read_document
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal
from tests.views.reviews import change, dataset, review

VERBS = st.sampled_from(["add", "update", "unlabel", "live-only"])


@st.composite
def reviews(draw: st.DrawFn) -> tuple[Review, int]:
    """Reviews of up to three datasets, some of which keep fewer changes than they count."""
    datasets, total = [], 0
    for index in range(draw(st.integers(1, 3))):
        verbs = draw(st.lists(VERBS, max_size=60))
        beyond = draw(st.sampled_from([0, 0, 1, 5_000])) if verbs else 0
        changes = [
            change(number, verb, key=f"s3://b/k{index}-{number}.jpg", risk=draw(st.integers(0, 9)))
            for number, verb in enumerate(verbs)
        ]
        datasets.append(dataset(changes, title=f"d{index} train", changes_total=len(changes) + beyond))
        total += len(changes) + beyond
    return review(*datasets), total


def left_out(text: str) -> int:
    """How many entries a text says it does not show."""
    return sum(int(number.replace(",", "")) for number in re.findall(r"and ([\d,]+) (?:more )?entr", text))


def keys(text: str) -> int:
    """How many different entries a text shows."""
    return len(set(re.findall(r"k\d+-\d+\.jpg", text)))


@settings(max_examples=40, deadline=None)
@given(reviews(), st.sampled_from([None, 60, 120]), st.booleans())
def test_the_terminal_loses_none(made: tuple[Review, int], width: int | None, verbose: bool) -> None:  # noqa: FBT001
    """Short and verbose, wide and narrow."""
    text = terminal.view(made[0], width=width, verbose=verbose)
    assert keys(text) + left_out(text) == made[1]


@settings(max_examples=40, deadline=None)
@given(reviews(), st.sampled_from([2_500, 5_000, markdown.COMMENT_CHARACTERS]))
def test_markdown_loses_none(made: tuple[Review, int], limit: int) -> None:
    """Every entry is listed or counted in the comment, however little room there is."""
    text = markdown.view(made[0], limit)
    cut = re.search(r"([\d,]+) entries", text.partition("not shown:")[2].partition("\n")[0])
    assert keys(text) + (int(cut[1].replace(",", "")) if cut else 0) == made[1]


@settings(max_examples=40, deadline=None)
@given(reviews())
def test_html_loses_none(made: tuple[Review, int]) -> None:
    """All that the plan has are in the page's data; those that it has not are said."""
    page = html.view(made[0])
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    beyond = re.search(r"([\d,]+) more change and are not listed", page)
    assert len(data["changes"]) + (int(beyond[1].replace(",", "")) if beyond else 0) == made[1]


@settings(max_examples=40, deadline=None)
@given(reviews())
def test_a_preview_loses_none(made: tuple[Review, int]) -> None:
    """Pulumi shows each dataset for itself; the property and the message say the same."""
    seen = 0
    for one in made[0].datasets:
        shown = preview.preview_of(review(one))
        entries = "\n".join(shown.properties()["entries"])
        seen += keys(entries) + left_out(entries)
        assert all(line in shown.message() for line in shown.entries)
    assert seen == made[1]


@settings(max_examples=40, deadline=None)
@given(reviews())
def test_json_loses_none(made: tuple[Review, int]) -> None:
    """The document reads back as the plan it was made from; what it does not hold it counts."""
    again = read_document(document_text(made[0]).encode(), "plan.json")
    assert again == made[0]
    assert sum(one.changes_total for one in again.datasets) == made[1]
