"""Images in S3: what each refusal means for an image."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from reconciler.aws.objects import Objects, S3Address
from reconciler.errors import ReconcilerError, ServiceError, ends_the_run
from reconciler.images.results import Page, Stat, Trouble
from reconciler.manifest.rules import images as rules

Reply = TypeVar("Reply")

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_DENIED: Final = frozenset({"AccessDenied", "403"})
# A refusal of the key names the action, or is a code of KMS's own (see `reconciler.aws.objects`).
_KMS: Final = re.compile(r"\bkms:\w+|\bKMS\.\w+")


class S3Images:
    """A store of images: the buckets that their keys name."""

    step = 64 * 1024

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def page(self, bucket: str, prefix: str, after: str) -> Page:
        """A page of the objects of a bucket that begin with a prefix and come after a key.

        Raises:
            Trouble: the bucket may not be listed, or is not there. ReconcilerError: S3 cannot be asked.
        """
        reply = _answer(lambda: self._objects.page(S3Address(bucket, prefix), after))
        found = [
            (one["Key"], Stat(one["ETag"].strip('"'), one["Size"], one.get("StorageClass", "")))
            for one in reply.get("Contents", ())
        ]
        return found, bool(reply.get("IsTruncated") and found)

    def stat(self, key: str) -> Stat:
        """The description of an object.

        Raises:
            Trouble: there is none, or it may not be seen. ReconcilerError: S3 cannot be asked.
        """
        reply = _answer(lambda: self._objects.description(_address(key)))
        return Stat(reply["ETag"].strip('"'), reply["ContentLength"], reply.get("StorageClass", ""))

    def part(self, key: str, start: int, end: int) -> bytes:
        """The bytes of an object from `start` up to, and without, `end`.

        Raises:
            Trouble: it may not be read, is archived or gone. ReconcilerError: S3 cannot be asked.
        """
        return _answer(lambda: self._objects.part(_address(key), start, end))


def _address(key: str) -> S3Address:
    bucket, _, name = key.removeprefix("s3://").partition("/")
    return S3Address(bucket, name)


def _answer(ask: Callable[[], Reply]) -> Reply:
    """The reply to a request; what it says of an image as trouble with it."""
    try:
        return ask()
    except ReconcilerError as error:
        trouble = _trouble(error)
        if trouble is None:
            raise
        raise trouble from None


def _trouble(error: ReconcilerError) -> Trouble | None:
    """What an error says of one image; None where it is about all of them."""
    code = error.code if isinstance(error, ServiceError) else ""
    said = str(error).partition("; ")[0]
    if code in _ABSENT:
        return Trouble(rules.MISSING, where=": there is no such bucket" if code == "NoSuchBucket" else "")
    if code == "InvalidObjectState":
        return Trouble(rules.ARCHIVED, storage="not told")
    if code and _KMS.search(f"{code} {error}"):
        return Trouble(rules.KMS, reason=said)
    if code in _DENIED:
        return Trouble(rules.DENIED, reason=said)
    return None if not code or ends_the_run(error) else Trouble(rules.UNDECIDED, reason=said)
