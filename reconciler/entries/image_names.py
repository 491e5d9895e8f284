"""The name of an image and its key: one rule for manifests in YAML and for all converters, and what is odd in a name.

Nothing of a name is changed or decoded, because S3 has keys with any characters; what is hardly meant is noted.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import translate
from pathlib import PurePosixPath
from typing import Final

from reconciler.entries.image_prefixes import mapped_back
from reconciler.model import Prefixes
from reconciler.rule import OURS, Rule, note

_ADDRESS: Final = r"[A-Za-z][A-Za-z0-9+.\-]*://"
_S3_SCHEME: Final = r"arn:[a-z-]+:s3:::|(?i:s3[an]?)://"
_WEB: Final = (
    r"(?i:https?)://(?P<host>[^/?#:@]+)(?::\d+)?/(?P<path>[^?#]*)(?:\?(?:(?:.*&)?prefix=(?P<prefix>[^&#]*))?.*)?"
)
_PERCENT: Final = rb"%([0-9A-Fa-f]{2})"
# Of both styles of addressing, path and virtual host; with Region, dual-stack and China.
_S3_HOST: Final = r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
_CONSOLE: Final = "console.aws.amazon.com"
_PLAIN: Final = re.compile(r"s3://[^\\:]+[^/\\:.]\.(?i:jpe?g|png)")
_DRIVE: Final = r"(?:^|/)[A-Za-z]:[\\/]"
_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png"})
_FORMATS: Final = "Custom Labels Developer Guide, Guidelines and quotas"

DRIVE: Final = note(
    "drive-letter-in-image-name",
    '{count:,} name{s} of images with a drive letter, the first here ("{name}"): S3 has no drives',
    "write the key of the object",
    OURS,
)
BACKSLASH: Final = note(
    "backslash-in-image-name",
    '{count:,} name{s} of images with a backslash, the first here ("{name}"): in S3 it does not separate folders',
    "write `/` between folders, unless the keys have backslashes",
    OURS,
)
DOTS: Final = note(
    "dots-in-image-name",
    '{count:,} name{s} of images with `.` or `..` as a folder, the first here ("{name}"): S3 resolves neither',
    "write the key of the object",
    OURS,
)
NO_EXTENSION: Final = note(
    "image-name-without-extension",
    '{count:,} name{s} of images without an extension, the first here ("{name}")',
    "check that the keys of the objects have none; Custom Labels takes JPEG and PNG",
    _FORMATS,
)
EXTENSION: Final = note(
    "image-name-extension",
    '{count:,} name{s} of images with an extension of neither JPEG nor PNG, the first here ("{name}")',
    "use images that Custom Labels takes: JPEG and PNG",
    _FORMATS,
)


def is_address(name: str) -> bool:
    """Whether the name of an image is a whole address, with a scheme."""
    return re.match(_ADDRESS, name) is not None


def key_of_image(prefix: str, name: str) -> str:
    """A whole address as it is; else prefix and name with exactly one "/" between them, and nothing else changed."""
    return name if is_address(name) else f"{prefix.rstrip('/')}/{name.lstrip('/')}"


def s3_address(url: str) -> str | None:
    """The s3:// address of an object that is given as URL or ARN; None for anything else.

    Source: Amazon S3 User Guide, "Methods for accessing a general purpose bucket".
    """
    if match := re.match(_S3_SCHEME, url):
        return f"s3://{url[match.end() :]}"
    web = re.fullmatch(_WEB, url)
    if web is None:
        return None
    host, path = web["host"].lower(), decoded(web["path"])
    if host.endswith(_CONSOLE):
        bucket, key = path.rpartition("/")[2], decoded((web["prefix"] or "").replace("+", " "))
    elif match := re.fullmatch(_S3_HOST, host):
        bucket, _, key = (match["bucket"], "", path) if match["bucket"] else path.partition("/")
    else:
        return None
    return f"s3://{bucket}/{key}" if bucket and key else None


def decoded(text: str) -> str:
    """Text of a URL without percent-encoding."""
    raw = text.encode("utf-8", "surrogatepass")
    return re.sub(_PERCENT, lambda found: bytes.fromhex(found[1].decode()), raw).decode("utf-8", "replace")


_PATTERN: Final = r"[*?[]"


class Images:
    """Images that are named by their addresses, by their keys in the bucket, or by a pattern of either.

    In a pattern `*` is any text, `?` any character, `[abc]` one of these; a name with such signs also is itself.
    `prefixes` map the named images to a stage: then keys are those of the stage.
    """

    def __init__(self, names: Iterable[str] = (), prefixes: Prefixes = ()) -> None:
        self._names, self._prefixes = frozenset(names), prefixes
        patterns = [translate(name) for name in sorted(self._names) if re.search(_PATTERN, name)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __bool__(self) -> bool:
        return bool(self._names)

    def __contains__(self, key: str) -> bool:
        if not self._names:
            return False
        with suppress(ValueError):
            key = mapped_back(key, self._prefixes)
        both = key, key.removeprefix("s3://").partition("/")[2]
        if not self._names.isdisjoint(both):
            return True
        return self._pattern is not None and any(map(self._pattern.match, both))


def is_plain(key: str) -> bool:
    """Whether a key is surely not odd, which nearly every key is."""
    return _PLAIN.fullmatch(key) is not None and "/." not in key


def oddities(key: str) -> Iterator[Rule]:
    """What is odd in the name that a key has in its bucket."""
    if is_plain(key):
        return
    path = key.partition("://")[2].partition("/")[2]
    if "\\" in path or ":" in path:
        if re.search(_DRIVE, path):
            yield DRIVE
        elif "\\" in path:
            yield BACKSLASH
    parts = path.replace("\\", "/").split("/")
    if "." in parts or ".." in parts:
        yield DOTS
    ending = PurePosixPath(parts[-1]).suffix.lower()
    if ending not in _ENDINGS:
        yield EXTENSION if ending else NO_EXTENSION
