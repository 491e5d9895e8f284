"""What a preview shows, entry by entry."""

from __future__ import annotations

import json

import pytest

from reconciler.provider.state import MAX_SETTLED
from tests.support.provider_engine import UNKNOWN, Resource, running
from tests.support.provider_world import RELABELS, World, config_for, line

KEY = "s3://acme-vision/images/"


def pending(resource: Resource) -> list[str]:
    """The lines of `pendingChanges`, the summary first, without plan id and estimate."""
    shown = resource.preview()[1]["pendingChanges"]
    return [shown["summary"], *shown.get("dangers", []), *shown["entries"], *shown.get("remarks", [])]


def test_a_new_dataset_is_shown_entry_by_entry(world: World) -> None:
    """The message has a summary, then one line for each entry with its labels."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["cat", "dog"], "3.jpg": None})
    summary, *entries = pending(cells)
    assert summary == "the dataset will be created; 3 to add"
    assert entries[:3] == [f"+ {KEY}1.jpg  cat", f"+ {KEY}2.jpg  cat, dog", f"+ {KEY}3.jpg  unlabelled"]


def test_the_message_of_a_preview_says_the_same_in_one_text(world: World) -> None:
    """One message on the resource; its first line, which the row shows, is the summary."""
    cells = world.declare({"1.jpg": ["cat"]})
    lines = pending(cells)
    cells.preview()
    [message] = cells.messages
    told = cells.preview()[1]["pendingChanges"]
    told_of = f"labels, in images: {told['labels']}"
    assert message.text.splitlines() == [*lines, told_of, f"estimate: {told['estimate']}", f"plan {told['plan']}"]
    assert not message.is_warning


def test_every_kind_of_change_has_its_sign(world: World) -> None:
    """`+` added, `~` updated with what changes, `!` live only."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, policy=RELABELS)
    cells.up()
    world.edit(cells, "4.jpg", "bird")
    world.rewrite(cells, {"1.jpg": ["cat"], "2.jpg": ["fox"], "3.jpg": ["cat"]})
    shown = cells.preview()[1]["pendingChanges"]
    assert shown["summary"] == "1 to add, 1 to update; 1 live only; 1 unchanged"
    assert shown["entries"] == [
        "* label dog renamed to fox on 1 entry",
        f"~ {KEY}2.jpg  dog -> fox",
        f"! {KEY}4.jpg  live only: bird [theirs]",
        f"+ {KEY}3.jpg  cat",
    ]


def test_live_only_entries_are_unlabelled_where_the_policy_says_so(world: World) -> None:
    """`-` for an entry whose labels go."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "unlabel"})
    cells.up()
    world.edit(cells, "4.jpg", "bird")
    assert f"- {KEY}4.jpg  labels removed: bird [theirs]" in pending(cells)


def test_a_replacement_by_policy_is_spelled_out(world: World) -> None:
    """`extra: replace`: the dataset is deleted and created inside the update: new ARN, the entries that go."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "replace"})
    cells.up()
    world.edit(cells, "4.jpg", "bird")
    summary, *_ = pending(cells)
    assert "DELETED and created again (new ARN): 2 live entries are deleted, 1 of them not in the manifest" in summary


def test_more_than_ten_new_entries_are_counted(world: World) -> None:
    """10 lines, then a number; the inputs stay small."""
    cells = world.declare({f"{number}.jpg": ["cat"] for number in range(72)})
    _, *entries = pending(cells)
    assert len(entries) == 11
    assert entries[-1] == "... and 62 more entries; `reconciler plan --verbose` shows them"


def test_a_project_that_does_not_exist_yet_is_previewed_from_the_file_alone(world: World) -> None:
    """Nothing is called for a project without an ARN, and the same lines are shown."""
    before = world.emulator.count_calls()
    cells = world.declare({"1.jpg": ["cat"]}, project=UNKNOWN)
    assert pending(cells)[1] == f"+ {KEY}1.jpg  cat"
    assert world.emulator.count_calls() == before


def test_nothing_to_do_is_not_mentioned(world: World) -> None:
    """No property and no message for a dataset that is as it should be."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    told = len(cells.messages)
    changed, checked = cells.preview()
    assert not changed
    assert "pendingChanges" not in checked
    assert len(cells.messages) == told


def test_live_only_entries_are_shown_in_every_preview(world: World) -> None:
    """Once recorded they are not a change any more, but the preview still shows them."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.edit(cells, "4.jpg", "bird")
    cells.up()
    changed, checked = cells.preview()
    assert not changed
    assert checked["pendingChanges"]["entries"] == [f"! {KEY}4.jpg  live only: bird"]
    pull = f"reconciler pull --project {cells.declared['projectArn'].split('/')[1]} --only {KEY}4.jpg"
    assert cells.messages[-1].text.splitlines() == [
        "up to date: 1 entry; 1 live only",
        f"check: 1 live image is not in the manifest and will still be used for training; to keep it in git: {pull}",
        f"! {KEY}4.jpg  live only: bird",
        f"plan {checked['pendingChanges']['plan']}",
    ]


def test_a_policy_that_will_refuse_is_shown_before(world: World) -> None:
    """`extra: fail` says in the preview what the `pulumi up` will say."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "fail"})
    cells.up()
    world.edit(cells, "4.jpg", "bird")
    changed, _ = cells.preview()
    assert changed
    assert any(text.startswith("`pulumi up` will be refused: 1 live entry is not in the") for text in pending(cells))


def test_a_replacement_tells_its_plan_once(world: World) -> None:
    """The engine checks a replacement twice; there is one message with the plan and one about the refusal."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    told = len(cells.messages)
    cells.declared["datasetType"] = "TEST"
    cells.preview()
    warning, plan = cells.messages[told:]
    assert warning.is_warning
    assert warning.text.startswith("`pulumi up` will be refused: the dataset has 1 entries")
    assert plan.text.startswith("the dataset will be created; 1 to add")


