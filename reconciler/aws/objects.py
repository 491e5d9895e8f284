"""Objects in S3, for snapshots and records; an object is put whole or not at all."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError
from msgspec import Struct

from reconciler.aws.calls import Calls
from reconciler.errors import AccessDenied, BadInput, Interrupted, NotFound, ReconcilerError, ServiceError
from reconciler.text import inert, without_sign_in

_SCHEME: Final = "s3://"
# Amazon S3 User Guide, "General purpose bucket naming rules".
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_CHUNK: Final = 1 << 20
_GONE: Final = 404
_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_DENIED: Final = frozenset({"AccessDenied", "403"})
_NO_BUCKET: Final = "NoSuchBucket"
# What is written is read back.
_ACTIONS: Final = {
    "PutObject": "s3:PutObject and s3:GetObject on the address",
    "GetObject": "s3:GetObject on the address",
    "DeleteObject": "s3:DeleteObject on the address",
    **dict.fromkeys(("ListObjectsV2", "HeadBucket"), "s3:ListBucket on the bucket"),
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


class S3Address(Struct, frozen=True):
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

    @classmethod
    def of_bucket(cls, text: str) -> "S3Address":
        """Parse the name of a bucket, or `s3://BUCKET/FOLDER`.

        Raises:
            BadInput: it is neither.
        """
        return cls.parse(text if is_s3(text) else f"{_SCHEME}{text}")

    def __truediv__(self, name: str) -> "S3Address":
        """The address of a name under this one."""
        return S3Address(self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


class Objects:
    """S3 with one client; `calls` retries, and tells each retry.

    Every method may raise ReconcilerError; AccessDenied where S3, or the key of an object, refuses the caller.
    """

    def __init__(self, client: Any, calls: Calls) -> None:  # noqa: ANN401 - boto3's client type exists only in its stubs
        self._client, self._calls = client, calls

    def upload(self, address: S3Address, path: Path) -> None:
        """Put a file, a large one in parts."""

        def send() -> None:
            from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - few runs need it, every run would load it

            with path.open("rb") as file:
                one_thread = TransferConfig(use_threads=False)
                self._client.upload_fileobj(file, address.bucket, address.key, Config=one_thread)

        self._made("PutObject", address, send)

    def put(self, address: S3Address, data: bytes) -> None:
        """Put a few bytes."""
        self._made("PutObject", address, partial(self._client.put_object, **_named(address), Body=data))

    def delete(self, address: S3Address) -> None:
        """Delete an object; one that is not there is fine."""
        self._made("DeleteObject", address, partial(self._client.delete_object, **_named(address)))

    def read(self, address: S3Address) -> Iterator[bytes]:
        """The object's bytes, in pieces.

        Raises:
            NotFound: there is no such object.
        """
        body = self._made("GetObject", address, partial(self._client.get_object, **_named(address)))["Body"]
        with body:
            pieces = body.iter_chunks(_CHUNK)
            # A stream that broke off cannot be continued.
            while piece := self._made("GetObject", address, lambda: next(pieces, b""), is_last=True):
                yield piece

    def first_bytes(self, address: S3Address, many: int = 16) -> bytes:
        """The first bytes of an object.

        Raises:
            NotFound: there is no such object.
        """
        part = f"bytes=0-{many - 1}"

        def send() -> bytes:
            return bytes(self._client.get_object(**_named(address), Range=part)["Body"].read())

        return bytes(self._made("GetObject", address, send))

    def page(self, address: S3Address, after: str) -> Any:  # noqa: ANN401 - boto3's replies
        """A page of the listing of what begins with an address, after a key; an error has S3's own code."""
        more = {"StartAfter": after} if after else {}
        send = partial(self._client.list_objects_v2, Bucket=address.bucket, Prefix=address.key, **more)
        return self._calls.make("ListObjectsV2", send)

    def description(self, address: S3Address) -> Any:  # noqa: ANN401 - boto3's replies
        """What HeadObject says of an object; an error has S3's own code."""
        return self._calls.make("HeadObject", partial(self._client.head_object, **_named(address)))

    def part(self, address: S3Address, start: int, end: int) -> bytes:
        """The bytes of an object from `start` up to, and without, `end`; an error has S3's own code."""

        def send() -> bytes:
            return bytes(self._client.get_object(**_named(address), Range=f"bytes={start}-{end - 1}")["Body"].read())

        return self._calls.make("GetObject", send)

    @property
    def counts(self) -> Counter[str]:
        """The requests that were made, by operation; it goes on counting."""
        return self._calls.counts

    def region(self, bucket: str) -> str:
        """The Region of a bucket, also where its listing is refused (S3 API Reference, HeadBucket).

        Raises:
            NotFound: there is no such bucket.
        """

        def send() -> Any:  # noqa: ANN401 - boto3's replies
            try:
                return self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                reply = error.response
                if not _region(reply) or reply["ResponseMetadata"].get("HTTPStatusCode") == _GONE:
                    raise
                return reply

        return _region(self._made("HeadBucket", S3Address(bucket, ""), send))

    def names(self, address: S3Address) -> Iterator[str]:
        """The names of the objects below an address, in the order of their bytes."""
        more: dict[str, str] = {"Prefix": f"{address.key}/" if address.key else ""}
        while True:
            send = partial(self._client.list_objects_v2, Bucket=address.bucket, **more)
            page = self._made("ListObjectsV2", address, send)
            yield from (one["Key"].removeprefix(more["Prefix"]) for one in page.get("Contents", ()))
            if not page.get("NextContinuationToken"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def _made(self, operation: str, address: S3Address, send: Callable[[], Any], *, is_last: bool = False) -> Any:  # noqa: ANN401 - boto3's replies
        """The reply of a call; its error is a sentence that names the address. `is_last`: without a second attempt."""

        def known(error: ReconcilerError, _unsure: bool) -> None:  # noqa: FBT001 - a callback
            code = error.code if isinstance(error, ServiceError) else ""
            if code in _ABSENT:
                what = "object" if address.key else "bucket"
                raise NotFound(f"there is no {what} {where}; fix the address", code=code, operation=operation)
            if cure := _cure(error, code, operation) or ("run again" if is_last else ""):
                kind = AccessDenied if code in _DENIED else ReconcilerError
                raise kind(f"{_cause(error)}; {cure}")

        where = inert(str(address))
        try:
            return self._calls.make(operation, send, known)
        except (Interrupted, NotFound):
            raise
        except RecursionError:  # botocore follows a redirect to the same place without end
            raise ReconcilerError(
                f"{where}: the endpoint for S3 gave redirects without end, so that it is not AWS's; check "
                "AWS_ENDPOINT_URL_S3 and aws:endpoints"
            ) from None
        except ReconcilerError as error:
            refused = isinstance(error, AccessDenied) and not error.code  # else: credentials that are wrong or expired
            kind = AccessDenied if refused else ReconcilerError
            raise kind(without_sign_in(f"{where}: {error}")) from None


def _cure(error: ReconcilerError, code: str, operation: str) -> str:
    """What to do about an error with S3's own code; empty where nothing is known to help."""
    if code and _KMS.search(str(error)):
        return _KMS_CURE
    if code in _DENIED:
        return f"allow {_ACTIONS[operation]}"
    return "create the bucket, or fix its name" if code == _NO_BUCKET else ""


def _region(reply: Any) -> str:  # noqa: ANN401 - a reply or an error's
    return str(reply["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region", ""))


def _named(address: S3Address) -> dict[str, str]:
    """An object as requests name it."""
    return {"Bucket": address.bucket, "Key": address.key}


def _cause(error: ReconcilerError) -> str:
    """What an error says, without the general cure that `reconciler.aws.faults` ends it with."""
    cause, end, _cure = str(error).partition("); ")
    return f"{cause})" if end else cause
