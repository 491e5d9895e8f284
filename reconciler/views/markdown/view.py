"""A review as Markdown for a comment on a pull request: dangers, what no group explains, figures, groups, the rest.

At most 65,536 characters, as GitHub takes them; what is cut is the least risky, and the text says how much. The first
line is always the same, so that the comment can be found again and updated in place.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from reconciler.review.dangers import LEVELS
from reconciler.review.model import Danger, DatasetReview, Review
from reconciler.run import DangerLevel
from reconciler.text import counted, names_in
from reconciler.views.lines import chosen
from reconciler.views.markdown.budget import Block, left_out, length, piece, within
from reconciler.views.markdown.dataset import (
    dataset_blocks,
    failure_words,
    finding_block,
    project_blocks,
    unexplained_block,
)
from reconciler.views.markdown.escape import cells, code, prose
from reconciler.views.words import changes_words, estimate_words, is_quiet, step, took_words

# GitHub refuses a longer comment: "Body is too long (maximum is 65536 characters)".
COMMENT_CHARACTERS: Final = 65_536
MARKER: Final = "<!-- reconciler:plan -->"
# The sentence about what was cut.
_CUT: Final = 500

_ICONS: Final[dict[DangerLevel, str]] = {
    "danger": "\N{OCTAGONAL SIGN}",
    "check": "\N{WARNING SIGN}\ufe0f",
    "note": "\N{INFORMATION SOURCE}\ufe0f",
}
_RISK_ERROR: Final = 300
_RISK_DANGER: Final = 200
_RISK_TABLE: Final = 210  # every dataset has a row, however many dangers there are
_RISK_END: Final = 400
_EXAMPLES: Final = 3
# The number of entries at the beginning, of all datasets together, and of each at least.
_FIRST: Final = 24
_FIRST_LEAST: Final = 4


def view(review: Review, limit: int = COMMENT_CHARACTERS) -> str:
    """The whole comment, at most `limit` characters long; `limit` must leave room for the title."""
    title = f"{MARKER}\n## {_title(review)}\n\n"
    text, left = within(list(_blocks(review)), limit - length(title) - _CUT)
    return f"{title}{_cut_words(left)}{text}".rstrip("\n") + "\n"


def _title(review: Review) -> str:
    words = prose(review.words, limit=200) or "Labels"
    if not review.compared.offline:
        return words
    return f"{code(review.compared.before, 100)} \N{RIGHTWARDS ARROW} {code(review.compared.after, 100)}: {words}"


def _cut_words(left: Mapping[str, int]) -> str:
    if not left:
        return ""
    counts = ", ".join(f"{many:,} {what}" for what, many in left.items())
    where = "The HTML view and `reconciler plan --verbose` show all of it."
    return f"> **Cut to fit**, the least risky first; not shown: {counts}. {where}\n\n"


def _blocks(review: Review) -> Iterator[Block]:
    if review.error:
        yield Block([piece(_RISK_ERROR, failure_words, review.error)], "errors", foot="\n")
    yield from _dangers(review.dangers)
    yield finding_block(review.findings)
    busy = [one for one in review.datasets if one.remarks or not is_quiet(one)]
    first = {one.title: chosen(one, one.groups, max(_FIRST_LEAST, _FIRST // len(busy)))[0] for one in busy}
    yield from (unexplained_block(one, first[one.title]) for one in busy)
    yield _table(review.datasets, "gone" if review.compared.offline else "live only")
    for project in review.projects:
        some = (one for one in project.datasets if one in busy)
        yield from chain.from_iterable(dataset_blocks(one, first[one.title], review.compared) for one in some)
        yield from project_blocks(project)
    yield Block([piece(_RISK_END, _ending, review)])


def _dangers(dangers: Iterable[Danger]) -> Iterator[Block]:
    pieces = [piece(_RISK_DANGER - LEVELS.index(danger.level), _danger, danger) for danger in dangers]
    head = f"**{counted(len(pieces), 'danger', 'dangers')}, the worst first**\n\n"
    yield Block(pieces, "dangers", head, "\n", note=left_out("more danger", "more dangers", "- and "))


def _danger(danger: Danger) -> str:
    about = code(danger.dataset or danger.project)
    keys = [example for example in danger.examples if example not in names_in(danger.words)][:_EXAMPLES]
    such = f"<br>such as {', '.join(map(code, keys))}" if keys else ""
    return f"- {_ICONS[danger.level]} **{danger.level}** {about}: {prose(danger.words)}{such}\n"


def _table(datasets: Iterable[DatasetReview], left: str) -> Block:
    pieces = [piece(_RISK_TABLE, _row, dataset, left) for dataset in datasets]
    head = cells(["dataset", "status", "changes", "unchanged", "images", "boxes", "labels"])
    head += "|---|---|---|--:|--:|--:|--:|\n"
    return Block(pieces, "datasets", head, "\n", note=left_out("more dataset", "more datasets"))


def _row(dataset: DatasetReview, left: str) -> str:
    status = f"**{dataset.status}**" if dataset.status != "planned" else dataset.action
    unchanged = f"{dataset.unchanged:,}" if dataset.unchanged else ""
    return cells([code(dataset.title), status, changes_words(dataset, left), unchanged, *_contents(dataset)])


def _contents(dataset: DatasetReview) -> tuple[str, str, str]:
    """Images, boxes and labels, before and after."""
    if dataset.balance is None:
        return "", "", ""
    before, after = dataset.balance.before, dataset.balance.after
    pairs = ((before.entries, after.entries), (before.boxes, after.boxes), (before.labels, after.labels))
    images, boxes, labels = (step(f"{old:,}", f"{new:,}") for old, new in pairs)
    return images, boxes, labels


def _ending(review: Review) -> str:
    words = f"Costs {estimate_words(review.estimate)}. " if review.estimate and review.estimate.calls else ""
    if review.spent:
        words += f"The apply took {took_words(review.spent)}. "
    if review.plan_id and not review.compared.offline:
        words += f"Plan {code(review.plan_id)}: `reconciler apply --plan ID` applies this one and no other."
    return f"{words}\n" if words else ""
