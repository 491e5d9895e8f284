"""What `reconciler apply` promises: what is sent, what is not, and what is said of it."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Switches

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


def test_apply_makes_live_equal_and_a_second_one_sends_nothing(account: Account, world: World) -> None:
    """The first apply makes live equal to the manifest; the second sends nothing."""
    account.create("cells")
    world.write("cells", world.many(5), world.many(2, first=500))
    first = world.run("apply", "--yes")
    assert first.code == 0, first
    assert len(account.keys("cells")) == 5
    assert len(account.keys("cells", "TEST")) == 2
    assert account.updates == 2
    second = world.run("apply", "--yes")
    assert second.code == 0
    assert "nothing to do" in second.out
    assert account.updates == 2


def test_apply_needs_no_answer_when_nothing_would_change(account: Account, world: World) -> None:
    """Without changes the command asks nothing."""
    account.create("cells")
    world.write("cells", world.many(1))
    world.run("apply", "--yes")
    again = world.run("apply", answer="")
    assert again.code == 0
    assert "Apply?" not in again.err


def test_yes_on_the_terminal_applies(account: Account, world: World) -> None:
    """The plan is shown before the question, the outcome after it."""
    account.create("cells")
    world.write("cells", world.many(3))
    ran = world.run("apply", answer="y\n")
    assert ran.code == 0
    assert ran.err.startswith("Apply? [y/N] ")
    assert ran.out.index("3 to add") < ran.out.index("3 added in 1 batch")


def test_any_other_answer_sends_nothing(account: Account, world: World) -> None:
    """No, an empty line and the end of input all mean no."""
    account.create("cells")
    world.write("cells", world.many(3))
    for answer in ("n\n", "\n", "", "yess\n"):
        ran = world.run("apply", answer=answer)
        assert ran.code == 4, answer
        assert "not applied: you answered no" in ran.err
    assert account.updates == 0


def test_without_a_terminal_and_without_yes_nothing_is_called(account: Account, world: World) -> None:
    """A job without --yes fails with the cure before any work."""
    account.create("cells")
    world.write("cells", world.many(3))
    before = account.emulator.count_calls()
    ran = world.run("apply")
    assert ran.code == 3
    assert "--yes" in ran.err
    assert account.emulator.count_calls() == before


def test_json_without_yes_is_refused(account: Account, world: World) -> None:
    """Nobody can answer a question about a plan that is not shown."""
    account.create("cells")
    world.write("cells", world.many(3))
    ran = world.run("apply", "--json", answer="y\n")
    assert ran.code == 3
    assert ran.document["error"]["kind"] == "BadInput"
    assert "apply --json cannot ask for confirmation; add --yes" in ran.document["error"]["message"]
    assert account.updates == 0


def test_one_bad_line_anywhere_stops_the_whole_run(account: Account, world: World) -> None:
    """Nothing is called for any dataset when a manifest of the run has an error."""
    account.create("cells", "planes")
    world.write("cells", world.many(3))
    world.write("planes", [*world.many(2), '{"source-ref": 7}'])
    before = account.emulator.count_calls()
    ran = world.run("apply", "--yes")
    assert ran.code == 3
    assert "datasets/planes/train.jsonl:3" in ran.out
    assert account.emulator.count_calls() == before


def test_a_managed_project_is_never_created_here(account: Account, world: World) -> None:
    """Pulumi creates a project with `managed: true`; the run is refused, and nothing is sent to other projects."""
    account.create("planes")
    world.write("cells", world.many(3), settings="managed: true")
    world.write("planes", world.many(3))
    ran = world.run("apply", "--yes")
    assert ran.code == 4
    assert "`pulumi up` creates it" in ran.err
    assert account.updates == 0
    assert account.emulator.count_calls("CreateProject") == 1


def test_a_missing_project_of_ones_own_is_a_failure_with_the_cure(account: Account, world: World) -> None:
    """With `managed: false` a project that is not found is an error: create it, or fix name or region."""
    world.write("cells", world.many(3))
    ran = world.run("apply", "--yes")
    assert ran.code == 1
    assert "create-project --project-name cells" in ran.err
    assert account.updates == 0


def test_extra_fail_stops_every_dataset_of_the_run(account: Account, world: World) -> None:
    """A live-only entry under `extra: fail` refuses the run before anything is sent to any dataset."""
    account.create("cells", "planes")
    world.write("planes", world.many(3))
    world.run("apply", "--yes")
    world.write("planes", world.many(2), settings="managed: false\npolicy: {extra: fail}")
    world.write("cells", world.many(4))
    before = account.updates
    ran = world.run("apply", "--yes")
    assert ran.code == 4
    assert "extra: fail" in ran.out
    assert account.updates == before


def test_dropped_lines_are_named_by_file_and_line(account: Account, world: World) -> None:
    """A line that the service drops without an error ends in exit code 5, with file and line."""
    account.create("cells")
    world.write("cells", world.many(3))
    account.emulator.load_faults("faults: [{fault: lose, count: 1}]")
    ran = world.run("apply", "--yes")
    assert ran.code == 5, ran
    assert "datasets/cells/train.jsonl:1" in ran.out
    assert "dropped it without an error" in ran.out
    assert "cells train failed; see above" in ran.err


@pytest.mark.parametrize(("rejected", "code"), [("fail", 5), ("skip", 0)])
def test_lines_that_fail_a_batch_are_found_and_the_rest_goes_in(
    account: Account, world: World, rejected: str, code: int
) -> None:
    """Each invalid line is reported with its place and AWS's text; `policy.rejected` decides about the failure."""
    account.create("cells")
    world.write("cells", world.many(9), settings=f"managed: false\npolicy: {{rejected: {rejected}}}")
    rule = "fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: The manifest has something."
    account.emulator.load_faults(f"faults: [{{{rule}, when: {{Changes.GroundTruth: '*0004.jpg*'}}}}]")
    ran = world.run("apply", "--yes")
    assert ran.code == code, ran
    assert "datasets/cells/train.jsonl:5:1: rejected: s3://acme-vision/cells/0004.jpg: AWS: The manifest has" in ran.out
    assert "8 added" in ran.out
    assert "1 rejected" in ran.out
    assert ("warning: 1 line is not live; the policy is `rejected: skip`" in ran.out) == (rejected == "skip")
    assert len(account.keys("cells")) == 8
    again = world.run("apply", "--yes")
    assert again.code == code
    assert ("1 to add; 8 unchanged" in again.out) == (rejected == "fail")


