"""Manifests in S3: folders as buckets, and moto's S3 server."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from rekognition_emulator import Clock, Limits, Switches, serve
from rekognition_emulator.lines import manifest
from rekognition_emulator.sources.buckets import lines_of_chunks
from rekognition_emulator.state.context import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator
    from tests.emulator.conftest import Lines


def created(emulator: Emulator, name: str, bucket: str = "manifests") -> Any:  # noqa: ANN401 - a description
    """The description of a dataset made from a manifest."""
    call = emulator.service.call
    projects = call("DescribeProjects", {})["ProjectDescriptions"]
    project = call("CreateProject", {"ProjectName": f"p{len(projects)}"})["ProjectArn"]
    source = {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": name}}}
    request = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": source}
    arn = call("CreateDataset", request)["DatasetArn"]
    return call("DescribeDataset", {"DatasetArn": arn})["DatasetDescription"]


@pytest.fixture
def folder(tmp_path: Path, lines: Lines) -> Path:
    """A folder with valid and invalid manifests."""
    folder = tmp_path / "manifests"
    (folder / "deep").mkdir(parents=True)
    good = lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 3}") for number in range(10)))
    (folder / "deep" / "train.manifest").write_bytes(good)
    (folder / "plain").write_bytes(good + b"\n")
    (folder / "empty.manifest").write_bytes(b"")
    (folder / "blank.manifest").write_bytes(b"\n\n\n")
    (folder / "bad.manifest").write_bytes(good + b"\nx\nx\nx\n")
    (folder / "some.manifest").write_bytes(good + b"\nx\nx\n")
    (folder / "buckets.manifest").write_bytes(good + b'\n{"source-ref":"s3://other/a.jpg"}')
    (folder / "binary.manifest").write_bytes(gzip.compress(good))
    (tmp_path / "secret.manifest").write_bytes(good)
    (folder / "link.manifest").symlink_to(tmp_path / "secret.manifest")
    return folder


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 1000, "", "deep", "a\nb"])
def test_a_name_that_no_file_can_have_fails_the_dataset_and_nothing_else(folder: Path, name: str) -> None:
    """A file name that the operating system refuses does not break later calls."""
    with serve(buckets={"manifests": folder}) as emulator:
        found = created(emulator, name)
    assert (found["Status"], found["StatusMessageCode"]) == ("CREATE_FAILED", "CLIENT_ERROR")
    assert found["StatusMessage"] == "The manifest file extension or contents are invalid."


@pytest.mark.parametrize("endpoint", ["localhost:1", "http://127.0.0.1:1"])
@pytest.mark.parametrize("name", ["\ud800", "train.manifest"])
def test_an_s3_endpoint_that_does_not_answer_fails_the_dataset(
    endpoint: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the S3 client fails the creation, and the service keeps working."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with serve(s3_endpoint=endpoint) as emulator:
        assert created(emulator, name)["Status"] == "CREATE_FAILED"


def test_a_file_that_may_not_be_read_is_a_permission_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without read permission is like an object whose bucket refuses access."""
    monkeypatch.setattr("os.access", lambda *_: False)
    with serve(buckets={"manifests": folder}) as emulator:
        assert created(emulator, "plain")["StatusMessage"] == "The S3 bucket permissions are incorrect."


def test_a_folder_stands_for_a_bucket(folder: Path) -> None:
    """The dataset has the manifest's entries and AWS's message."""
    with serve(buckets={"manifests": folder}) as emulator:
        found = created(emulator, "deep/train.manifest")
    assert (found["Status"], found["StatusMessageCode"]) == ("CREATE_COMPLETE", "SUCCESS")
    assert found["StatusMessage"] == "The dataset was successfully created from the manifest file."
    assert found["DatasetStats"] == {"LabeledEntries": 10, "TotalEntries": 10, "TotalLabels": 3, "ErrorEntries": 0}


INACCESSIBLE = "The manifest file extension or contents are invalid."


