"""docs/iam: each row of its tables runs with nothing else allowed, and needs what it says that it needs."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from reconciler.provider import process
from rekognition_emulator import serve
from tests.cli.repository import git
from tests.support.aws_doubles import FakeClock, gateway_at
from tests.support.inline_engine import Engine, UpFailed
from tests.support.png import png
from tests.support.s3 import Bucket, Watched, running_s3, watched_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rekognition_emulator import Emulator
    from tests.cli.conftest import World

IAM = Path(__file__).parents[2] / "docs" / "iam"
PAGE = (IAM / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`(?:reconciler|pulumi)[^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
ACTION = re.compile(r"`((?:rekognition|sts|iam|s3):\w+)`")
# By command: the actions without which it fails, those without which it goes on, the policies that allow both.
ROWS = {
    what: (ACTION.findall(needs), ACTION.findall(uses), re.findall(r"[\w-]+\.json", files))
    for what, needs, uses, files in ROW.findall(PAGE)
}
POLICIES = ("preview.json", "up.json", "destroy.json", "doctor.json", "places.json", "assume-role.json")
# pulumi-aws calls these for a project that it manages, and Rekognition those in S3 for its caller.
OTHERS = {f"rekognition:{name}" for name in ("CreateProject", "DeleteProject", "ListTagsForResource")}
OTHERS |= {"rekognition:TagResource", "rekognition:UntagResource"}
SERVICE = {"s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion"}
REPLACES = "managed: false\npolicy: {extra: replace, destroy: delete, guards: {label-removed: off, shrink: off}}"
# Requests of S3 by the action that each needs. Source: S3 API Reference, "Permissions" of each operation.
S3 = {"Put": "s3:PutObject", "Get": "s3:GetObject", "List": "s3:ListBucket", "Delete": "s3:DeleteObject"}
# AWS STS API Reference: "No permissions are required to perform this operation", not even where it is denied.
FREE = "sts:GetCallerIdentity"
KNOWN = {FREE, "sts:AssumeRole", "iam:SimulatePrincipalPolicy", "iam:GetRole"}
# What is allowed too: `doctor` asks IAM about it, and a plan lists where it may not read the copy of live.
BESIDE = {
    "`reconciler doctor`": {"rekognition:UpdateDatasetEntries"},
    "`reconciler plan --snapshots s3://...`": {"rekognition:ListDatasetEntries"},
}
# Rows that the quick run leaves to others of the same actions; and where it takes each action of a row away.
LONG = {
    "drift",
    "pull",
    "apply",
    "restore",
    "plan --audit s3://...",
    "apply --audit s3://...",
    "apply --snapshots s3://...",
}
QUICK = {"`reconciler apply` with `extra: replace`", "`reconciler history --audit s3://...`"}


def actions(*files: str) -> set[str]:
    """The actions that policies allow."""
    statements = [one for file in files for one in json.loads((IAM / file).read_text())["Statement"]]
    return {
        name for one in statements for name in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }


def action_of(operation: str, key: str) -> str:
    """The action of a request to S3: of an object, HEAD needs what GET needs, of a bucket what a listing needs."""
    return S3[operation if operation != "Head" else "Get" if key else "List"]


@dataclass
class Account:
    """An account whose state is set back before each run, and where all but some actions are denied."""

    world: World
    bucket: Bucket
    watched: Watched
    patch: pytest.MonkeyPatch
    state: Path
    unwatched: str
    emulator: Emulator = field(init=False)
    engine: Engine = field(init=False)
    arn: str = ""
    stack: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where snapshots and records go."""
        return f"s3://{self.bucket.name}/kept"

    def begin(self, prepare: Callable[[Account], None]) -> None:
        """Let a story happen up to the command, and keep what there is then."""
        with serve(state=self.state, s3_endpoint=self.unwatched) as self.emulator:
            self._reach()
            self.engine = Engine(FakeClock())
            self.arn = str(self.emulator.client().create_project(ProjectName="cells")["ProjectArn"])
            prepare(self)
        self.stack = dict(self.engine.resources)
        shutil.copy(self.state, f"{self.state}.before")
        shutil.copytree(self.world.folder, f"{self.state}.folder")
        self.kept = {key: self.bucket.read(key) for key in self.bucket.listed()}

    def run(self, command: Callable[[Account], tuple[bool, str]], allowed: set[str]) -> tuple[bool, str, set[str]]:
        """The command from there on: whether it worked, what it said, and the actions that it used."""
        self._back()
        denied = sorted((actions(*POLICIES) | KNOWN) - allowed)
        deny = tuple(one for one in denied if not one.startswith("s3:"))
        with serve(state=self.state, deny=deny, s3_endpoint=self.unwatched) as self.emulator:
            self._reach()
            self.watched.requests.clear()
            self.watched.allowed = lambda operation, key: action_of(operation, key) in allowed
            try:
                worked, said = command(self)
            finally:
                self.watched.allowed = lambda _operation, _key: True
            used = {_named(call.operation) for call in self.emulator.calls}
        return worked, said, used | {action_of(*request) for request in self.watched.requests}

    def _reach(self) -> None:
        self.patch.setenv("AWS_ENDPOINT_URL_REKOGNITION", self.emulator.url)

    def _back(self) -> None:
        self.engine.resources = dict(self.stack)
        shutil.copy(f"{self.state}.before", self.state)
        for path in self.world.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(f"{self.state}.folder", self.world.folder, dirs_exist_ok=True)
        for key in set(self.bucket.listed()) - self.kept.keys():
            self.bucket.client.delete_object(Bucket=self.bucket.name, Key=key)
        for key, content in self.kept.items():
            self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=content)


