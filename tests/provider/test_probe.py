"""What the provider lists when nothing moved, when the manifest moved, and when live did: counted in calls."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.repository import git
from tests.support.provider_engine import running
from tests.support.provider_world import HEALS, config_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rekognition_emulator import Emulator
    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World


@pytest.fixture(autouse=True, scope="module")
def _ahead(emulator: Emulator) -> None:
    """The service's clock is ahead: each edit is a fresh one, however long a busy machine takes until a listing."""
    emulator.clock.advance(3600)


def calls_of(world: World, run: Callable[[], Any]) -> tuple[Any, Counter[str]]:
    """What a run gives, and its calls by operation."""
    before = len(world.emulator.calls)
    given = run()
    return given, Counter(call.operation for call in world.emulator.calls[before:])


def test_nothing_is_listed_where_nothing_moved(world: World) -> None:
    """Preview, `pulumi up` and drift run of an unchanged stack ask for the project and the dataset only."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    cells.up()
    for run in (cells.preview, cells.up, cells.drift):
        _given, calls = calls_of(world, run)
        assert calls["ListDatasetEntries"] == 0, (run, calls)
        assert calls.total() <= 6, (run, calls)


def test_what_was_not_listed_is_said_on_the_row_and_never_under_diagnostics(world: World) -> None:
    """A status line and no message that stays: a preview of changes, `pulumi up`, a drift run."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    cells.up()

    def said(run: Callable[[], Any]) -> set[bool]:
        """Whether the messages of a run that say it are ephemeral."""
        messages = cells.provider.log.messages
        before = len(messages)
        run()
        return {one.ephemeral for one in messages[before:] if "live not listed: unchanged since 20" in one.text}

    world.rewrite(cells, {"1.jpg": ["cat"], "2.jpg": ["cat"]})
    assert said(cells.preview) == {True}
    world.rewrite(cells, {"1.jpg": ["cat"], "2.jpg": ["dog"]})
    with new_machine(cells):
        assert [said(run) for run in (cells.up, cells.drift)] == [{True}] * 2


def test_a_changed_manifest_is_planned_and_sent_with_one_listing(world: World) -> None:
    """The preview lists nothing; the update lists once, to read back what it sent."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    cells.up()
    world.rewrite(cells, {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["dog"]})
    (changes, _said), calls = calls_of(world, cells.preview)
    assert (changes, calls["ListDatasetEntries"]) == (True, 0)
    _given, calls = calls_of(world, cells.up)
    assert (calls["UpdateDatasetEntries"], calls["ListDatasetEntries"]) == (1, 1)
    assert world.live(cells) == {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["dog"]}


def test_an_edit_by_a_colleague_is_listed_and_found(world: World) -> None:
    """Read or Check lists, and Diff of the same process plans against that listing, however soon after the edit."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, policy=HEALS)
    cells.up()
    world.edit(cells, "2.jpg", "cat")
    drifted, calls = calls_of(world, cells.drift)
    assert drifted
    assert calls["ListDatasetEntries"] == 1
    world.edit(cells, "1.jpg", "dog")
    assert calls_of(world, cells.preview)[1]["ListDatasetEntries"] == 1
    _given, calls = calls_of(world, cells.up)
    assert calls["ListDatasetEntries"] == 2  # an apply does not go by it, and reads back


def test_a_project_and_its_datasets_take_three_calls(world: World) -> None:
    """No call is repeated: preview, `pulumi up` and drift run of an unchanged project, preview of a changed one."""
    train = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    test = world.declare({"9.jpg": ["cat"]}, project=train.declared["projectArn"], datasetType="TEST")
    train.up()
    test.up()
    both = (train, test)
    for run in ("preview", "up", "drift", "preview"):
        _given, calls = calls_of(world, lambda: [getattr(one, run)() for one in both])  # noqa: B023 - called at once
        assert calls.total() <= 3, (run, calls)
        if run == "drift":
            assert calls == {"DescribeDataset": 2}  # a dataset that is there is its project's
            world.rewrite(train, {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["dog"]})


def test_the_state_proves_that_live_is_as_applied_on_a_new_machine(world: World) -> None:
    """With neither copy nor record nothing is listed: what the last apply read back is in the outputs."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    cells.up()
    with new_machine(cells):
        for run in (cells.preview, cells.up, cells.drift):
            given, calls = calls_of(world, run)
            assert (given[0] if isinstance(given, tuple) else given) is False
            assert calls["ListDatasetEntries"] == 0, (run, calls)
            assert calls.total() <= 3, (run, calls)


def test_on_a_new_machine_an_edit_by_a_colleague_is_listed_once_and_shown(world: World) -> None:
    """Check leaves the plan to Diff, which says it in its message."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]}, policy=HEALS)
    cells.up()
    world.edit(cells, "2.jpg", "cat")
    with new_machine(cells):
        (changes, _inputs), calls = calls_of(world, cells.preview)
    assert changes
    assert calls["ListDatasetEntries"] == 1
    assert "2.jpg" in cells.messages[-1].text
    assert cells.messages[-1].text.startswith("1 to update")


@pytest.mark.parametrize(("has_history", "listings"), [(True, 0), (False, 11)])
def test_on_a_new_machine_git_has_what_a_changed_manifest_is_compared_with(
    world: World, *, has_history: bool, listings: int
) -> None:
    """The state names the manifest that was applied; in a clone that does not have it live is listed, once."""
    entries = {f"{number}.jpg": ["cat"] for number in range(1_001)}
    folder = world.program / f"in-git-{has_history}"
    folder.mkdir()
    cells = world.declare({}, manifest=f"{folder.name}/cells.yaml")
    world.rewrite(cells, entries)
    git(folder, "init", "--quiet")
    if has_history:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "labels")
    cells.up()
    world.rewrite(cells, entries | {"7.jpg": ["cat", "dog"], "new.jpg": ["dog"]})
    with new_machine(cells):
        (changes, _inputs), calls = calls_of(world, cells.preview)
        assert (changes, calls["ListDatasetEntries"]) == (True, listings)
        assert cells.messages[-1].text.startswith("1 to add, 1 to update")
        _given, calls = calls_of(world, cells.up)
    # The read-back; a listing so soon after the apply before counts for no update.
    assert (calls["ListDatasetEntries"], world.live(cells)["7.jpg"]) == (11 + listings, ["cat", "dog"])


@contextmanager
def new_machine(resource: Resource) -> Iterator[None]:
    """A block with a process of its own, in whose folder no run has left anything."""
    before = resource.provider
    shutil.rmtree(before.program / ".reconciler")
    resource.provider = command = before.again()
    try:
        yield
    finally:
        resource.provider = before
        before.output.append(command.close())


def test_a_variable_asks_for_a_full_listing(world: World) -> None:
    """Any word does that is not a no, and the process that has it lists what did not move."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    with running(world.program, config_for(world.emulator), env={"RECONCILER_FULL": "true"}) as other:
        cells.provider = other
        _given, calls = calls_of(world, cells.preview)
    assert calls["ListDatasetEntries"] == 1
