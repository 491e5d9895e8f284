"""`assumeRole`: several accounts in one program, each resource with a role of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Emulator, serve
from tests.support.accounts import OTHER, ROLE, client_of, entries_of
from tests.support.provider_engine import UNKNOWN, CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World

SECOND = f"arn:aws:iam::{OTHER}:role/teams/labels-2"
CLOSED = f"arn:aws:iam::{OTHER}:role/closed"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator where one role may not be assumed."""
    with serve(deny=("sts:AssumeRole:*:role/closed",)) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(emulator: Emulator) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
    """A client in the other account."""
    return client_of(emulator)


@pytest.fixture
def theirs(world: World, elsewhere: Any) -> Resource:  # noqa: ANN401 - likewise
    """A resource for a project of the other account, which needs the role."""
    number = len(elsewhere.describe_projects()["ProjectDescriptions"])
    project = elsewhere.create_project(ProjectName=f"theirs-{number}")["ProjectArn"]
    return world.declare({"1.jpg": ["cat"]}, project=project, assumeRole=ROLE, policy={"destroy": "delete"})


def test_two_accounts_in_one_program(world: World, theirs: Resource, elsewhere: Any) -> None:  # noqa: ANN401 - likewise
    """Each dataset is created, previewed, refreshed and deleted in its own account, by one provider process."""
    mine = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    assert (mine.up(), theirs.up()) == (True, True)
    assert (len(world.live(mine)), entries_of(elsewhere, theirs.declared["projectArn"])) == (2, [1])
    assert [one.preview()[0] for one in (mine, theirs)] == [False, False]
    assert [one.drift(write=True) for one in (mine, theirs)] == [False, False]
    theirs.destroy()
    assert (len(world.live(mine)), entries_of(elsewhere, theirs.declared["projectArn"])) == (2, [])


def test_the_role_is_in_inputs_outputs_and_the_record(world: World, theirs: Resource) -> None:
    """A refresh and a delete see the outputs only; without a role neither has a member for it."""
    theirs.up()
    assert theirs.inputs["assumeRole"] == theirs.outputs["assumeRole"] == ROLE
    [month] = (world.program / ".reconciler" / "audit").glob("*.jsonl")
    records = [json.loads(line) for line in month.read_text().splitlines()]
    assert [one["role"] for one in records if one["project_arn"] == theirs.declared["projectArn"]] == [ROLE]
    mine = world.declare({"1.jpg": ["cat"]})
    mine.up()
    assert not {"assumeRole"} & {*mine.inputs, *mine.outputs}


def test_a_change_of_the_role_alone_sends_nothing(world: World, theirs: Resource) -> None:
    """It is one update of the state, by which later refreshes use the new role; the old one need not exist."""
    theirs.up()
    sent = [world.calls(one) for one in ("UpdateDatasetEntries", "CreateDataset", "DeleteDataset")]
    theirs.outputs["assumeRole"] = theirs.inputs["assumeRole"] = CLOSED  # what was applied before, and is closed now
    theirs.declared["assumeRole"] = SECOND
    changed, _ = theirs.preview()
    assert changed
    assert "settings changed since the last apply (assumeRole); `pulumi up` records them" in theirs.messages[-1].text
    assert theirs.up()
    assert theirs.outputs["assumeRole"] == SECOND
    assert [world.calls(one) for one in ("UpdateDatasetEntries", "CreateDataset", "DeleteDataset")] == sent
    assert (theirs.up(), theirs.drift()) == (False, False)


def test_while_the_role_is_not_known_nothing_is_looked_up(world: World, theirs: Resource) -> None:
    """A role that this `pulumi up` creates: the preview shows an update, or a replacement, without a call."""
    theirs.up()
    before = world.emulator.count_calls()
    theirs.declared["assumeRole"] = UNKNOWN
    assert theirs.preview()[0]
    assert world.emulator.count_calls() == before
    fresh = world.declare({"1.jpg": ["cat"]}, project=theirs.declared["projectArn"], assumeRole=UNKNOWN)
    before = world.emulator.count_calls()
    assert fresh.preview()[0]
    assert world.emulator.count_calls() == before


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("labels", "assumeRole must be the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME), not 'labels'"),
        (3, "assumeRole must be a string, not 3"),
        (f"arn:aws:iam::{OTHER}:user/x", "must be the ARN of a role"),
        (
            "arn:aws:iam::777788889999:role/x",
            f"is of account 777788889999, and the project is in account {OTHER}; name",
        ),
        (f"arn:aws-cn:iam::{OTHER}:role/x", "is of partition aws-cn, and the project is in partition aws; name a role"),
    ],
)
def test_a_role_that_cannot_be_right_fails_the_check(world: World, theirs: Resource, role: object, said: str) -> None:
    """A failure of the property, with the cure, before any call."""
    theirs.declared["assumeRole"] = role
    before = world.emulator.count_calls()
    [(name, reason)] = theirs.failures(preview=True)
    assert name == "assumeRole"
    assert said in reason
    assert world.emulator.count_calls() == before


def test_a_role_that_may_not_be_assumed_is_a_sentence_with_the_cure(theirs: Resource) -> None:
    """Preview and up say what to allow, and where."""
    theirs.declared["assumeRole"] = CLOSED
    for call in (theirs.preview, theirs.up):
        with pytest.raises(CallError) as failed:
            call()
        assert "connecting to AWS: the credentials may not make this call (AccessDenied: " in failed.value.message
        assert f"resource: {CLOSED}" in failed.value.message
        assert (
            failed.value.message.endswith(
                "; allow sts:AssumeRole on the role to these credentials, and name them in the role's trust policy"
            )
            or "trust policy [request id " in failed.value.message
        )
