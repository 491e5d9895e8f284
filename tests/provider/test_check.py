"""Check: what is refused before anything is sent, and what a preview adds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider_engine import UNKNOWN
from tests.support.provider_world import line

if TYPE_CHECKING:
    from tests.support.provider_world import World


def test_a_bad_manifest_is_one_failure_with_all_complaints_in_it(world: World) -> None:
    """The engine prefixes each failure with a hundred characters: one per file, each finding at its place."""
    cells = world.declare({})
    lines = [json.dumps(line("1.jpg", "cat")), '{"label": 1}', "{broken", json.dumps(line("1.jpg", "dog"))]
    cells.declared["manifest"] = "bad.jsonl"
    (world.program / "bad.jsonl").write_text("\n".join(lines), encoding="utf-8")
    [(blamed, reason)] = cells.failures()
    assert blamed == "manifest"
    told, cures = reason.splitlines()[::2], reason.splitlines()[1::2]
    assert [text.partition(": ")[0] for text in told] == [
        "bad.jsonl:2:1 source-ref-missing",
        "bad.jsonl:3:2 invalid-json",
        "bad.jsonl:4:16 source-ref-repeated",
    ]
    assert all(cure.startswith("  ") for cure in cures)


def test_more_than_fifty_complaints_are_counted(world: World) -> None:
    """The first 50 are shown, each with its cure, the rest is a number."""
    cells = world.declare({})
    cells.declared["manifest"] = "worse.jsonl"
    (world.program / "worse.jsonl").write_text("{broken\n" * 73, encoding="utf-8")
    [(_, reason)] = cells.failures()
    assert len(reason.splitlines()) == 2 * 50 + 1
    assert reason.endswith("and 23 more")


def test_a_manifest_that_is_missing_is_a_failure_with_its_path(world: World) -> None:
    """A path is looked up relative to the program."""
    cells = world.declare({}, manifest="nowhere/train.jsonl")
    [(blamed, reason)] = cells.failures()
    assert blamed == "manifest"
    assert "nowhere/train.jsonl" in reason
    assert str(world.program) not in reason


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("projectArn", "arn:aws:s3:::bucket", "is not the ARN of a Rekognition project"),
        ("datasetType", "train", "datasetType must be TRAIN or TEST, not 'train'"),
        ("manifest", "/etc/manifest.jsonl", "relative to the Pulumi program"),
        ("manifest", 7, "manifest must be a string, not 7.0"),
        ("labels", "cat", "labels must be a list of label names, not 'cat'"),
        ("labels", [], "labels must be a list of label names, not []"),
        ("policy", {"extra": "delete"}, "policy.extra must be one of report, unlabel, fail, replace, not 'delete'"),
        ("policy", {"destory": "keep"}, "policy has no setting 'destory'"),
        ("policy", {"patience": "soon"}, "policy.patience must be a time such as 90s, 30m or 1h30m, not 'soon'"),
        ("policy", {"patience": 0.5}, "policy.patience must be a time"),
        ("policy", "fail", "policy must be a mapping, not 'fail'"),
        ("policy", {"guards": "off"}, "policy.guards must be a mapping, not 'off'"),
    ],
)
def test_a_wrong_input_is_a_failure_of_that_property(world: World, name: str, value: object, said: str) -> None:
    """The engine prints the property of a failure, so it must be the one to fix."""
    cells = world.declare({"1.jpg": ["cat"]}, **{name: value})
    [(blamed, reason)] = cells.failures()
    assert blamed == name
    assert said in reason


def test_all_faults_of_a_policy_are_reported_together(world: World) -> None:
    """There is a line for each, with what was meant, as for project.yaml."""
    policy = {"extra": "repport", "destory": "keep", "patience": "soon", "guards": {"shrnk": "on", "updates": "many"}}
    [(blamed, reason)] = world.declare({"1.jpg": ["cat"]}, policy=policy).failures()
    assert blamed == "policy"
    lines = reason.splitlines()
    assert [line.partition(";")[0] for line in lines] == [
        "policy has no setting 'destory' (did you mean `destroy`?)",
        "policy.extra must be one of report, unlabel, fail, replace, not 'repport' (did you mean `report`?)",
        "policy.patience must be a time such as 90s, 30m or 1h30m, not 'soon'",
        "policy.guards has no setting 'shrnk' (did you mean `shrink`?)",
        "policy.guards.updates must be on, off or a percentage such as 50%, not 'many'",
    ]


def test_a_wrong_value_cannot_act_on_the_terminal_nor_fill_it(world: World) -> None:
    """Escape sequences come out as text, and a huge value is cut."""
    cells = world.declare({"1.jpg": ["cat"]}, datasetType="\x1b[31m" + "x" * 5000)
    [(_, reason)] = cells.failures()
    assert "\x1b" not in reason
    assert len(reason) < 200


def test_a_label_outside_of_the_closed_list_is_refused_with_a_suggestion(world: World) -> None:
    """A label that `labels` does not list is an error that suggests the nearest one."""
    cells = world.declare({"1.jpg": ["cats"]}, labels=["cat", "dog"])
    [(_, reason)] = cells.failures()
    assert "cats" in reason
    assert "did you mean" in reason.lower()


def test_an_unknown_project_passes_and_the_manifest_is_checked_all_the_same(world: World) -> None:
    """The project may be created in this very run; an invalid manifest is reported before that."""
    good = world.declare({"1.jpg": ["cat"]}, projectArn=UNKNOWN)
    assert good.check()["projectArn"] == UNKNOWN
    assert good.check()["entries"] == 1
    bad = world.declare({}, projectArn=UNKNOWN, manifest="missing.jsonl")
    assert [name for name, _ in bad.failures()] == ["manifest"]


@pytest.mark.parametrize("name", ["manifest", "labels", "policy", "datasetType"])
def test_any_unknown_input_passes_through(world: World, name: str) -> None:
    """What is an output of something that does not exist yet is checked in the real update."""
    cells = world.declare({"1.jpg": ["cat"]}, **{name: UNKNOWN})
    for preview in (True, False):
        assert cells.check(preview=preview)[name] == UNKNOWN


def test_an_unknown_member_of_the_policy_passes_through(world: World) -> None:
    """Unknowns may occur anywhere in an input."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "fail", "destroy": UNKNOWN})
    assert cells.check(preview=True)["policy"]["destroy"] == UNKNOWN


