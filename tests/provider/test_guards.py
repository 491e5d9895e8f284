"""Under Pulumi, a plan that looks like an accident is blocked until overridden with a reason, which is recorded."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.lines import boxes
from tests.support.provider_engine import UNKNOWN, CallError, Resource, running
from tests.support.provider_world import World, config_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rekognition_emulator import Emulator

    Stack = Callable[..., AbstractContextManager[World]]

REASON = "the-new-team-relabelled"
OTHER = "and cats are gone; see the ticket"
VARIABLE = {"RECONCILER_ALLOW": f'updates="{REASON}"; label-removed={OTHER}'}
BEFORE = {f"{number}.jpg": ["cat"] for number in range(12)}
AFTER = {f"{number}.jpg": [("dog", "bird")[number % 2]] for number in range(12)}


@pytest.fixture
def stack(emulator: Emulator, tmp_path: Path) -> Stack:
    """Starts a provider of its own in one program folder, with this configuration and environment."""

    @contextmanager
    def start(config: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None) -> Iterator[World]:
        program = tmp_path / "program"
        program.mkdir(exist_ok=True)
        with running(program, {**config_for(emulator), **(config or {})}, None, env) as provider:
            yield World(emulator, provider)

    return start


def relabelled(stack: Stack, **policy: object) -> Resource:
    """A dataset of twelve cats whose manifest has dogs and birds by now; the provider that made it is gone."""
    with stack() as world:
        cells = world.declare(BEFORE, policy=policy)
        cells.up()
        world.rewrite(cells, AFTER)
    return cells


def refused(cells: Resource) -> str:
    """The message of a `pulumi up` that fails."""
    with pytest.raises(CallError) as failure:
        cells.up()
    return failure.value.message


def records(world: World) -> list[dict[str, Any]]:
    """The records in the default folder."""
    lines = [path.read_text().splitlines() for path in sorted((world.program / ".reconciler" / "audit").iterdir())]
    return [json.loads(line) for month in lines for line in month]


def digest_in(message: str) -> str:
    """The manifest's digest that a refusal shows to be pasted."""
    found = re.search(r"\{guard: updates, reason: why, manifest: ([0-9a-f]{32})\}", message)
    assert found, message
    return found[1]


def allowed(digest: str) -> dict[str, str]:
    """A stack's configuration with both overrides for this manifest."""
    blocks = [{"guard": guard, "reason": REASON, "manifest": digest} for guard in ("updates", "label-removed")]
    return {"reconciler:allow": json.dumps(blocks)}


def test_a_preview_shows_every_guard_that_trips_and_an_up_sends_nothing(stack: Stack) -> None:
    """With figures, and how to override for one run or for this manifest."""
    cells = relabelled(stack)
    with stack() as world:
        cells.provider = world.provider
        sent = world.calls("UpdateDatasetEntries")
        _due, checked = cells.preview()
        shown = json.dumps(checked["pendingChanges"])
        assert "guard updates: 12 of 12 entries (100%) would be updated; more than 30%" in shown
        assert "guard label-removed: the label cat would no longer be used (now 12 uses, the first in s3://" in shown
        assert "RECONCILER_ALLOW='updates=why; label-removed=why'" in shown
        message = refused(cells)
        assert "guard updates: 12 of 12" in message
        assert digest_in(message)
        assert world.calls("UpdateDatasetEntries") == sent


