"""`doctor`: one line for each check, with state, finding and cure; nothing is changed by it."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import boto3
import pytest

from reconciler.cli import main
from reconciler.cli.checkup import CHECKS
from tests.cli.repository import git
from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World

READS = {"GetCallerIdentity", "DescribeProjects", "DescribeDataset", "ListDatasetEntries", "DescribeProjectVersions"}
SIMULATION = {"SimulatePrincipalPolicy", "GetRole"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket with one image, 0000.jpg."""
    with running_s3(tmp_path_factory.mktemp("images")) as made:
        made.client.put_object(Bucket=made.name, Key="0000.jpg", Body=b"an image of a cell")
        yield made


@pytest.fixture
def ready(world: World, account: Account, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A project with a training dataset of one image, whose manifest is applied, in a git repository."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    arn = account.create("cells")
    line = world.boxes(f"s3://{bucket.name}/0000.jpg", "RBC")
    dataset = account.emulator.service.call("CreateDataset", {"ProjectArn": arn, "DatasetType": "TRAIN"})["DatasetArn"]
    account.emulator.edit_entries(dataset, [line])
    world.write("cells", [line])
    git(world.folder, "init", "--quiet")
    return account


def lines(ran: Ran) -> dict[str, list[str]]:
    """The lines of a run by their check: state, then the rest."""
    found: dict[str, list[str]] = {}
    for line in ran.out.splitlines():
        state, _, rest = line.partition("  ")
        name = max((check.name for check in CHECKS if rest.strip().startswith(check.name)), key=len)
        found.setdefault(name, []).append(f"{state.strip()}: {rest.strip().removeprefix(name).strip()}")
    return found


def test_a_ready_account_passes_every_check_and_nothing_is_changed(world: World, ready: Account) -> None:
    """There is a line for each check, in the order of the table; all calls are reads and simulations."""
    before = len(ready.emulator.calls)
    ran = world.run("doctor")
    assert ran.code == 0, ran.out
    told = lines(ran)
    assert list(told) == [check.name for check in CHECKS]
    states = {name: {line.partition(":")[0] for line in said} for name, said in told.items()}
    assert {name for name, said in states.items() if said - {"ok"}} <= {"Pulumi SDK", "Pulumi CLI", "places in S3"}
    assert "arn:aws:iam::111122223333:user/emulator (account 111122223333)" in told["credentials"][0]
    assert {call.operation for call in ready.emulator.calls[before:]} == READS | {"SimulatePrincipalPolicy"}


def test_the_json_document_has_every_check_with_its_source(world: World, ready: Account) -> None:
    """The same checks, their demands and their cures; no secret, and the exit code."""
    told = ready.emulator.service
    told.save_version(told.call("DescribeProjects", {})["ProjectDescriptions"][0]["ProjectArn"], "v1", "RUNNING")
    ran = world.run("doctor", "--json")
    assert ran.document["exit_code"] == ran.code == 0
    assert ran.document["command"] == "doctor"
    checks = ran.document["checks"]
    assert {one["check"]: one["source"] for one in checks} == {check.name: check.source for check in CHECKS}
    assert next(one for one in checks if one["check"] == "training")["subjects"] == ["cells"]
    assert "emulator-secret" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("account", "check", "said"),
    [
        ({"deny": ("DescribeProjects",)}, "project", "fails: cells: DescribeProjects: the credentials may not make"),
        ({"deny": ("DescribeDataset",)}, "dataset", "fails: cells train: DescribeDataset: the credentials may not"),
        ({"deny": ("ListDatasetEntries",)}, "entries", "fails: cells train: ListDatasetEntries: the credentials may"),
        ({"deny": ("DescribeProjectVersions",)}, "training", "not tried: cells: DescribeProjectVersions: the cred"),
        ({"deny": ("UpdateDatasetEntries",)}, "write permissions", "fails: cells train: not allowed: rekognition:Up"),
        ({"deny": ("iam:SimulatePrincipalPolicy",)}, "write permissions", "not tried: cells train, s3://snapshots-"),
        ({"deny": ("s3:PutObject",)}, "write permissions", "warning: s3://snapshots-"),
        ({"deny": ("sts:GetCallerIdentity",)}, "credentials", "fails: GetCallerIdentity: the credentials may not"),
    ],
    indirect=["account"],
    ids=lambda value: value["deny"][0] if isinstance(value, dict) else "",
)
@pytest.mark.usefixtures("ready")
def test_a_missing_permission_is_one_line_with_the_cure(world: World, bucket: Bucket, check: str, said: str) -> None:
    """Only what an apply needs fails; exit code 1 then."""
    ran = world.run("doctor", "--snapshots", f"s3://{bucket.name}/x")
    told = [line for line in lines(ran)[check] if not line.startswith("ok")]
    assert len(told) == 1
    assert told[0].startswith(said)
    assert "; " in told[0]
    assert ran.code == said.startswith("fails")


