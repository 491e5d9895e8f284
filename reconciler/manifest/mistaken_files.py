"""What a file is in place of a manifest or project.yaml: one row for each mistake, with what to do about it.

A row is recognised by how the file begins. What several kinds of files can be (a pointer of Git LFS, an archive, a
merge conflict) converters ask too.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import BinaryIO, Final

from msgspec import Struct, field

from reconciler.manifest.rules import files as rules
from reconciler.rule import Rule
from reconciler.text import listed, plain

# So much of a file is looked at.
HEAD: Final = 8192
# A line of an unresolved merge conflict.
MARKER: Final = re.compile(rb"(?:<{7}|={7}|>{7}|\|{7})(?:[ \t\r\n]|$)")
_BOM: Final = rb"(?:\xef\xbb\xbf)?"


class MistakenFile(Struct, frozen=True):
    """A row: how such a file begins, the rule and its details; `manifest`: a mistake only where that is meant."""

    rule: Rule
    begins: bytes
    details: Mapping[str, object] = field(default_factory=dict)
    manifest: bool = False


def _row(rule: Rule, begins: bytes, *, manifest: bool = False, **details: object) -> MistakenFile:
    return MistakenFile(rule, begins, details, manifest)


_UTF_16: Final = "; it looks like UTF-16, as Windows tools write it"
_CELL: Final = rb"(?:s3://|[^,;\t\r\n{}\[\]:])"
_NUMBER: Final = rb"-?\d*\.?\d+(?:[eE][+-]?\d+)?"
_NUMBERS: Final = rb"\s*" + _NUMBER + rb"(?:[ \t]+" + _NUMBER + rb")"
_MARKUP: Final = rb"\s*(?:<\?(?s:.*?)\?>\s*|<!--(?s:.*?)-->\s*|<!DOCTYPE[^>\[]*>\s*)*"
# JSON in which no line of a manifest is seen; what follows is any of its members.
_JSON: Final = rb'\s*(?!(?s:.*)"source-ref"\s*:)[\[{](?s:.*)'
_KEYS_OF_COCO: Final = rb'"(?:info|licenses|images|annotations|categories|videos)"\s*:\s*[\[{]'
_VIA: Final = rb'"(?:_via_settings|_via_img_metadata|shape_attributes|region_attributes)"\s*:'
_LABEL_STUDIO: Final = (
    rb'"(?:(?:rectangle|polygon|brush|keypoint)labels|completed_by|total_annotations|from_name|annotator)"\s*:'
)
_ANSWER: Final = rb'"(?:CustomLabels|LabelModelVersion|FaceDetails|DatasetDescription|ProjectDescriptions)"\s*:'

# Files of other kinds than text, wherever text is meant: how it begins, the rule and what it is called.
_BINARY: Final = (
    (rb"\x1f\x8b", rules.COMPRESSED, "gzip", "gunzip"),
    (rb"PK\x03\x04(?s:.{26})(?:\[Content_Types\]|_rels/|docProps/|xl/)", rules.TABLE, "an Excel workbook", ""),
    (rb"PK(?:\x03\x04|\x05\x06)", rules.COMPRESSED, "zip", "unzip"),
    (rb"BZh[1-9]", rules.COMPRESSED, "bzip2", "bunzip2"),
    (rb"\xfd7zXZ\x00", rules.COMPRESSED, "xz", "unxz"),
    (rb"\x28\xb5\x2f\xfd", rules.COMPRESSED, "zstd", "unzstd"),
    (rb"7z\xbc\xaf\x27\x1c", rules.COMPRESSED, "7z", "7z x"),
    (rb"Rar!\x1a\x07", rules.COMPRESSED, "rar", "unrar x"),
    (rb"\x04\x22\x4d\x18", rules.COMPRESSED, "lz4", "unlz4"),
    (rb"(?s:.{257})ustar[\x00 ]", rules.COMPRESSED, "tar", "tar -xf"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", rules.TABLE, "an Excel workbook", ""),
    (rb"PAR1", rules.TABLE, "a Parquet file", ""),
    (rb"ARROW1\x00\x00", rules.TABLE, "an Arrow file", ""),
    (rb"Obj\x01", rules.TABLE, "an Avro file", ""),
    (rb"SQLite format 3\x00", rules.TABLE, "a SQLite database", ""),
    (rb"\xff\xd8\xff", rules.NOT_TEXT, "an image (JPEG)", ""),
    (rb"\x89PNG\r\n\x1a\n", rules.NOT_TEXT, "an image (PNG)", ""),
    (rb"GIF8[79]a", rules.NOT_TEXT, "an image (GIF)", ""),
    (rb"II\*\x00|MM\x00\*", rules.NOT_TEXT, "an image (TIFF)", ""),
    (rb"RIFF(?s:.{4})WEBP", rules.NOT_TEXT, "an image (WebP)", ""),
    (rb"BM(?s:.{4})\x00\x00\x00\x00", rules.NOT_TEXT, "an image (BMP)", ""),
    (rb"%PDF-", rules.NOT_TEXT, "a PDF document", ""),
    (rb"\x93NUMPY|\x89HDF\r\n", rules.NOT_TEXT, "an array of numbers (NumPy or HDF5)", ""),
    (rb"\x80[\x02-\x05]", rules.NOT_TEXT, "pickled data of Python", ""),
)
# Text of other kinds than a manifest.
_TEXTS: Final = (
    (rb"(?i:\s*<(?:!doctype\s+html|html))", rules.WEB_PAGE, "a web page (HTML)"),
    (_MARKUP + rb"<Error>\s*<Code>", rules.WEB_PAGE, "an error of Amazon S3 (XML)"),
    (_MARKUP + rb"<annotation[\s/>]", rules.VOC_FILE, ""),
    (_MARKUP + rb"<annotations[\s/>]", rules.OTHER_FORMAT, "CVAT"),
    (_MARKUP + rb"<[A-Za-z]", rules.OTHER_FORMAT, "a tool that writes XML other than Pascal VOC"),
    (rb"\s*\{\s*" + _KEYS_OF_COCO, rules.COCO_FILE, ""),
    (_JSON + rb'"shapes"\s*:', rules.OTHER_FORMAT, "LabelMe"),
    (_JSON + _VIA, rules.OTHER_FORMAT, "VGG Image Annotator"),
    (rb"#?filename,file_size,", rules.OTHER_FORMAT, "VGG Image Annotator"),
    (_JSON + rb'"coordinates"\s*:\s*\{', rules.OTHER_FORMAT, "Create ML"),
    (_JSON + _LABEL_STUDIO, rules.LABEL_STUDIO_FILE, ""),
    (rb'\s*\[\s*\{\s*"id"(?s:.*)"annotations"\s*:', rules.LABEL_STUDIO_FILE, ""),
    (_JSON + _ANSWER, rules.ANSWER, ""),
    (_JSON + rb'"(?:imageGcsUri|boundingBoxAnnotations)"\s*:', rules.OTHER_FORMAT, "Vertex AI"),
    (_JSON + rb'"image_details"\s*:', rules.OTHER_FORMAT, "Azure Machine Learning"),
    (_JSON + rb'"data_row"\s*:', rules.OTHER_FORMAT, "Labelbox"),
    (_JSON + rb'"box2d"\s*:', rules.OTHER_FORMAT, "BDD100K"),
    (_JSON + rb'"file_name"\s*:(?s:.*)"(?:bbox|objects)"\s*:', rules.OTHER_FORMAT, "Hugging Face (ImageFolder)"),
    (_JSON + rb'"FeatureCollection"', rules.OTHER_FORMAT, "GeoJSON"),
    (_NUMBERS + rb"{7}[ \t]+[A-Za-z]", rules.OTHER_FORMAT, "DOTA"),
    (rb"\s*[A-Za-z_]+(?:[ \t]+" + _NUMBER + rb"){14,15}[ \t]*(?:[\r\n]|$)", rules.OTHER_FORMAT, "KITTI"),
    (rb"(?=\s*\d+[ \t])" + _NUMBERS + rb"{4,5}[ \t]*(?:[\r\n]|$)", rules.YOLO_FILE, ""),
    (rb"(?=\s*\d+[ \t])" + _NUMBERS + rb"{6,}(?=[ \t\r\n]|$)", rules.YOLO_POLYGONS, ""),
    (rb"\s*s3://[^\s,;]+[ \t]*(?:[\r\n]|$)", rules.LIST, ""),
    (rb"\s*(?![-#%])" + _CELL + rb"+[,;\t][^{}\[\]\r\n]*(?:[\r\n]|$)", rules.TABLE, "a table (CSV)"),
)
MISTAKEN_FILES: Final = (
    _row(rules.LFS_POINTER, _BOM + rb"\s*version https://git-lfs\.github\.com/spec/"),
    *(_row(rule, begins, kind=kind, tool=tool) for begins, rule, kind, tool in _BINARY),
    _row(rules.NOT_UTF8, rb"\xff\xfe|\xfe\xff", guess=_UTF_16),
    _row(rules.NOT_UTF8, rb"[^\x00]\x00[^\x00]\x00|\x00[^\x00]\x00[^\x00]", guess=_UTF_16),
    _row(rules.NOT_TEXT, rb"(?s:.*)\x00{4}", kind="binary data (it has NUL bytes)"),
    *(_row(rule, _BOM + begins, manifest=True, kind=kind) for begins, rule, kind in _TEXTS),
    _row(
        rules.NOT_JSON_LINES,
        _BOM + rb'\s*\{\s*"DatasetEntries"\s*:',
        manifest=True,
        what="the answer of ListDatasetEntries",
        select="'.DatasetEntries[] | fromjson'",
    ),
    _row(
        rules.FOREIGN_JSON, _BOM + rb"\s*(?!(?is:.*)source.?ref)(?:\[\s*(?:[\[{\"\d\]-]|$)|\{\s*[\r\n])", manifest=True
    ),
)


# How nearly every manifest begins: of the rows only those match it that look for one of these bytes further on.
_A_LINE: Final = b'{"source-ref":'
_INSIDE: Final = (b"\x00", b"ustar")


@cache
def _pattern(begins: bytes) -> re.Pattern[bytes]:
    """Compiled when a file is first compared with it: compiling all rows takes longer than reading a small manifest."""
    return re.compile(begins)


def mistaken_file(head: bytes, *, manifest: bool) -> tuple[Rule, dict[str, object]] | None:
    """What a file is by mistake, with the details of the sentence; `head` is how it begins."""
    if head.startswith(_A_LINE) and not any(part in head for part in _INSIDE):
        return None
    for row in MISTAKEN_FILES:
        if (manifest or not row.manifest) and _pattern(row.begins).match(head):
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
