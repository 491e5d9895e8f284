"""A manifest in JSON Lines in which one thing is edited: the type of image-level labels that AWS's converter leaves.

AWS's guide has a program that makes image-level labels of Ground Truth's multi-label output. It leaves their type as
`groundtruth/image-classification-multilabel`, while another page gives `groundtruth/image-classification` alone. Every
other byte of a line stays.

Source: Custom Labels Developer Guide, "Transforming multi-label SageMaker AI Ground Truth manifest files".
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from reconciler.entries import IMAGE_TYPE, METADATA, SOURCE_REF, compact
from reconciler.entries.meaning import MULTILABEL_TYPE, kind_of_labels
from reconciler.formats import conversion
from reconciler.formats.conversion import Converted, Unreadable, refuse_mistaken
from reconciler.model import Finding, Place
from reconciler.rule import error, marked, note

_GUIDE: Final = "Custom Labels Developer Guide, Transforming multi-label SageMaker AI Ground Truth manifest files"
_TYPE: Final = re.compile(rf'("type"\s*:\s*)"{re.escape(MULTILABEL_TYPE)}"')

NOT_A_LINE: Final = error(
    "jsonl-line", "this is not a line of a manifest: {reason}", "correct what `reconciler validate` reports first"
)
RAW: Final = marked(
    "jsonl-ground-truth",
    "`{name}` has Ground Truth's own list of classes, not one label: it is left as it is",
    "make an attribute with `class-name` for each label, as AWS's converter does",
    _GUIDE,
)
FIXED: Final = note("jsonl-fixed", f"types that were set to {IMAGE_TYPE}: {{count:,}}", "commit the file")
NOTHING: Final = note("jsonl-nothing", "no type had to be set", "nothing needs to be done")


def convert(files: Iterable[tuple[str, bytes]], _keys: object, _created: str) -> Iterator[Converted | Finding]:
    """Lines of manifests with the type set; what is not a line is an error."""
    for file, content in files:
        found: list[Converted | Finding] = []
        count = 0
        try:
            refuse_mistaken(file, content)
        except Unreadable as fault:
            yield fault.finding
            continue
        for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
            if raw.strip():
                place = Place(file, number, 1)
                try:
                    line, fixed = _fixed(raw, place)
                except Unreadable as fault:
                    found.append(fault.finding)
                    continue
                found += [line, *(RAW.finding(place, None, name=name) for name in _raw(json.loads(line.line)))]
                count += fixed
        yield from (one for one in found if isinstance(one, Finding))
        yield FIXED.finding(Place(file), None, count=count) if count else NOTHING.finding(Place(file))
        yield from (one for one in found if isinstance(one, Converted))


def _fixed(raw: bytes, place: Place) -> tuple[Converted, int]:
    """The line with its types set, and how many were."""
    document = _parsed(raw, place)
    wanted = json.loads(json.dumps(document))
    names = [name for name, value in document.items() if name.endswith(METADATA) and _is_left(value)]
    for name in names:
        wanted[name]["type"] = IMAGE_TYPE
    line = _TYPE.sub(rf'\1"{IMAGE_TYPE}"', raw.decode()).encode() if names else raw
    # A text that only looks like the member is not touched: then the line is written again.
    return Converted(document[SOURCE_REF], line if json.loads(line) == wanted else compact(wanted), place), len(names)


def _parsed(raw: bytes, place: Place) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except UnicodeDecodeError as fault:
        raise Unreadable(conversion.ENCODING, place, byte=fault.start) from fault
    except (ValueError, RecursionError) as fault:
        raise Unreadable(NOT_A_LINE, place, reason=str(fault)) from fault
    if not isinstance(document, dict) or not isinstance(document.get(SOURCE_REF), str):
        raise Unreadable(NOT_A_LINE, place, reason="it has no `source-ref`")
    return document


def _is_left(metadata: object) -> bool:
    """Whether a member is the metadata of an image-level label of the type that is to be set."""
    return (
        isinstance(metadata, dict)
        and metadata.get("type") == MULTILABEL_TYPE
        and kind_of_labels(metadata) == IMAGE_TYPE
    )


def _raw(document: dict[str, Any]) -> Iterator[str]:
    """The attributes that are Ground Truth's own."""
    for name, value in document.items():
        if name.endswith(METADATA) and isinstance(value, dict) and value.get("type") == MULTILABEL_TYPE:
            yield name.removesuffix(METADATA)
