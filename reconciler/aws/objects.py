"""Objects in S3, for snapshots and records; retries are boto3's own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from botocore.exceptions import ClientError

from reconciler.aws.faults import fault_of
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.text import inert, without_sign_in

_SCHEME: Final = "s3://"
# Amazon S3 User Guide, "General purpose bucket naming rules".
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_CHUNK: Final = 1 << 20
_GONE: Final = 404
_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_CURES: Final = {
    "NoSuchBucket": "create the bucket, or fix its name",
    "AccessDenied": "allow s3:PutObject and s3:GetObject on the address",
    "403": "allow s3:PutObject and s3:GetObject on the address",
}
# A refusal of the key with which an object is encrypted names the action, as in "not authorized to perform:
# kms:Decrypt on resource: ..."; a key that cannot be used has a code of its own (AWS re:Post, "Why do I get Access
# Denied errors when I upload to or read from a bucket with KMS encryption?"; KMS API Reference, common errors).
_KMS: Final = re.compile(r"\bkms:\w+|\bKMS\.\w+")
_KMS_CURE: Final = (
    "allow kms:Decrypt and kms:GenerateDataKey on the key, in the IAM policy and in the key's own, and check that the "
    "key is enabled"
)


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

    def first_bytes(self, address: S3Address, many: int = 16) -> bytes:
        """The first bytes of an object.

        Raises:
            NotFound: there is no such object.
        """
        with _in_sentences("GetObject", address):
            part = f"bytes=0-{many - 1}"
            body = self._client.get_object(Bucket=address.bucket, Key=address.key, Range=part)["Body"]
            with body:
                return bytes(body.read())

    def region(self, bucket: str) -> str:
        """The Region of a bucket, also where its listing is refused (S3 API Reference, HeadBucket).

        Raises:
            NotFound: there is no such bucket.
        """
        with _in_sentences("HeadBucket", S3Address(bucket, "")):
            try:
                reply = self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                reply = error.response
                if not _region(reply) or reply["ResponseMetadata"].get("HTTPStatusCode") == _GONE:
                    raise
            return _region(reply)

    def names(self, address: S3Address) -> Iterator[str]:
        """The names of the objects below an address, in the order of their bytes."""
        prefix = f"{address.key}/" if address.key else ""
        with _in_sentences("ListObjectsV2", address):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=address.bucket, Prefix=prefix):
                yield from (one["Key"].removeprefix(prefix) for one in page.get("Contents", ()))


def _region(reply: Any) -> str:  # noqa: ANN401 - a reply or an error's
    return str(reply["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region", ""))


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
            said = f"there is no {'object' if address.key else 'bucket'} {where}; fix the address"
            raise NotFound(said, code=fault.code, operation=operation) from None
        cure = _KMS_CURE if _KMS.search(f"{fault.code} {error}") else _CURES.get(fault.code)
        if cure:
            said = f"{where}: {operation}: {inert(fault.code)}: {inert(str(error))}; {cure}"
            raise ReconcilerError(said) from None
        raise ReconcilerError(without_sign_in(f"{where}: {fault.error}")) from None
