"""Errors: sentences without tracebacks, and failed applies that the state remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider_engine import CallError, Resource
from tests.support.provider_world import RELABELS, line

if TYPE_CHECKING:
    from tests.support.provider_world import World

# A failure of all lines of a batch that no retry cures.
TOO_MANY = "The manifest file has too many rows."
FAILING = f"[{{fault: fail, operation: UpdateDatasetEntries, message: {TOO_MANY}, code: CLIENT_ERROR}}]"
REFUSED = "1 live entry is not in the manifest and the policy is `extra: fail`"


def failed(resource: Resource) -> CallError:
    """The error of `pulumi up` that fails."""
    with pytest.raises(CallError) as caught:
        resource.up()
    assert "Traceback" not in caught.value.message
    assert caught.value.code == 2
    return caught.value


def test_a_batch_that_the_service_fails_keeps_the_new_resource_with_its_reasons(world: World) -> None:
    """After the first request a failed create is kept in the state: id, outputs, reasons, what is unfinished."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults(FAILING)
    error = failed(cells)
    assert TOO_MANY in error.message
    assert f"{cells.declared['manifest']}:" in error.message
    assert cells.id == f"{cells.declared['projectArn']}#train"
    assert cells.outputs["__provider"]
    assert TOO_MANY in cells.outputs["unfinished"]
    assert cells.init_errors[0] == error.message


def test_a_failed_update_keeps_the_new_outputs(world: World) -> None:
    """The state remembers what was tried, so that the next run knows."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.rewrite(cells, {"1.jpg": ["dog"]})
    world.emulator.load_faults(FAILING)
    failed(cells)
    assert cells.outputs["unfinished"]
    assert cells.outputs["datasetArn"] == world.arn(cells)


def test_an_unfinished_apply_is_drift_is_shown_in_the_next_preview_and_is_finished_by_the_next_up(world: World) -> None:
    """Also after a refresh, which drops the engine's own record of the errors."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults(FAILING)
    failed(cells)
    world.emulator.load_faults("")
    assert cells.drift(write=True)
    assert cells.init_errors == []
    assert cells.drift()
    changed, _ = cells.preview()
    assert changed
    assert "the last apply did not finish: batch 1 of 1" in cells.messages[-1].text
    assert cells.up()
    assert cells.outputs["unfinished"] == ""
    assert world.live(cells) == {"1.jpg": ["cat"]}
    assert not cells.drift()
    assert not cells.up()


def test_a_dataset_that_cannot_be_created_is_kept_as_unfinished(world: World) -> None:
    """If CreateDataset fails, the resource is stored as unfinished and the next `pulumi up` creates it."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults("[{fault: error, operation: CreateDataset, error: LimitExceededException}]")
    assert "a quota of the account is exceeded" in failed(cells).message
    assert cells.outputs["unfinished"]
    world.emulator.load_faults("")
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"]}


def test_a_failure_before_the_first_request_leaves_the_state_alone(world: World) -> None:
    """Nothing was done, so nothing is recorded."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults("[{fault: error, operation: DescribeProjects, error: AccessDeniedException}]")
    assert "the credentials may not make this call" in failed(cells).message
    assert not cells.id


def test_a_dropped_line_is_a_failure_at_its_line(world: World) -> None:
    """An update that is complete proves nothing: live is read back and compared."""
    cells = world.declare_lines([line("1.jpg", "cat"), line("2.jpg", "dog")])
    world.emulator.load_faults("[{fault: lose, count: 1}]")
    failed(cells)
    assert any(text.startswith(f"{cells.declared['manifest']}:1:") for text in cells.init_errors), cells.init_errors
    assert "the service dropped it without an error" in "\n".join(cells.init_errors)
    world.emulator.load_faults("")
    assert cells.up()
    assert sorted(world.live(cells)) == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize("rejected", ["fail", "skip"])
def test_a_line_that_fails_its_batch_is_named_and_the_rest_goes_in(world: World, rejected: str) -> None:
    """`policy.rejected` says whether the `pulumi up` fails, after the rest is in, or only warns."""
    lines = [line(f"{number}.jpg", "cat") for number in range(9)]
    cells = world.declare_lines(lines, policy={"rejected": rejected})
    rule = "fault: fail, operation: UpdateDatasetEntries, code: CLIENT_ERROR, message: The manifest has something."
    world.emulator.load_faults(f"[{{{rule}, when: {{Changes.GroundTruth: '*/4.jpg*'}}}}]")
    named = f"{cells.declared['manifest']}:5:1: rejected: s3://acme-vision/images/4.jpg: AWS: The manifest has"
    if rejected == "fail":
        assert "1 line is not live as it was sent" in failed(cells).message
        assert cells.init_errors[1] == "before that: 8 added in 6 batches"
        assert any(reason.startswith(named) for reason in cells.init_errors)
    else:
        assert cells.up()
        warning, done = cells.messages[-2:]
        assert warning.is_warning
        assert warning.text.startswith(named)
        assert done.text == "8 added in 6 batches"
        sent, said = world.calls("UpdateDatasetEntries"), len(cells.messages)
        assert not cells.preview()[0]
        assert not cells.up()
        assert not cells.drift()
        assert world.calls("UpdateDatasetEntries") == sent
        assert not any("4.jpg" in message.text for message in cells.messages[said:])
    assert len(world.live(cells)) == 8


