"""Edits that somebody made outside git since the last apply, and what an apply does to them: `policy.theirs`.

Where live is as the last apply read it back, every difference is ours. Where it moved, the ledger's base says of each
difference whose it is; without a base it is known that somebody edited live, and not what.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import chain
from typing import Final

from msgspec import Struct

from reconciler.changes import Action, Comparison
from reconciler.guards import THEIRS
from reconciler.ledger import Brief, Facts, Ledger, Whose
from reconciler.model import GuardCheck, GuardState
from reconciler.policy import Compare, Theirs
from reconciler.text import Command, Name, Sentence, counted, joined, sentence

# How many entries a refusal names.
_NAMED: Final = 10
# The cure where an apply was recorded, and not on this machine.
_ELSEWHERE: Final = (
    "; if there was an apply, name where it left its record and its copy of live: `--audit s3://BUCKET/FOLDER` and "
    "`--snapshots s3://BUCKET/FOLDER`"
)


class Basis(StrEnum):
    """By what it is known whose changes there are.

    No apply is recorded; live is as the last one left it, so that all are ours; the ledger's base says it; a revision
    that was named stands in for it; somebody edited live since, and no more is known.
    """

    NEVER = "never"
    SAME = "same"
    BASE = "base"
    REVISION = "revision"
    MOVED = "moved"


class Judged(Struct, frozen=True):
    """By what changes are judged, in words since when, or why no more is known; `by` judges by a revision."""

    basis: Basis = Basis.NEVER
    words: str = "no apply of this dataset is recorded"
    by: Callable[[Ledger, str, Compare], Whose] | None = None

    def whose(self, ledger: Ledger, key: str, mode: Compare) -> Whose | None:
        """Whose change the difference of a key is; None where nothing is known."""
        if self.by:
            return self.by(ledger, key, mode)
        if self.basis is Basis.BASE:
            return ledger.base.whose(key, mode)
        return {Basis.SAME: Whose.OURS, Basis.MOVED: Whose.UNKNOWN}.get(self.basis)


# Finds out by what changes are judged, from the ledger and the facts of live; fills the ledger's base.
Judge = Callable[[Ledger, Facts], Judged]


def not_judged(_ledger: Ledger, _live: Facts) -> Judged:
    """Nothing is known of the last apply."""
    return Judged()


def withheld(ledger: Ledger, compared: Comparison, judged: Judged) -> Iterator[str]:
    """The entries that `theirs: keep` leaves as somebody edited them."""
    if compared.policy.theirs is Theirs.KEEP and judged.basis in {Basis.BASE, Basis.REVISION}:
        for row in _undone(ledger, compared):
            if judged.whose(ledger, row.key, compared.policy.compare) is Whose.THEIRS:
                yield row.key


def _undone(ledger: Ledger, compared: Comparison) -> Iterator[Brief]:
    """What an apply changes of live. Images that are retired leave on purpose, and to add an entry undoes nothing."""
    extra, settled = compared.policy.extra, compared.settled
    rows = (row for row in ledger.brief_live_only(withheld=False) if row.live_labelled and not row.retired)
    rows = (row for row in rows if not settled or row.let_go not in settled)
    going = rows if extra.unlabels or compared.action is Action.REPLACE else ()
    return chain((row for row in ledger.brief_differing(compared.policy.compare, settled) if row.in_live), going)


def check_theirs(ledger: Ledger, compared: Comparison, judged: Judged, allow: Mapping[str, str]) -> GuardCheck:
    """The guard of `policy.theirs`, which has no key of `guards`: the setting switches it."""
    theirs, live = compared.policy.theirs, compared.live.entries if compared.live else 0
    if theirs is Theirs.OVERWRITE:
        return GuardCheck(THEIRS, GuardState.OFF)
    if not live or not compared.has_changes:
        why = "nothing would be sent" if live else "a new or empty dataset has nothing to lose"
        return GuardCheck(THEIRS, GuardState.PASSED, (why,), of=live)
    found = _Found.of(ledger, compared, judged)
    if judged.basis is Basis.NEVER:
        trips = theirs is Theirs.KEEP and found.overwritten > 0
        found.many = found.overwritten
        many = counted(found.many, "live entry would be changed", "live entries would be changed")
        words = sentence(f"{many}, perhaps edited outside git: {judged.words}")
        words = sentence(
            words, "; so `theirs: keep` cannot tell what to keep" if trips else "", _ELSEWHERE if found.many else ""
        )
    else:
        trips = bool(found.keys)
        words = found.words(judged) if trips else ("no edit made outside git would be overwritten",)
    reason = allow.get(THEIRS, "") if trips else ""
    state = GuardState.OVERRIDDEN if reason else GuardState.TRIPPED if trips else GuardState.PASSED
    return GuardCheck(THEIRS, state, words, found.many, live, reason=reason)


class _Found(Struct):
    """Entries whose edits an apply would undo: the first, how many, how many of them git changed too.

    `overwritten` counts what would be overwritten, whoever edited it.
    """

    keys: list[str]
    many: int = 0
    both: int = 0
    overwritten: int = 0

    @classmethod
    def of(cls, ledger: Ledger, compared: Comparison, judged: Judged) -> "_Found":
        found = cls([])
        for row in _undone(ledger, compared):
            whose = judged.whose(ledger, row.key, compared.policy.compare)
            found.overwritten += 1
            if whose in {None, Whose.OURS}:
                continue
            found.many += 1
            found.both += whose is Whose.BOTH
            if len(found.keys) < _NAMED:
                found.keys.append(row.key)
        return found

    def words(self, judged: Judged) -> Sentence:
        named = joined(map(Name, self.keys), ", ")
        rest = f" and {self.many - len(self.keys):,} more" if self.many > len(self.keys) else ""
        if judged.basis is Basis.MOVED:
            many = counted(self.many, "entry that would be overwritten is", "entries that would be overwritten are")
            head = f"somebody edited live since the last apply, and {many} yours or theirs: "
            pull = Command("`reconciler pull`")
            takes = " lists them; with `--discard-ours` it takes live's into git"
            return sentence(head, named, f"{rest} ({judged.words}); ", pull, takes)
        head = counted(
            self.many,
            "edit made outside git since the last apply would be undone: ",
            "edits made outside git since the last apply would be undone: ",
        )
        both = f" ({self.both:,} of them changed in git too)" if self.both else ""
        return sentence(head, named, f"{rest}{both}; ", self._pull(), " takes live's into git")

    def _pull(self) -> Command:
        """The command that takes live's side; `pull` leaves what both changed, unless it is told whose is right."""
        return Command("`reconciler pull --conflicts live`" if self.both else "`reconciler pull`")
