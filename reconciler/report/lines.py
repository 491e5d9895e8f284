"""What terminal, preview and drift say in one line: which entries are worth one, and findings.

Knows what a short view leaves out. Refuses to know layout.
"""

from collections.abc import Sequence

from reconciler.comparison.differences import Group
from reconciler.report.wording import is_explained, place_words, said
from reconciler.review.model import Change, DatasetReview, Found

__all__ = ["chosen", "fitting", "found_words", "left_words"]

# An entry of this risk is shown even where a group tells what happens to it.
_RISKY = 7
# Of entries that are merely new so many are shown: they differ in their labels only, and those are counted.
_NEW = 10


def chosen(dataset: DatasetReview, groups: Sequence[Group], limit: int) -> tuple[Sequence[Change], int]:
    """The entries that a short view shows, and how many of the others are told of in full by the groups shown."""
    lone = [one for one in dataset.changes if one.risk >= _RISKY or not is_explained(one, groups)]
    beyond = {one.number for one in [one for one in lone if one.verb == "add"][_NEW:]}
    return [one for one in lone if one.number not in beyond][:limit], len(dataset.changes) - len(lone)


def fitting(total: int, limit: int) -> int:
    """How many of so many are shown; a single one more is, because to count it takes as much room."""
    return total if total <= limit + 1 else limit


def left_words(left: int, grouped: int, *, more: bool) -> str:
    """What is left out, behind its number: `more entries (3 of them in the groups above)`."""
    some = "" if grouped == left else f"{grouped:,} of them "
    ways = f" ({some}in the groups above)" if grouped else ""
    return f"{'more ' if more else ''}{'entry' if left == 1 else 'entries'}{ways}"


def found_words(found: Found) -> str:
    """A finding: place, class, what is wrong, the cure."""
    return f"{place_words(found.place)}: {found.severity}: {said(found.message)}; {said(found.cure)}"
