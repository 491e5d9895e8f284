"""Switches about refusals: which exception answers what, and whether it is refused at all; both answers of each."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_args

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Limits, Switches, serve
from rekognition_emulator.aws_json.model import OPERATIONS, modelled_errors
from rekognition_emulator.aws_json.wire import HttpRequest
from rekognition_emulator.errors import MESSAGES, ServiceError
from rekognition_emulator.switches.about_refusals import RefusalSwitches
from rekognition_emulator.switches.switch import answers
from tests.emulator.world import World, under

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.conftest import Lines

NOWHERE: Any = {"GroundTruthManifest": {"S3Object": {"Bucket": "nowhere", "Name": "a"}}}


def failed_creation(world: World) -> str:
    """The ARN of a dataset that is CREATE_FAILED."""
    arn = world.create(**NOWHERE)
    world.clock.advance(10)
    assert world.describe(arn)["Status"] == "CREATE_FAILED"
    return arn


def failed_update(world: World) -> str:
    """The ARN of a dataset that is UPDATE_FAILED."""
    assert world.update(b"\n")["Status"] == "UPDATE_FAILED"
    return world.train


def test_what_may_follow_a_failure(lines: Lines) -> None:
    """update_on_update_failed, delete_on_create_failed, delete_on_update_failed: accepted, or as if it were busy."""

    def update(world: World) -> str:
        return str(world.update(lines.payload(lines.image("a.jpg")), failed_update(world))["Status"])

    def delete(world: World, arn: str) -> str:
        world.client.delete_dataset(DatasetArn=arn)
        return str(world.describe(arn)["Status"])

    assert under(update) == "UPDATE_COMPLETE"
    assert under(lambda world: delete(world, failed_creation(world))) == "DELETE_IN_PROGRESS"
    assert under(lambda world: delete(world, failed_update(world))) == "DELETE_IN_PROGRESS"
    with pytest.raises(ClientError, match=r"ResourceInUseException.*UPDATE_FAILED"):
        under(update, update_on_update_failed="refused")
    with pytest.raises(ClientError, match=r"ResourceInUseException.*CREATE_FAILED"):
        under(lambda world: delete(world, failed_creation(world)), delete_on_create_failed="refused")
    with pytest.raises(ClientError, match=r"ResourceInUseException.*UPDATE_FAILED"):
        under(lambda world: delete(world, failed_update(world)), delete_on_update_failed="refused")


def test_copying_a_busy_dataset(lines: Lines) -> None:
    """busy_source: two exceptions, or the entries as they are."""

    def copied(world: World) -> int:
        world.update(lines.payload(lines.image("a.jpg")))
        changes: Any = {"GroundTruth": lines.payload(lines.image("b.jpg"))}
        world.client.update_dataset_entries(DatasetArn=world.train, Changes=changes)
        copy = world.create(DatasetArn=world.train)
        world.clock.advance(10)
        return int(world.describe(copy)["DatasetStats"]["TotalEntries"])

    with pytest.raises(ClientError, match="InvalidParameterException"):
        under(copied)
    with pytest.raises(ClientError, match="LimitExceededException"):
        under(copied, busy_source="LimitExceededException")
    assert under(copied, busy_source="copied") == 1


def test_copying_from_another_region() -> None:
    """foreign_source."""

    def code(world: World) -> str:
        elsewhere = world.train.replace("us-east-1", "eu-west-1")
        return world.refused(lambda: world.create(DatasetArn=elsewhere))

    assert under(code) == "ResourceNotFoundException"
    assert under(code, foreign_source="InvalidParameterException") == "InvalidParameterException"


def test_distributing_nothing() -> None:
    """empty_train_dataset: two exceptions, or a failure that both datasets show."""

    def distributed(world: World) -> list[str]:
        test = world.create()
        world.clock.advance(10)
        world.client.distribute_dataset_entries(Datasets=[{"Arn": world.train}, {"Arn": test}])
        world.clock.advance(10)
        return [world.describe(arn)["Status"] for arn in (world.train, test)]

    for code in ("InvalidParameterException", "ResourceNotReadyException"):
        with pytest.raises(ClientError, match=code):
            under(distributed, empty_train_dataset=code)
    assert under(distributed, empty_train_dataset="UPDATE_FAILED") == ["UPDATE_FAILED"] * 2


def test_one_project_too_many() -> None:
    """too_many_projects."""

    def code(world: World) -> str:
        return world.refused(lambda: world.client.create_project(ProjectName="one-more"))

    assert under(code, Limits(projects=1)) == "LimitExceededException"
    assert under(code, Limits(projects=1), too_many_projects="InvalidParameterException") == "InvalidParameterException"


def test_an_update_that_makes_a_dataset_too_large(lines: Lines) -> None:
    """too_many_entries: a failure later, or a refusal that changes nothing."""

    def status(world: World) -> str:
        world.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(world.update(lines.payload(lines.image("b.jpg"), lines.image("c.jpg")))["Status"])

    assert under(status, Limits(entries=2)) == "UPDATE_FAILED"
    assert under(status, Limits(entries=3), too_many_entries="LimitExceededException") == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match=r"LimitExceededException.*3 entries; 2 may be"):
        under(status, Limits(entries=2), too_many_entries="LimitExceededException")


def test_too_many_busy_datasets(lines: Lines) -> None:
    """concurrent_jobs: any number, or so many; work that has ended does not count."""

    def code(world: World) -> list[str]:
        world.create()
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        other = world.client.create_project(ProjectName="other")["ProjectArn"]
        calls: list[Callable[[], object]] = [
            lambda: world.client.update_dataset_entries(DatasetArn=world.train, Changes=changes),
            lambda: world.client.delete_dataset(DatasetArn=world.train),
            lambda: world.client.create_dataset(ProjectArn=other, DatasetType="TEST"),
        ]
        found = [world.refused(call) for call in calls]
        world.clock.advance(10)
        calls[0]()
        return found

    assert under(code, concurrent_jobs=1) == ["LimitExceededException"] * 3
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        under(code)


def test_bodies_and_targets_that_are_wrong() -> None:
    """unreadable_body and unknown_operation, over HTTP."""

    def codes(world: World) -> list[str]:
        front, found = world.emulator.front, []
        for target, body in (("CreateProject", b"{"), ("CreateProject", b'{"ProjectName": 1}'), ("Nonsense", b"{}")):
            headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"RekognitionService.{target}"}
            front.handle(HttpRequest("POST", "/", headers, body))
            found.append(front.journal.calls[-1].error)
        return found

    assert under(codes) == ["SerializationException"] * 2 + ["UnknownOperationException"]
    other = "InvalidParameterException"
    assert under(codes, unreadable_body=other, unknown_operation=other) == [other] * 3


def test_what_refusals_say() -> None:
    """refusal_texts: the reason, or AWS's sentence; broken constraints always read as AWS's."""

    def said(world: World) -> tuple[str, str]:
        found = []
        for name in ("cells", "?"):
            with pytest.raises(ClientError) as refused:
                world.client.create_project(ProjectName=name)
            found.append(refused.value.response["Error"]["Message"])
        return found[0], found[1]

    explained, broken = under(said)
    assert "A project named cells already exists." in explained
    assert under(said, refusal_texts="generic") == (MESSAGES["ResourceInUseException"], broken)


def test_tags_on_create_may_need_a_permission() -> None:
    """tags_on_create."""
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
    """Whatever a switch is set to, an operation answers nothing that AWS's model and front end do not know."""
    modelled = {name for operation in OPERATIONS for name in modelled_errors(operation)}
    for field in dataclasses.fields(RefusalSwitches):
        for answer in get_args(answers(RefusalSwitches)[field.name]):
            if str(answer).endswith("Exception"):
                assert answer in MESSAGES, field.name
                assert answer in modelled or ServiceError(answer).status == 400
