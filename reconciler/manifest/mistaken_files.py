"""What a file is in place of a manifest or project.yaml: one row for each mistake, with what to do about it.

A row is recognised by how the file begins. What several kinds of files can be (a pointer of Git LFS, an archive, a
merge conflict) converters ask too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from reconciler.manifest.rules import lines as rules
from reconciler.rule import Rule
from reconciler.text import listed, plain

# So much of a file is looked at.
HEAD: Final = 8192
# A line of an unresolved merge conflict.
MARKER: Final = re.compile(rb"(?:<{7}|={7}|>{7}|\|{7})(?:[ \t\r\n]|$)")
_BOM: Final = rb"(?:\xef\xbb\xbf)?"


@dataclass(frozen=True, slots=True)
class MistakenFile:
    """A row: how such a file begins, the rule and its details; `manifest`: a mistake only where that is meant."""

    rule: Rule
    begins: re.Pattern[bytes]
    details: Mapping[str, object] = field(default_factory=dict)
    manifest: bool = False


def _row(rule: Rule, begins: bytes, *, manifest: bool = False, **details: object) -> MistakenFile:
    return MistakenFile(rule, re.compile(begins), details, manifest)


_KEYS_OF_COCO: Final = rb'"(?:info|licenses|images|annotations|categories|videos)"\s*:\s*[\[{]'
_CSV: Final = "a table (CSV)"
_CELL: Final = rb"(?:s3://|[^,;\t\r\n{}\[\]:])"
MISTAKEN_FILES: Final = (
    _row(rules.LFS_POINTER, _BOM + rb"version https://git-lfs\.github\.com/spec/"),
    _row(rules.COMPRESSED, rb"\x1f\x8b", kind="gzip", tool="gunzip"),
    _row(rules.COMPRESSED, rb"PK(?:\x03\x04|\x05\x06)", kind="zip", tool="unzip"),
    _row(rules.COMPRESSED, rb"BZh[1-9]", kind="bzip2", tool="bunzip2"),
    _row(rules.COMPRESSED, rb"\xfd7zXZ\x00", kind="xz", tool="unxz"),
    _row(rules.COMPRESSED, rb"\x28\xb5\x2f\xfd", kind="zstd", tool="unzstd"),
    _row(rules.NOT_UTF8, rb"\xff\xfe|\xfe\xff", guess="; it looks like UTF-16, as Windows tools write it"),
    _row(rules.NOT_UTF8, rb"[^\x00]\x00[^\x00]\x00", guess="; it looks like UTF-16, as Windows tools write it"),
    _row(rules.NOT_UTF8, rb"\x00[^\x00]\x00[^\x00]", guess="; it looks like UTF-16, as Windows tools write it"),
    _row(rules.WEB_PAGE, _BOM + rb"(?i:\s*<(?:!doctype\s+html|html))", manifest=True),
    _row(rules.VOC_FILE, _BOM + rb"\s*<(?:\?xml|annotation)", manifest=True),
    _row(rules.COCO_FILE, _BOM + rb"\s*\{\s*" + _KEYS_OF_COCO, manifest=True),
    _row(rules.YOLO_FILE, _BOM + rb"\s*\d+(?:[ \t]+\d*\.?\d+(?:[eE]-?\d+)?){4}[ \t]*(?:\r?\n|$)", manifest=True),
    _row(rules.OTHER_FORMAT, _BOM + rb'\s*\{(?s:.*)"shapes"\s*:(?s:.*)"imagePath"', manifest=True, kind="LabelMe"),
    _row(rules.OTHER_FORMAT, _BOM + rb'\s*\{\s*"version"\s*:(?s:.*)"shapes"\s*:', manifest=True, kind="LabelMe"),
    _row(rules.OTHER_FORMAT, _BOM + rb'\s*\{(?s:.*)"_via_settings"', manifest=True, kind="VGG Image Annotator"),
    _row(rules.OTHER_FORMAT, _BOM + rb'\s*\[\s*\{\s*"id"(?s:.*)"annotations"\s*:', manifest=True, kind="Label Studio"),
    _row(rules.TABLE, _BOM + rb"\s*s3://[^\s,;]+[ \t]*(?:\r?\n|$)", manifest=True, kind="a list of images"),
    _row(rules.TABLE, _BOM + rb"\s*(?![-#%])" + _CELL + rb"+[,;\t][^{}\[\]\r\n]*(?:\r?\n|$)", manifest=True, kind=_CSV),
)


def mistaken_file(head: bytes, *, manifest: bool) -> tuple[Rule, dict[str, object]] | None:
    """What a file is by mistake, with the details of the sentence; `head` is how it begins."""
    for row in MISTAKEN_FILES:
        if row.begins.match(head) and (manifest or not row.manifest):
            return row.rule, {"byte": head[0], **row.details}
    return None


def few(numbers: Sequence[int]) -> str:
    """`3, 5, 9 and 6 more`."""
    return plain(listed([f"{number:,}" for number in numbers]))


def markers(handle: BinaryIO, number: int) -> list[int]:
    """The numbers of the lines from here on that are markers of a merge conflict; `number` is the next line's."""
    found = []
    while raw := handle.readline(HEAD):
        if MARKER.match(raw):
            found.append(number)
        while raw and not raw.endswith(b"\n"):
            raw = handle.readline(HEAD)
        number += 1
    return found
