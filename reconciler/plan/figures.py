"""What an apply would do to live, in the figures that guards ask for."""

from collections import Counter
from collections.abc import Collection
from functools import cached_property
from itertools import islice

from reconciler.changes import Action, Comparison, in_brief
from reconciler.guards import Labels, Leaks
from reconciler.ledger import LIVE_ONLY, WANTED, Ledger
from reconciler.limits import BATCH_BYTES
from reconciler.plan.leakage import Sibling, leaks_of


def labels_of_live(ledger: Ledger) -> Labels:
    """The labels that are live."""
    return Labels(ledger.label_counts(), ledger.live_labelled())


class PlanFigures:
    """The figures of one comparison; each is read when it is asked for. Valid while the ledger's live side stays."""

    def __init__(self, ledger: Ledger, compared: Comparison, sibling: Sibling | None) -> None:
        self._ledger, self._compared, self._sibling = ledger, compared, sibling
        self.live = compared.live.entries if compared.live else 0
        self.has_changes = compared.has_changes
        self.sent = compared.lines

    @property
    def replaces(self) -> bool:
        """Whether the whole dataset is deleted and loaded again."""
        return self._compared.action is Action.REPLACE

    @cached_property
    def unusable(self) -> int:
        """Lines that would be sent and that the service would mark with errors."""
        if not self._ledger.unusable():
            return 0
        return sum(row.unusable for _verb, row in in_brief(self._ledger, self._compared, sent=True))

    @cached_property
    def updated(self) -> int:
        """Labelled live entries that differ from the manifest. A replace loads them again; they still count here."""
        settled = frozenset() if self.replaces else self._compared.settled
        differing = self._ledger.brief_differing(self._compared.policy.compare, settled)
        return sum(1 for row in differing if row.in_live and row.live_labelled)

    @cached_property
    def losing(self) -> int:
        """Entries of the manifest that are labelled live and would no longer be."""
        return self._ledger.losing_labels()

    @cached_property
    def labelled_live_only(self) -> int:
        """Live entries with labels that the manifest does not have."""
        return self._labelled_left.total()

    @cached_property
    def _labelled_left(self) -> Counter[bool]:
        """The same by whether they are retired."""
        return Counter(bool(row.retired) for row in self._ledger.brief_live_only() if row.live_labelled)

    @cached_property
    def leaks(self) -> Leaks:
        """Images that are labelled in the project's other dataset too."""
        return leaks_of(self._ledger, self._compared, self._sibling)

    @property
    def gone(self) -> int:
        """Live entries that the manifest does not have; those without labels count only where they are deleted."""
        return self._compared.live_only if self.replaces else self.labelled_live_only

    @property
    def unlabelled(self) -> int:
        """Entries that would lose their labels, with the entry or without it."""
        return self.losing + (self.labelled_live_only if self.replaces else self._compared.unlabel)

    @cached_property
    def before(self) -> Labels:
        """The labels that are live."""
        return labels_of_live(self._ledger)

    @cached_property
    def after(self) -> Labels:
        """The labels that will be: the manifest's, and those of live-only entries that keep theirs."""
        counts, images = self._ledger.label_counts(WANTED), self._compared.desired.labelled
        if not self.replaces and not self._compared.policy.extra.unlabels:
            for label, many in self._ledger.label_counts(LIVE_ONLY).items():
                counts[label] = counts.get(label, 0) + many
            images += self._labelled_left[False]
        return Labels(counts, images)

    def using(self, labels: Collection[str], most: int) -> list[str]:
        """At most `most` of the live entries that use any of these labels."""
        return list(islice(self._ledger.live_keys_using(labels), most))

    @cached_property
    def continues_a_load(self) -> bool:
        """Whether this is the rest of a first load that was interrupted.

        Then live is exactly what whole batches of a load of this manifest hold, from the first one on. An apply that
        adds something ends at the end of a batch by a rare chance only.
        """
        if self._compared.update or self._compared.unlabel or self._compared.live_only or self.replaces:
            return False
        heads: list[int] = []
        held = 0
        for row in self._ledger.brief_desired():
            if not heads or held + row.size + 1 > BATCH_BYTES:
                heads.append(row.in_live)
                held = 0
            elif heads[-1] != row.in_live:
                return False
            held += row.size + 1
        return heads == sorted(heads, reverse=True)