def _named(operation: str) -> str:
    service = {"GetCallerIdentity": "sts", "AssumeRole": "sts", "SimulatePrincipalPolicy": "iam", "GetRole": "iam"}
    return f"{service.get(operation, 'rekognition')}:{operation}"


# ---- what there is before a command ---------------------------------------------------------------------------------


def declared(here: Account) -> None:
    """Manifests that were never applied."""
    here.world.write("cells", here.world.many(4))


def applied(here: Account, *options: str) -> None:
    """A dataset as its manifest says."""
    declared(here)
    assert here.world.run("apply", "--yes", *options).code == 0


def changed(here: Account, *options: str) -> None:
    """A dataset, and a manifest that updates two of its entries."""
    applied(here, *options)
    here.world.write("cells", [*here.world.many(2), *here.world.many(2, "WBC", first=2)])


def replaced(here: Account) -> None:
    """A dataset of which entries leave."""
    applied(here)
    here.world.write("cells", here.world.many(3), settings=REPLACES)


def overwritten(here: Account, *options: str) -> None:
    """An apply that overwrote lines."""
    changed(here, *options)
    assert here.world.run("apply", "--yes", *options).code == 0


def undeclared(here: Account) -> None:
    """A dataset that no file declares and no run has seen, and a git repository."""
    git(here.world.folder, "init", "--quiet")
    applied(here)
    for name in ("datasets", ".reconciler"):
        shutil.rmtree(here.world.folder / name)


def kept_in_s3(here: Account) -> None:
    """A dataset, its copy and its records in S3, none of them here."""
    changed(here, "--snapshots", here.place, "--audit", here.place)
    shutil.rmtree(here.world.folder / ".reconciler")


def overwritten_in_s3(here: Account) -> None:
    """An apply that kept in S3 what it overwrote."""
    overwritten(here, "--snapshots", here.place, "--audit", here.place)


def seen_in_s3(here: Account) -> None:
    """Edits of a colleague, the last after a drift run whose listing is kept in S3."""
    applied(here, "--snapshots", here.place)
    (project,) = here.emulator.client().describe_projects()["ProjectDescriptions"]
    for number in (0, 1):
        here.emulator.edit_entries(project["Datasets"][0]["DatasetArn"], [here.world.boxes(f"000{number}.jpg", "WBC")])
        assert here.world.run("drift", "--snapshots", here.place).code == 2


def with_images(here: Account) -> None:
    """A manifest of images in S3."""
    content = b64decode(png(640, 480, b"\xff\xff\xff").partition(",")[2])
    names = [f"images/{number}.png" for number in range(3)]
    for number, name in enumerate(names):
        body = content + bytes([number])
        here.bucket.client.put_object(Bucket=here.bucket.name, Key=name, Body=body)
    here.world.write("cells", [here.world.boxes(f"s3://{here.bucket.name}/{name}", "RBC") for name in names])


