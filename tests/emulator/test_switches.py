"""Switches that no other file tests, and that none is left without a test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Switches, serve
from rekognition_emulator.errors import ServiceError
from tests.emulator.world import World, under

if TYPE_CHECKING:
    from tests.emulator.conftest import Lines


def test_the_exception_for_a_name_in_use() -> None:
    """`duplicate_project`."""

    def code(world: World) -> str:
        return world.refused(lambda: world.client.create_project(ProjectName="cells"))

    assert under(code) == "ResourceInUseException"
    assert under(code, duplicate_project="InvalidParameterException") == "InvalidParameterException"


def test_the_exceptions_for_a_project_that_has_datasets() -> None:
    """second_dataset, project_in_use: at a second TRAIN dataset, and at the project's deletion."""
    other = Switches(second_dataset="InvalidParameterException", project_in_use="InvalidParameterException")
    for switches, expected in (
        (Switches(), ["ResourceAlreadyExistsException", "ResourceInUseException"]),
        (other, ["InvalidParameterException"] * 2),
    ):
        with serve(switches=switches) as emulator:
            call = emulator.service.call
            project = call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
            call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})
            codes = []
            for operation, request in (
                ("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"}),
                ("DeleteProject", {"ProjectArn": project}),
            ):
                with pytest.raises(ServiceError) as refused:
                    call(operation, request)
                codes.append(refused.value.code)
        assert codes == expected


def test_the_exceptions_for_a_dataset_that_is_busy_or_not_ready(lines: Lines) -> None:
    """`busy_dataset` and `unready_listing`."""

    def codes(world: World) -> list[str]:
        test = world.client.create_dataset(ProjectArn=world.project, DatasetType="TEST")["DatasetArn"]
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        return [
            world.refused(lambda: world.client.update_dataset_entries(DatasetArn=test, Changes=changes)),
            world.refused(lambda: world.client.delete_dataset(DatasetArn=test)),
            world.refused(lambda: world.client.list_dataset_entries(DatasetArn=test)),
        ]

    assert under(codes) == ["ResourceInUseException"] * 2 + ["ResourceNotReadyException"]
    changed = under(codes, busy_dataset="LimitExceededException", unready_listing="ResourceInUseException")
    assert changed == ["LimitExceededException"] * 2 + ["ResourceInUseException"]


def test_how_entries_are_distributed(lines: Lines) -> None:
    """`distributed_entries`, `distribute_order` and `full_test_dataset`."""

    def moved(world: World) -> list[str]:
        test = world.client.create_dataset(ProjectArn=world.project, DatasetType="TEST")["DatasetArn"]
        world.clock.advance(10)
        world.update(lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(10))))
        world.client.distribute_dataset_entries(Datasets=[{"Arn": test}, {"Arn": world.train}])
        world.clock.advance(10)
        world.describe(test)
        found = [entry.key.rpartition("/")[2] for entry in world.emulator.entries(test)]
        pair: Any = [{"Arn": world.train}, {"Arn": test}]
        return [*found, world.refused(lambda: world.client.distribute_dataset_entries(Datasets=pair))]

    assert under(moved) == ["4.jpg", "9.jpg", "InvalidParameterException"]
    changed = under(moved, distributed_entries="first fifth", full_test_dataset="ResourceNotReadyException")
    assert changed == ["0.jpg", "1.jpg", "ResourceNotReadyException"]
    with pytest.raises(ClientError, match="One TRAIN dataset and one TEST dataset"):
        under(moved, distribute_order="train first")


def test_how_few_images_can_be_distributed(lines: Lines) -> None:
    """`distribute_minimum`."""

    def status(world: World) -> str:
        test = world.client.create_dataset(ProjectArn=world.project, DatasetType="TEST")["DatasetArn"]
        world.clock.advance(10)
        world.update(lines.payload(lines.image("a.jpg", "cat"), lines.image("b.jpg", "cat")))
        world.client.distribute_dataset_entries(Datasets=[{"Arn": world.train}, {"Arn": test}])
        world.clock.advance(10)
        return str(world.describe(test)["Status"])

    assert under(status) == "UPDATE_FAILED"
    assert under(status, distribute_minimum=2) == "UPDATE_COMPLETE"


def test_labels_that_no_box_uses(lines: Lines) -> None:
    """`contains_labels`, and `unused_labels` for those that no entry has any more."""

    def found(world: World) -> tuple[int, int]:
        line = lines.boxes("a.jpg", ("RBC", 0, 0, 9, 9))
        line["bb-metadata"]["class-map"]["7"] = "unused"
        world.update(lines.payload(line))
        entries = world.client.list_dataset_entries(DatasetArn=world.train, ContainsLabels=["unused"])
        after = world.update(lines.payload(lines.image("a.jpg", "cat")))
        return len(entries["DatasetEntries"]), after["DatasetStats"]["TotalLabels"]

    assert under(found) == (0, 1)
    assert under(found, contains_labels="declared", unused_labels="kept") == (1, 3)