def test_write_permissions_of_a_session_are_those_of_its_role(
    world: World, ready: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM simulates users and roles; the role of a session is looked up, because its ARN may have a path."""
    sts = boto3.client("sts", endpoint_url=ready.emulator.url, region_name="us-east-1")
    role = "arn:aws:iam::111122223333:role/labels"
    given = sts.assume_role(RoleArn=role, RoleSessionName="ci")["Credentials"]
    sts.close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
    told = lines(world.run("doctor"))
    assert "assumed-role/labels/ci" in told["credentials"][0]
    assert told["write permissions"] == ["ok: cells train: rekognition:UpdateDatasetEntries"]
    asked = [call.request for call in ready.emulator.calls if call.operation == "SimulatePrincipalPolicy"]
    assert [one["PolicySourceArn"] for one in asked] == [role]


@pytest.mark.usefixtures("ready")
def test_a_role_of_a_project_is_asked_about_for_itself(world: World) -> None:
    """Credentials and account of the project are those of its role."""
    role = "arn:aws:iam::444455556666:role/labels"
    world.write(
        "theirs",
        world.many(1),
        settings=f'managed: false\nassumeRole: {role}\nregion: us-east-1\naccount: "444455556666"',
    )
    told = lines(world.run("doctor"))
    assert told["credentials"][0].endswith("(account 111122223333)")
    assert told["credentials"][1].startswith(f"ok: {role}: arn:aws:sts::444455556666:assumed-role/labels/")
    assert "ok: theirs: account 444455556666, Region us-east-1" in told["account"]


def test_what_is_going_on_at_aws_is_told(world: World, ready: Account) -> None:
    """A training, a failed update and throttling are warnings: an apply works, or nobody knows."""
    emulator = ready.emulator
    project = emulator.service.call("DescribeProjects", {})["ProjectDescriptions"][0]["ProjectArn"]
    emulator.service.save_version(project, "v1", "TRAINING_IN_PROGRESS")
    emulator.load_faults(
        "faults: [{fault: error, error: ThrottlingException, operation: ListDatasetEntries, times: 1}]"
    )
    ran = world.run("doctor")
    assert ran.code == 0
    told = lines(ran)
    assert told["training"][0].startswith("warning: cells: 1 model is being trained; wait for its end")
    assert told["throttling"][0].startswith("warning: AWS throttled 1 of 7 calls (ListDatasetEntries); ")


@pytest.mark.usefixtures("ready")
def test_a_project_of_a_different_account_or_none_stops_an_apply(world: World) -> None:
    """The account of project.yaml is held against the caller; a project that is not there names its cure."""
    world.write("cells", settings='managed: false\naccount: "444455556666"\nregion: us-east-1')
    world.write("other", world.many(1))
    told = lines(world.run("doctor"))
    assert told["account"][0].startswith(
        "fails: cells: project.yaml says account 444455556666, and the credentials are"
    )
    assert told["account"][1] == "ok: other: the account of the credentials, Region us-east-1"
    assert any("create it (`aws rekognition create-project --project-name other`)" in one for one in told["project"])


@pytest.mark.usefixtures("ready")
def test_an_image_that_cannot_be_read_is_told(world: World, bucket: Bucket) -> None:
    """A missing image is a warning, a bucket of a different Region fails; hostile keys are inert."""
    bucket.client.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = "s3://far-away/\u202egpj.jpg"
    world.write("cells", [world.boxes(key, "RBC")])
    ran = world.run("doctor")
    told = lines(ran)
    assert told["image"][0].startswith("warning: s3://far-away/\\u202egpj.jpg: there is no object")
    assert "the bucket is in eu-west-1, and the project in us-east-1; copy the images" in told["bucket"][0]
    assert (ran.code, "\u202e" in ran.out) == (1, False)


@pytest.mark.usefixtures("ready")
def test_a_bucket_that_is_not_there_stops_no_check_of_other_calls(world: World, bucket: Bucket) -> None:
    """S3 has answered, and Rekognition and STS did: the places are tried, and what was throttled is told."""
    world.write("cells", [world.boxes("s3://nobody-made-this/0000.jpg", "RBC")])
    told = lines(world.run("doctor", "--snapshots", f"s3://{bucket.name}/x"))
    assert told["bucket"][0].startswith("fails: ")
    assert told["places in S3"] == [f"ok: s3://{bucket.name}/x: the bucket is there"]
    assert told["throttling"][0].startswith("ok: AWS throttled none of")


@contextmanager
def refusing(message: str) -> Iterator[str]:
    """A server in place of S3 that refuses to read any object, with this message."""
    body = f"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>{message}</Message></Error>".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-amz-bucket-region", "us-east-1")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is written to the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.usefixtures("ready")
def test_a_refusal_of_the_key_of_an_image_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cure is about KMS, not about S3; a refused listing still tells the Region."""
    denied = "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1"
    with refusing(denied) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        told = lines(world.run("doctor"))
    assert told["image"][0].startswith("fails: ")
    assert "allow kms:Decrypt and kms:GenerateDataKey on the key" in told["image"][0]
    assert told["image"][0].count("0000.jpg") == 1
    assert told["bucket"][0].endswith("in us-east-1, as the project")


@pytest.mark.usefixtures("account")
def test_s3_of_aws_is_never_asked_about_an_emulator(world: World) -> None:
    """Where only Rekognition has an endpoint of its own, S3 is not tried, and the variable to set is named."""
    world.write("cells", world.many(1))
    told = lines(world.run("doctor"))
    assert told["image"][0].startswith("not tried: ")
    assert told["image"][0].endswith("set AWS_ENDPOINT_URL_S3 too")


def test_without_credentials_the_rest_is_not_tried(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line fails with the cure; no later check repeats it, and there is no traceback."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    world.write("cells", world.many(1))
    ran = world.run("doctor", "-v")
    assert ran.code == 1
    told = lines(ran)
    assert told["credentials"][0].startswith("fails: GetCallerIdentity: Unable to locate credentials; configure AWS cr")
    assert told["project"][0].startswith("not tried: AWS could not be asked")
    assert account.emulator.count_calls() == 0
    assert "Traceback" not in ran.err
    told = lines(world.run("doctor", "--profile", "nobody's"))
    assert told["credentials"][0].startswith(
        "fails: connecting to AWS: The config profile (nobody's) could not be found"
    )
    assert told["image"] == ["not tried: AWS could not be asked"]


def test_where_nothing_answers_it_is_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither STS nor Rekognition can be reached: a warning, a failure, and the rest is not tried."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:9")
    world.write("cells", world.many(1))
    told = lines(world.run("doctor"))
    assert told["credentials"][0].startswith("warning: GetCallerIdentity: no answer from AWS")
    assert "check the network and the region" in told["project"][0]
    assert told["throttling"] == ["not tried: AWS could not be asked"]


@pytest.mark.usefixtures("account")
def test_what_is_wrong_with_this_machine_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old CLI with the source of the demand, a folder that cannot be written, no git, no or invalid declarations."""
    tools = world.folder / "tools"
    tools.mkdir()
    (tools / "pulumi").write_text("#!/bin/sh\necho v2.9.0\n")
    (tools / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    (world.folder / ".reconciler").write_text("a file in place of the folder")
    told = lines(world.run("doctor"))
    assert told["Pulumi CLI"][0].startswith("warning: the Pulumi CLI 2.9.0 is installed, and >=3,<4 (Pulumi's SDK of")
    assert "cannot be written" in told["folder"][0]
    assert told["git"][0].startswith("warning: git is not installed")
    assert told["declarations"] == [
        "fails: there is no folder datasets; run `reconciler init`, or name the folder with --datasets"
    ]
    world.write("cells", world.many(1), settings="managed: perhaps")
    told = lines(world.run("doctor"))
    assert told["declarations"] == ["fails: 1 error in project.yaml files; run `reconciler validate`, which shows them"]


def test_a_system_that_is_not_posix_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Nothing else is loaded or read: locks and signals of POSIX would fail with a traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reconciler.cli.os.name", "java")
    assert main(["doctor"]) == 3
    assert capsys.readouterr().err == "error: this system is not POSIX; on Windows, run this program in WSL\n"
