"""One line of a manifest: dropped without a report, or kept as an entry with the fields that the service adds.

Sources: Custom Labels Developer Guide, Terminal errors (dropped lines); JS SDK, ListDatasetEntries example
(`cl-metadata` appended to compact JSON); Non-Terminal JSON Line Validation Errors (`cl-errors` after it).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote

from rekognition_emulator.lines.attributes import AttributeJudge, Document, label_attributes
from rekognition_emulator.lines.codes import DropReason
from rekognition_emulator.lines.entries import Entry, wire_form
from rekognition_emulator.lines.labels import labels_of

if TYPE_CHECKING:
    from rekognition_emulator.lines.limits import Limits
    from rekognition_emulator.switches.all_switches import Switches

_SOURCE_REF = re.compile(r"s3://([0-9A-Za-z._-]{3,255})/(.+)", re.DOTALL)
_MAX_BRACKETS = 400  # well below Python's recursion limit; a line of 50 boxes has about 110 brackets
_SERVICE_WORDS = (b"cl-", b"errors", b"warnings")
_BUCKETS: dict[str, str] = {}  # one string object per bucket name


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is not a number of double precision")
    return value


def as_float(text: str) -> float | int:
    """A whole number as a float, if double precision can hold it; for `parse_int` of json."""
    value = float(text)
    return value if isfinite(value) else int(text)


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_SORTING_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True)
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def compact(document: Document) -> str:
    """The document as compact JSON, keys in the given order, as in listings."""
    return _ENCODER.encode(document)


def _may_be_unwritable(raw: bytes) -> bool:
    """Whether a line may be readable but not writable: because of lone surrogates in escapes, or of deep nesting."""
    return b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > _MAX_BRACKETS


def parse(raw: bytes) -> Document | None:
    """The line as a JSON object; None for anything else, and for what could not be written again."""
    try:
        document = _DECODER.decode(raw.decode().strip())
        if _may_be_unwritable(raw):
            compact(document).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def is_error_list(value: object) -> bool:
    """Whether a value has the shape of the service's error lists."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and set(item) == {"code", "message"} for item in value)
    )


def _strip(holder: object, names: tuple[str, ...]) -> None:
    if isinstance(holder, dict):
        for name in names:
            if is_error_list(holder.get(name)):
                del holder[name]


def without_service_fields(document: Document) -> Document:
    """The document without the fields that the service added, removed in place: a listed line can be sent back."""
    names = ("cl-errors", "errors", "warnings")
    added = document.get("cl-metadata")
    if isinstance(added, dict) and "is_labeled" in added:
        del document["cl-metadata"]
    for holder in [document, *document.values()]:
        _strip(holder, names)
        boxes = holder.get("annotations") if isinstance(holder, dict) else None
        for box in boxes if isinstance(boxes, list) else []:
            _strip(box, names)
    return document


def without_unknown_keys(document: Document) -> Document:
    """A listed line with only its label attributes, source-ref and the fields of the service."""
    kept = {"source-ref", "cl-metadata", "cl-errors", "errors"}
    for name in label_attributes(document):
        kept |= {name, f"{name}-metadata"}
    return {name: value for name, value in document.items() if name in kept}


@dataclass(frozen=True)
class LineJudge:
    """Judges lines under one set of limits and switches."""

    limits: Limits
    switches: Switches

    def judge(self, raw: bytes) -> Entry | DropReason:
        """The entry that a line becomes, or the reason why the service drops it."""
        if len(raw) > self.limits.line_characters and len(raw.decode(errors="replace")) > self.limits.line_characters:
            return DropReason.TOO_LONG
        document = parse(raw)
        if document is None:
            return DropReason.NOT_VALID
        key = document.get("source-ref")
        if key is None:
            return DropReason.NO_SOURCE_REF
        bucket = self._bucket(key)
        if bucket is None:
            return DropReason.BAD_SOURCE_REF
        entry_key = unquote(str(key)) if self.switches.source_ref_compared == "URL-decoded" else str(key)
        if not any(word in raw for word in _SERVICE_WORDS) and b"\\u" not in raw:
            return self._entry(entry_key, bucket, document, raw)
        if self.switches.service_fields_sent == "replaced":
            without_service_fields(document)
        return self._entry(entry_key, bucket, document)

    def _bucket(self, key: object) -> str | None:
        if not isinstance(key, str):
            return None
        if self.switches.source_ref_scheme == "any case":
            key = re.sub("^S3://", "s3://", key)
        found = _SOURCE_REF.fullmatch(key)
        return _BUCKETS.setdefault(found[1], found[1]) if found else None

    def _entry(self, key: str, bucket: str, document: Document, raw: bytes = b"") -> Entry:
        judge = AttributeJudge(document, self.limits, self.switches)
        judge.judge()
        labels = labels_of(document, self.switches)
        labeled = self._is_labeled(document)
        if judge.found and self.switches.entries_in_error == "unlabeled":
            labeled = False
        document["cl-metadata"] = {"is_labeled": labeled}
        if judge.line_errors:
            document[self.switches.error_key] = judge.line_errors
        listed = wire_form(self._written(document, b"" if judge.found else raw))
        return Entry(key, listed, bucket, *labels, labeled=labeled, errors=bool(judge.found))

    def _written(self, document: Document, raw: bytes) -> str:
        """The line as listings show it; `raw` is the line as sent if nothing in it had to be changed, else empty."""
        form = self.switches.listed_form
        if form == "byte for byte" and raw:
            added = compact({"cl-metadata": document["cl-metadata"]})
            return f"{raw.decode().strip()[:-1].rstrip()},{added[1:]}"
        if form == "label attributes only":
            document = without_unknown_keys(document)
        if form == "numbers as floats":
            document = json.loads(compact(document), parse_int=as_float)
        return (_SORTING_ENCODER if form == "sorted keys" else _ENCODER).encode(document)

    def _is_labeled(self, document: Document) -> bool:
        names = label_attributes(document)
        if self.switches.zero_boxes == "unlabeled":
            names = [name for name in names if not _has_zero_boxes(document[name])]
        return bool(names)


def _has_zero_boxes(value: object) -> bool:
    return isinstance(value, dict) and value.get("annotations") == []
