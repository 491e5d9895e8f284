"""What terminal, preview and drift say in one line: which entries are worth one, and findings.

Guards in words, for all views of a review: those that were overridden, and on request those that passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.analysis.results import Group
from reconciler.model import GuardCheck
from reconciler.review.model import DatasetReview, EntryChange
from reconciler.text import Name, Sentence, sentence
from reconciler.views.words import is_explained

# An entry of this risk is shown even where a group tells what happens to it.
_RISKY = 7
# Of entries that are merely new so many are shown: they differ in their labels only, and those are counted.
_NEW = 10


def chosen(dataset: DatasetReview, groups: Sequence[Group], limit: int) -> tuple[Sequence[EntryChange], int]:
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


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One line about a guard: `bad` where it must be seen, `quiet` where it is nothing to act on."""

    words: Sentence
    bad: bool = False
    quiet: bool = False


def guard_lines(dataset: DatasetReview, *, verbose: bool = False, brief: bool = False) -> Iterator[GuardLine]:
    """What guards say beside the refusals: overridden ones always, passed ones and those that are off when verbose.

    A guard that trips stands among the refusals and the dangers; the last line says how it is overridden: in every way,
    or when `brief` for one run.
    """
    for guard in dataset.guards:
        name = f"guard {guard.name}"
        if guard.state == "overridden":
            yield GuardLine(sentence(name, " overridden: ", guard.words, f"; because: {guard.reason}"), bad=True)
        elif verbose and guard.state in {"passed", "off"}:
            yield GuardLine(sentence(f"{name} {guard.state}", _figures(guard)), quiet=True)
    how = dataset.override
    if how:
        once = "if it is meant, say why, for one run: ", Name(how.options), ", or under Pulumi ", Name(how.variable)
        whole = "; or for this manifest alone, in the stack's configuration: ", Name(how.configuration)
        yield GuardLine(sentence(once, "; --verbose says how for this manifest" if brief and not verbose else whole))


def _figures(guard: GuardCheck) -> Sentence:
    limit = "" if guard.threshold is None else f" (up to {guard.threshold * 100:g}%)"
    return sentence(": ", guard.words, limit) if guard.words else ()