def in_a_role(here: Account) -> None:
    """A ready dataset of an image in S3, and credentials of a role's session, as pipelines have them."""
    with_images(here)
    assert here.world.run("apply", "--yes").code == 0
    sts = boto3.client("sts", endpoint_url=here.emulator.url, region_name="us-east-1")
    given = sts.assume_role(RoleArn="arn:aws:iam::111122223333:role/labels", RoleSessionName="ci")["Credentials"]
    sts.close()
    here.patch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    here.patch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])


def of_a_role(here: Account) -> None:
    """A dataset whose project names a role."""
    role = "assumeRole: arn:aws:iam::111122223333:role/labels\nregion: us-east-1"
    here.world.write("cells", here.world.many(4), settings=f"managed: false\n{role}")
    assert here.world.run("apply", "--yes").code == 0


def large(here: Account) -> None:
    """A new dataset that two batches would have."""
    here.patch.setattr("reconciler.plan.order.BATCH_BYTES", 1_000)
    here.patch.setattr("reconciler.changes.batches.__defaults__", (1_000,))
    here.patch.setattr("reconciler.plan.order.peak_labels.__defaults__", (1_000,))
    declared(here)


def up(here: Account) -> None:
    """A stack that is up."""
    declared(here)
    assert pulumi("up")(here)[0]


def up_and_changed(here: Account) -> None:
    """A stack that is up, and a manifest that updates two entries."""
    up(here)
    here.world.write("cells", [*here.world.many(2), *here.world.many(2, "WBC", first=2)])


# ---- commands -------------------------------------------------------------------------------------------------------


def typed(*arguments: str, codes: tuple[int, ...] = (0, 2)) -> Callable[[Account], tuple[bool, str]]:
    """A command; `{place}` is the place in S3, `{record}` the record of the newest apply that overwrote lines."""

    def run(here: Account) -> tuple[bool, str]:
        words = {"place": here.place, "bucket": here.bucket.name, "record": ""}
        if any("{record}" in one for one in arguments):
            found = here.world.run("history", "--json").document["applies"]
            words["record"] = next(one["id"] for one in found if one["overwritten"])
        if any("{snapshot}" in one for one in arguments):
            kept = [key for key in here.kept if "/overwritten/" in key and ".sent." not in key]
            words["snapshot"] = f"s3://{here.bucket.name}/{kept[0]}"
        done = here.world.run(*(one.format(**words) for one in arguments))
        return done.code in codes, done.out + done.err

    return run


def pulumi(command: str) -> Callable[[Account], tuple[bool, str]]:
    """A command of Pulumi's with the provider in this process."""

    def run(here: Account) -> tuple[bool, str]:
        policy = {"destroy": "delete"}
        bag = {
            "projectArn": here.arn,
            "datasetType": "TRAIN",
            "manifest": "datasets/cells/train.jsonl",
            "policy": policy,
        }
        here.engine.start(gateway_at(here.emulator.url, FakeClock()))
        try:
            if command in {"up", "preview"}:
                here.engine.up({"cells": bag}, preview=command == "preview")
            else:
                getattr(here.engine, command)()
        except UpFailed as failed:
            return False, str(failed)
        return True, ""

    return run


