"""What guards may ask about what an apply would do; `reconciler.plan.figures` reads it from the ledger."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Labels:
    """How many images use each label, and how many have any."""

    images_by_label: Mapping[str, int]
    images: int

    def share(self, label: str) -> float:
        """The label's share of the images that have any."""
        return self.images_by_label.get(label, 0) / max(1, self.images)


class Figures(Protocol):
    """What an apply would do to live, each figure counted when it is asked for."""

    @property
    def live(self) -> int:
        """Live entries."""

    @property
    def has_changes(self) -> bool:
        """Whether anything would be sent, created or deleted."""

    @property
    def sent(self) -> int:
        """Lines that would be sent."""

    @property
    def unusable(self) -> int:
        """How many of these lines the service would mark with errors."""

    @property
    def updated(self) -> int:
        """Live entries that differ from the manifest. A replace loads them again; they still count here."""

    @property
    def losing(self) -> int:
        """Entries of the manifest that are labelled live and would no longer be."""

    @property
    def gone(self) -> int:
        """Live entries that the manifest does not have; those without labels count only where they are deleted."""

    @property
    def unlabelled(self) -> int:
        """Entries that would lose their labels, with the entry or without it."""

    @property
    def before(self) -> Labels:
        """The labels that are live."""

    @property
    def after(self) -> Labels:
        """The labels that will be: the manifest's, and those of live-only entries that keep theirs."""

    @property
    def continues_a_load(self) -> bool:
        """Whether this is the rest of a first load that was interrupted."""

    def using(self, labels: Collection[str], most: int) -> list[str]:
        """At most `most` of the live entries that use any of these labels."""
