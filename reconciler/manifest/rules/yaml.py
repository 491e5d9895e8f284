"""The rules of files in YAML: manifests for people, project.yaml, and the folders under `datasets/`.

The source is this program's documentation unless a row names one; YAML is YAML 1.1 as PyYAML and libyaml read it.
"""

from typing import Final

from reconciler.model import Severity
from reconciler.rule import Rule, error, note

_MODEL: Final = "botocore service-2.json"
_YAML: Final = "YAML 1.1"
_FORMAT: Final = "Custom Labels Developer Guide, Creating a manifest file"

# YAML as such.
INVALID: Final = error("invalid-yaml", "not valid YAML: {reason}", "{cure}", _YAML)
CHARACTER: Final = error(
    "yaml-character",
    "the character U+{code:04X} is not allowed in YAML as it is",
    "remove it, or write it as an escape inside double quotes",
    _YAML,
)
TAB: Final = error("yaml-tab", "a tab is used for indentation, which YAML forbids", "indent with blanks", _YAML)
TAG: Final = error("yaml-tag", 'the tag "{tag}" is not supported', "remove the tag: the value's place decides its type")
MERGE_KEY: Final = error("yaml-merge-key", "the merge key << is not supported", "write the members out")
KEY_NOT_TEXT: Final = error("yaml-key-not-text", "a key is {kind}, not text", "use text for keys")
SEVERAL_DOCUMENTS: Final = error(
    "yaml-several-documents", "a second document begins here", "keep one document per file: remove the `---`"
)
UNKNOWN_ALIAS: Final = error(
    "yaml-alias-unknown", "the alias *{name} has no anchor before it", "write &{name} at the value that it stands for"
)
ALIASES: Final = error(
    "yaml-aliases-too-many", "the aliases expand to too many nodes", "write fewer aliases, or generate JSON Lines"
)
EMPTY: Final = error("yaml-empty", "the file is empty", "{cure}")

# Types by place.
MAPPING_EXPECTED: Final = error("mapping-expected", "{what} is {kind} where keys and values belong", "{cure}")
LIST_EXPECTED: Final = error("list-expected", "{what} is {kind} where a list belongs", "write [a, b], or [] for none")
TEXT_EXPECTED: Final = error("text-expected", "{what} is {kind} where text belongs", "write one value")
NUMBER_EXPECTED: Final = error(
    "number-expected", "{what} is {kind} where a number belongs", "write a number as JSON has it, without quotes"
)
WHOLE_EXPECTED: Final = error("whole-number-expected", "{what} is {number}, not whole pixels", "write whole pixels")
FLAG_EXPECTED: Final = error("flag-expected", "{what} is {kind}, not true or false", "write true or false")
EMPTY_TEXT: Final = error("empty-text", "{what} is empty", "write a value, or leave the key out")
EMPTY_VALUE: Final = error("empty-value", '"{name}" has no value', "write the value; for JSON's null write `null`")
UNKNOWN_KEY: Final = error("unknown-key", 'there is no key "{name}" in {where}{guess}', "use one of: {known}")
MISSING_KEY: Final = error("missing-key", "{where} has no `{name}`", "add `{name}`")

# A manifest's head.
PREFIX: Final = error("images-prefix-illegal", '`images` "{prefix}" does not begin with s3://', "{cure}")
ENTRIES_MISSING: Final = error(
    "entries-missing", "the manifest has no `entries`", "add `entries:` with a list, or `entries: []` for none"
)

LATE_HEAD: Final = error(
    "head-below-entries", "`{name}` in this spelling must be above the entries", "move it above `entries`"
)

JSON_LINES_IN_YAML: Final = error(
    "json-lines-in-yaml",
    "`source-ref` is at the top of the file, as in JSON Lines",
    "name the file .jsonl, or put the line under `entries:`",
)