def test_what_the_service_stores_differently_is_not_announced_again(world: World) -> None:
    """Strict mode: Check lists what differs, but the message leaves out what `pulumi up` will not send."""
    cells = world.declare_lines(
        [line(f"{number}.jpg", "cat") | {"note": 1} for number in range(3)], policy={"compare": "strict"}
    )
    world.emulator.load_faults("[{fault: rewrite, what: [unknown]}]")
    cells.up()
    assert "not stored as sent" in cells.messages[-2].text
    assert len(cells.outputs["settled"]) == 3
    sent, told = world.calls("UpdateDatasetEntries"), len(cells.messages)
    assert cells.preview()[0] is False
    assert len(cells.messages) == told
    assert cells.up() is False
    assert world.calls("UpdateDatasetEntries") == sent


def test_more_lines_stored_differently_than_are_remembered_are_announced(world: World) -> None:
    """While nothing moved, nothing is sent or announced; after an edit, those beyond the memory are, as announced."""
    lines = [line(f"{number}.jpg", "cat") | {"note": 1} for number in range(MAX_SETTLED + 7)]
    cells = world.declare_lines(lines, policy={"compare": "strict"})
    world.emulator.load_faults("[{fault: rewrite, what: [unknown]}]")
    cells.up()
    assert len(cells.outputs["settled"]) == MAX_SETTLED
    told = len(cells.messages)
    assert cells.preview()[0] is False
    assert len(cells.messages) == told
    assert cells.up() is False
    lines[0] = line("0.jpg", "dog") | {"note": 1}
    (world.program / cells.declared["manifest"]).write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert cells.preview()[0] is True
    assert cells.messages[-1].text.startswith("8 to update") or cells.messages[-1].text.startswith("7 to update")
    assert cells.up() is True
    assert cells.up() is False


def test_what_is_remembered_of_lines_that_changed_since_is_forgotten(world: World) -> None:
    """The state holds pairs that are live, and no history."""
    cells = world.declare_lines([line("1.jpg", "cat") | {"note": 1}], policy={"compare": "strict"})
    world.emulator.load_faults("[{fault: rewrite, what: [unknown]}]")
    cells.up()
    before = cells.outputs["settled"]
    edited = line("1.jpg", "cat", "dog") | {"note": 1}
    (world.program / cells.declared["manifest"]).write_text(json.dumps(edited) + "\n")
    cells.up()
    assert len(before) == len(cells.outputs["settled"]) == 1
    assert cells.outputs["settled"] != before


def test_text_from_manifests_cannot_act_on_the_terminal(world: World) -> None:
    """A label or key with control characters is shown as text."""
    cells = world.declare({"1.jpg": ["\u202ecat"], "\u202e2.jpg": ["dog"]})
    shown = "\n".join(pending(cells))
    assert "\u202e" not in shown
    assert "\\u202ecat" in shown


@pytest.mark.parametrize("marked", ["warn", "refuse"])
def test_findings_that_do_not_stop_an_apply_stand_beside_the_plan(world: World, marked: str) -> None:
    """Entries that the service will mark are named at their line, or refused where the policy says so."""
    box = {"label": "cat", "left": 600, "top": 0, "width": 100, "height": 50}
    cells = world.declare({}, policy={"marked": marked}, manifest="marked.yaml")
    (world.program / "marked.yaml").write_text(
        f"images: s3://acme-vision/\nsize: [640, 480]\nentries:\n  - {{image: 1.jpg, boxes: [{box}]}}\n"
    )
    if marked == "refuse":
        assert [name for name, _ in cells.failures(preview=True)] == ["manifest"]
    else:
        assert any(text.startswith("marked.yaml:4:") and "ERROR" in text.upper() for text in pending(cells))


def test_the_training_manifest_as_test_set_is_refused(world: World) -> None:
    """A model would be tested on the images it learned from; datasets of two projects may share a manifest."""
    cells = world.declare({"1.jpg": ["cat"]})
    test = Resource(world.provider, "same-file", {**cells.declared, "datasetType": "TEST"})
    other = world.declare({}, manifest=cells.declared["manifest"])
    said = [pending(one) for one in (cells, other, test, test)]
    noted = [any("1 image would be labelled in train and in test" in line for line in lines) for lines in said]
    assert noted == [False, False, True, True]


def test_taking_over_a_dataset_is_said(world: World) -> None:
    """The preview of a new resource counts what is there and what changes, even if nothing does; `pulumi up` too."""
    there: dict[str, list[str]] = {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["cat"]}
    first = world.declare(there)
    first.up()
    for entries, changes in ((there, ""), ({**there, "1.jpg": ["dog"]}, "1 to update")):
        with running(world.program, config_for(world.emulator)) as other:
            again = World(world.emulator, other).declare(entries, project=first.declared["projectArn"])
            _is_due, checked = again.preview()
            summary = checked["pendingChanges"]["summary"]
            assert summary.startswith(f"takes over the dataset that is there: 3 entries, {changes}")
            assert again.messages[0].text.startswith(summary)
            assert "if this resource was renamed, the old one lets go of the dataset" in again.messages[0].text
            again.up()
            assert "took over the dataset that was there: 3 entries" in [one.text for one in again.messages]
