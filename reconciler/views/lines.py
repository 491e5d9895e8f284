"""Lines that several views share: which entries a short view shows, what it leaves out, and guards in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.analysis.results import Group
from reconciler.model import GuardCheck
from reconciler.review.model import DatasetReview, EntryChange
from reconciler.text import Name, Sentence, sentence
from reconciler.views.words import is_explained

# An entry of this risk is shown even if a group explains it.
_RISKY = 7
# The number of new entries that are shown: they differ only in their labels, which are counted.
_NEW = 10


def chosen(dataset: DatasetReview, groups: Sequence[Group], limit: int) -> tuple[Sequence[EntryChange], int]:
    """The entries that a short view shows, and how many of the others the groups shown explain completely."""
    lone = [one for one in dataset.changes if one.risk >= _RISKY or not is_explained(one, groups)]
    beyond = {one.number for one in [one for one in lone if one.verb == "add"][_NEW:]}
    return [one for one in lone if one.number not in beyond][:limit], len(dataset.changes) - len(lone)


def fitting(total: int, limit: int) -> int:
    """How many of `total` are shown: one above the limit too, because counting it takes as much room."""
    return total if total <= limit + 1 else limit


def more(left: int, what: str) -> Iterator[str]:
    """`... and 3 more groups`; nothing for none left out."""
    if left > 0:
        yield f"... and {left:,} {what}"


def left_words(left: int, grouped: int, *, more: bool) -> str:
    """The words after the number of entries left out: `more entries (3 of them in the groups above)`."""
    some = "" if grouped == left else f"{grouped:,} of them "
    ways = f" ({some}in the groups above)" if grouped else ""
    return f"{'more ' if more else ''}{'entry' if left == 1 else 'entries'}{ways}"


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One line about a guard: `bad` if it must be seen, `quiet` if there is nothing to do."""

    words: Sentence
    bad: bool = False
    quiet: bool = False


def guard_lines(dataset: DatasetReview, *, verbose: bool = False, brief: bool = False) -> Iterator[GuardLine]:
    """Guards that were overridden, and if `verbose` those that passed or are off.

    A guard that trips is among the refusals and the dangers; the last line here is how to override it: in every way, or
    if `brief` for one run only.
    """
    for guard in dataset.guards:
        name = f"guard {guard.name}"
        if guard.state == "overridden":
            yield GuardLine(sentence(name, " overridden: ", guard.words, f"; because: {guard.reason}"), bad=True)
        elif verbose and guard.state in {"passed", "off"}:
            yield GuardLine(sentence(f"{name} {guard.state}", _figures(guard)), quiet=True)
    how = dataset.override
    if how:
        once = (
            "if it is intended, override it with a reason, for one run: ",
            Name(how.options),
            ", or under Pulumi ",
            Name(how.variable),
        )
        whole = "; or for this manifest alone, in the stack's configuration: ", Name(how.configuration)
        yield GuardLine(sentence(once, "; --verbose shows how for this manifest" if brief and not verbose else whole))


def _figures(guard: GuardCheck) -> Sentence:
    limit = "" if guard.threshold is None else f" (up to {guard.threshold * 100:g}%)"
    return sentence(": ", guard.words, limit) if guard.words else ()
