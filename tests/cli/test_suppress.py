"""Findings that project.yaml suppresses: counted, never hidden, and never what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, World

BOX = "ERROR_INVALID_BOUNDING_BOX"
LINE = "ERROR_NO_VALID_ANNOTATIONS"


def item(code: str = BOX, until: str = "2099-12-31", **more: str) -> str:
    """An item of `suppress`."""
    return (
        "{"
        + ", ".join(
            f"{name}: {value}" for name, value in {"code": code, "reason": "why", "until": until, **more}.items()
        )
        + "}"
    )


def validated(world: World, *items: str, policy: str = "", command: str = "validate") -> Ran:
    """Validate a manifest with two boxes that are not inside their images, at 620 and 630."""
    lines = [*world.many(9), world.boxes("a.jpg", "RBC", left=620), world.boxes("b.jpg", "RBC", left=630)]
    world.write("cells", lines, settings=f"managed: false\nsuppress: [{', '.join(items)}]\n{policy}")
    return world.run(command, "--json")


def test_what_is_suppressed_is_counted_and_not_shown(world: World) -> None:
    """Of the codes that are named the findings are gone from the list, and one sentence has their number."""
    ran = validated(world, item(), item(LINE))
    (dataset,) = ran.datasets
    assert (ran.code, dataset["findings"]["marked"], dataset["findings"]["suppressed"]) == (0, 0, 4)
    assert "4 findings are suppressed by `suppress` in project.yaml" in world.run("validate").out
    assert "ERROR_" not in world.run("validate", "--format", "github").out


def test_a_pattern_takes_some_of_a_code(world: World) -> None:
    """Only the findings whose sentence has it."""
    (dataset,) = validated(world, item(pattern="'left 6?0 + *beyond 640'"), item(LINE)).datasets
    assert dataset["findings"]["suppressed"] == 4
    (dataset,) = validated(world, item(pattern="left 630"), item(LINE)).datasets
    assert (dataset["findings"]["marked"], dataset["findings"]["suppressed"]) == (1, 3)


def test_one_that_has_expired_is_a_warning_and_suppresses_nothing(world: World) -> None:
    """It says since when, at its place in project.yaml, once for the project."""
    world.write("cells", test=world.many(1, first=50))
    ran = validated(world, item(until="2020-02-29"))
    findings = [one for dataset in ran.datasets for one in dataset["findings"]["shown"]]
    (late,) = [one for one in findings if one["code"] == "suppress-expired"]
    assert late["message"] == f"the suppression of {BOX} expired on 2020-02-29"
    assert (late["severity"], late["place"]["file"], late["place"]["line"]) == (
        "marked",
        "datasets/cells/project.yaml",
        2,
    )
    assert BOX in {one["code"] for one in findings}
    assert world.run("validate", "--strict").code == 3


def test_what_the_policy_refuses_is_not_suppressed(world: World) -> None:
    """With `marked: refuse` it is an error, and an error stays."""
    ran = validated(world, item(), item(LINE), policy="policy: {marked: refuse}")
    assert ran.code == 4
    assert ran.datasets[0]["findings"]["suppressed"] == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (item("bucket-illegal"), "of class error, which is never suppressed"),
        (item("ERROR_INVALID_BOUNDING_BOXES"), f"did you mean `{BOX}`?"),
        (item(until="31.12.2099"), "is not a day"),
        (f"{{code: {BOX}, until: 2099-12-31}}", "has no `reason`"),
        (f"{{code: {BOX}, reason: why}}", "has no `until`"),
    ],
)
def test_a_suppression_that_cannot_be_is_refused(world: World, written: str, said: str) -> None:
    """With what is wrong, at its place in project.yaml."""
    ran = validated(world, written)
    assert ran.code == 3
    assert said in world.run("validate").out