IN_S3 = ("--snapshots", "{place}")
STORIES: dict[str, tuple[Callable[[Account], None], Callable[[Account], tuple[bool, str]]]] = {
    "`reconciler init`": (undeclared, typed("init", codes=(0,))),
    "`reconciler plan`": (applied, typed("plan", "--full")),
    "`reconciler drift`": (applied, typed("drift", "--full")),
    "`reconciler pull`": (applied, typed("pull", "--full")),
    "`reconciler apply`": (changed, typed("apply", "--yes")),
    "`reconciler apply` of a new dataset": (declared, typed("apply", "--yes")),
    "`reconciler apply` with `extra: replace`": (replaced, typed("apply", "--yes")),
    "`reconciler restore`": (overwritten, typed("restore", "{record}", "--yes")),
    "`reconciler doctor`": (in_a_role, typed("doctor")),
    "`reconciler plan` with `assumeRole`": (of_a_role, typed("plan", "--full")),
    "`pulumi preview`": (up_and_changed, pulumi("preview")),
    "`pulumi up`": (up_and_changed, pulumi("up")),
    "`pulumi up` of a new dataset": (declared, pulumi("up")),
    "`pulumi refresh`": (up, pulumi("refresh")),
    "`pulumi destroy` with `destroy: delete`": (up, pulumi("destroy")),
    "`reconciler plan --snapshots s3://...`": (kept_in_s3, typed("plan", *IN_S3)),
    "`reconciler drift --full --snapshots s3://...`": (seen_in_s3, typed("drift", "--full", *IN_S3)),
    "`reconciler plan --audit s3://...`": (kept_in_s3, typed("plan", "--audit", "{place}")),
    "`reconciler apply --snapshots s3://...`": (kept_in_s3, typed("apply", "--yes", *IN_S3)),
    "`reconciler apply --audit s3://...`": (kept_in_s3, typed("apply", "--yes", "--audit", "{place}")),
    "`reconciler apply --manifest-bucket ...`": (large, typed("apply", "--yes", "--manifest-bucket", "{bucket}")),
    "`reconciler restore s3://...`": (
        overwritten_in_s3,
        typed("restore", "{snapshot}", "--project", "cells", "--type", "train", "--yes"),
    ),
    "`reconciler history --audit s3://...`": (kept_in_s3, typed("history", "--audit", "{place}")),
    "`reconciler validate --check-images`": (with_images, typed("validate", "--check-images", "--yes")),
    "`reconciler plan --pictures s3`": (with_images, typed("plan", "--html", "plan.html", "--pictures", "s3")),
}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bucket, Watched, str]]:
    """A bucket whose requests are watched, and an address at which the service finds it too."""
    with watched_s3("kept") as (bucket, watched), running_s3(tmp_path_factory.mktemp("s3")) as unwatched:
        yield bucket, watched, unwatched.endpoint


@pytest.fixture
def here(
    world: World, s3: tuple[Bucket, Watched, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Account]:
    """An account, a folder and an empty bucket."""
    bucket, watched, unwatched = s3
    for key in bucket.listed():
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    before = process._PROCESS.copy()
    yield Account(world, bucket, watched, monkeypatch, tmp_path / "state.json", unwatched)
    process._PROCESS[:] = before


def test_each_row_has_a_story() -> None:
    """Each row of the tables is run by a test, and no command twice."""
    assert list(ROWS) == list(STORIES)


def rows(slow: Callable[[str], bool]) -> list[Any]:
    """All rows, some of them for the long run only."""
    return [pytest.param(what, marks=pytest.mark.slow if slow(what) else ()) for what in STORIES]


@pytest.mark.parametrize("what", rows(lambda what: what[1:-1].removeprefix("reconciler ") in LONG))
def test_a_command_works_with_what_its_row_names_and_uses_all_of_it(here: Account, what: str) -> None:
    """Everything else is denied; the policies of the row allow what it names."""
    needs, uses, files = ROWS[what]
    prepare, command = STORIES[what]
    here.begin(prepare)
    worked, said, used = here.run(command, {*needs, *uses, *BESIDE.get(what, ())})
    assert worked, said
    assert used == {*needs, *uses}
    assert used - {FREE} <= actions(*files)


@pytest.mark.parametrize("what", rows(lambda what: what not in QUICK))
def test_a_command_without_an_action_fails_or_goes_on_as_its_row_says(here: Account, what: str) -> None:
    """Nothing is named that a command does not need or use; where it fails, what is denied is named."""
    needs, uses, _files = ROWS[what]
    prepare, command = STORIES[what]
    here.begin(prepare)
    allowed = {*needs, *uses, *BESIDE.get(what, ())}
    for missing in needs:
        worked, said, _used = here.run(command, allowed - {missing})
        assert not worked, missing
        assert missing.partition(":")[2] in said
    for missing in uses:
        worked, said, _used = here.run(command, allowed - {missing})
        assert worked, (missing, said)
        assert f"; allow {missing} " in said or "AccessDenied: Access Denied" not in said


def test_the_policies_hold_nothing_that_nobody_calls() -> None:
    """Each action of the policies is in a row of the tables, or is one of pulumi-aws's or of the service's."""
    named = {action for needs, uses, _files in ROWS.values() for action in (*needs, *uses)}
    assert actions(*POLICIES) == (named - {FREE}) | OTHERS | SERVICE
    assert all(f"`{action}`" in PAGE for action in OTHERS | SERVICE)
