"""Objects in S3, for snapshots and records; retries are boto3's own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from reconciler.aws.faults import fault_of
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.text import inert, without_sign_in

_SCHEME: Final = "s3://"
# Amazon S3 User Guide, "General purpose bucket naming rules".
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_CHUNK: Final = 1 << 20
_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_CURES: Final = {
    "NoSuchBucket": "create the bucket, or fix its name",
    "AccessDenied": "allow s3:PutObject and s3:GetObject on the address",
    "403": "allow s3:PutObject and s3:GetObject on the address",
}


def is_s3(address: str) -> bool:
    """Whether a setting is an address in S3."""
    return address.lower().startswith(_SCHEME)


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket and a key or key prefix, without a slash at its end."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "S3Address":
        """Parse `s3://BUCKET/KEY`; the key may be empty.

        Raises:
            BadInput: it is not such an address.
        """
        bucket, _slash, key = text[len(_SCHEME) :].partition("/")
        if not is_s3(text) or not _BUCKET.fullmatch(bucket) or any(ord(character) < 32 for character in key):
            raise BadInput(f"{inert(text, 200)} is not a valid S3 address; give one like s3://BUCKET/FOLDER")
        return cls(bucket, key.rstrip("/"))

    def __truediv__(self, name: str) -> "S3Address":
        """The address of a name under this one."""
        return S3Address(self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


class Objects:
    """S3 with one client. Every method may raise ReconcilerError."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3's client type exists only in its stubs
        self._client = client

    def upload(self, address: S3Address, file: IO[bytes]) -> None:
        """Put a file's bytes, a large file in parts."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - few runs need it, every run would load it

        in_this_thread = TransferConfig(use_threads=False)  # so that Ctrl-C interrupts it
        with _in_sentences("PutObject", address):
            self._client.upload_fileobj(file, address.bucket, address.key, Config=in_this_thread)

    def put(self, address: S3Address, data: bytes) -> None:
        """Put a few bytes."""
        with _in_sentences("PutObject", address):
            self._client.put_object(Bucket=address.bucket, Key=address.key, Body=data)

    def delete(self, address: S3Address) -> None:
        """Delete an object; one that is not there is fine."""
        with _in_sentences("DeleteObject", address):
            self._client.delete_object(Bucket=address.bucket, Key=address.key)

    def read(self, address: S3Address) -> Iterator[bytes]:
        """The object's bytes, in pieces.

        Raises:
            NotFound: there is no such object.
        """
        with _in_sentences("GetObject", address):
            body = self._client.get_object(Bucket=address.bucket, Key=address.key)["Body"]
            with body:
                yield from body.iter_chunks(_CHUNK)

    def names(self, address: S3Address) -> Iterator[str]:
        """The names of the objects below an address, in the order of their bytes."""
        prefix = f"{address.key}/" if address.key else ""
        with _in_sentences("ListObjectsV2", address):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=address.bucket, Prefix=prefix):
                yield from (one["Key"].removeprefix(prefix) for one in page.get("Contents", ()))


@contextmanager
def _in_sentences(operation: str, address: S3Address) -> Iterator[None]:
    """Turn what boto3 raises into an error that names the address."""
    try:
        yield
    except RecursionError:  # botocore follows a redirect to the same place without end
        raise ReconcilerError(
            f"{inert(str(address))}: the endpoint for S3 gave redirects without end, so that it is not AWS's; check "
            "AWS_ENDPOINT_URL_S3 and aws:endpoints"
        ) from None
    except Exception as error:
        fault = fault_of(operation, error)
        if fault is None:
            raise
        where = inert(str(address))
        if fault.code in _ABSENT:
            said = f"there is no object {where}; fix the address"
            raise NotFound(said, code=fault.code, operation=operation) from None
        if fault.code in _CURES:
            said = f"{where}: {operation}: {inert(fault.code)}: {inert(str(error))}; {_CURES[fault.code]}"
            raise ReconcilerError(said) from None
        raise ReconcilerError(without_sign_in(f"{where}: {fault.error}")) from None