REJECTS = "fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: The manifest has something."
SKIP = "managed: false\npolicy: {rejected: skip, extra: unlabel, guards: {label-removed: off, updates: off}}"
FAIL = "managed: false\npolicy: {extra: unlabel, guards: {label-removed: off, updates: off}}"


@pytest.mark.parametrize("fault", [f"{REJECTS[7:]}, when: {{Changes.GroundTruth: '*0001.jpg*'}}", "lose, count: 1"])
@pytest.mark.parametrize("change", ["added", "updated"])
def test_a_line_that_was_let_go_stays_out_until_it_changes(
    account: Account, world: World, fault: str, change: str
) -> None:
    """Under `rejected: skip` it is remembered and counted; an edit of it, or `rejected: fail`, sends it again."""
    account.create("cells")
    before = world.many(3) if change == "updated" else [world.many(3)[0], world.many(3)[2]]
    world.write("cells", before, settings=SKIP)
    assert world.run("apply", "--yes").code == 0
    new = [world.many(3)[0], world.boxes("0001.jpg", "WBC"), world.many(3)[2]]
    world.write("cells", new, settings=SKIP)
    account.emulator.load_faults(f"faults: [{{fault: {fault}}}]")
    first = world.run("apply", "--yes")
    assert (first.code, "1 line is not live; the policy is `rejected: skip`" in first.out) == (0, True), first
    sent = account.updates
    plan = world.run("plan", "--exit-code")
    assert plan.code == 0, plan
    assert "1 line that AWS rejected is not sent again until the manifest changes (`rejected: skip`)" in plan.out
    assert world.run("apply", "--yes").code == 0
    assert account.updates == sent
    assert world.run("drift").code == 0
    account.emulator.load_faults("")
    world.write("cells", new, settings=FAIL)
    assert world.run("plan", "--exit-code").code == 2
    world.write("cells", [new[0], world.boxes("0001.jpg", "WBC", left=20), new[2]], settings=SKIP)
    assert world.run("plan", "--exit-code").code == 2
    assert world.run("apply", "--yes").code == 0
    assert account.updates == sent + 1
    assert len(account.keys("cells")) == 3


def test_an_entry_whose_labels_could_not_be_removed_is_let_go(account: Account, world: World) -> None:
    """`extra: unlabel` under `rejected: skip`: the bare line that the service would not take is not sent for ever."""
    account.create("cells")
    world.write("cells", world.many(3), settings=SKIP)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", world.many(2), settings=SKIP)
    account.emulator.load_faults(f"faults: [{{{REJECTS}, when: {{Changes.GroundTruth: '*0002.jpg*'}}}}]")
    assert world.run("apply", "--yes").code == 0
    sent = account.updates
    assert world.run("plan", "--exit-code").code == 0
    assert world.run("apply", "--yes").code == 0
    assert account.updates == sent


def test_a_failure_stops_its_project_and_no_other(account: Account, world: World) -> None:
    """After cells train fails, cells test is skipped, planes is applied, and the exit code is that of the failure."""
    account.create("cells", "planes")
    world.write("cells", world.many(3), world.many(2, first=500))
    world.write("planes", world.many(4))
    account.emulator.load_faults(
        "faults: [{fault: error, operation: UpdateDatasetEntries, error: AccessDeniedException, on: 1}]"
    )
    ran = world.run("apply", "--yes", "--json")
    assert ran.code == 1, ran
    statuses = {(one["project"], one["type"]): one["status"] for one in ran.datasets}
    assert statuses == {("cells", "train"): "failed", ("cells", "test"): "skipped", ("planes", "train"): "applied"}
    assert len(account.keys("planes")) == 4


