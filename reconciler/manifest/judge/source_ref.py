"""The key of a line: `source-ref`, an address of the form s3://bucket/key."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from reconciler.entries import SOURCE_REF
from reconciler.limits import KEY_CHARACTERS
from reconciler.manifest.line import BrokenRule, kind_of
from reconciler.manifest.rules import lines as rules
from reconciler.text import did_you_mean

SCHEME: Final = "s3://"
# Source: botocore service-2.json, S3Bucket (3 to 255 characters).
_BUCKET: Final = re.compile(r"[0-9A-Za-z.\-_]{3,255}")
_PATH: Final = (SOURCE_REF,)


def bucket_of(key: str) -> str:
    """The bucket's part of an address that has passed `source_ref_fault`."""
    return key[len(SCHEME) :].partition("/")[0]


def source_ref_fault(document: Mapping[str, Any]) -> BrokenRule | None:
    """What is wrong with a line's key; None when nothing is."""
    key = document.get(SOURCE_REF)
    if isinstance(key, str):
        return address_fault(key)
    if SOURCE_REF in document:
        return BrokenRule(rules.KEY_NOT_TEXT, _PATH, {"kind": kind_of(key)})
    return BrokenRule(rules.NO_KEY, (), {"guess": partial(did_you_mean, SOURCE_REF, document, "is `{}` meant?")})


def address_fault(key: str) -> BrokenRule | None:
    """What is wrong with an image's address; None when nothing is."""
    if not key.startswith(SCHEME):
        return BrokenRule(rules.KEY_SCHEME, _PATH, {"key": key})
    bucket, _, name = key[len(SCHEME) :].partition("/")
    if not _BUCKET.fullmatch(bucket):
        return BrokenRule(rules.BUCKET, _PATH, {"bucket": bucket})
    if not name:
        return BrokenRule(rules.NO_OBJECT, _PATH, {"key": key})
    if len(key) > KEY_CHARACTERS:
        return BrokenRule(rules.LONG_KEY, _PATH)
    return None
