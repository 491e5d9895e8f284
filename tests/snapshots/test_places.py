"""Where snapshots go: a folder, S3, and what is refused on a runner."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import pytest

from reconciler.aws.objects import Objects, S3Address
from reconciler.errors import BadInput, ReconcilerError
from reconciler.snapshots.places import NOWHERE, Keeper, keeper_for, open_snapshot
from tests.support.s3 import Bucket, running_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/test/1690564858106"
LINES = [f'{{"source-ref":"s3://b/{number}.jpg"}}' for number in range(100)]
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """S3 with a bucket."""
    with running_s3(tmp_path_factory.mktemp("s3")) as running:
        yield running


def keeper(setting: str | None, folder: Path, bucket: Bucket | None = None, **environ: str) -> Keeper:
    """The keeper of a setting."""

    def objects() -> Objects:
        assert bucket is not None
        return bucket.objects()

    return keeper_for(setting, folder, objects, cure="name s3://BUCKET", environ=environ, now=lambda: NOW)


def test_without_a_setting_the_default_folder_is_used(tmp_path: Path) -> None:
    """The path of the file is told."""
    kept = keeper(None, tmp_path / "default").keep(ARN, LINES)
    assert kept.where.startswith(str(tmp_path / "default" / "snapshots" / "test-cells-"))
    with open_snapshot(kept.where, bucket_never) as lines:
        assert list(lines) == LINES


def test_a_setting_names_another_folder(tmp_path: Path) -> None:
    """If a setting names a folder, nothing is written to the default one."""
    keeper(str(tmp_path / "backups"), tmp_path / "default").keep(ARN, LINES)
    assert [path.name for path in tmp_path.iterdir()] == ["backups"]


def test_an_address_in_s3_gets_the_snapshot_whole(tmp_path: Path, bucket: Bucket) -> None:
    """It is read back from there, by the address that was told."""
    kept = keeper(f"s3://{bucket.name}/keep/here/", tmp_path, bucket).keep(ARN, LINES)
    assert kept.where.startswith(f"s3://{bucket.name}/keep/here/test-cells-")
    assert kept.entries == len(LINES)
    with open_snapshot(kept.where, bucket.objects) as lines:
        assert list(lines) == LINES
    assert not list(tmp_path.iterdir())


def test_a_snapshot_of_many_megabytes_goes_in_parts(tmp_path: Path, bucket: Bucket) -> None:
    """Beyond 8 MB boto3 sends parts; what is there is what was sent."""
    chance = Random(0)  # noqa: S311 - repeatable
    noise = [chance.randbytes(300).hex() for _number in range(30_000)]
    kept = keeper(f"s3://{bucket.name}/large", tmp_path, bucket).keep(ARN, noise)
    key = kept.where.removeprefix(f"s3://{bucket.name}/")
    assert "-2" in bucket.client.head_object(Bucket=bucket.name, Key=key)["ETag"]
    with open_snapshot(kept.where, bucket.objects) as read:
        assert list(read) == noise


def test_bytes_that_s3_gives_back_otherwise_are_no_snapshot(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something between us and the bucket changed them."""
    upload = Objects.upload

    def upload_and_spoil(self: Objects, address: S3Address, file: Path) -> None:
        upload(self, address, file)
        self.put(address, b"something else")

    monkeypatch.setattr(Objects, "upload", upload_and_spoil)
    with pytest.raises(ReconcilerError, match="does not read back as it was written; nothing was deleted"):
        keeper(f"s3://{bucket.name}/spoiled", tmp_path, bucket).keep(ARN, LINES)


def test_a_bucket_that_is_not_there_is_a_sentence_with_the_cure(tmp_path: Path, bucket: Bucket) -> None:
    """A missing bucket is an error with the cure, before anything is deleted."""
    with pytest.raises(ReconcilerError, match=r"^s3://no-such-bucket-here/x/.*NoSuchBucket.*create the bucket"):
        keeper("s3://no-such-bucket-here/x", tmp_path, bucket).keep(ARN, LINES)


def test_an_object_that_is_not_there_is_bad_input(bucket: Bucket) -> None:
    """A mistyped address ends like a mistyped path."""
    address = f"s3://{bucket.name}/nothing.jsonl.gz"
    with pytest.raises(BadInput, match=f"there is no object {address}"), open_snapshot(address, bucket.objects):
        pytest.fail("it was opened")


@pytest.mark.parametrize("text", ["s3://", "s3:///x", "s3://UPPER/x", "s3://a/x", "s3://bucket_/x", "s3://bu/k\x1bey"])
def test_a_malformed_address_is_a_sentence(text: str, tmp_path: Path) -> None:
    """A malformed S3 address is an error before any call."""
    with pytest.raises(BadInput, match="is not a valid S3 address; give one like s3://BUCKET/FOLDER"):
        keeper(text, tmp_path)


@pytest.mark.parametrize("setting", [None, "backups", "/mnt/backups"])
def test_on_a_runner_a_folder_is_refused_with_the_cure(setting: str | None, tmp_path: Path) -> None:
    """CI is set: the folder goes when the runner does."""
    refusal = keeper(setting, tmp_path / "default", CI="true").refusal()
    assert "deleted with this runner (CI is set); name s3://BUCKET" in refusal


def test_on_a_runner_s3_is_fine(tmp_path: Path) -> None:
    """Snapshots in S3 are accepted on a runner, because they are kept after it is deleted."""
    assert keeper("s3://bucket/x", tmp_path, CI="1").refusal() == ""


@pytest.mark.parametrize("value", ["", "false", "0", "False"])
def test_a_ci_variable_that_says_no_is_no_runner(value: str, tmp_path: Path) -> None:
    """A variable such as CI=false means that this is not a runner."""
    assert keeper(None, tmp_path, CI=value).refusal() == ""


def test_without_any_place_nothing_may_be_deleted() -> None:
    """Who forgets to name a keeper deletes nothing."""
    assert NOWHERE.refusal()
    with pytest.raises(ReconcilerError, match="nothing was deleted"):
        NOWHERE.keep(ARN, LINES)


def bucket_never() -> Objects:
    """S3 that must not be asked for."""
    raise AssertionError("S3 was asked for")
