"""`assumeRole` in project.yaml: one run over several accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.accounts import OTHER, ROLE, client_of, entries_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Account, World

DENIED = {"deny": ("sts:AssumeRole:*:role/closed",)}


@pytest.fixture
def theirs(account: Account) -> Callable[[], list[int]]:
    """A project `cells` in each of two accounts; gives the numbers of entries in the second one."""
    client = client_of(account.emulator)
    arn = client.create_project(ProjectName="cells")["ProjectArn"]
    account.create("cells")
    return lambda: entries_of(client, arn)


def test_one_run_over_two_accounts(world: World, account: Account, theirs: Callable[[], list[int]]) -> None:
    """Projects of one name in two accounts are planned, applied, judged and pulled, each with its own credentials."""
    world.write("ours", world.many(2), settings="project: cells\nmanaged: false")
    folder = world.write("theirs", world.many(3), settings=f"project: cells\nmanaged: false\nassumeRole: {ROLE}")
    assert world.run("plan", "--exit-code").code == 2
    assert world.run("apply", "--yes").code == 0
    assert (len(account.keys("cells")), theirs()) == (2, [3])
    assert [world.run(command).code for command in ("plan", "drift")] == [0, 0]
    (folder / "train.jsonl").unlink()
    assert world.run("pull").code == 0
    assert len((folder / "train.jsonl").read_text().splitlines()) == 3


def test_the_record_has_the_role_and_restore_uses_it(world: World, theirs: Callable[[], list[int]]) -> None:
    """What an apply in the other account overwrote comes back there, by the record and by the snapshot."""
    settings = (
        f"project: cells\nmanaged: false\nassumeRole: {ROLE}\npolicy: {{guards: {{updates: off}}, theirs: overwrite}}"
    )
    world.write("theirs", world.many(3), settings=settings)
    assert world.run("apply", "--yes").code == 0
    world.write("theirs", [*world.many(2), world.boxes("0002.jpg", "RBC", left=77)], settings=settings)
    assert world.run("apply", "--yes").code == 0
    [month] = (world.folder / ".reconciler" / "audit").iterdir()
    record = json.loads(month.read_text().splitlines()[-1])
    assert record["role"] == ROLE
    assert world.run("restore", record["id"], "--yes").code == 0
    assert world.run("plan", "--exit-code").code == 2
    where = ("--project", "cells", "--type", "train")
    assert world.run("restore", str(record["overwritten"][0]), *where, "--yes").code == 0
    assert theirs() == [3]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("account", [DENIED], indirect=True)
def test_a_role_that_may_not_be_assumed_is_a_sentence(world: World) -> None:
    """The plan fails with what to allow; nothing was sent."""
    settings = f"managed: false\nassumeRole: arn:aws:iam::{OTHER}:role/closed"
    world.write("cells", world.many(1), settings=settings)
    ran = world.run("plan")
    assert ran.code == 1
    assert "allow sts:AssumeRole on the role to these credentials, and name them in the role's trust policy" in ran.out


def test_a_role_of_a_different_partition_is_a_sentence(world: World) -> None:
    """Before any call: nothing listens at the endpoint."""
    world.write("cells", world.many(1), settings=f"managed: false\nassumeRole: arn:aws-cn:iam::{OTHER}:role/x")
    ran = world.run("plan", "--endpoint-url", "http://127.0.0.1:1")
    assert ran.code == 3
    assert "is not of the partition aws, which the Region us-east-1 is in; name a role of that partition" in ran.err