@pytest.mark.parametrize(
    ("name", "bucket", "message"),
    [
        ("missing.manifest", "manifests", INACCESSIBLE),
        ("deep", "manifests", INACCESSIBLE),
        ("a.manifest", "nowhere", INACCESSIBLE),
        ("../secret.manifest", "manifests", INACCESSIBLE),
        ("link.manifest", "manifests", INACCESSIBLE),
        ("empty.manifest", "manifests", "The manifest file is empty."),
        ("blank.manifest", "manifests", "The manifest file is empty."),
        ("bad.manifest", "manifests", "The manifest file has too many terminal errors."),
        ("binary.manifest", "manifests", "The manifest file has too many terminal errors."),
        ("buckets.manifest", "manifests", "The manifest file contains images from multiple S3 buckets."),
    ],
)
def test_manifests_that_fail(folder: Path, name: str, bucket: str, message: str) -> None:
    """The status is CREATE_FAILED with AWS's message and no entries, and no file outside the folder is read."""
    with serve(buckets={"manifests": folder}) as emulator:
        found = created(emulator, name, bucket)
    assert (found["Status"], found["StatusMessage"]) == ("CREATE_FAILED", message)
    assert found["StatusMessageCode"] == "CLIENT_ERROR"
    assert found["DatasetStats"]["TotalEntries"] == 0


def test_limits_of_a_manifest(folder: Path) -> None:
    """Size and rows are limited, and up to a fifth of invalid lines is dropped without a report."""
    with serve(buckets={"manifests": folder}, limits=Limits(manifest_bytes=100)) as emulator:
        assert created(emulator, "plain")["StatusMessage"].startswith("The manifest file size exceeds")
    with serve(buckets={"manifests": folder}, limits=Limits(entries=9)) as emulator:
        assert created(emulator, "plain")["StatusMessage"] == "The manifest file has too many rows."
    with serve(buckets={"manifests": folder}) as emulator:
        assert created(emulator, "some.manifest")["DatasetStats"]["TotalEntries"] == 10
        assert created(emulator, "plain")["DatasetStats"]["TotalEntries"] == 10


class Counted(bytes):
    """A chunk of a text that counts how many bytes of all chunks were searched and copied."""

    __slots__ = ()
    searched = 0
    added = 0

    def split(self, *arguments: Any) -> Any:  # noqa: ANN401 - as bytes.split has it
        """Count every byte as searched."""
        Counted.searched += len(self)
        return [Counted(part) for part in super().split(*arguments)]

    def __radd__(self, other: bytes) -> bytes:
        Counted.added += len(other) + len(self)
        return bytes(other) + bytes(self)

    def __add__(self, other: Any) -> Any:  # noqa: ANN401 - as bytes.__add__ has it
        Counted.added += len(other) + len(self)
        return Counted(bytes(self) + bytes(other))


def test_a_line_over_many_pieces_is_searched_once_and_never_copied_whole(lines: Lines) -> None:
    """Each of 1,000 chunks without a line end is searched once, and only a bounded part is kept."""
    Counted.searched = Counted.added = 0
    pieces = [Counted(b"x" * 1000) for _ in range(1000)]
    tail = lines.payload(lines.image("a.jpg"))
    found = list(lines_of_chunks([*pieces, Counted(b"\n" + tail)], 5000))
    assert found == [b"x" * 5000, tail]
    assert (Counted.searched, Counted.added) == (1_000_000 + 1 + len(tail), 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("text", [b"", b"a", b"\n", b"a\n", b"a\n\nbc\n", b"\n\n", b"abc\r\ndef", b"ab\ncdefghij\nk"])
def test_lines_are_the_same_however_the_text_is_cut(text: bytes, size: int) -> None:
    """Chunks give the same lines as a manifest in memory, and lines beyond the limit are cut."""
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(lines_of_chunks(pieces, 1000)) == list(manifest.lines_of(text))
    assert list(lines_of_chunks(pieces, 3)) == [line[:3] for line in manifest.lines_of(text)]


def test_an_endless_line_of_a_manifest_is_dropped_like_any_long_one(folder: Path, lines: Lines) -> None:
    """100,000 characters of four bytes are a line, one more is dropped, and the lines after it are read."""
    for extra, kept in ((0, 6), (1, 5)):
        long = lines.image("long.jpg", "cat")
        long["note"] = ""
        long["note"] = "\U0001f600" * (100_000 - len(json.dumps(long)) + extra)
        payload = [lines.image(f"{number}.jpg") for number in range(5)]
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in [long, *payload])
        (folder / "long.manifest").write_text(text)
        with serve(buckets={"manifests": folder}) as emulator:
            assert created(emulator, "long.manifest")["DatasetStats"]["TotalEntries"] == kept


