"""Copies of live: proven when they are read, never in the way of an apply."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random
from shutil import rmtree
from typing import TYPE_CHECKING

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from urllib3.response import HTTPResponse

from reconciler.aws.calls import Calls
from reconciler.aws.objects import Objects
from reconciler.snapshots.live_copies import LiveCopies, NoCopy
from tests.support.aws_doubles import FakeClock
from tests.support.s3 import running_s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/train/1690405809285"
NOW = datetime(2026, 11, 30, 1, 2, 3, 4, tzinfo=UTC)
LINES = [b'=\t{"source-ref":"s3://b/1"}', b'!\t{"source-ref":"s3://b/2"}']


def copies(folder: Path, setting: str | None = None, objects: Objects | None = None) -> tuple[LiveCopies, list[str]]:
    """The store of a test and the warnings that it gave; each copy is a second later."""
    warnings: list[str] = []

    def opened() -> Objects:
        assert objects is not None
        return objects

    return LiveCopies.at(setting, folder / ".reconciler", opened, warnings.append), warnings


def written(store: LiveCopies, count: int = 1) -> list[str]:
    """The names of copies, each written a second after the other."""
    return [store.write(ARN, NOW + timedelta(seconds=second), {"n": second}, LINES) for second in range(count)]


def test_a_copy_is_private_ignored_by_git_and_read_by_its_name(tmp_path: Path) -> None:
    """The lines come back without the sheet; a copy of another name is not there."""
    store, warnings = copies(tmp_path)
    (name,) = written(store)
    (path,) = (tmp_path / ".reconciler" / "live").iterdir()
    assert (path.stat().st_mode & 0o777, (tmp_path / ".reconciler" / ".gitignore").read_text()) == (0o600, "*\n")
    assert (list(store.read(ARN, name)), store.has(ARN, name), warnings) == (LINES, True, [])
    with pytest.raises(NoCopy, match="not at hand"):
        list(store.read(ARN, name[:-1] + ("0" if name[-1] != "0" else "1")))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), byte=st.integers(1, 255), cut=st.booleans())
def test_no_damage_gives_other_lines(tmp_path: Path, place: int, byte: int, cut: bool) -> None:  # noqa: FBT001 - drawn
    """A byte that changed, or an end that is missing, is found, or changes nothing that is read."""
    rmtree(tmp_path / ".reconciler", ignore_errors=True)
    store, _warnings = copies(tmp_path)
    (name,) = written(store)
    (path,) = (tmp_path / ".reconciler" / "live").iterdir()
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + (b"" if cut else bytes([whole[place] ^ byte]) + whole[place + 1 :]))
    try:
        read = list(store.read(ARN, name))
    except NoCopy:
        read = LINES
    assert read == LINES


def test_a_whole_file_of_other_lines_is_found(tmp_path: Path) -> None:
    """Somebody may write a valid file in the place of a copy: its digest is not the one that the state names."""
    store, _warnings = copies(tmp_path)
    (name,) = written(store)
    (path,) = (tmp_path / ".reconciler" / "live").iterdir()
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"s3://b/1", b"s3://b/9")))
    with pytest.raises(NoCopy, match="not the one that the last apply wrote"):
        list(store.read(ARN, name))


def test_the_copy_that_was_written_last_is_the_newest(tmp_path: Path) -> None:
    """It is found first and kept, also where this machine's clock went back since the others."""
    store, _warnings = copies(tmp_path)
    written(store, 3)
    last = store.write(ARN, NOW - timedelta(days=9), {"n": 9}, LINES)
    assert store.names(ARN)[0] == last
    assert list(store.read(ARN, last)) == LINES


def test_in_s3_the_newest_two_are_kept_and_found_by_name(tmp_path: Path) -> None:
    """They are below `live/` of the place for snapshots; what else is there is left alone."""
    with running_s3(tmp_path) as bucket:
        bucket.client.put_object(Bucket=bucket.name, Key="keep/live/notes.txt", Body=b"")
        store, warnings = copies(tmp_path, f"s3://{bucket.name}/keep", bucket.objects())
        names = written(store, 3)
        kept = [key.rpartition("/")[2] for key in bucket.listed() if key.endswith(".gz")]
        assert [name in kept[number] for number, name in enumerate(names[1:])] == [True, True]
        assert (len(kept), "keep/live/notes.txt" in bucket.listed(), warnings) == (2, True, [])
        assert list(store.read(ARN, names[-1])) == LINES
        with pytest.raises(NoCopy, match="there is no copy of live at s3://"):
            list(store.read(ARN, names[0]))


def test_a_place_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is empty, and nothing is raised; on a runner, whose folder is deleted anyway, nothing is said."""
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / ".reconciler").write_text("")
    store, warnings = copies(tmp_path)
    assert (written(store), len(warnings), "no copy of live was written to" in warnings[0]) == ([""], 1, True)
    monkeypatch.setenv("CI", "true")
    assert (written(store), len(warnings)) == ([""], 1)


def answering(status: int, code: str) -> Callable[..., AWSResponse]:
    """S3 that answers every request with an error."""

    def answer(request: AWSPreparedRequest, **_more: object) -> AWSResponse:
        body = BytesIO(f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())
        return AWSResponse(request.url, status, HTTPHeaders(), HTTPResponse(body, preload_content=False))

    return answer


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ("ListObjectsV2", "allow s3:ListBucket there"),
        ("DeleteObject", "allow s3:DeleteObject there"),
        ("PutObject", "allow s3:PutObject"),
    ],
)
def test_a_role_of_today_never_fails_by_it(tmp_path: Path, refused: str, told: str) -> None:
    """What S3 refuses is said with the missing action, and what was written is read by its name alone."""
    with running_s3(tmp_path) as bucket:
        client = bucket.client
        client.meta.events.register(f"before-send.s3.{refused}", answering(403, "AccessDenied"))
        store, warnings = copies(tmp_path, f"s3://{bucket.name}/keep", Objects(client, Calls(FakeClock(), Random(0))))  # noqa: S311 - repeatable
        names = written(store, 3)
        assert told in warnings[0]
        assert "until a later apply" not in warnings[0]
        if refused == "PutObject":
            assert names == ["", "", ""]
        else:
            assert [list(store.read(ARN, name)) for name in names] == [LINES] * 3


@pytest.mark.parametrize("failing", ["ListObjectsV2", "DeleteObject"])
def test_only_a_refusal_is_told_as_a_missing_permission(tmp_path: Path, failing: str) -> None:
    """Any other failure is told as what it is, with no action to allow; the copy counts all the same."""
    with running_s3(tmp_path) as bucket:
        client = bucket.client
        client.meta.events.register(f"before-send.s3.{failing}", answering(400, "ExpiredToken"))
        objects = Objects(client, Calls(FakeClock(), Random(0)))  # noqa: S311 - repeatable
        store, warnings = copies(tmp_path, f"s3://{bucket.name}/keep", objects)
        names = written(store, 3)
        assert ("allow s3:" in warnings[0], "ExpiredToken" in warnings[0]) == (False, True)
        assert list(store.read(ARN, names[-1])) == LINES