def test_fifty_reasons_reach_the_engine(world: World) -> None:
    """The status travels in a trailer: 50 lines with long keys and a count still arrive."""
    images = [f"{'x' * 250}{number}.jpg" for number in range(120)]
    cells = world.declare_lines([line(image, "cat") for image in images])
    cells.up()
    for image in images:
        world.mark(cells, image)
    cells.declared["policy"] = {"marked": "refuse"}
    failed(cells)
    assert len(cells.init_errors) == 52
    assert cells.init_errors[1].startswith(
        f"{cells.declared['manifest']}:1:1: marked by the service, as before: s3://acme-vision/"
    )
    assert cells.init_errors[-1] == "... and 70 more marked entries"


def test_marked_refuse_fails_when_the_service_marks_what_was_sent(world: World) -> None:
    """The policy makes the service's marks failures, in every `pulumi up` until they are gone."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.mark(cells, "1.jpg")
    cells.declared["policy"] = {"marked": "refuse"}
    for _ in range(2):
        assert "`marked: refuse`" in failed(cells).message
        assert any("ERROR_INVALID_BOUNDING_BOX" in reason for reason in cells.init_errors)
    assert cells.drift()


def test_fail_sends_nothing_records_the_policy_and_is_drift_from_then_on(world: World) -> None:
    """`extra: fail` in an update: refused before anything is sent; the drift run exits 7 until it is fixed."""
    cells = world.declare({"1.jpg": ["cat"]}, policy=RELABELS)
    cells.up()
    world.edit(cells, "9.jpg", "bird")
    cells.up()
    assert not cells.drift()
    cells.declared["policy"] = {"extra": "fail"} | RELABELS
    world.rewrite(cells, {"1.jpg": ["dog"]})
    sent = world.calls("UpdateDatasetEntries")
    assert REFUSED in failed(cells).message
    assert world.calls("UpdateDatasetEntries") == sent
    assert world.live(cells)["1.jpg"] == ["cat"]
    assert cells.outputs["policy"]["extra"] == "fail"
    assert cells.outputs["live"]["liveOnly"] == 1
    assert cells.drift(write=True)
    assert cells.drift()
    assert REFUSED in cells.messages[-1].text
    world.rewrite(cells, {"1.jpg": ["dog"], "9.jpg": ["bird"]})
    assert cells.up()
    assert not cells.drift()


def test_a_drift_run_after_a_refusal_does_not_promise_that_an_up_records_live(world: World) -> None:
    """The state keeps the inputs from before the refusal: the next `pulumi up` depends on the program's policy."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.edit(cells, "9.jpg", "bird")
    cells.declared["policy"] = {"extra": "fail"}
    assert REFUSED in failed(cells).message
    assert cells.drift()
    assert "! s3://" in cells.messages[-1].text
    assert "`pulumi up` sends nothing" not in cells.messages[-1].text
    assert "settings changed" not in cells.messages[-1].text


def test_fail_fails_a_create_that_adopts(world: World) -> None:
    """The resource is kept with its policy, and nothing is sent."""
    first = world.declare({"9.jpg": ["bird"]})
    first.up()
    cells = world.declare({"1.jpg": ["cat"]}, project=first.declared["projectArn"], policy={"extra": "fail"})
    cells.name = first.name  # the same resource after its state was lost; another one would be refused
    sent = world.calls("UpdateDatasetEntries")
    assert REFUSED in failed(cells).message
    assert world.calls("UpdateDatasetEntries") == sent
    assert cells.id
    assert cells.outputs["live"]["liveOnly"] == 1
    assert cells.drift()


def test_a_manifest_that_changed_after_its_check_is_not_sent(world: World) -> None:
    """What was reviewed is what is applied."""
    cells = world.declare({"1.jpg": ["cat"]})
    checked = cells.check()
    world.rewrite(cells, {"1.jpg": ["dog"]})
    with pytest.raises(CallError, match=r"^cells-\d+\.yaml changed after it was checked; nothing was sent"):
        cells.provider.create(cells.urn, checked)
    assert world.arn(cells) == ""


def test_a_project_that_is_not_there_is_a_sentence_in_every_call(world: World) -> None:
    """Preview and up say the same, with the cure."""
    gone = "arn:aws:rekognition:us-east-1:111122223333:project/nobody/1"
    cells = world.declare({"1.jpg": ["cat"]}, projectArn=gone)
    for attempt in (cells.preview, cells.up):
        with pytest.raises(CallError) as caught:
            attempt()
        assert caught.value.message == f"there is no project {gone}; create it, or fix the ARN or the region"


def test_a_file_that_cannot_be_read_is_a_sentence(world: World) -> None:
    """What is in the place of the manifest has no traceback either: an empty folder, a link to itself."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    manifest = world.program / cells.declared["manifest"]
    manifest.unlink()
    manifest.mkdir()
    [(blamed, reason)] = cells.failures()
    assert (blamed, "the folder has no manifest" in reason) == ("manifest", True)
    manifest.rmdir()
    manifest.symlink_to(manifest)
    [(blamed, reason)] = cells.failures()
    assert (blamed, "symbolic links" in reason) == ("manifest", True)


def test_text_from_the_service_cannot_act_on_the_terminal(world: World) -> None:
    """A service message with escape sequences is shown as text, in the error and in the state."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults(FAILING.replace(TOO_MANY, f'"\\e[31m{TOO_MANY}"'))
    assert "\x1b" not in failed(cells).message
    assert f"\\x1b[31m{TOO_MANY}" in cells.outputs["unfinished"]
    assert "\x1b" not in cells.outputs["unfinished"]
