"""The guard `unusable`: a plan whose lines the service would mark with errors is refused, on a first load too."""

import pytest
from msgspec.structs import replace

from reconciler.ledger import Ledger
from reconciler.model import GuardState
from reconciler.policy import Threshold
from reconciler.text import plain
from tests.support.filling import as_text, desired_entry
from tests.support.lines import labelled
from tests.support.plans import planned


def _said(unusable: int, lines: int, *, live: int = 0, limit: Threshold = 0.2, why: str = "") -> tuple[GuardState, str]:
    """What the guard says of so many lines, the first of them unusable, the last of them live already."""
    with Ledger() as ledger:
        documents = [labelled(f"s3://b/{number}.jpg", "a") for number in range(lines)]
        for number, document in enumerate(documents):
            ledger.accept(replace(desired_entry(document, number + 1), unusable="ERROR_X" if number < unusable else ""))
        for document in documents[lines - live :]:
            ledger.observe(as_text(document))
        plan = planned(ledger, exists=live > 0, guards={"unusable": limit}, allow={"unusable": why} if why else {})
        (check,) = (check for check in plan.guards if check.name == "unusable")
        assert bool(plan.refusals) is (check.state is GuardState.TRIPPED)
        return check.state, plain(check.words)


def test_it_trips_over_a_fifth_of_the_lines_of_a_first_load() -> None:
    """3 of 10 are too many, 2 of 10 are not; a manifest without such a line passes."""
    assert _said(3, 10) == (
        GuardState.TRIPPED,
        "the service would mark 3 of 10 lines (30%) with errors; more than 20%",
    )
    assert _said(2, 10)[0] is GuardState.PASSED
    assert _said(0, 10)[0] is GuardState.PASSED


def test_only_lines_that_would_be_sent_count() -> None:
    """What is live already does not block a plan, and does not lower the share of what is sent."""
    assert _said(3, 100, live=90)[0] is GuardState.TRIPPED
    assert _said(100, 100, live=100)[0] is GuardState.PASSED


@pytest.mark.parametrize(("lines", "which"), [(1, "the only line"), (7, "all 7 lines")])
def test_it_trips_when_all_lines_are_unusable_whatever_the_threshold(lines: int, which: str) -> None:
    """A threshold of 100 % still stops a dataset that nothing could be learned from."""
    state, words = _said(lines, lines, limit=1.0)
    assert state is GuardState.TRIPPED
    assert words == f"the service would mark {which} with errors"


def test_a_reason_overrides_it_and_off_switches_it_off() -> None:
    """As every guard, `unusable` is overridden by a reason and switched off by `off`."""
    assert _said(9, 10, why="the service's rule is wrong")[0] is GuardState.OVERRIDDEN
    assert _said(9, 10, limit=False)[0] is GuardState.OFF
