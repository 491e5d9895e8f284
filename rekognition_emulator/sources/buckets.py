"""Manifests for CreateDataset, read from folders that stand for buckets or from an S3 API.

Source: Custom Labels Developer Guide, Terminal file errors (inaccessible, too large, no permission).
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from rekognition_emulator.state.context import ManifestError, Manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_FORBIDDEN = {"403", "AccessDenied", "AllAccessDisabled"}
_CHUNK_BYTES = 1 << 20


def lines_of_chunks(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The lines of a text that comes in chunks, without line ends; only the first `most` bytes of each line.

    Every chunk is searched once and copied at most once, however long a line is: a line of a gigabyte takes no more
    time than many short lines, and no more memory than `most` bytes and a chunk.
    """
    begun: list[bytes] = []  # the parts of a line whose end has not come yet
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if size < most:
            begun.append(first[: most - size])
        size += len(first)
        if others:
            yield b"".join(begun)
            yield from (line[:most] for line in others[:-1])
            begun, size = [others[-1][:most]], len(others[-1])
    if size:
        yield b"".join(begun)


def _file_lines(path: Path, most: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from lines_of_chunks(iter(lambda: file.read(_CHUNK_BYTES), b""), most)


class FolderBuckets:
    """Buckets that are folders: the object `a/b` of a bucket is the file `a/b` in its folder.

    `longest`: only so many bytes of a line are read; the rest of it is skipped.
    """

    def __init__(self, folders: Mapping[str, Path], longest: int) -> None:
        self._longest = longest
        self._folders = {name: folder.resolve() for name, folder in folders.items()}

    def has(self, bucket: str) -> bool:
        """Whether there is a folder for this bucket."""
        return bucket in self._folders

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """The lines of a file.

        Raises:
            ManifestError: when the file is not in the folder, cannot be read, or has more than `most` bytes.
        """
        try:
            path = self._path(s3_object)
            size = path.stat().st_size
            readable = os.access(path, os.R_OK)
        except (OSError, ValueError) as error:  # not a valid file name: too long, NUL, a lone surrogate
            raise ManifestError(f"{s3_object['Name']!r} is not the name of a readable file: {error}") from error
        if not readable:
            raise ManifestError(f"no permission to read the file {s3_object['Name']}", forbidden=True)
        if size > most:
            raise ManifestError("the manifest is too large", too_large=True)
        return _file_lines(path, self._longest)

    def _path(self, s3_object: dict[str, Any]) -> Path:
        folder, name = self._folders[s3_object["Bucket"]], str(s3_object["Name"])
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise ManifestError(f"{name} is not in the bucket {s3_object['Bucket']}")
        return path


class S3Buckets:
    """The buckets of an S3 API at an endpoint, read with dummy credentials; `longest` as in FolderBuckets.

    The time-outs are short, because all other calls wait while a manifest is read.
    """

    def __init__(self, endpoint: str, region: str, longest: int) -> None:
        self._endpoint, self._region, self._longest = endpoint, region, longest
        self._client: Any = None

    def _s3(self) -> Any:  # noqa: ANN401 - boto3 clients have no type of their own
        if self._client is None:
            import boto3  # noqa: PLC0415 - only emulators with S3 need it
            from botocore.config import Config  # noqa: PLC0415 - comes with boto3

            impatient = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})
            session = boto3.Session(
                aws_access_key_id="emulator",
                aws_secret_access_key="emulator",  # noqa: S106 - a dummy
                region_name=self._region,
            )
            self._client = session.client("s3", endpoint_url=self._endpoint, config=impatient)
        return self._client

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """The lines of an object.

        Raises:
            ManifestError: when the object cannot be read or has more than `most` bytes; the iterator may raise it too.
        """
        where = {"Bucket": s3_object["Bucket"], "Key": s3_object["Name"]}
        where |= {"VersionId": s3_object["Version"]} if "Version" in s3_object else {}
        with _s3_errors():
            if self._s3().head_object(**where)["ContentLength"] > most:
                raise ManifestError("the manifest is too large", too_large=True)
        return self._read(where)

    def _read(self, where: dict[str, Any]) -> Iterator[bytes]:
        with _s3_errors(), closing(self._s3().get_object(**where)["Body"]) as body:
            yield from lines_of_chunks(body.iter_chunks(_CHUNK_BYTES), self._longest)


@contextmanager
def _s3_errors() -> Iterator[None]:
    """Turns every error of S3 and of its client into a ManifestError."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - comes with boto3

    try:
        yield
    except ClientError as error:
        forbidden = str(error.response["Error"]["Code"]) in _FORBIDDEN
        raise ManifestError(str(error), forbidden=forbidden) from error
    except (BotoCoreError, ValueError) as error:  # ValueError: a name that is not UTF-8, an endpoint that is not a URL
        raise ManifestError(str(error)) from error


class AnyBuckets:
    """Reads a bucket from its folder if it has one, and from `other` if not."""

    def __init__(self, folders: FolderBuckets, other: Manifests) -> None:
        self._folders, self._other = folders, other

    def lines(self, s3_object: dict[str, Any], most: int) -> Iterator[bytes]:
        """The lines of an object.

        Raises:
            ManifestError: as FolderBuckets and `other` do.
        """
        if self._folders.has(s3_object["Bucket"]):
            return self._folders.lines(s3_object, most)
        return self._other.lines(s3_object, most)
