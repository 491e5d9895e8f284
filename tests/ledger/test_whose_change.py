"""Whose change a difference is, against an oracle that knows every edit."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries import entry_of
from reconciler.ledger import Kind, Ledger, Pending, Whose
from reconciler.policy import Compare
from tests.support.filling import filled
from tests.support.lines import Document, labelled

KEYS = tuple(f"s3://b/{number}" for number in range(4))
# For a key: the manifest and live after the last apply, the manifest and live now; None: that side lacks the key.
History = tuple[str | None, str | None, str | None, str | None]
_CONTENT: st.SearchStrategy[str | None] = st.sampled_from(["a", "b", "c", None])


@st.composite
def histories(draw: st.DrawFn) -> dict[str, History]:
    """An apply took lines or rejected them, and edits of both sides after it."""
    found: dict[str, History] = {}
    for key in KEYS:
        manifest = draw(_CONTENT)
        live = manifest if manifest and draw(st.booleans()) else draw(_CONTENT)
        desired, now = (draw(_CONTENT) if draw(st.booleans()) else side for side in (manifest, live))
        found[key] = (manifest, live, desired, now)
    return found


def oracle(manifest: str | None, live: str | None, desired: str | None, now: str | None) -> Whose:
    """It saw each side before and after; what the service did not take, or only live had, was not applied."""
    applied = live if manifest else None
    if now == live:
        return Whose.OURS
    return Whose.THEIRS if desired == applied else Whose.BOTH


def _expected(history: Mapping[str, History]) -> dict[str, Whose]:
    return {key: oracle(*sides) for key, sides in history.items() if sides[2] != sides[3]}


def _judged(ledger: Ledger) -> dict[str, Whose]:
    return {row.key: found for row, found in ledger.differences(Compare.LABELS)}


def _side(history: Mapping[str, History], number: int) -> list[Document]:
    return [labelled(key, content) for key, sides in history.items() if (content := sides[number])]


def _pending(manifest: str | None, live: str | None) -> Kind | None:
    if manifest == live:
        return None
    return Kind.REJECTED if manifest else Kind.LIVE_ONLY


@settings(max_examples=50, deadline=None)
@given(histories())
def test_a_copy_of_live_tells_whose_every_difference_is(history: dict[str, History]) -> None:
    """Each difference is ours, theirs or both as the oracle says, also of lines that were rejected or live only."""
    with filled(_side(history, 2), _side(history, 3)) as ledger:
        copy = [(key, sides) for key, sides in history.items() if sides[1]]
        ledger.base.fill((entry_of(labelled(key, sides[1] or "")), sides[0] is None) for key, sides in copy)
        assert _judged(ledger) == _expected(history)


@settings(max_examples=50, deadline=None)
@given(histories())
def test_the_applied_manifest_and_what_was_not_applied_tell_the_same(history: dict[str, History]) -> None:
    """The manifest as it was applied, with short digests of what was live of the entries that differed after it."""
    with filled(_side(history, 0), _side(history, 1)) as after:
        kinds = {key: kind for key, sides in history.items() if (kind := _pending(*sides[:2]))}
        pending = [after.base.pending(key, Compare.LABELS, kind) for key, kind in kinds.items()]
    stored = [one for text in map(str, pending) if (one := Pending.parse(text))]
    assert stored == pending
    with filled(_side(history, 2), _side(history, 3)) as ledger:
        ledger.base.fill(((entry_of(document), False) for document in _side(history, 0)), stored)
        assert _judged(ledger) == _expected(history)


def test_a_line_that_is_stored_differently_is_not_an_edit() -> None:
    """In strict mode the manifest as it was applied and live differ; a new line is ours while live is as it was."""
    rewritten = labelled(KEYS[0], "a") | {"note": 1}
    with filled([labelled(KEYS[0], "a")], [rewritten]) as after:
        pending = after.base.pending(KEYS[0], Compare.STRICT, Kind.REWRITTEN)
    with filled([labelled(KEYS[0], "b")], [rewritten]) as ledger:
        ledger.base.fill([(entry_of(labelled(KEYS[0], "a")), False)], [pending])
        assert [found for _row, found in ledger.differences(Compare.STRICT)] == [Whose.OURS]


@pytest.mark.parametrize("text", ["", "r", "x0011223344556677", "r00112233445566zz", "r0011223344556677aa"])
def test_what_is_not_pending_is_not_taken_for_an_entry(text: str) -> None:
    """A text of any other form in a state or a record gives nothing."""
    assert Pending.parse(text) is None