# An entry.
IMAGE_AND_SOURCE_REF: Final = error(
    "image-and-source-ref",
    "one entry has both `image` and `source-ref`",
    "keep `image` with labels and boxes, or `source-ref` with AWS's attributes",
)
LABELS_BESIDE: Final = error(
    "labels-beside-source-ref",
    "`{name}` beside `source-ref` would have no effect",
    "write `image` instead of `source-ref`, which begins a line in AWS's form",
)
BOX_MEMBERS: Final = error(
    "yaml-box-members", "a box has other keys than label, left, top, width and height", "write {cure}"
)
NO_IMAGE: Final = error("image-missing", "the entry names no image", "add `image`, or `source-ref` for AWS's form")
NO_PREFIX: Final = error(
    "image-without-prefix",
    'the image "{image}" is relative and the file has no `images`',
    "add `images: s3://bucket/folder/` above `entries`, or write the image's whole s3:// address",
)
NO_SIZE: Final = error(
    "boxes-without-size",
    "the entry has boxes but no size of its image",
    "add `size: [width, height]` to the entry or above `entries`",
    "Custom Labels Developer Guide, Object localization in manifest files",
)
SIZE_FORM: Final = error("size-form", "`size` has {count} numbers", "write [width, height] or [width, height, depth]")
EMPTY_LABEL: Final = error("empty-label", "a label is empty", "name the label, or remove it", f"{_MODEL}, DatasetLabel")
SHARE: Final = error(
    "confidence-range", "`confidence` is {number}, not a number from 0 to 1", "write a number from 0 to 1", _FORMAT
)
HUMAN: Final = error("human-annotated-value", '`human-annotated` is "{text}"', "write yes or no", _FORMAT)
DATE: Final = error(
    "date-form", '{what} "{text}" is not a date and time', "write it like 2026-01-31T00:00:00, in UTC", _FORMAT
)
REPEATED_LABEL: Final = note(
    "repeated-label", 'the label "{label}" appears twice in one entry; it counts once', "remove one of the two"
)
COMMENT: Final = note(
    "comment-after-image",
    "` #` after an image's name begins a comment: the name ends before it",
    "put the name in quotes if the # belongs to it",
    _YAML,
)


# project.yaml and the folders under `datasets/`.
NO_DATASETS: Final = error("datasets-missing", "there is no such folder", "create it with one folder per project")
NOT_A_FOLDER: Final = error(
    "datasets-not-a-folder", "this is a file", "name the folder that holds one folder per project"
)
NO_PROJECT: Final = error(
    "project-yaml-missing",
    "the folder holds {example} but no project.yaml",
    "add project.yaml (`managed: true` alone is enough), or move the file elsewhere",
)
OTHER_NAME: Final = error("project-yaml-name", "a file with this name is not read", "rename {example} to project.yaml")
TOO_LARGE: Final = error("project-yaml-too-large", "the file has more than {limit:,} bytes", "shorten it")

# The project.
NAME: Final = error(
    "project-name-illegal",
    'the project name "{name}" is illegal',
    "use 1 to 255 of a-z, A-Z, 0-9, underscore, dot, hyphen; `project:` sets another name than the folder's",
    f"{_MODEL}, ProjectName",
)
ARN: Final = error(
    "project-arn-illegal",
    '"{arn}" is not a valid ARN of a Custom Labels project',
    "copy it from DescribeProjects: arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER",
    f"{_MODEL}, ProjectArn",
)
MANAGED_AND_ARN: Final = error(
    "managed-and-project-arn", "`managed` is set, but the project of `projectArn` exists", "remove `managed`"
)
NAME_AND_ARN: Final = error(
    "project-and-project-arn",
    'the project is named "{name}" and `projectArn` names "{other}"',
    "remove `project`: `projectArn` names exactly one project",
)
MANAGED_KEEP: Final = error(
    "managed-and-keep",
    "`destroy: keep` with a managed project: a project cannot be deleted while it has datasets",
    "set `managed: false`, or `destroy` to refuse or delete",
    "API Reference, DeleteProject",
)
KEEP_AND_REPLACE: Final = error(
    "keep-and-replace",
    "`{name}: {text}`: `theirs: keep` keeps entries of a dataset that `extra: replace` deletes",
    "`{name}` must be {expected}",
)
SAME_PROJECT: Final = error(
    "project-twice",
    'the project "{name}" is declared here and in {other}',
    "declare a project in one folder; `project:` gives a folder another name",
)
WHERE: Final = error(
    "account-or-region-illegal",
    'the {name} "{text}" is illegal',
    "write the 12 digits of an AWS account, or a Region such as eu-west-1",
)
WHERE_AND_ARN: Final = error(
    "account-or-region-and-arn", "the {name} is {text} here and {other} in `projectArn`", "remove one of the two"
)
MANAGED_WHERE: Final = error(
    "managed-and-account-or-region",
    "`{name}` is for a project that exists, and this one is managed by the program",
    "remove it (the stack's aws:region says where the project is), or set `managed: false`",
)
ROLE: Final = error(
    "assume-role-illegal",
    '"{arn}" is not the ARN of a role',
    "write the role as arn:aws:iam::ACCOUNT:role/NAME",
    "IAM User Guide, IAM ARNs",
)
ROLE_ELSEWHERE: Final = error(
    "assume-role-of-other-account",
    "the role is of {mine}, and the project is in {other}",
    "name a role of the project's own account; credentials of a different account do not find the project",
)
MANAGED_ROLE: Final = error(
    "managed-and-assume-role",
    "`assumeRole` is for a project that exists, and this one is created by the program with the stack's credentials",
    "remove it (the stack's aws:assumeRoles is for all), or set `managed: false`",
)
STAGE_PREFIX: Final = error(
    "prefix-illegal",
    '"{text}" is not the prefix of images',
    "write it as s3://bucket/ or s3://bucket/folder/, with a slash at its end",
)
STAGE_PREFIXES: Final = error(
    "prefixes-overlap",
    '"{one}" and "{other}" overlap: the keys of two images could become one, or could not be mapped back',
    "name prefixes of which none begins with another one, on each side",
)
RESOURCE: Final = error(
    "resource-name-illegal",
    'the resource name "{name}" is illegal',
    "use 1 to 255 of a-z, A-Z, 0-9, underscore, dot, hyphen: the name in the Pulumi state; default: the folder's name",
)
SAME_RESOURCE: Final = error(
    "resource-twice",
    '"{name}" is the name in the Pulumi state here and in {other}',
    "give one of the two folders a different name under `resource`",
)

