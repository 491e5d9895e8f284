"""The quota of an account: eight datasets in one run, and not one throttled call."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from reconciler.aws.clock import SystemClock
from rekognition_emulator import Clock

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

QUOTA = pytest.mark.parametrize("account", [{"clock": Clock(1_700_000_000.0), "quota": True}], indirect=True)


@pytest.fixture
def eight(account: Account, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Four projects with two datasets each; the pauses of the command move the emulator's clock, and nothing else."""
    monkeypatch.setattr(SystemClock, "now", lambda _clock: account.emulator.clock.now())
    monkeypatch.setattr(SystemClock, "sleep", lambda _clock, seconds: account.emulator.clock.advance(seconds))
    for number in range(4):
        account.emulator.service.call("CreateProject", {"ProjectName": f"p{number}"})
        world.write(f"p{number}", world.many(3, first=10 * number), world.many(2, first=100 + 10 * number))
    return world


@QUOTA
def test_an_apply_of_eight_datasets_at_the_quota_has_no_throttled_call(eight: World, account: Account) -> None:
    """At four calls per second of each operation the service refuses none, and the document counts none."""
    ran = eight.run("apply", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["throttled"] == {}
    assert not [call for call in account.emulator.calls if call.error]
    assert account.updates == 8


@QUOTA
def test_a_role_of_the_same_account_has_no_pace_of_its_own(eight: World, account: Account) -> None:
    """With and without the role, the calls of one operation come a quarter of a second apart, all together."""
    for number in (1, 3):
        settings = "managed: false\nassumeRole: arn:aws:iam::111122223333:role/labels"
        eight.write(f"p{number}", settings=settings)
    assert eight.run("plan").code == 0
    asked = [call.at for call in account.emulator.calls if call.operation == "DescribeProjects"]
    assert [round(after - before, 2) for before, after in pairwise(asked)] == [0.25]
    assert eight.run("apply", "--yes").code == 0
    asked = [call.at for call in account.emulator.calls if call.operation == "DescribeDataset"]
    assert min(after - before for before, after in pairwise(asked)) > 0.24


def test_ten_projects_are_looked_up_by_one_call(world: World, account: Account) -> None:
    """Also those that are named by their ARN or are not there; a name that is made again is a different project."""
    arns = [account.create(f"p{number}") for number in range(22)]
    for number in range(23):
        named = f"projectArn: {arns[number]}" if number == 21 else "managed: false"
        world.write(f"p{number}", world.many(1), world.many(1, first=1), settings=named)
    ran = world.run("plan", "--json")
    assert account.emulator.count_calls("DescribeProjects") == 3
    assert [one["error"]["kind"] for one in ran.datasets if one["error"]] == ["NotFound"] * 2
    world.write("p21", world.many(1), settings=f"projectArn: {arns[21][:-1]}{9 - int(arns[21][-1])}")
    again = world.run("plan", "--project", "p21", "--json")
    assert "there is no project" in str(again.datasets)


@QUOTA
@pytest.mark.slow
def test_two_hundred_datasets_that_did_not_move_are_planned_within_a_minute(many: World, account: Account) -> None:
    """At the account's quota: a DescribeProjects for ten projects, a DescribeDataset for each dataset, no listing."""
    assert many.run("plan").code == 0  # lists everything, and leaves the copies
    before, start = len(account.emulator.calls), account.emulator.clock.now()
    ran = many.run("plan", "--json", "--exit-code")
    assert ran.code == 0, ran.err
    calls = Counter(call.operation for call in account.emulator.calls[before:])
    assert calls == {"DescribeProjects": 10, "DescribeDataset": 200}
    assert ran.document["throttled"] == {}
    assert account.emulator.clock.now() - start <= 60
    assert ran.document["estimate"]["calls"] == calls
    took = account.emulator.clock.now() - start
    assert ran.document["estimate"]["minutes"] == pytest.approx(took / 60, abs=0.05)


@pytest.fixture
def many(eight: World, account: Account) -> World:
    """A hundred projects whose 200 datasets are live as their manifests say."""
    for name in (f"p{number}" for number in range(100)):
        if not (eight.folder / "datasets" / name).exists():
            account.emulator.service.call("CreateProject", {"ProjectName": name})
        lines = eight.many(1), eight.many(1, first=1)
        eight.write(name, *lines)
        [project] = account.emulator.service.call("DescribeProjects", {"ProjectNames": [name]})["ProjectDescriptions"]
        for kind, line in zip(("TRAIN", "TEST"), lines, strict=True):
            made = {"ProjectArn": project["ProjectArn"], "DatasetType": kind}
            arn = account.emulator.service.call("CreateDataset", made)["DatasetArn"]
            account.emulator.edit_entries(arn, line)
    account.emulator.clock.advance(60)
    return eight


@QUOTA
def test_throttled_calls_are_counted_and_waited_out(eight: World) -> None:
    """Above the quota the service throttles: the run becomes slower, ends well, and says how often it happened."""
    ran = eight.run("apply", "--yes", "--json", "--rate", "100")
    assert ran.code == 0, ran.err
    assert ran.document["throttled"].keys() <= ran.document["calls"].keys()
    assert 0 < ran.document["throttled"]["DescribeDataset"] < ran.document["calls"]["DescribeDataset"] / 4


@pytest.mark.parametrize("text", ["0", "-4", "many", "1000"])
def test_a_rate_that_is_none_is_refused(world: World, text: str) -> None:
    """The sentence says what a rate is."""
    ran = world.run("plan", f"--rate={text}")
    assert ran.code == 3
    assert f"'{text}' must be a number of calls per second, above 0 and at most 100" in ran.err