@pytest.mark.parametrize("account", [{"switches": Switches(listed_form="label attributes only")}], indirect=True)
def test_what_is_stored_differently_is_remembered_for_the_next_run(account: Account, world: World) -> None:
    """In strict mode a line that the service stores without a field is sent once, reported, and kept privately."""
    account.create("cells")
    lines = [json.dumps(json.loads(line) | {"note": "mine"}) for line in world.many(2)]
    world.write("cells", lines, settings="managed: false\npolicy: {compare: strict}")
    first = world.run("apply", "--yes")
    assert first.code == 0, first
    assert "not stored as sent: 2 entries" in first.out
    (memory,) = (world.folder / ".reconciler" / "settled").iterdir()
    assert memory.name.startswith("train-cells-")
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert world.run("plan", "--exit-code").code == 0
    world.run("apply", "--yes")
    assert account.updates == 1
    memory.unlink()
    assert world.run("plan", "--exit-code").code == 2


@pytest.mark.parametrize("account", [{"switches": Switches(listed_form="label attributes only")}], indirect=True)
def test_a_memory_that_cannot_be_written_is_a_warning(account: Account, world: World) -> None:
    """The apply succeeds; the next one only sends more."""
    account.create("cells")
    lines = [json.dumps(json.loads(line) | {"note": "mine"}) for line in world.many(2)]
    world.write("cells", lines, settings="managed: false\npolicy: {compare: strict}")
    (world.folder / ".reconciler").write_text("a file where a folder belongs")
    ran = world.run("apply", "--yes")
    assert ran.code == 0
    assert "will be sent again" in ran.err


def test_only_the_chosen_projects_are_touched(account: Account, world: World) -> None:
    """--project leaves other projects alone, even if their manifests are invalid."""
    account.create("cells", "planes")
    world.write("cells", world.many(3))
    world.write("planes", ["not JSON"])
    assert world.run("apply", "--yes", "--project", "cells").code == 0
    assert len(account.keys("cells")) == 3


def test_live_only_entries_are_unlabelled_where_the_policy_says_so(account: Account, world: World) -> None:
    """With `extra: unlabel` the line without labels is sent once."""
    account.create("cells")
    world.write("cells", world.many(3))
    world.run("apply", "--yes")
    world.write("cells", world.many(2), settings="managed: false\npolicy: {extra: unlabel}")
    ran = world.run("apply", "--yes")
    assert ran.code == 0, ran
    assert "1 unlabelled" in ran.out
    assert world.run("plan", "--exit-code").code == 0


def test_a_replace_is_spelled_out_before_the_question(account: Account, world: World) -> None:
    """The plan of `extra: replace` contains DELETED and the number of entries."""
    account.create("cells")
    world.write("cells", world.many(3))
    world.run("apply", "--yes")
    before = account.dataset("cells")
    world.write("cells", world.many(2), settings="managed: false\npolicy: {extra: replace}")
    ran = world.run("apply", answer="y\n")
    assert ran.code == 0, ran
    assert "DELETED" in ran.out
    assert "3 live entries are deleted, 1 of them not in the manifest" in ran.out
    assert account.dataset("cells") != before
    assert len(account.keys("cells")) == 2


def test_entries_that_the_service_marks_are_named_with_code_and_line(account: Account, world: World) -> None:
    """A box outside of the image is stored and marked: a warning with AWS's code and its meaning, and exit code 0."""
    account.create("cells")
    world.write("cells", [*world.many(2), world.boxes("off.jpg", "RBC", "WBC", left=630)])
    ran = world.run("apply", "--yes", "--allow", "unusable=meant")
    assert ran.code == 0, ran
    assert "datasets/cells/train.jsonl:3" in ran.out
    assert "marked by the service, new with this apply: s3://acme-vision/cells/off.jpg: ERROR_" in ran.out
    (dataset,) = world.run("apply", "--yes", "--json").datasets
    assert dataset["outcome"]["marked_total"] == 1
    assert dataset["outcome"]["marked"][0]["marks"][0]["code"].startswith("ERROR_")


def test_marked_lines_are_errors_where_the_policy_refuses_them(account: Account, world: World) -> None:
    """With `marked: refuse` the run stops before any call, with the exit code of every policy."""
    account.create("cells")
    lines = [world.boxes("off.jpg", "RBC", "WBC", left=630)]
    world.write("cells", lines, settings="managed: false\npolicy: {marked: refuse}")
    before = account.emulator.count_calls()
    assert world.run("apply", "--yes").code == 4
    assert account.emulator.count_calls() == before
    assert world.run("validate").code == 4
    world.write("cells", [*lines, "{"], settings="managed: false\npolicy: {marked: refuse}")
    assert world.run("apply", "--yes").code == 3


def test_ctrl_c_at_the_question_sends_nothing(account: Account, world: World) -> None:
    """Ctrl-C does not count as an answer: exit code 130."""
    account.create("cells")
    world.write("cells", world.many(2))
    ran = world.run("apply", interrupt=True)
    assert ran.code == 130
    assert "nothing was sent" in ran.err
    assert account.updates == 0
