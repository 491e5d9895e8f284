"""Applying the plan that was reviewed, and no other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from reconciler.errors import Refused
from reconciler.plan import moved
from reconciler.review.model import Review
from reconciler.review.moved_entries import moved_since
from reconciler.run import DatasetRun
from reconciler.text import inert
from reconciler.views.json_document import as_saved

# More sentences about entries than this are a count.
_SENTENCES: Final = 10


def refuse_moved(
    reviewed: str,
    runs: Iterable[DatasetRun],
    record: Callable[[DatasetRun, Refused], None] = lambda _run, _refused: None,
    more: Callable[[Sequence[str]], Iterable[str]] = tuple,
) -> None:
    """Refuse an apply when a dataset's plan differs from the reviewed one; `reviewed` is the id of the reviewed plan.

    `record` is called for each dataset that moved; `more` gives further sentences, from the titles of these datasets.

    Raises:
        Refused: with a sentence for each dataset that moved.
    """
    moves = [(one, words) for one in runs if one.plan and (words := moved(reviewed, one.plan.id))]
    if not moves:
        return
    for one, words in moves:
        record(one, Refused(words))
    sentences = [f"{inert(one.title)}: {words}" for one, words in moves]
    sentences += more([one.title for one, _words in moves])
    raise Refused(f"{'; '.join(sentences)}; nothing was sent; review the plan as it is now")


def entries_that_moved(reviewed: Review, now: Review, titles: Sequence[str]) -> Iterator[str]:
    """What changed since a saved review, for the datasets with these titles, safe to print; at most ten sentences."""
    named = [words for words in moved_since(reviewed, as_saved(now)) if words.startswith(tuple(titles))]
    yield from (inert(words, 600) for words in named[:_SENTENCES])
    if len(named) > _SENTENCES:
        yield f"and {len(named) - _SENTENCES:,} more"
