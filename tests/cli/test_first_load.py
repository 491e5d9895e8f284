"""The first load of a large dataset: one CreateDataset from a manifest in S3 where a bucket for it is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import reconciler.changes
import reconciler.plan.order
from rekognition_emulator import Limits, Switches, serve
from tests.cli.conftest import Account
from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import World

BATCH = 2_000


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """S3 for both the command and the service; batches of 2,000 bytes, so that a few lines are a large dataset."""
    monkeypatch.setattr(reconciler.plan.order, "BATCH_BYTES", BATCH)
    monkeypatch.setattr(reconciler.changes.batches, "__defaults__", (BATCH,))
    monkeypatch.setattr(reconciler.plan.order.peak_labels, "__defaults__", (BATCH,))
    with running_s3(tmp_path / "s3") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
        yield running


@pytest.fixture
def account(request: pytest.FixtureRequest, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account whose service reads manifests from S3; indirect parameters are its settings."""
    with serve(s3_endpoint=bucket.endpoint, **getattr(request, "param", {})) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", emulator.url)
        yield Account(emulator)


def test_a_large_new_dataset_is_created_from_one_manifest(world: World, account: Account, bucket: Bucket) -> None:
    """The plan says which way, with calls and minutes of both; all lines are read back, and the object is told."""
    account.create("cells")
    world.write("cells", world.many(24))
    plan = world.run("plan", "--manifest-bucket", bucket.name, "--json")
    estimate = plan.datasets[0]["estimate"]
    assert (estimate["manifests"], estimate["batches"], estimate["calls"]["CreateDataset"]) == (1, 0, 1)
    assert estimate["calls_in_batches"] > sum(estimate["calls"].values())
    assert "1 manifest in S3" in world.run("plan", "--manifest-bucket", bucket.name).out
    assert bucket.listed() == []
    ran = world.run("apply", "--yes", "--manifest-bucket", f"s3://{bucket.name}/loads")
    assert (ran.code, account.updates) == (0, 0)
    (key,) = bucket.listed()
    assert "".join(ran.out.split()).find(f"24addedfroms3://{bucket.name}/{key}") > 0
    assert bucket.read(key).decode().splitlines() == [
        json.dumps(json.loads(line), separators=(",", ":")) for line in world.many(24)
    ]
    assert account.keys("cells") == [json.loads(line)["source-ref"] for line in world.many(24)]
    record = (next((world.folder / ".reconciler" / "audit").glob("2*.jsonl"))).read_text()
    assert json.loads(record)["result"]["manifest"] == f"s3://{bucket.name}/{key}"
    assert world.run("plan", "--exit-code", "--manifest-bucket", bucket.name).code == 0


def test_without_a_bucket_and_for_a_dataset_that_is_there_lines_go_in_batches(
    world: World, account: Account, bucket: Bucket
) -> None:
    """A dataset that is declared and empty, one batch, and a run without a bucket use no S3."""
    arn = account.create("cells", "small", "bare")
    client = account.emulator.client()
    client.create_dataset(ProjectArn=arn, DatasetType="TRAIN")
    world.write("bare", world.many(24))
    world.write("small", world.many(1))
    ran = world.run("apply", "--yes", "--manifest-bucket", bucket.name)
    assert (ran.code, bucket.listed()) == (0, [])
    world.write("cells", world.many(24))
    assert world.run("apply", "--yes").code == 0
    assert (bucket.listed(), len(account.keys("cells"))) == ([], 24)


@pytest.mark.parametrize("account", [{"switches": Switches(missing_images="dropped")}], indirect=True)
def test_what_the_service_drops_of_a_manifest_is_found_by_the_read_back(
    world: World, account: Account, bucket: Bucket
) -> None:
    """A line that is not live is named by file and line, as after batches."""
    account.create("cells")
    bucket.client.create_bucket(Bucket="acme-vision")
    for number in range(24):
        if number != 7:
            bucket.client.put_object(Bucket="acme-vision", Key=f"cells/{number:04}.jpg", Body=b"")
    world.write("cells", world.many(24))
    ran = world.run("apply", "--yes", "--manifest-bucket", bucket.name)
    assert ran.code == 5
    assert "datasets/cells/train.jsonl:8" in ran.out
    assert len(account.keys("cells")) == 23