# Datasets and their manifests.
NO_DATASET: Final = error(
    "no-dataset",
    "the project has no dataset: there is neither `train` nor `test`, nor a file of a default name",
    "add train.jsonl or train.yaml beside project.yaml, or name a manifest under `train`",
)
MISNAMED: Final = error(
    "manifest-misnamed",
    "{example} is not read: the manifest of `{dataset}` is {dataset}.jsonl, .manifest, .yaml or .yml",
    "rename it to {dataset}.jsonl, or name it under `{dataset}:` in project.yaml",
)
TWO_DEFAULTS: Final = error(
    "two-default-manifests",
    "both {first} and {second} could be the {dataset} manifest",
    "name one of them under `{dataset}`, or remove one",
)
NO_DEFAULT: Final = error(
    "no-default-manifest",
    "`{dataset}` names no manifest, and no file has a default name",
    "add `manifest:`, or a file {names}",
)
NO_FILES: Final = error("manifests-empty", "`{dataset}` lists no file", "name at least one file, or a folder")
SAME_FILE: Final = error("manifest-named-twice", "{path} appears twice", "remove one of the two")
OWN_FOLDER: Final = error(
    "manifest-is-project-folder",
    '"{path}" is the project\'s own folder',
    "put the manifests of a dataset into a folder of their own, such as {dataset}/",
)
ABSOLUTE: Final = error("path-absolute", 'the path "{path}" is absolute', "write it relative to project.yaml's folder")
OUTSIDE: Final = error(
    "path-leaves-folder",
    '"{path}" lies outside the project\'s folder{how}',
    "put the file beside project.yaml: a folder holds everything of its project",
)

# Policy and labels.
CHOICE: Final = error("policy-value", '`{name}` is "{text}"{guess}', "use {expected}")
PATIENCE: Final = error(
    "patience-form", '`{name}` "{text}" is not a duration', "write it like 30m, 90s, 1h30m or 7d, more than zero"
)
GUARD: Final = error(
    "guard-value",
    'the guard `{name}` is "{text}"',
    "write on, off or a percentage such as 50% where it has one; `test-set` may be frozen",
)
NO_LABELS: Final = error("labels-empty", "the closed list `labels` is empty", "name the labels, or leave `labels` out")
LABEL_LENGTH: Final = error(
    "label-too-long", "a label has {count:,} characters", "use 1 to {limit} characters", f"{_MODEL}, DatasetLabel"
)
SAME_LABEL: Final = error("label-declared-twice", 'the label "{label}" appears twice', "remove one of the two")
ALLOW: Final = error("allow-invalid", "{reason}", "{cure}")
SUPPRESS_CODE: Final = error("suppress-code", '`code` "{code}" {why}{guess}', "{cure}")
SUPPRESS_UNTIL: Final = error(
    "suppress-until", '`until` "{text}" is not a day', "write the last day on which it counts, such as 2027-01-31"
)
SUPPRESS_EXPIRED: Final = Rule(
    "suppress-expired",
    Severity.MARKED,
    "the suppression of {code} expired on {until}",
    "fix what it suppressed, or decide again and write a later day",
)
MANY_LABELS: Final = error(
    "labels-too-many",
    "`labels` names {count:,} labels; the limit is {limit}",
    "declare fewer labels",
    "Custom Labels Developer Guide, Guidelines and quotas",
)
