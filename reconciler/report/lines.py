"""What terminal, preview and drift say in one line: which entries are worth one, and findings.

Knows what a short view leaves out. Refuses to know layout.
"""

from collections.abc import Sequence

from reconciler.comparison.differences import Group
from reconciler.report.wording import is_explained, place_words, said
from reconciler.review.model import Change, DatasetReview, Found

__all__ = ["chosen", "found_words", "left_words"]

# An entry of this risk is shown even where a group tells what happens to it.
_RISKY = 7


def chosen(dataset: DatasetReview, groups: Sequence[Group], limit: int) -> tuple[Sequence[Change], int]:
    """The entries that a short view shows, and how many of the others are told of in full by the groups shown."""
    lone = [one for one in dataset.changes if one.risk >= _RISKY or not is_explained(one, groups)]
    return lone[:limit], len(dataset.changes) - len(lone)


def left_words(left: int, grouped: int, *, more: bool) -> str:
    """What is left out, behind its number: `more entries (3 of them in the groups above)`."""
    some = "" if grouped == left else f"{grouped:,} of them "
    ways = f" ({some}in the groups above)" if grouped else ""
    return f"{'more ' if more else ''}{'entry' if left == 1 else 'entries'}{ways}"


def found_words(found: Found) -> str:
    """A finding: place, class, what is wrong, the cure."""
    return f"{place_words(found.place)}: {found.severity}: {said(found.message)}; {said(found.cure)}"