def test_a_dataset_that_somebody_creates_first_is_not_told_as_loaded_from_the_manifest(
    world: World, account: Account, bucket: Bucket
) -> None:
    """The lines go in batches, and neither the outcome nor the record names the manifest that was uploaded."""
    arn, client = account.create("cells"), account.emulator.client()

    def create(operation: str, *_call: object) -> None:
        if operation == "CreateDataset" and not account.emulator.count_calls("CreateDataset"):
            account.emulator.front_end.before_work.clear()
            client.create_dataset(ProjectArn=arn, DatasetType="TRAIN")

    account.emulator.front_end.before_work.append(create)
    world.write("cells", world.many(24))
    ran = world.run("apply", "--yes", "--manifest-bucket", bucket.name, "--json")
    assert (ran.code, ran.datasets[0]["outcome"]["manifest"], len(account.keys("cells"))) == (0, "", 24)


@pytest.mark.parametrize("account", [{"limits": Limits(manifest_bytes=100)}], indirect=True)
def test_a_creation_that_fails_ends_with_the_sentence_of_aws_and_the_next_run_creates_it_again(
    world: World, account: Account, bucket: Bucket
) -> None:
    """CREATE_FAILED is told with AWS's reason and the manifest; without the bucket the same lines go in batches."""
    account.create("cells")
    world.write("cells", world.many(24))
    ran = world.run("apply", "--yes", "--manifest-bucket", bucket.name)
    assert ran.code != 0
    said = " ".join(ran.out.split())
    assert "The manifest file size exceeds the maximum supported size." in said
    assert f"it was loaded from s3://{bucket.name}/train-" in said
    assert world.run("apply", "--yes").code == 0
    assert len(account.keys("cells")) == 24


@pytest.mark.parametrize(
    "account",
    [{"switches": Switches(unreadable_manifest="InvalidS3ObjectException"), "limits": Limits(manifest_bytes=100)}],
    indirect=True,
)
def test_a_manifest_that_the_service_cannot_read_is_named_with_the_cure(
    world: World, account: Account, bucket: Bucket
) -> None:
    """InvalidS3ObjectException of CreateDataset names the object and what to check; there is no dataset then."""
    account.create("cells")
    world.write("cells", world.many(24))
    ran = world.run("apply", "--yes", "--manifest-bucket", bucket.name)
    said = " ".join(ran.out.split())
    assert f"it was loaded from s3://{bucket.name}/train-" in said
    assert "s3:GetObject" in said
    assert ran.code != 0


def test_where_s3_cannot_be_written_nothing_is_created_or_deleted(
    world: World, account: Account, bucket: Bucket
) -> None:
    """The upload comes before the call, also before a dataset that is replaced is deleted."""
    account.create("cells")
    settings = "managed: false\npolicy: {extra: replace}"
    world.write("cells", world.many(24), settings=settings)
    ran = world.run("apply", "--yes", "--manifest-bucket", "no-such-bucket")
    assert ran.code != 0
    assert "create the bucket, or fix its name" in " ".join(ran.out.split())
    assert account.emulator.count_calls("CreateDataset") == 0
    assert world.run("apply", "--yes").code == 0
    world.write("cells", world.many(23, first=1), settings=settings)
    assert world.run("apply", "--yes", "--manifest-bucket", "no-such-bucket").code != 0
    assert account.emulator.count_calls("DeleteDataset") == 0
    assert world.run("apply", "--yes", "--manifest-bucket", bucket.name).code == 0
    assert (len(bucket.listed()), len(account.keys("cells"))) == (1, 23)
    ran = world.run("plan", "--manifest-bucket", "Not_A_Bucket")
    assert "is not a valid S3 address" in " ".join(ran.err.split())