def test_the_variable_overrides_for_one_run_and_is_stored_in_the_record_alone(stack: Stack) -> None:
    """It reaches the provider process; the next run without it is refused for the next accident."""
    cells = relabelled(stack, extra="replace", theirs="overwrite")
    with stack(env=VARIABLE) as world:
        cells.provider = world.provider
        world.edit(cells, "99.jpg", "bird")  # so that there is a snapshot
        assert cells.up()
        assert world.live(cells) == AFTER
        assert records(world)[-1]["overrides"] == [
            {"guard": "updates", "reason": REASON},
            {"guard": "label-removed", "reason": OTHER},
        ]
        state = json.dumps([cells.inputs, cells.outputs])
        kept = [path for path in (world.program / ".reconciler").rglob("*") if path.is_file()]
        elsewhere = b"".join(path.read_bytes() for path in kept if path.parent.name != "audit")
        assert any(path.suffix == ".gz" for path in kept)
        assert REASON not in state
        assert REASON.encode() not in elsewhere
        assert not any(REASON in message.text for message in cells.messages)
        world.rewrite(cells, {f"{number}.jpg": [("cat", "cow", "pig")[number % 3]] for number in range(12)})
    with stack() as world:
        cells.provider = world.provider
        assert "guard updates" in refused(cells)


def test_the_preview_of_an_overridden_guard_says_why(stack: Stack) -> None:
    """Whoever reviews it reads the reason beside the figures."""
    cells = relabelled(stack)
    with stack(env=VARIABLE) as world:
        cells.provider = world.provider
        shown = json.dumps(cells.preview()[1]["pendingChanges"])
        assert (
            f"guard updates overridden: 12 of 12 entries (100%) would be updated; more than 30%; because: {REASON}"
            in shown
        )
        assert "refused" not in shown


def test_a_guard_is_overridden_for_a_project_that_does_not_exist_yet(stack: Stack) -> None:
    """The first preview of a new stack knows the reasons that its `pulumi up` will have."""
    broken = boxes("s3://acme-vision/1.jpg", ("RBC", 630, 10, 50, 50))
    for env, words in (({}, "`pulumi up` will be refused"), ({"RECONCILER_ALLOW": f"unusable={REASON}"}, REASON)):
        with stack(env=env) as world:
            cells = world.declare_lines([broken])
            cells.declared["projectArn"] = UNKNOWN
            assert words in json.dumps(cells.preview()[1]["pendingChanges"]) + cells.messages[-1].text


def test_a_configured_override_is_void_once_the_manifest_changes(stack: Stack) -> None:
    """It names the manifest by the digest that the refusal shows."""
    cells = relabelled(stack)
    with stack() as world:
        cells.provider = world.provider
        digest = digest_in(refused(cells))
    with stack(allowed(digest)) as world:
        cells.provider = world.provider
        world.rewrite(cells, {**AFTER, "12.jpg": ["dog"]})
        message = refused(cells)
        assert "guard updates: 12 of 12" in message
        assert digest_in(message) != digest
        world.rewrite(cells, AFTER)
        assert cells.up()
        assert records(world)[-1]["overrides"][0] == {"guard": "updates", "reason": REASON}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("updatse=why", "there is no guard 'updatse' (did you mean `updates`?)"),
        ("updates=", "the guard updates needs a reason"),
    ],
)
def test_a_malformed_variable_is_a_sentence(stack: Stack, written: str, said: str) -> None:
    """A malformed variable is an error with its name, and nothing is sent."""
    cells = relabelled(stack)
    with stack(env={"RECONCILER_ALLOW": written}) as world:
        cells.provider = world.provider
        sent = world.calls("UpdateDatasetEntries")
        assert f"RECONCILER_ALLOW: {said}" in refused(cells)
        assert world.calls("UpdateDatasetEntries") == sent


@pytest.mark.parametrize(
    "block",
    [{"guard": "updates", "reason": "why"}, {"guard": "updates", "manifest": "0" * 32}, "updates=why"],
)
def test_a_configured_override_needs_guard_reason_and_manifest(stack: Stack, block: object) -> None:
    """One that held for every manifest to come would be no override."""
    with stack({"reconciler:allow": json.dumps([block])}) as world:
        cells, made = world.declare(BEFORE), world.calls("CreateDataset")
        with pytest.raises(CallError, match="reconciler:allow"):
            cells.up()
        assert world.calls("CreateDataset") == made