def test_the_policy_is_stored_whole_and_in_one_spelling(world: World) -> None:
    """Defaults are written out and `30m` and 1800 are the same, so that nothing differs by spelling."""
    whole: dict[str, Any] = {
        "extra": "report",
        "marked": "warn",
        "compare": "labels",
        "patience": 1800,
        "destroy": "refuse",
    }
    assert world.declare({"1.jpg": ["cat"]}).check()["policy"] == whole
    assert world.declare({"1.jpg": ["cat"]}, policy={"patience": "30m"}).check()["policy"] == whole
    assert world.declare({"1.jpg": ["cat"]}, policy={"patience": "1h30m"}).check()["policy"]["patience"] == 5400


def test_guards_are_stored_as_they_are_written(world: World) -> None:
    """Only those that differ from the default, in project.yaml's spelling, which reads back as the same."""
    guards = {"updates": "55.5%", "label-removed": "off", "shrink": "on"}
    checked = world.declare({"1.jpg": ["cat"]}, policy={"guards": guards}).check()["policy"]
    assert checked["guards"] == {"updates": "55.5%", "label-removed": "off"}
    assert world.declare({"1.jpg": ["cat"]}, policy=checked).check()["policy"] == checked


def test_only_a_preview_has_a_plan_in_its_inputs(world: World) -> None:
    """The program's mark is removed; `pendingChanges` replaces it in a preview and never in an update."""
    cells = world.declare({"1.jpg": ["cat"]})
    assert set(cells.check(preview=True)) - set(cells.check()) == {"pendingChanges"}
    assert "previewPlan" not in cells.check(preview=True)
    cells.declared["pendingChanges"] = {"summary": "made up"}
    assert "pendingChanges" not in cells.check()


def test_a_check_of_a_real_update_makes_no_call(world: World) -> None:
    """Check runs one resource after another: it must be cheap, and nothing is shown then."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    before = world.emulator.count_calls()
    cells.check()
    assert world.emulator.count_calls() == before


def test_the_policy_fail_does_not_fail_in_check(world: World) -> None:
    """A failed check would keep the policy out of the state; the preview says it in words."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.edit(cells, "stranger.jpg", "cat")
    cells.declared["policy"] = {"extra": "fail"}
    assert cells.failures() == []
    assert cells.failures(preview=True) == []


def test_two_resources_for_one_dataset_are_refused(world: World) -> None:
    """They would overwrite each other on every `pulumi up`; the second one's check names the first."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.check()
    _inputs, failures = world.provider.check(f"{cells.urn}-twin", {}, cells.news(preview=False))
    assert [name for name, _reason in failures] == ["datasetType"]
    assert cells.urn.rpartition("::")[2] in failures[0][1]