def test_switches_of_manifests(folder: Path, lines: Lines) -> None:
    """Switches refuse an unreadable manifest, require an extension, and look up images."""
    with serve(buckets={"manifests": folder}, switches=Switches(unreadable_manifest="InvalidS3ObjectException")) as one:
        with pytest.raises(Exception, match="InvalidS3ObjectException"):
            created(one, "missing.manifest")
        assert created(one, "plain")["Status"] == "CREATE_COMPLETE"
    with serve(buckets={"manifests": folder}, switches=Switches(manifest_extension="required")) as two:
        with pytest.raises(Exception, match="InvalidS3ObjectException"):
            created(two, "plain")
        assert created(two, "deep/train.manifest")["Status"] == "CREATE_COMPLETE"
    images = folder.parent / "images"
    images.mkdir()
    (images / "0.jpg").touch()
    payload = lines.payload(*(lines.image(f"{number}.jpg") for number in range(2)))
    switches = Switches(missing_images="dropped", invalid_share_on_update=False)
    with serve(buckets={"bucket": images}, switches=switches) as three:
        call = three.service.call
        project = call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
        arn = call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
        call("UpdateDatasetEntries", {"DatasetArn": arn, "Changes": {"GroundTruth": payload}})
        assert [entry.key for entry in three.entries(arn)] == ["s3://bucket/0.jpg"]


def test_a_failed_creation_can_free_its_slot(folder: Path) -> None:
    """With the switch a new dataset replaces a CREATE_FAILED one."""
    with serve(buckets={"manifests": folder}, switches=Switches(create_failed_keeps_slot=False)) as emulator:
        call = emulator.service.call
        assert created(emulator, "missing.manifest")["Status"] == "CREATE_FAILED"
        project = call("DescribeProjects", {})["ProjectDescriptions"][0]["ProjectArn"]
        request = {"ProjectArn": project, "DatasetType": "TRAIN"}
        with pytest.raises(Exception, match="InvalidParameterException"):
            call("CreateDataset", request | {"DatasetSource": {}})
        failed = call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"]
        assert [each["Status"] for each in failed] == ["CREATE_FAILED"]  # a refused call changes nothing
        assert call("CreateDataset", request)["DatasetArn"]
        assert len(call("DescribeProjects", {})["ProjectDescriptions"][0]["Datasets"]) == 1


def test_a_bucket_that_refuses(clock: Clock) -> None:
    """The status is CREATE_FAILED with the message about permissions."""

    class Forbidden:
        def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
            raise ManifestError(f"{s3_object} {most}", forbidden=True)

    with serve(clock=clock) as emulator:
        emulator.service.context.manifests = Forbidden()
        assert created(emulator, "a.manifest")["StatusMessage"] == "The S3 bucket permissions are incorrect."


class _Refusing(BaseHTTPRequestHandler):
    """An S3 API that refuses, or closes the connection in the middle of an object."""

    def do_HEAD(self) -> None:
        """Whether the object may be read."""
        self.send_response(403 if "secret" in self.path else 200)
        self.send_header("Content-Length", "0" if "secret" in self.path else "1000")
        self.end_headers()

    def do_GET(self) -> None:
        """Send less than was promised."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"source-ref":"s3://bucket/a.jpg"}\n')

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_an_s3_api_that_refuses_or_hangs_up() -> None:
    """403 is a permission error, a truncated object is not, and nothing of it is kept."""
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with serve(s3_endpoint=f"http://127.0.0.1:{server.server_port}") as emulator:
                refused, broken = created(emulator, "secret"), created(emulator, "short")
        finally:
            server.shutdown()
            thread.join()
    assert refused["StatusMessage"] == "The S3 bucket permissions are incorrect."
    assert (broken["StatusMessage"], broken["DatasetStats"]["TotalEntries"]) == (INACCESSIBLE, 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of moto's own server
def test_a_real_s3_api(folder: Path, lines: Lines) -> None:
    """Manifests on an S3 server (moto) are read from the folder, after an upload, and by version; missing ones fail."""
    pytest.importorskip("moto.server", reason="the extra `emulator` is not installed")
    from rekognition_emulator.sources.s3 import serve_s3  # noqa: PLC0415 - after the check

    with serve_s3({"manifests": folder}) as endpoint, serve(s3_endpoint=endpoint) as emulator:
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
        s3 = session.client("s3", endpoint_url=endpoint)
        assert created(emulator, "deep/train.manifest")["DatasetStats"]["TotalEntries"] == 10
        assert created(emulator, "missing.manifest")["StatusMessage"] == INACCESSIBLE
        assert created(emulator, "x.manifest", "nowhere")["StatusMessage"] == INACCESSIBLE
        big = lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(9000)))
        assert len(big) > 1 << 20
        s3.put_object(Bucket="manifests", Key="big.manifest", Body=big)
        assert created(emulator, "big.manifest")["DatasetStats"]["TotalEntries"] == 9000
        s3.close()
