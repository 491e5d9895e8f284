"""Guards as nouns: their names, the thresholds of a dataset, and what a guard said of a plan.

The recommended thresholds are the default. Knows names and figures. Refuses to know how a plan is judged
(`reconciler.guards`) and how thresholds are written (`reconciler.manifest.guard_settings`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["LEAST_ENTRIES", "SHARES_FROM", "Guard", "GuardCheck", "GuardState", "Guards", "Override"]

# Below so many entries a share says little. (octoDNS: MIN_EXISTING_RECORDS is 10 too.)
LEAST_ENTRIES: Final = 10
# From so many labelled live images on a label's share is compared.
SHARES_FROM: Final = 100


class Guard(StrEnum):
    """The guards' names, as settings and overrides spell them."""

    UPDATES = "updates"
    LABEL_REMOVED = "label-removed"
    LABEL_SHARE = "label-share"
    SHRINK = "shrink"
    TEST_SET = "test-set"
    DISTRIBUTED = "distributed"


@dataclass(frozen=True, slots=True)
class Guards:
    """Thresholds beyond which a plan is refused until somebody says why; None or False: the guard is off.

    Shares are of the live entries (`label_share`: of the labelled images). The members are named as `Guard` is, with
    underscores, and stand in its order.
    """

    updates: float | None = 0.30
    label_removed: bool = True
    label_share: float | None = 0.10
    shrink: float | None = 0.10
    test_set: float | None = 0.10
    distributed: bool = True

    @classmethod
    def off(cls) -> "Guards":
        """No guard at all."""
        return cls(None, label_removed=False, label_share=None, shrink=None, test_set=None, distributed=False)

    def threshold(self, guard: Guard) -> float | bool | None:
        """What is set for a guard: a share, on (True), or off (None or False)."""
        value: float | bool | None = getattr(self, guard.value.replace("-", "_"))
        return value


class GuardState(StrEnum):
    """What a guard said of a plan; `overridden`: it says no, and somebody gave a reason to go on."""

    PASSED = "passed"
    TRIPPED = "tripped"
    OVERRIDDEN = "overridden"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class GuardCheck:
    """One guard asked about one plan: its sentence and figures, and why it was overridden.

    `count` of `of` is what it is about (entries; labels for `label-removed`, uses for `label-share`), `share` their
    share or, for `label-share`, by how much the share moves. `threshold` is None where the guard has none, or is off.
    """

    guard: Guard
    state: GuardState
    words: str = ""
    count: int = 0
    of: int = 0
    share: float | None = None
    threshold: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """How the guards that refuse a plan are overridden, ready to be pasted.

    `options` for the command line, `variable` for Pulumi, each for one run; `configuration` for a stack, for as long as
    the manifest is what it is.
    """

    options: str
    variable: str
    configuration: str

    def __str__(self) -> str:
        return (
            f"if it is meant, say why, for one run: {self.options}, or under Pulumi {self.variable}; or for this "
            f"manifest alone, in the stack's configuration: {self.configuration}"
        )