def test_a_label_that_is_kept_stays_when_entries_are_moved_or_taken_away(lines: Lines) -> None:
    """`unused_labels` after a distribution, and after entries were removed behind clients' backs."""

    def total(world: World) -> tuple[int, int]:
        world.update(lines.payload(*(lines.image(f"{number}.jpg", f"label {number}") for number in range(10))))
        test = world.create()
        world.clock.advance(10)
        world.client.distribute_dataset_entries(Datasets=[{"Arn": world.train}, {"Arn": test}])
        world.clock.advance(10)
        moved = world.describe()["DatasetStats"]["TotalLabels"]
        world.emulator.remove_entries(world.train, ["s3://bucket/0.jpg"])
        return moved, world.describe()["DatasetStats"]["TotalLabels"]

    assert under(total) == (8, 7)
    assert under(total, unused_labels="kept") == (10, 10)


def test_boxes_and_entries_in_error(lines: Lines) -> None:
    """`box_too_small`, `fractional_boxes` and `entries_in_error`."""

    def stats(world: World) -> tuple[int, int]:
        thin, fraction = ("RBC", 0.0, 0.0, 1.0, 50.0), ("RBC", 0.5, 0.0, 50.0, 50.0)
        payload = lines.payload(lines.boxes("thin.jpg", thin), lines.boxes("fraction.jpg", fraction))
        found = world.update(payload)["DatasetStats"]
        return found["ErrorEntries"], found["LabeledEntries"]

    assert under(stats) == (1, 2)
    assert under(stats, box_too_small="both sides") == (0, 2)
    assert under(stats, box_too_small="both sides", fractional_boxes="marked") == (1, 2)
    assert under(stats, entries_in_error="unlabeled") == (1, 1)


def test_a_failed_creation_may_take_updates(lines: Lines) -> None:
    """`update_on_create_failed`."""

    def status(world: World) -> str:
        source: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": "nowhere", "Name": "a"}}}
        request: Any = {"ProjectArn": world.project, "DatasetType": "TEST", "DatasetSource": source}
        test = world.client.create_dataset(**request)["DatasetArn"]
        world.clock.advance(10)
        return str(world.update(lines.payload(lines.image("a.jpg")), test)["Status"])

    assert under(status, update_on_create_failed="accepted") == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="ResourceInUseException"):
        under(status)


def test_what_a_dataset_says_about_itself(lines: Lines) -> None:
    """The `message_...` switches, `in_progress_code` and `creation_delay`."""

    def said(world: World) -> list[Any]:
        seen = [world.describe()["StatusMessage"]]
        source: Any = {"DatasetArn": world.train}
        request: Any = {"ProjectArn": world.project, "DatasetType": "TEST", "DatasetSource": source}
        copy = world.client.create_dataset(**request)["DatasetArn"]
        seen += [world.describe(copy)["StatusMessage"], "StatusMessageCode" in world.describe(copy)]
        world.clock.advance(10)
        seen.append(world.describe(copy)["StatusMessage"])
        world.client.update_dataset_entries(
            DatasetArn=copy, Changes={"GroundTruth": lines.payload(lines.image("a.jpg"))}
        )
        seen.append(world.describe(copy)["StatusMessage"])
        world.clock.advance(10)
        seen.append(world.describe(copy)["StatusMessage"])
        world.client.delete_dataset(DatasetArn=copy)
        seen.append(world.describe(copy)["StatusMessage"])
        born = world.describe(copy)["CreationTimestamp"].timestamp()
        return [*seen, round(born - int(copy.rpartition("/")[2]) / 1000, 3)]

    messages: dict[str, Any] = {
        f"message_{name}": name for name in ("created", "creating", "copied", "updating", "updated", "deleting")
    }
    expected = ["created", "creating", False, "copied", "updating", "updated", "deleting", 3.0]
    assert under(said, in_progress_code="absent", creation_delay=3.0, **messages) == expected
    usual = under(said)
    assert usual[2] is True
    assert usual[-1] == 0.15


def test_no_switch_is_without_a_test() -> None:
    """Every name occurs in a test of this folder."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    names = [field.name for field in dataclasses.fields(Switches) if not field.name.startswith("message_")]
    assert [name for name in names if f"{name}=" not in text] == []
