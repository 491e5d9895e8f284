"""Switches that no other file tests, and a check that every switch has a test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Switches, serve
from rekognition_emulator.errors import ServiceError
from tests.emulator.dataset_under_switches import SwitchedDataset, under_switches

if TYPE_CHECKING:
    from tests.emulator.conftest import Lines


def test_the_exception_for_a_name_in_use() -> None:
    """The switch `duplicate_project` chooses the exception for a name that is in use."""

    def code(switched: SwitchedDataset) -> str:
        return switched.refused(lambda: switched.client.create_project(ProjectName="cells"))

    assert under_switches(code) == "ResourceInUseException"
    assert under_switches(code, duplicate_project="InvalidParameterException") == "InvalidParameterException"


def test_the_exceptions_for_a_project_that_has_datasets() -> None:
    """second_dataset and project_in_use choose the exceptions for a second TRAIN dataset and for a deletion."""
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
    """`busy_dataset` and `unready_listing` choose the exceptions."""

    def codes(switched: SwitchedDataset) -> list[str]:
        test = switched.client.create_dataset(ProjectArn=switched.project, DatasetType="TEST")["DatasetArn"]
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        return [
            switched.refused(lambda: switched.client.update_dataset_entries(DatasetArn=test, Changes=changes)),
            switched.refused(lambda: switched.client.delete_dataset(DatasetArn=test)),
            switched.refused(lambda: switched.client.list_dataset_entries(DatasetArn=test)),
        ]

    assert under_switches(codes) == ["ResourceInUseException"] * 2 + ["ResourceNotReadyException"]
    changed = under_switches(codes, busy_dataset="LimitExceededException", unready_listing="ResourceInUseException")
    assert changed == ["LimitExceededException"] * 2 + ["ResourceInUseException"]


def test_how_entries_are_distributed(lines: Lines) -> None:
    """`distributed_entries`, `distribute_order` and `full_test_dataset` change a distribution."""

    def moved(switched: SwitchedDataset) -> list[str]:
        test = switched.client.create_dataset(ProjectArn=switched.project, DatasetType="TEST")["DatasetArn"]
        switched.clock.advance(10)
        switched.update(lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(10))))
        switched.client.distribute_dataset_entries(Datasets=[{"Arn": test}, {"Arn": switched.train}])
        switched.clock.advance(10)
        switched.describe(test)
        found = [entry.key.rpartition("/")[2] for entry in switched.emulator.entries(test)]
        pair: Any = [{"Arn": switched.train}, {"Arn": test}]
        return [*found, switched.refused(lambda: switched.client.distribute_dataset_entries(Datasets=pair))]

    assert under_switches(moved) == ["4.jpg", "9.jpg", "InvalidParameterException"]
    changed = under_switches(moved, distributed_entries="first fifth", full_test_dataset="ResourceNotReadyException")
    assert changed == ["0.jpg", "1.jpg", "ResourceNotReadyException"]
    with pytest.raises(ClientError, match="one TRAIN dataset and one TEST dataset"):
        under_switches(moved, distribute_order="train first")


def test_how_few_images_can_be_distributed(lines: Lines) -> None:
    """`distribute_minimum` is the smallest number of labelled images."""

    def status(switched: SwitchedDataset) -> str:
        test = switched.client.create_dataset(ProjectArn=switched.project, DatasetType="TEST")["DatasetArn"]
        switched.clock.advance(10)
        switched.update(lines.payload(lines.image("a.jpg", "cat"), lines.image("b.jpg", "cat")))
        switched.client.distribute_dataset_entries(Datasets=[{"Arn": switched.train}, {"Arn": test}])
        switched.clock.advance(10)
        return str(switched.describe(test)["Status"])

    assert under_switches(status) == "UPDATE_FAILED"
    assert under_switches(status, distribute_minimum=2) == "UPDATE_COMPLETE"


def test_labels_that_no_box_uses(lines: Lines) -> None:
    """`contains_labels` can find them, and `unused_labels` keeps labels that no entry has any more."""

    def found(switched: SwitchedDataset) -> tuple[int, int]:
        line = lines.boxes("a.jpg", ("RBC", 0, 0, 9, 9))
        line["bb-metadata"]["class-map"]["7"] = "unused"
        switched.update(lines.payload(line))
        entries = switched.client.list_dataset_entries(DatasetArn=switched.train, ContainsLabels=["unused"])
        after = switched.update(lines.payload(lines.image("a.jpg", "cat")))
        return len(entries["DatasetEntries"]), after["DatasetStats"]["TotalLabels"]

    assert under_switches(found) == (0, 1)
    assert under_switches(found, contains_labels="declared", unused_labels="kept") == (1, 3)


def test_a_label_that_is_kept_stays_when_entries_are_moved_or_taken_away(lines: Lines) -> None:
    """`unused_labels` also applies to a distribution, and to entries that a test removes."""

    def total(switched: SwitchedDataset) -> tuple[int, int]:
        switched.update(lines.payload(*(lines.image(f"{number}.jpg", f"label {number}") for number in range(10))))
        test = switched.create()
        switched.clock.advance(10)
        switched.client.distribute_dataset_entries(Datasets=[{"Arn": switched.train}, {"Arn": test}])
        switched.clock.advance(10)
        moved = switched.describe()["DatasetStats"]["TotalLabels"]
        switched.emulator.remove_entries(switched.train, ["s3://bucket/0.jpg"])
        return moved, switched.describe()["DatasetStats"]["TotalLabels"]

    assert under_switches(total) == (8, 7)
    assert under_switches(total, unused_labels="kept") == (10, 10)


def test_boxes_and_entries_in_error(lines: Lines) -> None:
    """`box_too_small`, `fractional_boxes` and `entries_in_error` change marks and statistics."""

    def stats(switched: SwitchedDataset) -> tuple[int, int]:
        thin, fraction = ("RBC", 0.0, 0.0, 1.0, 50.0), ("RBC", 0.5, 0.0, 50.0, 50.0)
        payload = lines.payload(lines.boxes("thin.jpg", thin), lines.boxes("fraction.jpg", fraction))
        found = switched.update(payload)["DatasetStats"]
        return found["ErrorEntries"], found["LabeledEntries"]

    assert under_switches(stats) == (1, 2)
    assert under_switches(stats, box_too_small="both sides") == (0, 2)
    assert under_switches(stats, box_too_small="both sides", fractional_boxes="marked") == (1, 2)
    assert under_switches(stats, entries_in_error="unlabeled") == (1, 1)


def test_a_failed_creation_may_take_updates(lines: Lines) -> None:
    """The switch `update_on_create_failed` decides whether a failed dataset takes updates."""

    def status(switched: SwitchedDataset) -> str:
        source: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": "nowhere", "Name": "a"}}}
        request: Any = {"ProjectArn": switched.project, "DatasetType": "TEST", "DatasetSource": source}
        test = switched.client.create_dataset(**request)["DatasetArn"]
        switched.clock.advance(10)
        return str(switched.update(lines.payload(lines.image("a.jpg")), test)["Status"])

    assert under_switches(status, update_on_create_failed="accepted") == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="ResourceInUseException"):
        under_switches(status)


def test_how_a_payload_that_is_too_large_is_refused(lines: Lines) -> None:
    """`payload_most` is the largest payload, and `too_large_payload` chooses between a constraint and HTTP 413."""

    def refused(switched: SwitchedDataset) -> tuple[str, int]:
        payload = lines.payload(lines.image("a.jpg", "cat"))
        with pytest.raises(ClientError) as error:
            switched.update(payload + b" " * (401 - len(payload)))
        switched.update(payload + b" " * (400 - len(payload)))
        return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]

    assert under_switches(refused, payload_most=400) == ("ValidationException", 400)
    assert under_switches(refused, payload_most=400, too_large_payload="HTTP 413")[1] == 413


def test_what_a_dataset_says_about_itself(lines: Lines) -> None:
    """The `message_...` switches, `in_progress_code` and `creation_delay` change the description."""

    def said(switched: SwitchedDataset) -> list[Any]:
        seen = [switched.describe()["StatusMessage"]]
        source: Any = {"DatasetArn": switched.train}
        request: Any = {"ProjectArn": switched.project, "DatasetType": "TEST", "DatasetSource": source}
        copy = switched.client.create_dataset(**request)["DatasetArn"]
        seen += [switched.describe(copy)["StatusMessage"], "StatusMessageCode" in switched.describe(copy)]
        switched.clock.advance(10)
        seen.append(switched.describe(copy)["StatusMessage"])
        switched.client.update_dataset_entries(
            DatasetArn=copy, Changes={"GroundTruth": lines.payload(lines.image("a.jpg"))}
        )
        seen.append(switched.describe(copy)["StatusMessage"])
        switched.clock.advance(10)
        seen.append(switched.describe(copy)["StatusMessage"])
        switched.client.delete_dataset(DatasetArn=copy)
        seen.append(switched.describe(copy)["StatusMessage"])
        born = switched.describe(copy)["CreationTimestamp"].timestamp()
        return [*seen, round(born - int(copy.rpartition("/")[2]) / 1000, 3)]

    messages: dict[str, Any] = {
        f"message_{name}": name for name in ("created", "creating", "copied", "updating", "updated", "deleting")
    }
    expected = ["created", "creating", False, "copied", "updating", "updated", "deleting", 3.0]
    assert under_switches(said, in_progress_code="absent", creation_delay=3.0, **messages) == expected
    usual = under_switches(said)
    assert usual[2] is True
    assert usual[-1] == 0.15


def test_no_switch_is_without_a_test() -> None:
    """The name of every switch occurs in a test of this folder."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    names = [field.name for field in dataclasses.fields(Switches) if not field.name.startswith("message_")]
    assert [name for name in names if f"{name}=" not in text] == []
