"""Every fault of the emulator at every operation of an apply, at the first, middle and last call of it.

The cells are made from the emulator's own table of kinds, so that a kind that is added there is missing here loudly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from rekognition_emulator.aws_json import model
from rekognition_emulator.faults.plan import KINDS
from tests.reliability.trial import KEY, SCENES, Told, Trial, plan_text
from tests.support.lines import labelled

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from rekognition_emulator import Emulator


OPERATIONS: Final = (
    "DescribeProjects",
    "DescribeDataset",
    "ListDatasetEntries",
    "UpdateDatasetEntries",
    "CreateDataset",
    "DeleteDataset",
)
POSITIONS: Final = ("first", "middle", "last")
_FRONT_END: Final = (
    "ValidationException",
    "SerializationException",
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
)
_OTHER: Final = [labelled(KEY.format(3), "else"), labelled(KEY.format(50), "theirs")]
# Each kind with the options that matter, by the name it has in the table of results.
VARIANTS: Final[dict[str, dict[str, Any]]] = {
    "error after the work": {"fault": "error", "at": "after"},
    "clock-skew": {"fault": "clock-skew"},
    "reset before the work": {"fault": "reset", "at": "before"},
    "reset after the work": {"fault": "reset", "at": "after"},
    "truncate": {"fault": "truncate"},
    "slow": {"fault": "slow", "seconds": 30},
    "kill before the work": {"fault": "kill", "at": "before"},
    "kill after the work": {"fault": "kill", "at": "after"},
    "expire-token": {"fault": "expire-token"},
    "stale-status": {"fault": "stale-status", "reads": 3},
    "stale-status for good": {"fault": "stale-status", "reads": 1000},
    "stale-listing": {"fault": "stale-listing", "reads": 3},
    "stale-listing for good": {"fault": "stale-listing", "reads": 1000},
    "rewrite": {"fault": "rewrite", "what": ["numbers", "key-order", "unknown"]},
    "still-timestamp": {"fault": "still-timestamp"},
    "fail (SERVICE_ERROR)": {"fault": "fail"},
    "fail (CLIENT_ERROR)": {"fault": "fail", "code": "CLIENT_ERROR", "message": "The manifest has an error."},
    "fail, half applied": {"fault": "fail", "code": "CLIENT_ERROR", "message": "It has an error.", "share": 0.5},
    "fail about everything": {
        "fault": "fail",
        "code": "CLIENT_ERROR",
        "message": "The S3 bucket permissions are incorrect.",
    },
    "lose": {"fault": "lose", "count": 2},
    "merge": {"fault": "merge"},
    "edit before the call": {"fault": "edit", "lines": _OTHER, "remove": [KEY.format(4)]},
    "edit after the call": {"fault": "edit", "lines": _OTHER, "remove": [KEY.format(4)], "at": "after"},
    "colleague-update": {"fault": "colleague-update", "lines": _OTHER, "seconds": 20},
    "recreate": {"fault": "recreate"},
    "distribute": {"fault": "distribute"},
}


@dataclass(frozen=True, order=True)
class Cell:
    """One trial: the scene, the fault's name in the table, the operation, and which call of it (from 1)."""

    scene: str
    fault: str
    operation: str
    position: str
    call: int

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of the fault plan."""
        return self.options | {"operation": self.operation, "on": self.call}

    @property
    def options(self) -> dict[str, Any]:
        """The kind and its options."""
        return VARIANTS.get(self.fault) or {"fault": "error", "error": self.fault}

    @property
    def kind(self) -> str:
        """The emulator's name of the fault."""
        return str(self.options["fault"])

    @property
    def name(self) -> str:
        """How a test names it."""
        return f"{self.scene}, {self.fault}, {self.operation}, {self.position}"


def cells(scene: str, calls: Counter[str], paged: Counter[str]) -> Iterator[Cell]:
    """All cells of a scene whose undisturbed run makes these calls, so many of them for a further page."""
    for operation in OPERATIONS:
        for fault in faults_of(operation):
            matching = paged if fault == "expire-token" else calls
            for position, call in _positions(matching[operation]):
                yield Cell(scene, fault, operation, position, call)


def faults_of(operation: str) -> list[str]:
    """The names of the faults that an operation can have."""
    return [*_errors(operation), *(fault for fault in VARIANTS if _fits(fault, operation))]


def tried(emulator: Emulator, cell: Cell) -> Told:
    """Try one cell.

    Raises:
        AssertionError: the next run did not converge.
    """
    trial = Trial(emulator, SCENES[cell.scene])
    return trial.under(plan_text(cell.rule), cell.kind)


def ends(told: Told) -> str:
    """How a trial ended, in a word."""
    return "same run" if told.run == 1 else "next run"


def _errors(operation: str) -> list[str]:
    """The exceptions of an operation's model, and those of the front end."""
    return [*sorted(model.modelled_errors(operation)), *_FRONT_END]


def _fits(fault: str, operation: str) -> bool:
    return any(fnmatchcase(operation, pattern) for pattern in KINDS[VARIANTS[fault]["fault"]].operations)


def _positions(many: int) -> list[tuple[str, int]]:
    """The first, the middle and the last of so many calls; one that is also another is named once."""
    found = {1: "first", many: "last", (many + 1) // 2: "middle"} | ({1: "first"} if many else {})
    if many > 1:
        found[many] = "last"
    return [(found[call], call) for call in sorted(found) if 1 <= call <= many]
