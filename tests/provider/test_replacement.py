"""A resource that is for a different dataset: the new one is made first, and nothing that somebody needs is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider_engine import CallError, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider_world import World

CATS = {"1.jpg": ["cat"], "2.jpg": ["cat"]}
NOBODY = "arn:aws:rekognition:us-east-1:111122223333:project/nobody/1600000000000"


def moved(world: World, policy: str = "delete") -> tuple[Resource, str]:
    """A resource that was applied, and then declared for a new project; and its old dataset."""
    cells = world.declare(CATS, policy={"destroy": policy})
    cells.up()
    old = world.arn(cells)
    cells.declared["projectArn"] = world.project()
    return cells, old


def changes(world: World) -> Iterator[str]:
    """The operations that create or delete datasets, in order."""
    return (call.operation for call in world.emulator.calls if call.operation in ("CreateDataset", "DeleteDataset"))


def test_a_project_that_does_not_exist_costs_nothing(world: World) -> None:
    """The preview and the `pulumi up` fail before anything is created or deleted."""
    cells, old = moved(world)
    cells.declared["projectArn"] = NOBODY
    before = list(changes(world))
    with pytest.raises(CallError, match=f"there is no project {NOBODY}"):
        cells.preview()
    with pytest.raises(CallError, match=f"there is no project {NOBODY}"):
        cells.up()
    assert list(changes(world)) == before
    assert len(world.emulator.entries(old)) == 2


def test_the_new_dataset_is_loaded_before_the_old_one_is_deleted(world: World) -> None:
    """A failure in between loses nothing."""
    cells, old = moved(world)
    cells.up()
    assert list(changes(world))[-2:] == ["CreateDataset", "DeleteDataset"]
    assert world.live(cells) == CATS
    with pytest.raises(KeyError):
        world.emulator.entries(old)


def test_a_target_with_entries_is_refused_where_the_program_is_not_known(world: World) -> None:
    """A resource that a program declares by itself: the sentence has the way in two steps, and both datasets stay."""
    cells, old = moved(world)
    other = world.declare({"9.jpg": ["dog"]}, project=cells.declared["projectArn"])
    other.up()
    other.provider = cells.provider.again()  # in the process of `cells` the other resource would be known
    cells.provider, shared = other.provider, cells.provider
    before = list(changes(world))
    with pytest.raises(CallError, match=r"has 1 entries.* Do it in two: take the resource out"):
        cells.up()
    shared.output.append(cells.provider.close())
    assert list(changes(world)) == before
    assert len(world.emulator.entries(old)) == 2
    assert world.live(cells) == {"9.jpg": ["dog"]}


def test_a_target_with_entries_is_taken_over_where_no_resource_of_the_whole_program_is_for_it(world: World) -> None:
    """`datasets_from` hands the list of all datasets to each resource; it is stored nowhere."""
    cells, _old = moved(world)
    target = world.emulator.client().create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    world.emulator.edit_entries(target["DatasetArn"], ['{"source-ref": "s3://acme-vision/images/9.jpg"}'])
    cells.declared["claims"] = {f"{cells.declared['projectArn']}#train": cells.name}
    cells.up()
    assert world.live(cells) == {**CATS, "9.jpg": []}
    assert "claims" not in cells.inputs
    assert "claims" not in cells.outputs


def test_an_old_dataset_that_its_policy_keeps_is_found_before_the_new_one_is_made(world: World) -> None:
    """Pulumi would keep an old object that no run can delete; the preview warns, the `pulumi up` creates nothing."""
    cells, old = moved(world, "refuse")
    before = list(changes(world))
    cells.preview()
    assert any(one.is_warning and "`pulumi up` will be refused" in one.text for one in cells.messages)
    with pytest.raises(CallError, match=r"has 2 entries and the policy is `destroy: refuse`.*; nothing was created"):
        cells.up()
    assert list(changes(world)) == before
    assert len(world.emulator.entries(old)) == 2


def test_an_old_dataset_that_got_entries_in_between_is_left_alone(world: World) -> None:
    """Empty when Diff looked, not when it is to be deleted: no entry is lost and no old object stays in the state."""
    cells = world.declare({})
    cells.up()
    old = world.arn(cells)
    cells.declared["projectArn"] = world.project()

    def load(call: object) -> None:
        if getattr(call, "operation", "") == "CreateDataset":
            world.emulator.edit_entries(old, ['{"source-ref": "s3://acme-vision/images/9.jpg"}'])

    world.emulator.front_end.journal.listeners.append(load)
    cells.up()
    world.emulator.front_end.journal.listeners.remove(load)
    assert len(world.emulator.entries(old)) == 1
    assert any("it is left in AWS and no longer in the state" in one.text for one in cells.messages)


def test_a_forced_replacement_keeps_the_dataset(world: World) -> None:
    """`pulumi up --replace URN`: the same dataset is created, that is taken over, and then the old object deleted."""
    cells = world.declare(CATS, policy={"destroy": "delete"})
    cells.up()
    old = world.arn(cells)
    checked = cells.check(replacing=True)
    assert not cells.diff(checked).deleteBeforeReplace
    before = cells.id, cells.outputs
    cells.provider.create(cells.urn, checked)
    cells.provider.delete(cells.urn, *before)
    assert world.arn(cells) == old
    assert world.live(cells) == CATS


DENIED = "[{fault: error, error: AccessDeniedException, operation: DeleteDataset, on: '1-9'}]"


def undeleted(world: World) -> tuple[Resource, str]:
    """A resource that was replaced, whose old dataset AWS does not delete."""
    cells, old = moved(world)
    world.emulator.load_faults(DENIED)
    with pytest.raises(CallError, match="AccessDenied"):
        cells.up()
    world.emulator.load_faults("")
    return cells, old


def test_a_replaced_dataset_that_could_not_be_deleted_is_due_until_it_is_deleted(world: World) -> None:
    """Neither a preview nor a refresh says that all is well; both name the dataset and the command."""
    cells, old = undeleted(world)
    assert any(one.is_warning and f"the dataset {old} was replaced" in one.text for one in cells.messages)
    assert cells.outputs["replaced"] == {old: next(iter(cells.outputs["replaced"].values()))}
    assert cells.preview()[0]
    assert f"delete-dataset --dataset-arn {old}" in cells.messages[-1].text
    assert cells.drift(write=True)
    assert cells.up()  # it sends nothing, and remembers the dataset
    assert cells.preview()[0]
    world.emulator.client().delete_dataset(DatasetArn=old)
    assert not cells.preview()[0]
    assert not cells.drift(write=True)
    assert "replaced" not in cells.outputs
    assert not cells.up()


def test_a_replaced_dataset_is_left_alone_where_the_program_says_keep(world: World) -> None:
    """The `pulumi up` that records the setting neither deletes the dataset nor remembers it."""
    cells, old = undeleted(world)
    cells.declared["policy"] = {"destroy": "keep"}
    assert cells.up()
    assert not cells.preview()[0]
    assert not cells.drift()
    outputs = cells.outputs | {"projectArn": NOBODY, "policy": {"destroy": "delete"}, "datasetArn": old}
    cells.provider.delete(cells.urn, f"{NOBODY}#train", outputs)  # the old object, as the engine tries it again
    assert len(world.emulator.entries(old)) == 2


def test_it_is_not_taken_for_deleted_where_aws_does_not_say(world: World) -> None:
    """A replaced dataset that these credentials may not describe counts as still there."""
    cells, old = undeleted(world)
    world.emulator.client().delete_dataset(DatasetArn=old)
    before = world.calls("DescribeDataset")
    assert not cells.preview()[0]
    last = world.calls("DescribeDataset") - before
    fault = f"{{fault: error, error: AccessDeniedException, operation: DescribeDataset, on: {last}}}"
    world.emulator.load_faults(f"[{fault}]")
    assert cells.preview()[0]
    assert "it is not known whether" in cells.messages[-1].text
