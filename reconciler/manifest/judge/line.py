"""How the service will judge one line: the codes it will mark it with, and what deserves a note.

Sources: Custom Labels Developer Guide, "Non-terminal JSON line validation errors" and "Fixing training errors" (the
codes after which a line is judged no further); "Creating a manifest file" (attribute and metadata pairs).

The key of a line, `source-ref`, is an address of the form s3://bucket/key.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct, field

from reconciler.entries import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF, Attribute
from reconciler.entries.image_names import s3_address
from reconciler.entries.image_prefixes import is_ambiguous
from reconciler.entries.meaning import MULTILABEL_TYPE, kind_of_labels
from reconciler.limits import KEY_CHARACTERS
from reconciler.manifest.findings import BrokenRule, MemberPath, broken, kind_of
from reconciler.manifest.judge.label_attributes import bounding_box_faults, image_label_faults, wrong
from reconciler.manifest.rules import lines as rules
from reconciler.model import Prefixes
from reconciler.rule import Rule
from reconciler.text import did_you_mean

# "expects Y-M-DTH:M:S"; AWS's examples also show fractions, a Z, and a blank for the T. Time zones are accepted.
# Source: Custom Labels Developer Guide, "Transforming COCO datasets".
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_KINDS: Final = {IMAGE_TYPE: image_label_faults, BOXES_TYPE: bounding_box_faults}


class Judgement(Struct):
    """What a line is: its faults of class marked in AWS's order, and the facts that notes are made of.

    `kinds` holds the kinds of its attributes that Custom Labels knows, `notes` rules of class note with the path of the
    member that each is about.
    """

    faults: list[BrokenRule] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    notes: list[tuple[Rule, MemberPath]] = field(default_factory=list)

    @property
    def rules(self) -> set[Rule]:
        """The rules that are broken."""
        return {fault.rule for fault in self.faults}


def judge(own: Mapping[str, Any]) -> Judgement:
    """Judge a line that is free of the service's fields; its key is judged by `source_ref_fault`."""
    judgement = Judgement()
    for fault in _faults(own, judgement):
        judgement.faults.append(fault)
        if fault.rule in rules.STOPS:
            break
    return judgement


def _faults(own: Mapping[str, Any], judgement: Judgement) -> Iterator[BrokenRule]:
    pairs = _pairs(own, judgement)
    for name in (one for pair in pairs for one in (pair.name, pair.name + METADATA)):
        if isinstance(own[name], str) and own[name].lstrip()[:1] in {"{", "["}:
            yield BrokenRule(rules.JSON_IN_VALUE, (name,), {"name": name})
    if not pairs and len(own) > 1:
        first = next(name for name in own if name != SOURCE_REF)
        yield broken(rules.NO_ATTRIBUTES, (first,), f"`{first}` has no `{beside(first)}` beside it")
    valid = 0
    for attribute in pairs:
        known_kind = True
        for fault in _attribute_faults(attribute):
            known_kind = known_kind and fault.rule is not rules.USE_CASE
            yield fault
        valid += known_kind
    if pairs and not valid:
        yield broken(rules.NO_VALID_ATTRIBUTES)


def _pairs(own: Mapping[str, Any], judgement: Judgement) -> list[Attribute]:
    """The pairs of attribute and metadata in the line's order; the facts about them go into `judgement`."""
    pairs = []
    for name, value in own.items():
        if name == SOURCE_REF or (name.endswith(METADATA) and _is_attribute(name.removesuffix(METADATA), own)):
            continue
        if name.endswith(METADATA) or name + METADATA not in own:
            judgement.notes.append((rules.UNKNOWN_ATTRIBUTES, (name,)))
            continue
        metadata = own[name + METADATA]
        kind = kind_of_labels(metadata) if isinstance(metadata, dict) else ""
        attribute = Attribute(name, value, metadata, kind)
        _note_facts(attribute, judgement)
        pairs.append(attribute)
    return pairs


def beside(name: str) -> str:
    """The other member of a pair: the metadata of an attribute, or the attribute of metadata."""
    return name.removesuffix(METADATA) if name.endswith(METADATA) else name + METADATA


def _is_attribute(name: str, own: Mapping[str, Any]) -> bool:
    return name in own and name != SOURCE_REF and not name.endswith(METADATA)


def _note_facts(attribute: Attribute, judgement: Judgement) -> None:
    value = attribute.value
    if attribute.kind in _KINDS:
        judgement.kinds.add(attribute.kind)
    if attribute.kind == IMAGE_TYPE and attribute.metadata["type"] == MULTILABEL_TYPE:
        judgement.notes.append((rules.MULTILABEL, (attribute.name + METADATA, "type")))
    if attribute.kind == IMAGE_TYPE and isinstance(value, str):
        judgement.notes.append((rules.TEXT_VALUE, (attribute.name,)))
    elif attribute.kind == BOXES_TYPE and isinstance(value, dict) and value.get("annotations") == []:
        judgement.notes.append((rules.ZERO_BOXES, (attribute.name, "annotations")))


def _attribute_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with one pair, in AWS's order."""
    name, metadata = attribute.name + METADATA, attribute.metadata
    if not isinstance(metadata, dict):
        yield broken(rules.METADATA_FORM, (name,), f"`{name}` is not an object")
    elif not attribute.kind:
        yield broken(rules.METADATA_FORM, (name, "type"), wrong("type", metadata.get("type"), "text"))
    elif attribute.kind not in _KINDS:
        yield broken(rules.USE_CASE, (name, "type"), attribute.kind)
    else:
        if metadata.get("human-annotated") not in ("yes", "no"):
            yield broken(rules.METADATA_FORM, (name, "human-annotated"), "`human-annotated` is not yes or no")
        date = metadata.get("creation-date")
        if not isinstance(date, str) or not _DATE.fullmatch(date):
            detail = "`creation-date` is missing or not of the form Y-M-DTH:M:S"
            yield broken(rules.METADATA_FORM, (name, "creation-date"), detail)
        yield from _KINDS[attribute.kind](attribute)


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


def of_stage_fault(document: Mapping[str, Any], prefixes: Prefixes) -> BrokenRule | None:
    """What is wrong with a key that a stage maps to the same key as a different one; None when nothing is."""
    key = document.get(SOURCE_REF)
    if not prefixes or not isinstance(key, str) or not is_ambiguous(key, prefixes):
        return None
    prefix = next(to for _of, to in prefixes if key.startswith(to))
    return BrokenRule(rules.KEY_OF_STAGE, _PATH, {"key": key, "prefix": prefix})


def address_fault(key: str) -> BrokenRule | None:
    """What is wrong with an image's address; None when nothing is."""
    if not key.startswith(SCHEME):
        address = s3_address(key)
        cure = "write it as s3://bucket/key" if address is None else f"write {address}"
        return BrokenRule(rules.KEY_SCHEME, _PATH, {"key": key, "cure": cure})
    bucket, _, name = key[len(SCHEME) :].partition("/")
    if not _BUCKET.fullmatch(bucket):
        return BrokenRule(rules.BUCKET, _PATH, {"bucket": bucket})
    if not name:
        return BrokenRule(rules.NO_OBJECT, _PATH, {"key": key})
    if len(key) > KEY_CHARACTERS:
        return BrokenRule(rules.LONG_KEY, _PATH, {"count": len(key)})
    return None