def test_guards_of_a_dataset_are_set_in_its_policy(stack: Stack) -> None:
    """Off is off; what is stored is what differs from the default, so that a state of before stays as it is."""
    cells = relabelled(stack, guards={"updates": "off", "label-removed": "off"})
    assert cells.outputs["policy"]["guards"] == {"updates": "off", "label-removed": "off"}
    with stack() as world:
        cells.provider = world.provider
        assert cells.up()
        plain = world.declare(BEFORE, policy={"guards": {"updates": "on", "shrink": "10%"}})
        plain.up()
        assert "guards" not in plain.outputs["policy"]


def test_the_named_sibling_is_compared_and_never_stored(stack: Stack) -> None:
    """Check takes `sibling` away; an image of its manifest is refused, with the manifest's name and no listing."""
    with stack() as world:
        sent = world.calls("UpdateDatasetEntries")
        other = world.declare({"1.jpg": ["cat"]}, datasetType="TEST")
        manifest = other.declared["manifest"]
        cells = world.declare({f"{number}.jpg": ["cat"] for number in (1, 2)}, sibling=manifest)
        checked = cells.check(preview=True)
        assert "sibling" not in checked
        words = f"guard leakage: 1 image would be labelled in train and in test: .*/images/1.jpg; .* {manifest}"
        assert re.search(words, json.dumps(checked["pendingChanges"]))
        assert re.search(words, refused(cells))
        assert "sibling" not in json.dumps([cells.inputs, cells.outputs])
        assert world.calls("UpdateDatasetEntries") == sent


def test_a_sibling_that_was_checked_before_is_compared_without_being_named(stack: Stack) -> None:
    """Resources of one project know of each other's manifests, in a program that names none."""
    with stack() as world:
        other = world.declare({"1.jpg": ["cat"]}, datasetType="TEST")
        cells = world.declare({f"{number}.jpg": ["cat"] for number in (1, 2)}, project=other.declared["projectArn"])
        assert other.up()
        assert f"(compared with {other.declared['manifest']} and live)" in refused(cells)


def test_without_any_manifest_the_other_datasets_live_entries_are_compared(stack: Stack) -> None:
    """A second program may own the other dataset; what is live there is what training uses."""
    with stack() as world:
        other = world.declare({"1.jpg": ["cat"]}, datasetType="TEST")
        assert other.up()
    with stack() as world:
        cells = world.declare({f"{number}.jpg": ["cat"] for number in (1, 2)}, project=other.declared["projectArn"])
        assert "(compared with live)" in refused(cells)


@pytest.mark.parametrize("wrong", ["/etc/passwd", "", 5])
def test_a_sibling_that_is_no_relative_path_is_a_failure_of_check(stack: Stack, wrong: object) -> None:
    """As for the manifest: a path differs from machine to machine otherwise."""
    with stack() as world:
        ((name, reason),) = world.declare(BEFORE, sibling=wrong).failures()
        assert (name, reason.partition(",")[0]) == ("sibling", "sibling must be a path relative to the Pulumi program")


def test_an_override_in_project_yaml_is_read_beside_the_manifest_and_stored_nowhere(stack: Stack) -> None:
    """A review in git approves it; it is not a setting, so an unchanged stack stays up to date."""
    cells = relabelled(stack)
    with stack() as world:
        cells.provider = world.provider
        digest = digest_in(refused(cells))
        blocks = [
            {"guard": guard, "reason": REASON, "manifests": {"train": digest}} for guard in ("updates", "label-removed")
        ]
        declared = {"projectArn": cells.declared["projectArn"], "train": cells.declared["manifest"], "allow": blocks}
        (world.program / "project.yaml").write_text(json.dumps(declared), encoding="utf-8")
        assert cells.up()
        assert records(world)[-1]["overrides"][0] == {"guard": "updates", "reason": REASON}
        assert REASON not in json.dumps([cells.inputs, cells.outputs])
        (world.program / "project.yaml").unlink()
        assert not cells.up()
