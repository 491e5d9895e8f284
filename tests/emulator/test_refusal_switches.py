"""Switches about refusals: the exception, and whether a request is refused at all; both answers of each."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_args

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Limits, Switches, serve
from rekognition_emulator.aws_json.model import OPERATIONS, modelled_errors
from rekognition_emulator.aws_json.wire import HttpRequest
from rekognition_emulator.errors import MESSAGES, ServiceError
from rekognition_emulator.switches.refusal_switches import RefusalSwitches
from rekognition_emulator.switches.switch import switch_types
from tests.emulator.dataset_under_switches import SwitchedDataset, under_switches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.conftest import Lines

NOWHERE: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": "nowhere", "Name": "a"}}}


def failed_creation(switched: SwitchedDataset) -> str:
    """The ARN of a dataset that is CREATE_FAILED."""
    arn = switched.create(**NOWHERE)
    switched.clock.advance(10)
    assert switched.describe(arn)["Status"] == "CREATE_FAILED"
    return arn


def failed_update(switched: SwitchedDataset) -> str:
    """The ARN of a dataset that is UPDATE_FAILED."""
    assert switched.update(b"\n")["Status"] == "UPDATE_FAILED"
    return switched.train


def test_what_may_follow_a_failure(lines: Lines) -> None:
    """update_on_update_failed and delete_on_... accept a call after a failure, or refuse it as for a busy dataset."""

    def update(switched: SwitchedDataset) -> str:
        return str(switched.update(lines.payload(lines.image("a.jpg")), failed_update(switched))["Status"])

    def delete(switched: SwitchedDataset, arn: str) -> str:
        switched.client.delete_dataset(DatasetArn=arn)
        return str(switched.describe(arn)["Status"])

    assert under_switches(update) == "UPDATE_COMPLETE"
    assert under_switches(lambda switched: delete(switched, failed_creation(switched))) == "DELETE_IN_PROGRESS"
    assert under_switches(lambda switched: delete(switched, failed_update(switched))) == "DELETE_IN_PROGRESS"
    with pytest.raises(ClientError, match=r"ResourceInUseException.*UPDATE_FAILED"):
        under_switches(update, update_on_update_failed="refused")
    with pytest.raises(ClientError, match=r"ResourceInUseException.*CREATE_FAILED"):
        under_switches(lambda switched: delete(switched, failed_creation(switched)), delete_on_create_failed="refused")
    with pytest.raises(ClientError, match=r"ResourceInUseException.*UPDATE_FAILED"):
        under_switches(lambda switched: delete(switched, failed_update(switched)), delete_on_update_failed="refused")


def test_copying_a_busy_dataset(lines: Lines) -> None:
    """By busy_source a copy gets one of two exceptions, or the entries as they are."""

    def copied(switched: SwitchedDataset) -> int:
        switched.update(lines.payload(lines.image("a.jpg")))
        changes: Any = {"GroundTruth": lines.payload(lines.image("b.jpg"))}
        switched.client.update_dataset_entries(DatasetArn=switched.train, Changes=changes)
        copy = switched.create(DatasetArn=switched.train)
        switched.clock.advance(10)
        return int(switched.describe(copy)["DatasetStats"]["TotalEntries"])

    with pytest.raises(ClientError, match="InvalidParameterException"):
        under_switches(copied)
    with pytest.raises(ClientError, match="LimitExceededException"):
        under_switches(copied, busy_source="LimitExceededException")
    assert under_switches(copied, busy_source="copied") == 1


def test_copying_from_another_region() -> None:
    """The switch `foreign_source` chooses the exception for a source in a different region."""

    def code(switched: SwitchedDataset) -> str:
        elsewhere = switched.train.replace("us-east-1", "eu-west-1")
        return switched.refused(lambda: switched.create(DatasetArn=elsewhere))

    assert under_switches(code) == "ResourceNotFoundException"
    assert under_switches(code, foreign_source="InvalidParameterException") == "InvalidParameterException"


def test_distributing_nothing() -> None:
    """By empty_train_dataset a distribution gets one of two exceptions, or fails in both datasets."""

    def distributed(switched: SwitchedDataset) -> list[str]:
        test = switched.create()
        switched.clock.advance(10)
        switched.client.distribute_dataset_entries(Datasets=[{"Arn": switched.train}, {"Arn": test}])
        switched.clock.advance(10)
        return [switched.describe(arn)["Status"] for arn in (switched.train, test)]

    for code in ("InvalidParameterException", "ResourceNotReadyException"):
        with pytest.raises(ClientError, match=code):
            under_switches(distributed, empty_train_dataset=code)
    assert under_switches(distributed, empty_train_dataset="UPDATE_FAILED") == ["UPDATE_FAILED"] * 2


def test_one_project_too_many() -> None:
    """The switch `too_many_projects` chooses the exception for a project beyond the limit."""

    def code(switched: SwitchedDataset) -> str:
        return switched.refused(lambda: switched.client.create_project(ProjectName="one-more"))

    assert under_switches(code, Limits(projects=1)) == "LimitExceededException"
    assert (
        under_switches(code, Limits(projects=1), too_many_projects="InvalidParameterException")
        == "InvalidParameterException"
    )


def test_an_update_that_makes_a_dataset_too_large(lines: Lines) -> None:
    """By too_many_entries the update fails later, or is refused and changes nothing."""

    def status(switched: SwitchedDataset) -> str:
        switched.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(switched.update(lines.payload(lines.image("b.jpg"), lines.image("c.jpg")))["Status"])

    assert under_switches(status, Limits(entries=2)) == "UPDATE_FAILED"
    assert under_switches(status, Limits(entries=3), too_many_entries="LimitExceededException") == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match=r"LimitExceededException.*3 entries; the limit is 2"):
        under_switches(status, Limits(entries=2), too_many_entries="LimitExceededException")


def test_too_many_busy_datasets(lines: Lines) -> None:
    """By concurrent_jobs any number may be busy, or only so many; work that has ended does not count."""

    def code(switched: SwitchedDataset) -> list[str]:
        switched.create()
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        other = switched.client.create_project(ProjectName="other")["ProjectArn"]
        calls: list[Callable[[], object]] = [
            lambda: switched.client.update_dataset_entries(DatasetArn=switched.train, Changes=changes),
            lambda: switched.client.delete_dataset(DatasetArn=switched.train),
            lambda: switched.client.create_dataset(ProjectArn=other, DatasetType="TEST"),
        ]
        found = [switched.refused(call) for call in calls]
        switched.clock.advance(10)
        calls[0]()
        return found

    assert under_switches(code, concurrent_jobs=1) == ["LimitExceededException"] * 3
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        under_switches(code)


def test_bodies_and_targets_that_are_wrong() -> None:
    """unreadable_body and unknown_operation choose the exceptions, over HTTP."""

    def codes(switched: SwitchedDataset) -> list[str]:
        front_end, found = switched.emulator.front_end, []
        for target, body in (("CreateProject", b"{"), ("CreateProject", b'{"ProjectName": 1}'), ("Nonsense", b"{}")):
            headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"RekognitionService.{target}"}
            front_end.handle(HttpRequest("POST", "/", headers, body))
            found.append(front_end.journal.calls[-1].error)
        return found

    assert under_switches(codes) == ["SerializationException"] * 2 + ["UnknownOperationException"]
    other = "InvalidParameterException"
    assert under_switches(codes, unreadable_body=other, unknown_operation=other) == [other] * 3


def test_what_refusals_say() -> None:
    """By refusal_texts a message has the reason or is AWS's text; broken constraints always have AWS's text."""

    def said(switched: SwitchedDataset) -> tuple[str, str]:
        found = []
        for name in ("cells", "?"):
            with pytest.raises(ClientError) as refused:
                switched.client.create_project(ProjectName=name)
            found.append(refused.value.response["Error"]["Message"])
        return found[0], found[1]

    explained, broken = under_switches(said)
    assert "A project named cells already exists." in explained
    assert under_switches(said, refusal_texts="generic") == (MESSAGES["ResourceInUseException"], broken)


def test_tags_on_create_may_need_a_permission() -> None:
    """By tags_on_create a creation with tags needs the permission for TagResource."""
    for needed, expected in ((True, "AccessDeniedException"), (False, "ok")):
        with serve(deny=("TagResource",), switches=Switches(tags_on_create=needed)) as emulator:
            client = emulator.client()
            client.create_project(ProjectName="without")
            try:
                client.create_project(ProjectName="cells", Tags={"a": "b"})
                found = "ok"
            except ClientError as error:
                found = error.response["Error"]["Code"]
        assert found == expected


def test_every_exception_of_a_switch_is_one_of_the_model() -> None:
    """AWS's model or front end has every exception that a switch can choose for an operation."""
    modelled = {name for operation in OPERATIONS for name in modelled_errors(operation)}
    for field in dataclasses.fields(RefusalSwitches):
        for answer in get_args(switch_types(RefusalSwitches)[field.name]):
            if str(answer).endswith("Exception"):
                assert answer in MESSAGES, field.name
                assert answer in modelled or ServiceError(answer).status == 400
