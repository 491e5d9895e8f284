"""Entries that a machine labelled: counted on each side, a check in a test set, shown when a person verified them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


def by_machine(line: str, confidence: float = 0.4) -> str:
    """The same entry as a machine would have labelled it."""
    document = json.loads(line)
    document["boxes-metadata"] |= {"human-annotated": "no", "objects": [{"confidence": confidence}]}
    return json.dumps(document)


def test_validate_counts_the_entries_of_machines_with_their_lowest_confidence(world: World) -> None:
    """In a test set they are a check; a label's text does not count."""
    lines = world.many(4)
    odd = world.boxes("odd.jpg", '"human-annotated":"no"')
    world.write("cells", [*map(by_machine, lines[:2]), by_machine(lines[2], 0.25), odd], [by_machine(lines[3], 0.9)])
    ran = world.run("validate")
    assert ran.code == 0
    out = " ".join(ran.out.split())
    assert "labelled by machine: 3 entries, lowest confidence 0.25" in out
    assert "check cells test: 1 entry of the test set is labelled by machine, the lowest confidence is 0.9" in out
    assert "cells train: 3 entries" not in out
    machine = [one["machine"] for one in world.run("validate", "--json").datasets]
    assert [(one["before"], one["after"], one["lowest_after"]) for one in machine] == [(0, 3, 0.25), (0, 1, 0.9)]
    world.write("cells", lines[:2], lines[2:])
    assert "labelled by machine" not in world.run("validate").out


@pytest.mark.parametrize("view", ["text", "markdown", "html", "json"])
def test_an_entry_that_a_person_verified_is_shown_and_no_ignored_field(
    world: World, account: Account, view: str
) -> None:
    """Every view of a plan has both sides, the entry, and that nothing is sent for it; other fields stay ignored."""
    account.create("cells")
    lines = world.many(3)
    world.write("cells", [*map(by_machine, lines[:2]), lines[2]])
    assert world.run("apply", "--yes").code == 0
    other = lines[2].replace("labeling-job/boxes", "labeling-job/again")
    world.write("cells", [lines[0], by_machine(lines[1]), other])
    ran = world.run("plan", "--format", view)
    assert ran.code == 0
    out = " ".join(ran.out.split())
    if view == "json":
        machine = ran.datasets[0]["machine"]
        assert (machine["before"], machine["after"], machine["verified"], machine["unsent"]) == (2, 1, 1, 1)
        assert machine["examples"] == ["s3://acme-vision/cells/0000.jpg"]
        assert {one["field"] for one in ran.datasets[0]["provenance"]["ignored"]} == {"job-name"}
        return
    assert "labelled by machine: 1 entry, lowest confidence 0.4; before: 2 entries, lowest confidence 0.4" in out
    assert "1 entry that a machine labelled was verified by a person: " in out
    assert "0000.jpg" in out
    assert "1 entry differs in ignored fields only" in out


def test_compare_strict_sends_what_a_person_verified(world: World, account: Account) -> None:
    """Under it the verified entry is an update like any other."""
    account.create("cells")
    lines, strict = world.many(2), "managed: false\npolicy: {compare: strict}"
    world.write("cells", [by_machine(lines[0]), lines[1]], settings=strict)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", lines, settings=strict)
    plan = world.run("plan", "--json").datasets[0]
    assert (plan["update"], plan["machine"]["verified"], plan["machine"]["unsent"]) == (1, 1, 0)
