"""There is no plan but those that `reconciler.plan.plan` makes: compared, guarded, named, with all refusals."""

import copy
import pickle
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.changes import compare
from reconciler.guards import GUARDS, Asked
from reconciler.model import DatasetType, GuardState
from reconciler.plan import Plan, Request, plan
from reconciler.policy import Extra, Policy
from tests.support.filling import filled
from tests.support.lines import labelled

KEYS = [f"s3://b/{number}.jpg" for number in range(20)]
REQUEST = Request("cells train", Policy(), Asked(DatasetType.TRAIN))


def _refused(request: Request = REQUEST, *, exists: bool = True) -> Plan:
    """A plan that relabels everything, which guards refuse."""
    with filled([labelled(key, "b") for key in KEYS], [labelled(key, "a") for key in KEYS]) as ledger:
        return plan(ledger, request, exists=exists)


def _members(made: Plan) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__struct_fields__}


def _constructed(made: Plan) -> object:
    return Plan(**_members(made) | {"refusals": ()})  # type: ignore[arg-type]  # a forgery without types


def _with_a_seal(made: Plan) -> object:
    return Plan(**_members(made) | {"refusals": (), "seal": object()})  # type: ignore[arg-type]  # likewise


def _replaced(made: Plan) -> object:
    return replace(made, refusals=())


def _replaced_with_a_seal(made: Plan) -> object:
    return replace(made, refusals=(), seal=None)


def _set(made: Plan) -> object:
    made.refusals = ()  # type: ignore[misc]  # likewise
    return made


def _restored(made: Plan) -> object:
    blank = Plan.__new__(Plan)
    blank.__setstate__([None if name == "refusals" else value for name, value in _members(made).items()])
    return blank


def _subclassed(_made: Plan) -> object:
    return type("Sham", (Plan,), {"__post_init__": lambda *_: None})


def _upgraded(_made: Plan) -> object:
    with filled([labelled(KEYS[0], "a")]) as ledger:
        compared = compare(ledger, Policy(), exists=False)
        return Plan(**{name: getattr(compared, name) for name in compared.__struct_fields__})


@pytest.mark.parametrize(
    "trick",
    [
        _constructed,
        _with_a_seal,
        _replaced,
        _replaced_with_a_seal,
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        _set,
        _restored,
        _subclassed,
        _upgraded,
    ],
)
def test_nothing_else_makes_or_changes_a_plan(trick: Callable[[Plan], object]) -> None:
    """The constructor, `replace`, copies, pickles, assignment, a subclass: each is an error."""
    made = _refused()
    with pytest.raises((TypeError, ValueError, AttributeError)):
        trick(made)
    assert made.refusals


@pytest.mark.parametrize("exists", [True, False])
def test_every_plan_has_an_id_and_was_put_to_every_guard(exists: bool) -> None:  # noqa: FBT001 - a parameter
    """A first load too, where there is no project yet."""
    made = _refused(exists=exists)
    assert len(made.id) == 32
    assert [check.name for check in made.guards][: len(GUARDS)] == list(GUARDS)
    assert bool(made.refusals) == exists


def test_a_plan_that_deletes_has_the_keepers_refusal() -> None:
    """Where snapshots have no place, the plan itself says so."""
    request = replace(REQUEST, policy=Policy(extra=Extra.REPLACE), no_snapshot="no snapshot location is set")
    with filled([labelled(KEYS[0], "a")], [labelled(key, "a") for key in KEYS[:2]]) as ledger:
        assert ("no snapshot location is set",) in plan(ledger, request, exists=True).refusals
    assert ("no snapshot location is set",) not in _refused(request).refusals


def test_a_comparison_without_a_service_is_guarded_and_refuses_nothing() -> None:
    """The guards say what they would, and no way to override is offered."""
    made = _refused(replace(REQUEST, offline=True))
    assert GuardState.TRIPPED in {check.state for check in made.guards}
    assert (made.offline, made.refusals, made.override) == (True, (), None)
