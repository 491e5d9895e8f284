"""A stack of 0.1.0 that nobody changed is left alone; what did change is seen through its recorded state."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.compatibility.stack import DRIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compatibility.stack import Stack

    Left = Callable[[str], Stack]

# What the preview of an unchanged stack tells of: a line that the service dropped, and entries that only live has.
TOLD = {
    "samples": set(),
    "settings": {"skipping/0.jpg", "theirs/1.jpg", "theirs/2.jpg"},
    "by-hand": set(),
}
LABELS = "labels/vision"


@pytest.mark.parametrize("name", TOLD)
def test_an_unchanged_stack_has_an_empty_preview_and_sends_nothing(left: Left, name: str) -> None:
    """Preview, drift run and up find nothing to do, whatever new settings and guards have as defaults."""
    stack = left(name)
    assert stack.due() == set()
    stack.drift()
    stack.up("--expect-no-changes")
    assert stack.sent == []
    stack.drift()
    stack.preview("--refresh", "--expect-no-changes")
    assert stack.sent == []


@pytest.mark.parametrize("name", TOLD)
def test_the_preview_of_an_unchanged_stack_names_no_entry_that_would_be_sent(left: Left, name: str) -> None:
    """Pairs that are stored differently (`settled` in the state) are not shown as updates, nor are marked entries."""
    shown = left(name).preview("--diff", "--expect-no-changes").text
    assert set(re.findall(r"s3://acme-vision/(\S+)", shown)) == TOLD[name]


def test_an_edit_of_one_entry_does_not_send_those_that_are_stored_differently(left: Left) -> None:
    """The pairs under `settled` in the state are honoured by `pulumi up` that has something to send."""
    stack = left("settings")
    manifest = stack.folder / LABELS / "strict" / "train.jsonl"
    manifest.write_text(manifest.read_text().replace('"class-name": "dog"', '"class-name": "cat"'))
    stack.env["RECONCILER_ALLOW"] = "label-removed=the dog was a cat; updates=likewise"
    stack.up()
    assert stack.sent == ["UpdateDatasetEntries"]
    (line,) = sent_lines(stack)
    assert line["source-ref"] == "s3://acme-vision/strict/plain.jpg"


def test_an_edit_behind_its_back_is_found_by_the_recorded_state(left: Left) -> None:
    """The state says what the last apply read back; a preview of today compares live with it. An override heals it."""
    stack = left("by-hand")
    stack.emulator.edit_entries(stack.arn("theirs"), [json.dumps({"source-ref": "s3://acme-vision/by-hand/1.jpg"})])
    assert stack.due() == {"train"}
    stack.env["RECONCILER_ALLOW"] = "theirs=the edit was a mistake"
    stack.up()
    assert stack.sent == ["UpdateDatasetEntries"]
    assert stack.live("theirs") == stack.was_live("theirs")


@pytest.mark.parametrize(("project", "is_due"), [("marked", True), ("live-only", False)])
def test_a_repair_in_any_field_is_due_only_where_entries_were_marked(left: Left, project: str, *, is_due: bool) -> None:
    """A field that means nothing is compared only where the recorded state counts marked entries."""
    stack = left("settings")
    manifest = stack.folder / LABELS / project / "train.jsonl"
    manifest.write_text(manifest.read_text().replace("2026-01-31T00:00:00", "2026-02-01T00:00:00"))
    assert stack.due() == ({f"{project}-train"} if is_due else set())


def test_an_apply_of_0_1_0_that_failed_is_finished(left: Left) -> None:
    """It is drift until `pulumi up` sends the line that is missing and no other; then nothing is left to do."""
    stack = left("unfinished")
    assert "The manifest file has too many rows." in stack.drift(expected=DRIFT).text
    assert "The manifest file has too many rows." in stack.preview().text
    stack.up()
    assert stack.sent == ["UpdateDatasetEntries"]
    assert [line["source-ref"] for line in sent_lines(stack)] == ["s3://acme-vision/halted/new.jpg"]
    stack.drift()
    assert stack.due() == set()


def test_a_setting_that_is_changed_now_is_recorded_without_sending(left: Left) -> None:
    """The recorded policy is compared setting by setting, so that a change of one is an update that sends nothing."""
    stack = left("settings")
    project = stack.folder / LABELS / "strict" / "project.yaml"
    project.write_text(project.read_text().replace("destroy: keep", "destroy: refuse"))
    assert stack.due() == {"strict-train"}
    stack.up()
    assert stack.sent == []
    assert stack.stored()["strict-train"]["outputs"]["policy"]["destroy"] == "refuse"


def sent_lines(stack: Stack) -> list[dict[str, object]]:
    """The lines of all updates that the test has sent."""
    calls = [call for call in stack.emulator.calls if call.operation == "UpdateDatasetEntries"]
    return [json.loads(line) for call in calls for line in call.request["Changes"]["GroundTruth"].splitlines()]
