"""States that other versions wrote: an older format is never drift, a newer one an error with the cure."""

from __future__ import annotations

import math
import unicodedata
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider_engine import CallError, Resource
from tests.support.provider_world import RELABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider_world import World

OTHER = "0" * 32
NASTY = "x\x1b[31m\x07\u202e\r\x00"


def aged(world: World, resource: Resource, written: int = 0) -> Resource:
    """The resource after `pulumi up`, its state written by a version whose digests have a different meaning."""
    resource.up()
    for bag in (resource.inputs, resource.outputs):
        bag |= {"stateFormat": written, "desiredDigest": OTHER, "contentDigest": OTHER}
    for record in ("live", "appliedLive"):
        resource.outputs[record] |= {"digest": OTHER}
    del world
    return resource


def test_an_older_format_is_recomputed_and_is_no_change(world: World) -> None:
    """The digests are of no use then; desired and live are compared again, and an equal dataset is left alone."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    sent = world.calls("UpdateDatasetEntries")
    assert cells.preview()[0] is False
    assert cells.up() is False
    assert cells.up() is False
    assert world.calls("UpdateDatasetEntries") == sent


def test_an_older_format_is_never_drift(world: World) -> None:
    """Neither right after the upgrade nor after `pulumi up` without changes, which stores inputs of the new format."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    assert not cells.drift()
    cells.up()
    assert cells.inputs["stateFormat"] == 1
    assert cells.outputs["stateFormat"] == 0
    (world.program / cells.declared["manifest"]).unlink()
    assert not cells.drift()


def test_a_change_over_an_older_format_is_applied_and_written_in_ours(world: World) -> None:
    """The next real update renews the record, and drift is seen again."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}, policy=RELABELS))
    world.rewrite(cells, {"1.jpg": ["dog"]})
    assert cells.preview()[0]
    assert cells.up()
    assert cells.outputs["stateFormat"] == 1
    assert not cells.drift()
    world.edit(cells, "1.jpg", "cat")
    assert cells.drift()


def test_a_setting_changed_over_an_older_format_is_recorded(world: World) -> None:
    """`destroy: delete` -> `refuse` holds from the next `pulumi up` on, whatever wrote the state."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"}))
    cells.declared["policy"] = {"destroy": "refuse"}
    assert cells.preview()[0]
    assert cells.up()
    with pytest.raises(CallError, match="`destroy: refuse`"):
        cells.destroy()


def test_an_unfinished_apply_of_an_older_version_is_still_drift(world: World) -> None:
    """An apply of an older version that failed must be finished, so it is drift."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}))
    cells.outputs["unfinished"] = "batch 1 of 2 failed"
    assert cells.drift()


@pytest.mark.parametrize("call", ["preview", "up", "drift", "destroy"])
def test_a_newer_format_is_an_error_with_the_cure(world: World, call: str) -> None:
    """Also where the newer version stores what this one does not know."""
    cells = aged(world, world.declare({"1.jpg": ["cat"]}), written=2)
    cells.outputs["policy"] |= {"colour": "blue"}
    with pytest.raises(CallError) as caught:
        getattr(cells, call)()
    assert caught.value.message == (
        "the state of this dataset has format 2; this version supports format 1; "
        "install the newer version of rekognition-labels-as-code that wrote it"
    )


def with_each_text_replaced(value: Any, text: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Copies of a value, each with one text replaced, with the place of that text."""
    if isinstance(value, str):
        yield "", text
    elif isinstance(value, dict):
        for name, member in value.items():
            for place, changed in with_each_text_replaced(member, text):
                yield f"{name}.{place}", {**value, name: changed}
    elif isinstance(value, list):
        for number, item in enumerate(value):
            for place, changed in with_each_text_replaced(item, text):
                yield f"{number}.{place}", [*value[:number], changed, *value[number + 1 :]]


def test_no_text_of_the_state_acts_in_a_message(world: World) -> None:
    """Whatever was put into a text of the outputs or inputs: no message of a refresh, preview or destroy obeys it."""
    cells = world.declare({"1.jpg": ["cat"]}, labels=["cat"])
    cells.up()
    cells.outputs |= {"unfinished": "the network failed", "settled": ["0" * 16]}
    kept = deepcopy((cells.id, cells.inputs, cells.outputs))
    errors = [""]
    command = world.provider.again()  # that of a destroy
    calls: tuple[Callable[[], object], ...] = (
        cells.drift,
        cells.preview,
        lambda: command.delete(cells.urn, cells.id, cells.outputs),
    )
    for bag in ("outputs", "inputs"):
        for place, changed in with_each_text_replaced(getattr(cells, bag), NASTY):
            for call in calls:
                cells.id, cells.inputs, cells.outputs = deepcopy(kept)
                setattr(cells, bag, deepcopy(changed))
                with suppress(AssertionError):  # a failure of Check
                    try:
                        call()
                    except CallError as error:
                        errors.append(error.message)
            said = [*(message.text for message in cells.messages), *cells.statuses, *errors]
            acting = [one for text in said for one in text if one != "\n" and unicodedata.category(one) in {"Cc", "Cf"}]
            assert not acting, (bag, place)
    assert command.close() == ""


def with_each_value_replaced(value: Any, other: object) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Copies of a mapping, each with one of its values replaced, at any depth, with the place of that value."""
    for name, member in value.items():
        yield name, {**value, name: other}
        if isinstance(member, dict):
            for place, changed in with_each_value_replaced(member, other):
                yield f"{name}.{place}", {**value, name: changed}


@pytest.mark.parametrize("other", [5, math.nan, "x", [5]])
def test_a_damaged_state_is_a_sentence(world: World, other: object) -> None:
    """Whatever the outputs have in place of a value: a refresh or preview works, or says what is wrong."""
    cells = world.declare({"1.jpg": ["cat"]}, labels=["cat"])
    cells.up()
    cells.outputs |= {"unfinished": "the network failed", "settled": ["0" * 16]}
    kept = deepcopy((cells.id, cells.inputs, cells.outputs))
    errors = []
    for place, changed in with_each_value_replaced(cells.outputs, other):
        for call in (cells.drift, cells.preview):
            cells.id, cells.inputs, cells.outputs = deepcopy(kept)
            cells.outputs = deepcopy(changed)
            try:
                if place != "__provider":  # the SDK's own
                    call()
            except CallError as error:
                errors.append((place, error.message))
    assert not [one for one in errors if "this is a bug" in one[1] or "Traceback" in one[1]]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"settled": 5}, "the state of this dataset is damaged: `settled` is 5"),
        ({"appliedLive": {"entries": math.nan}}, "the state of this dataset is damaged: `entries` is nan"),
        ({"live": 3}, "the state of this dataset is damaged: `live` is 3"),
        ({"entries": math.inf}, "the state of this dataset is damaged: `entries` is inf"),
    ],
)
def test_the_sentence_about_a_damaged_state_names_the_member_and_the_cure(
    world: World, damage: dict[str, Any], words: str
) -> None:
    """It can be exported, corrected and imported."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    cells.outputs |= damage
    with pytest.raises(CallError) as caught:
        cells.drift()
    assert words in caught.value.message
    assert "`pulumi stack export --file state.json`" in caught.value.message
