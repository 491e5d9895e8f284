"""Objects in S3: what snapshots and records need of it, in their own words.

Retries are boto3's own here: an object is put whole or not at all, and no quota of Rekognition's is used up.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

import botocore.exceptions
from botocore.parsers import ResponseParserError

from reconciler.aws.faults import fault_of
from reconciler.errors import BadInput, NotFound, ReconcilerError
from reconciler.text import inert, without_sign_in

_SCHEME: Final = "s3://"
# Amazon S3 User Guide, "General purpose bucket naming rules".
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_CHUNK: Final = 1 << 20
_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_CURES: Final = {
    "NoSuchBucket": "create the bucket, or mend its name",
    "AccessDenied": "allow s3:PutObject and s3:GetObject on the address",
    "403": "allow s3:PutObject and s3:GetObject on the address",
}


def is_s3(address: str) -> bool:
    """Whether a setting names a place in S3."""
    return address.lower().startswith(_SCHEME)


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket and an object's key, or the beginning of keys, without a slash at its end."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "S3Address":
        """Take `s3://BUCKET/KEY` apart; without a key it is empty.

        Raises:
            BadInput: it is none.
        """
        bucket, _slash, key = text[len(_SCHEME) :].partition("/")
        if not is_s3(text) or not _BUCKET.fullmatch(bucket) or any(ord(character) < 32 for character in key):
            raise BadInput(f"{inert(text, 200)} is no address in S3; give one like s3://BUCKET/FOLDER")
        return cls(bucket, key.rstrip("/"))

    def __truediv__(self, name: str) -> "S3Address":
        """The address of a name under this one."""
        return S3Address(self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


class Objects:
    """S3 with one connection. Every method may raise ReconcilerError with a sentence."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3's client type exists only in its stubs
        self._client = client

    def upload(self, address: S3Address, file: IO[bytes]) -> None:
        """Put a file's bytes, in parts where there are many."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - few runs need it, every run would load it

        in_this_thread = TransferConfig(use_threads=False)  # so that Ctrl-C is heard
        with _in_sentences("PutObject", address):
            self._client.upload_fileobj(file, address.bucket, address.key, Config=in_this_thread)

    def put(self, address: S3Address, data: bytes) -> None:
        """Put a few bytes."""
        with _in_sentences("PutObject", address):
            self._client.put_object(Bucket=address.bucket, Key=address.key, Body=data)

    def read(self, address: S3Address) -> Iterator[bytes]:
        """The object's bytes, piece by piece.

        Raises:
            NotFound: there is no such object.
        """
        with _in_sentences("GetObject", address):
            body = self._client.get_object(Bucket=address.bucket, Key=address.key)["Body"]
            with body:
                yield from body.iter_chunks(_CHUNK)


@contextmanager
def _in_sentences(operation: str, address: S3Address) -> Iterator[None]:
    """Turn what boto3 raises into a sentence that names the address."""
    try:
        yield
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ResponseParserError) as error:
        raise _sentence(operation, address, error) from None
    except RuntimeError as error:  # renewed credentials that have expired already
        if fault_of(operation, error) is None:
            raise
        raise _sentence(operation, address, error) from None


def _sentence(operation: str, address: S3Address, error: Exception) -> ReconcilerError:
    response: Any = getattr(error, "response", None) or {}
    code = response.get("Error", {}).get("Code", type(error).__name__)
    where = inert(str(address))
    if code in _ABSENT:
        return NotFound(f"there is no object {where}; mend the address", code=code, operation=operation)
    if code in _CURES:
        return ReconcilerError(f"{where}: {operation}: {inert(code)}: {inert(str(error))}; {_CURES[code]}")
    fault = fault_of(operation, error)
    return ReconcilerError(without_sign_in(f"{where}: {fault.error if fault else inert(str(error))}"))
