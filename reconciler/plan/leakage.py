"""Images that train and test share once a plan is applied, and which of them the plan adds.

An image that is labelled in both is learned from and scored with, so the score looks better than the model is.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from reconciler.changes import Comparison
from reconciler.entries.image_names import Images
from reconciler.guards import Leaks
from reconciler.ledger import Ledger
from reconciler.policy import Leftover
from reconciler.text import Name, joined

# Keys, each with whether its entry is labelled; None: they cannot be read.
Keys = Callable[[], Iterable[tuple[str, bool]] | None]


def nothing() -> None:
    """No keys can be read."""


class Sibling(Struct, frozen=True):
    """The other dataset of a project: the entries of its manifest, and those that are live.

    `shown` names the manifest. `leftover` is what its policy does to live-only entries. `live` is called only when
    the plan labels an image that is not labelled live, because it may cost calls. `retired` are the images that left
    it.
    """

    shown: str = ""
    declared: Keys = nothing
    live: Keys = nothing
    leftover: Leftover = Leftover.STAYS
    retired: Images = field(default_factory=Images)


def leaks_of(ledger: Ledger, compared: Comparison, sibling: Sibling | None) -> Leaks:
    """What the two datasets share. Memory: the keys that both manifests have, and those that are shared."""
    if sibling is None:
        return Leaks()
    found = _Found(ledger, stays=compared.policy.extra.leftover is Leftover.STAYS)
    declared, in_both = sibling.declared(), set[str]()
    for key, labelled in declared or ():
        in_both.update([key] if found.see(key, labelled=labelled) else [])
    found.moved = 0
    asks_live = ledger.labels_more() and (declared is None or sibling.leftover is Leftover.STAYS)
    live = sibling.live() if asks_live else ()
    for key, labelled in live or ():
        if key not in in_both and key not in sibling.retired:
            found.see(key, labelled=labelled)
    manifest = [] if declared is None else [Name(sibling.shown)]
    sides = joined([*manifest, *(["live"] if live else [])], " and ")
    moved = 0 if declared is None else found.moved
    return Leaks(tuple(found.new), moved, found.before, sides, live is None)


class _Found(Struct):
    """Keys of the other dataset that will be labelled here too.

    `new` are not labelled here yet, `moved` counts those of them that are not live here, `before` the others.
    """

    ledger: Ledger
    stays: bool
    new: list[str] = field(default_factory=list)
    moved: int = 0
    before: int = 0

    def see(self, key: str, *, labelled: bool) -> bool:
        """Count a key of the other dataset; whether it is here."""
        desired, live = self.ledger.labelled(key)
        after = desired if desired is not None else live and self.stays and key not in self.ledger.retired
        if labelled and after and live:
            self.before += 1
        elif labelled and after:
            self.new.append(key)
            self.moved += live is None
        return desired is not None or live is not None
