"""JSON Schemas of project.yaml and of YAML manifests, for editors; made from the tables that the readers use.

A schema says less than `reconciler validate`: it knows keys, kinds of values and words, and neither AWS's rules nor
what is between two keys.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from reconciler.entries import SOURCE_REF
from reconciler.guards import GUARDS
from reconciler.limits import DATASET_LABELS, LABEL_CHARACTERS, PROJECT_NAME_PATTERN
from reconciler.manifest.project.project_yaml import (
    ALLOW_KEYS,
    DATASET_KEYS,
    PROJECT_KEYS,
    RETIRED_KEYS,
    SUPPRESS_KEYS,
)
from reconciler.manifest.yaml.entry import BOX_KEYS, ENTRY_KEYS, HEAD_KEYS
from reconciler.model import DatasetType
from reconciler.policy import SETTINGS, Choice, Policy, value_of

Schema = Mapping[str, Any]
# The folder beside the projects in which the schemas are for editors, and their names there.
SCHEMAS: Final = ".schema"
PROJECT_SCHEMA: Final = "project.schema.json"
MANIFEST_SCHEMA: Final = "manifest.schema.json"
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"  # what yaml-language-server supports
# Text as written: an editor takes a plain number, date or word for a value of its own kind.
_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
_NUMBER: Final[Schema] = {"type": "number"}
_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
_LABEL: Final[Schema] = {**_TEXT, "minLength": 1, "maxLength": LABEL_CHARACTERS}
_KINDS: Final = [kind.word for kind in DatasetType]
_SHARED: Final[Mapping[str, Schema]] = {
    "images": {"type": "string", "pattern": "^s3://", "description": "the prefix of images without a whole address"},
    "size": {
        "type": "array",
        "items": {"type": "number", "minimum": 1},
        "minItems": 2,
        "maxItems": 3,
        "description": "width and height in pixels, and perhaps depth",
    },
    "created": {"type": "string", "description": "creation-date, YYYY-MM-DDThh:mm:ss"},
    "human-annotated": {"enum": ["yes", "no", True, False]},
    "job-name": _TEXT,
    "confidence": _SHARE,
}


def first_line(schema: str) -> str:
    """The first line of a file of a project, for editors."""
    return f"# yaml-language-server: $schema=../{SCHEMAS}/{schema}\n"


def project_schema() -> str:
    """The schema of project.yaml."""
    names = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
    manifest = {"oneOf": [{"type": "string"}, names], "description": "a file, a list of files or a folder"}
    dataset = {"oneOf": [*manifest["oneOf"], _mapping(DATASET_KEYS, {"manifest": manifest, "policy": _policy()})]}
    name = {"type": "string", "pattern": f"^(?:{PROJECT_NAME_PATTERN})$"}
    known: dict[str, Schema] = {
        "project": name,
        "managed": {"type": "boolean"},
        "projectArn": {"type": "string", "pattern": "^arn:[^:]+:rekognition:"},
        "account": {"type": ["string", "number"]},
        "region": {"type": "string"},
        "assumeRole": {"type": "string", "pattern": "^arn:[^:]+:iam::"},
        "train": dataset,
        "test": dataset,
        "labels": {"type": "array", "items": _LABEL, "minItems": 1, "maxItems": DATASET_LABELS, "uniqueItems": True},
        **{key: _SHARED[key] for key in ("images", "size", "created")},
        "policy": _policy(),
        "resource": name,
        "allow": _items(ALLOW_KEYS, {"manifests": _mapping(_KINDS, dict.fromkeys(_KINDS, _TEXT))}, ALLOW_KEYS),
        "retired": _items(RETIRED_KEYS, {"dataset": {"enum": _KINDS}}, RETIRED_KEYS[:2]),
        "suppress": _items(SUPPRESS_KEYS, {}, SUPPRESS_KEYS[:3]),
    }
    return _document("project.yaml", _mapping(PROJECT_KEYS, known))


def manifest_schema() -> str:
    """The schema of a YAML manifest."""
    box = _mapping(BOX_KEYS, {**dict.fromkeys(BOX_KEYS[1:5], _NUMBER), "label": _LABEL, "confidence": _SHARE})
    shared = {key: _SHARED[key] for key in ENTRY_KEYS if key in _SHARED}
    members: dict[str, Schema] = {
        **shared,
        "image": {**_TEXT, "minLength": 1},
        "labels": {"type": "array", "items": _LABEL, "uniqueItems": True},
        "boxes": {"type": "array", "items": {**box, "required": list(BOX_KEYS[:5])}},
    }
    whole = {"type": "object", "properties": {SOURCE_REF: {"type": "string"}}, "required": [SOURCE_REF]}
    entry = {"oneOf": [{**_mapping(ENTRY_KEYS, members), "required": ["image"]}, whole]}
    entries = {"type": "array", "items": entry}
    return _document(
        "a YAML manifest", {**_mapping(HEAD_KEYS, {**_SHARED, "entries": entries}), "required": ["entries"]}
    )


def _policy() -> Schema:
    """The settings of a policy, with the words of each."""
    policy = Policy()
    settings: dict[str, Schema] = {}
    for name, row in SETTINGS.items():
        default = value_of(policy, name)
        form: Schema = {"type": "string"}
        if isinstance(default, Choice):
            form = {"enum": [choice.value for choice in type(default)]}
        elif isinstance(default, Mapping):
            form = _mapping(GUARDS, {guard: {"type": ["string", "boolean"]} for guard in GUARDS})
        settings[name] = {**form, "description": row.help}
    return _mapping(settings, settings)


def _items(keys: Collection[str], forms: Mapping[str, Schema], required: Collection[str]) -> Schema:
    return {"type": "array", "items": {**_mapping(keys, forms), "required": list(required)}}


def _mapping(keys: Collection[str], forms: Mapping[str, Schema]) -> Schema:
    """A mapping with these keys and no other; a key without a form is text."""
    properties = {key: forms.get(key, _TEXT) for key in keys}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _document(title: str, form: Schema) -> str:
    return json.dumps({"$schema": _DRAFT, "title": title, **form}, indent=2) + "\n"
