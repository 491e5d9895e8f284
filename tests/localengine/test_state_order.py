"""The order of a state: what is needed comes before what needs it."""

from localengine.engine.working_state import needs_first
from localengine.state.deployment import Resource


def test_what_a_resource_needs_is_stored_before_it() -> None:
    """A resource that was registered before its parent, its provider and a dependency is stored behind them."""
    urns = {name: f"urn:pulumi:dev::p::t:t:T::{name}" for name in "abcd"}
    last = Resource(urn=urns["a"], custom=True, parent=urns["b"], dependencies=(urns["c"],), provider=f"{urns['d']}::1")
    others = [Resource(urn=urns[name], custom=True) for name in "bcd"]
    assert [one.urn for one in needs_first([last, *others])] == [urns[name] for name in "bcda"]


def test_an_order_that_holds_already_stays() -> None:
    """A state is not rewritten where Pulumi would not rewrite it."""
    first = Resource(urn="urn:pulumi:dev::p::t:t:T::z", custom=True)
    second = Resource(urn="urn:pulumi:dev::p::t:t:T::a", custom=True, parent=first.urn)
    assert needs_first([first, second]) == [first, second]
