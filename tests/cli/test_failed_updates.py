"""Updates that the service fails or refuses: AWS's sentence reaches the lines at fault, with few calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.changes import batches
from reconciler.plan.order import peak_labels
from rekognition_emulator import Switches

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

MANY = ("--allow", "unusable=meant")
SENTENCE = "The manifest file has too many terminal errors."
STRICT = {"switches": Switches(invalid_share_counts="dropped and marked")}
CODE = "ERROR_INVALID_BOUNDING_BOX"


def _off(world: World, count: int) -> list[str]:
    """Lines whose box is off the frame, which the reconciler predicts to be marked."""
    return [world.boxes(f"off{number}.jpg", "RBC", left=630) for number in range(count)]


def test_the_sentence_of_a_failed_update_reaches_the_only_line_of_it(account: Account, world: World) -> None:
    """One changed line that AWS refuses is reported with AWS's reason, by file and line."""
    account.create("cells")
    world.write("cells", world.many(3))
    assert world.run("apply", "--yes").code == 0
    account.emulator.load_faults(
        "faults: [{fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: 'The line is odd.'}]"
    )
    world.write("cells", [*world.many(3), world.boxes("new.jpg", "RBC")])
    ran = world.run("apply", "--yes")
    assert ran.code == 5
    assert "AWS: The line is odd." in ran.out
    assert "datasets/cells/train.jsonl:4" in ran.out
    assert "gave no reason" not in ran.out


def test_each_line_at_fault_has_the_sentence_of_its_own_update(account: Account, world: World) -> None:
    """Two lines fail for different reasons, and the second half of a search is never sent whole."""
    account.create("cells")
    rules = [
        f"{{fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: 'Reason {number}.',"
        f" when: {{Changes.GroundTruth: '*/{name}.jpg*'}}}}"
        for number, name in ((1, "first"), (2, "last"))
    ]
    account.emulator.load_faults(f"faults: [{', '.join(rules)}]")
    world.write("cells", [world.boxes("first.jpg", "RBC"), *world.many(6), world.boxes("last.jpg", "RBC")])
    (dataset,) = world.run("apply", "--yes", "--json").datasets
    reasons = {one["key"].rpartition("/")[2]: one["reason"] for one in dataset["outcome"]["rejected"]}
    assert reasons == {"first.jpg": "AWS: Reason 1.", "last.jpg": "AWS: Reason 2."}
    assert dataset["outcome"]["add"] == 6


@pytest.mark.parametrize("account", [STRICT], indirect=True)
def test_a_batch_of_lines_that_were_predicted_to_be_marked_is_not_searched(account: Account, world: World) -> None:
    """All 404 lines are unusable and AWS fails the update: one update, each line with its code, and it is counted."""
    account.create("cells")
    world.write("cells", _off(world, 404))
    (dataset,) = world.run("apply", "--yes", "--json", *MANY).datasets
    outcome = dataset["outcome"]
    assert account.updates == 1
    assert (outcome["rejected_total"], outcome["batches"], outcome["bytes"] > 10_000) == (404, 1, True)
    assert {one["reason"] for one in outcome["rejected"]} == {
        f"AWS: {SENTENCE} (the line has {CODE}, ERROR_NO_VALID_ANNOTATIONS)"
    }


@pytest.mark.parametrize("account", [STRICT], indirect=True)
def test_lines_that_were_predicted_to_be_marked_are_the_first_suspects(account: Account, world: World) -> None:
    """The other lines are live after one more update, and the suspects are tried once, together."""
    account.create("cells")
    world.write("cells", [*world.many(30), *_off(world, 30)])
    ran = world.run("apply", "--yes", *MANY)
    assert ran.code == 5
    assert account.updates == 3
    assert len(account.keys("cells")) == 30
    assert "30 added in 3 batches" in ran.out
    assert CODE in ran.out


@pytest.mark.parametrize("account", [{"switches": Switches(update_on_update_failed="refused")}], indirect=True)
def test_an_update_that_is_refused_after_a_failed_one_ends_with_awss_sentence(account: Account, world: World) -> None:
    """It is sent once more after a pause, and then the reason of the failed update is told; not listed for ever."""
    account.create("cells")
    account.emulator.load_faults(
        "faults: [{fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: 'It is odd.', on: 1}]"
    )
    world.write("cells", world.many(6))
    ran = world.run("apply", "--yes")
    assert ran.code == 1
    assert "the service refuses every update after a failed one (It is odd.)" in ran.out
    assert account.updates == 3
    assert account.emulator.count_calls("ListDatasetEntries") <= 3


@pytest.mark.parametrize(
    "account",
    [{"switches": Switches(payload_most=2000, too_large_payload=how)} for how in ("constraint", "HTTP 413")],
    indirect=True,
    ids=["constraint", "413"],
)
def test_a_body_that_is_too_large_is_halved_until_it_fits(account: Account, world: World) -> None:
    """All lines are live, and later bodies have the size that was found."""
    account.create("cells")
    world.write("cells", world.many(30))
    ran = world.run("apply", "--yes")
    assert ran.code == 0, ran
    assert len(account.keys("cells")) == 30


def _declaring(world: World, labels: range, used: int = 60, new: str = "") -> list[str]:
    """Lines whose class-maps declare these labels; the first of them uses `new` too."""
    written = []
    for number in range(used):
        line = json.loads(world.boxes(f"{number:03}.jpg", f"label{number:03}", *([new] if new and not number else [])))
        names = line["boxes-metadata"]["class-map"]
        names |= {str(1000 + label): f"label{label:03}" for label in labels}
        written.append(json.dumps(line))
    return written


def test_declared_labels_that_the_manifest_no_longer_has_are_predicted_to_pass_the_limit(
    account: Account, world: World
) -> None:
    """250 labels are declared live and the manifest declares 61: the plan is refused with the cure, which works."""
    account.create("cells")
    world.write("cells", _declaring(world, range(250)))
    assert world.run("apply", "--yes").code == 0
    trimmed, sent = _declaring(world, range(0), new="one more"), account.updates
    world.write("cells", trimmed)
    ran = world.run("apply", "--yes")
    assert ran.code == 4
    assert "would declare 251 labels, with those that no box uses; the limit is 250" in ran.out
    assert "set `compare: strict` for one apply" in ran.out
    assert account.updates == sent
    world.write("cells", trimmed, settings="managed: false\npolicy: {compare: strict}")
    assert world.run("apply", "--yes", "--allow", "updates=once").code == 0
    world.write("cells", trimmed)
    assert world.run("plan", "--exit-code").code == 0


def test_trimmed_class_maps_go_before_the_label_that_needs_their_place(
    account: Account, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `compare: strict` and several batches no batch passes the limit of labels."""
    for place in ("reconciler.plan.order.BATCH_BYTES", "reconciler.limits.BATCH_BYTES"):
        monkeypatch.setattr(place, 5_000)
    monkeypatch.setattr(batches, "__defaults__", (5_000,))
    monkeypatch.setattr(peak_labels, "__defaults__", (5_000,))
    account.create("cells")
    world.write("cells", _declaring(world, range(250)))
    assert world.run("apply", "--yes").code == 0
    sent = account.updates
    world.write(
        "cells", _declaring(world, range(0), new="one more"), settings="managed: false\npolicy: {compare: strict}"
    )
    ran = world.run("apply", "--yes", "--allow", "updates=once")
    assert ran.code == 0, ran
    assert account.updates > sent + 1
