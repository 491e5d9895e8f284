"""What is gone is proven: DescribeDataset does not find it, and the credentials are those of its account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rekognition_emulator import Emulator, serve
from tests.support.provider_engine import CallError, Resource, running
from tests.support.provider_world import World, config_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINE, OTHER = "111122223333", "999900001111"
OTHERS_KEY = {"AWS_ACCESS_KEY_ID": "AKIDOTHER"}
# The ways to have credentials of a different account: a key of that account, or a role there.
FOREIGN = {
    "key": ({}, OTHERS_KEY),
    "role": ({"aws:assumeRoles": json.dumps([{"roleArn": f"arn:aws:iam::{OTHER}:role/labels"}])}, {}),
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator with two accounts."""
    with serve(accounts={"AKIDOTHER": OTHER}) as running_emulator:
        yield running_emulator


@pytest.fixture
def cells(emulator: Emulator, tmp_path: Path) -> Iterator[Resource]:
    """A resource that is applied, in a process with credentials of its account."""
    with running(tmp_path, config_for(emulator)) as provider:
        resource = World(emulator, provider).declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
        resource.up()
        yield resource


def there(emulator: Emulator, cells: Resource) -> bool:
    """Whether the recorded dataset exists, asked with credentials of its account."""
    projects = emulator.client().describe_projects()["ProjectDescriptions"]
    return any(cells.outputs["datasetArn"] == one["DatasetArn"] for project in projects for one in project["Datasets"])


@pytest.mark.parametrize("how", FOREIGN)
def test_credentials_of_a_different_account_neither_destroy_nor_forget(
    emulator: Emulator, cells: Resource, tmp_path: Path, how: str
) -> None:
    """Destroy and refresh fail with both accounts; the dataset and the state stay. STS is asked at the emulator."""
    config, env = FOREIGN[how]
    with running(tmp_path, config_for(emulator) | config, env=env) as foreign:
        cells.provider = foreign
        for call in (cells.destroy, cells.drift):
            with pytest.raises(CallError) as caught:
                call()
            assert f"the credentials are of account {OTHER}, not of {MINE}" in caught.value.message
            assert "Traceback" not in caught.value.message
    assert cells.id
    assert there(emulator, cells)
    assert emulator.count_calls("GetCallerIdentity") == 2
    assert (emulator.count_calls("AssumeRole") > 0) == (how == "role")


def test_projects_of_a_different_account_prove_that_it_is_different(
    emulator: Emulator, cells: Resource, tmp_path: Path
) -> None:
    """Where the other account has projects, their ARNs tell its number, and STS is not asked."""
    emulator.client(aws_access_key_id="AKIDOTHER", aws_secret_access_key="x").create_project(ProjectName="theirs")
    with running(tmp_path, config_for(emulator), env=OTHERS_KEY) as foreign:
        cells.provider = foreign
        with pytest.raises(CallError, match=f"of account {OTHER}, not of {MINE}"):
            cells.destroy()
    assert emulator.count_calls("GetCallerIdentity") == 0


def test_an_apply_with_credentials_of_a_different_account_names_both(
    emulator: Emulator, cells: Resource, tmp_path: Path
) -> None:
    """A preview and `pulumi up` fail with both accounts; "create the project" would be wrong advice."""
    with running(tmp_path, config_for(emulator), env=OTHERS_KEY) as foreign:
        cells.provider = foreign
        with pytest.raises((CallError, AssertionError), match=f"of account {OTHER}, not of {MINE}"):
            cells.preview()
        with pytest.raises((CallError, AssertionError), match=f"of account {OTHER}, not of {MINE}"):
            cells.up()


@pytest.mark.parametrize("denied", ["sts:GetCallerIdentity", "rekognition:DescribeDataset"])
def test_where_nothing_can_be_proven_nothing_is_gone(tmp_path: Path, denied: str) -> None:
    """Without projects and without STS the account is not known; and AccessDenied does not mean "gone"."""
    with serve() as first, running(tmp_path, config_for(first)) as provider:
        cells = World(first, provider).declare({"1.jpg": ["cat"]}, policy={"destroy": "delete"})
        cells.up()
    with serve(deny=(denied,)) as empty, running(tmp_path, config_for(empty)) as provider:
        cells.provider = provider
        for call in (cells.destroy, cells.drift):
            with pytest.raises(CallError, match=r"account of the credentials is not known|may not make this call"):
                call()
    assert cells.id


def test_what_is_gone_is_said_in_a_refresh_and_in_a_destroy(emulator: Emulator, cells: Resource) -> None:
    """One sentence with the ARN each; the refresh takes it out of the state."""
    arn = str(cells.outputs["datasetArn"])
    emulator.client().delete_dataset(DatasetArn=arn)
    kept = dict(vars(cells))
    assert cells.drift(write=True)
    assert cells.id == ""
    assert f"the dataset {arn} no longer exists in AWS" in cells.messages[-1].text
    vars(cells).update(kept)
    cells.destroy()
    assert f"the dataset {arn} was deleted before" in cells.messages[-1].text


def test_a_dataset_that_describe_projects_does_not_list_is_not_gone(
    emulator: Emulator, cells: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stale or empty DescribeProjects decides nothing: DescribeDataset still finds the recorded ARN."""
    with monkeypatch.context() as patch:
        patch.setattr(emulator.service.context.store, "projects", lambda *_some: [])
        assert not cells.drift()
    assert cells.id
