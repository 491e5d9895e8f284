"""The rules of lines, whatever form they are written in, and AWS's 13 codes.

Sources, by short name:
    rules: Custom Labels Developer Guide, "Validation rules for manifest files";
    terminal: Custom Labels Developer Guide, "Debugging datasets, terminal errors" (lines dropped without a report);
    nonterminal: Custom Labels Developer Guide, "Non-terminal JSON line validation errors";
    limits: Custom Labels Developer Guide, "Guidelines and quotas in Amazon Rekognition Custom Labels";
    model: botocore `rekognition/2016-06-27/service-2.json`;
    JSON: RFC 8259.
"""

from typing import Final

from reconciler.entries.codes import ENTRY_CODES
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS, INVALID_SHARE, KEY_CHARACTERS, LINE_CHARACTERS, NESTING
from reconciler.rule import Rule, error, marked, note

_TERMINAL: Final = "Custom Labels Developer Guide, Debugging datasets, terminal errors"
_RULES: Final = "Custom Labels Developer Guide, Validation rules for manifest files"
_NONTERMINAL: Final = "Custom Labels Developer Guide, Non-terminal JSON line validation errors"
_LIMITS: Final = "Custom Labels Developer Guide, Guidelines and quotas"
_FORMAT: Final = "Custom Labels Developer Guide, Creating a manifest file"
_JSON: Final = "RFC 8259"
_S3: Final = "botocore service-2.json, S3Bucket"

# Lines as JSON.
COMMENT: Final = error(
    "comment-in-json-lines",
    "this is a comment, and JSON has none",
    "remove the lines that begin with `#`, `//` or `/*`",
    _JSON,
)
INVALID_JSON: Final = error("invalid-json", "not valid JSON: {reason}", "{cure}", _TERMINAL)
NOT_AN_OBJECT: Final = error(
    "not-an-object", "the line is {kind}, not a JSON object", "write one {{...}} per line", "botocore service-2.json"
)
NESTED: Final = error(
    "nesting-too-deep", f"nested deeper than {NESTING} levels", "flatten the value; no label format nests as deep"
)
REPEATED_MEMBER: Final = error(
    "repeated-member", 'the name "{name}" appears twice in one object', "keep one of the two", _JSON
)
JSON_IN_JSON: Final = error(
    "json-in-json",
    "the line is a text that holds the object, JSON inside JSON",
    "write the object itself: jq -c fromjson {file}",
    _JSON,
)
BOM_INSIDE: Final = error(
    "byte-order-mark-inside",
    "a byte order mark (U+FEFF) is inside the file, as when files are joined",
    "remove it: sed -i 's/\\xef\\xbb\\xbf//' {file}",
    _JSON,
)
TRAILING_COMMA: Final = error(
    "trailing-comma", "a comma before `{bracket}`, where nothing follows it", "remove the comma", _JSON
)
LONE_SURROGATE: Final = error(
    "lone-surrogate",
    "the text holds half of a surrogate pair, which is not a character",
    "write the character itself, or both halves of its escape",
    _JSON,
)
NOT_A_NUMBER: Final = error("not-a-number", "{text} is not JSON", "give a number, or leave the member out", _JSON)
OVERFLOW: Final = error("number-too-large", "{text} does not fit a 64-bit float", "give a smaller number", _JSON)
LONG_LINE: Final = error(
    "line-too-long",
    f"the line has {{size}}; the limit is {LINE_CHARACTERS:,} characters; the service drops it and reports nothing",
    "remove attributes or boxes from the line",
    _RULES,
)

# The key.
NO_KEY: Final = error(
    "source-ref-missing",
    "`source-ref` is missing; the service drops the line and reports nothing",
    'add "source-ref": "s3://bucket/key"{guess}',
    _TERMINAL,
)
KEY_NOT_TEXT: Final = error(
    "source-ref-not-text", "`source-ref` is {kind}, not text", "write it as s3://bucket/key, in quotes", _TERMINAL
)
KEY_SCHEME: Final = error(
    "source-ref-not-s3",
    '`source-ref` "{key}" does not begin with s3://; the service drops the line and reports nothing',
    "{cure}",
    _TERMINAL,
)
BUCKET: Final = error(
    "bucket-illegal",
    '"{bucket}" is not a valid S3 bucket name',
    "use the bucket's real name: 3 to 255 of a-z, A-Z, 0-9, dot, hyphen, underscore",
    _S3,
)
NO_OBJECT: Final = error(
    "source-ref-without-object", '`source-ref` "{key}" names only a bucket', "write it as s3://bucket/key", _TERMINAL
)
KEY_OF_STAGE: Final = error(
    "source-ref-of-stage",
    '`source-ref` "{key}" begins with "{prefix}", which the stage maps another prefix to: two keys would become one',
    "write the key with the prefix of the repository, or change `images` of the stage in stages.yaml",
)
LONG_KEY: Final = error(
    "source-ref-too-long",
    f"`source-ref` has {{count:,}} characters; the limit is {KEY_CHARACTERS:,}",
    "store the image under a shorter key: S3 takes 1,024 bytes",
    "botocore service-2.json, QueryString",
)
RETIRED: Final = error(
    "retired",
    "the image {key} is retired ({first}): {reason}",
    "remove the entry (`reconciler rm` does), or take the image out of `retired` in project.yaml",
)
REPEATED_KEY: Final = error(
    "source-ref-repeated",
    'the image "{key}" appears twice, first at {first}; the service keeps one of them, and it is not documented which',
    "remove one of the two lines",
    _TERMINAL,
)

# Across lines.
TWO_BUCKETS: Final = error(
    "two-buckets",
    'the image is in bucket "{bucket}", the one at {first} in "{other}"; the service fails the update',
    "keep all images of a dataset in one bucket",
    _RULES,
)
MANY_LABELS: Final = error(
    "too-many-labels",
    f'"{{label}}" is label number {DATASET_LABELS + 1} of {{count:,}}{{more}}; the limit is {DATASET_LABELS}',
    "use fewer labels, or split the dataset over projects",
    _LIMITS,
)
MANY_LINES: Final = error(
    "too-many-lines",
    f"this is line number {DATASET_ENTRIES + 1:,} of {{count:,}}; the limit is {DATASET_ENTRIES:,}",
    "remove lines, or split the dataset over projects",
    _LIMITS,
)
NO_KNOWN_KIND: Final = error(
    "no-known-kind",
    "no line of the manifest has labels that Custom Labels accepts; in the first that should, {there}",
    "{cure}",
    _FORMAT,
)
UNDECLARED_LABEL: Final = error(
    "label-not-declared",
    '"{label}" is not in `labels` of project.yaml{guess}; it is on {lines}, the first here',
    "correct it, or add it to `labels`",
)

# Notes.
TRAINING_TOO: Final = note(
    "test-is-train",
    "the test dataset has the manifest of the training dataset: a model would be tested on the images it learned from",
    "give the test dataset images that are not used for training",
    "Custom Labels Developer Guide, Creating training and test datasets",
)
OVERLOOKED: Final = note(
    "manifest-overlooked",
    "{example} beside this manifest looks like the manifest of the project's other dataset, and is not read",
    "rename it to end in .jsonl, or name it in project.yaml; if it is something else, move it elsewhere",
)
DECLARED_LABELS: Final = note(
    "too-many-labels-declared",
    "the class-maps declare {count:,} labels{more} and the manifest uses {used:,}; the limit is "
    f"{DATASET_LABELS}, and the service may count those that are only declared",
    "remove from the class-maps the labels that no box has",
    _LIMITS,
)
MANY_MARKED: Final = note(
    "many-lines-marked",
    "the service will mark {count:,} of {lines:,} lines with errors; where more than "
    f"{INVALID_SHARE:.0%} of the lines are invalid an import fails, and an update may",
    "fix the lines that are marked, or leave them out",
    _RULES,
)
ALL_UNLABELLED: Final = note(
    "all-unlabelled",
    "none of the {count:,} entries has labels, so training ignores them all; the input manifest of a Ground Truth job "
    "looks like this",
    "name the output manifest of the job (output.manifest), or label the images",
    "SageMaker Developer Guide, Input data",
)
ZERO_BOXES: Final = note(
    "zero-boxes",
    "{count:,} line{s} with zero boxes, the first here: the image counts as labelled",
    "leave the line as it is if the image shows none of the labels; else add boxes",
    _NONTERMINAL,
)
MIXED_KINDS: Final = note(
    "mixed-kinds",
    "image-level labels and boxes are mixed, first with the line at {first}; training uses one and ignores the other",
    "keep one kind in a dataset",
    "Custom Labels Developer Guide, Training a model",
)
MULTILABEL: Final = note(
    "multilabel-type",
    "{count:,} image-level label{s} of type groundtruth/image-classification-multilabel, the first here: AWS's "
    "converter writes it and AWS's guide gives groundtruth/image-classification alone; the service may mark them",
    "set the type to groundtruth/image-classification{how}",
    "Custom Labels Developer Guide, Transforming multi-label SageMaker AI Ground Truth manifest files",
)
REPEATED_BOXES: Final = note(
    "repeated-boxes",
    "{count:,} attribute{s} with the same boxes as an earlier one of the line, first `{name}`: each box counts twice",
    "remove one of the two attributes, if both describe the same objects",
)
TEXT_VALUE: Final = note(
    "text-label-value",
    "{count:,} image-level label{s} with text as value, the first here, as Ground Truth writes it",
    "write a whole number if the service should mark the line",
    "SageMaker Developer Guide, Output data",
)
KEYS_ALIKE: Final = note(
    "keys-alike",
    "{count:,} key{s} equal to an earlier one except for Unicode normalisation, the first here and at {first}",
    "check that both images exist in the bucket",
)
LABELS_ALIKE: Final = note(
    "labels-alike",
    'the label "{label}" differs only in Unicode normalisation from the one first used at {first}',
    "write both the same way if they are one label",
)
PERCENT_KEY: Final = note(
    "percent-encoded-key",
    "{count:,} key{s} with what looks like percent-encoding, the first here",
    "write the object's real key: nothing is decoded",
)
UNKNOWN_ATTRIBUTES: Final = note(
    "unknown-attributes",
    '{count:,} attribute{s} that Custom Labels does not know, the first here ("{name}"); sent, and ignored by it',
    "leave them, or remove them",
    _FORMAT,
)


# AWS's 13 codes.


def _marked(code: str) -> Rule:
    """A row of class marked; its `detail` is empty or describes in parentheses exactly what is wrong."""
    row = ENTRY_CODES[code]
    cure = row.cure.replace("{", "{{").replace("}", "}}")
    return marked(code, f"{row.meaning}{{detail}}", cure, _NONTERMINAL)


JSON_IN_VALUE: Final = marked(
    "json-in-value",
    "`{name}` is a text that holds JSON, so the service marks the line",
    "write the object or list itself, without quotes around it and backslashes in it",
    _FORMAT,
)
BOX_MEMBERS: Final = marked(
    "box-members",
    "a box has other members than left, top, width and height, so the service marks the line",
    "write {cure}",
    _FORMAT,
)
NO_ATTRIBUTES: Final = _marked("ERROR_NO_LABEL_ATTRIBUTES")
ATTRIBUTE_FORM: Final = _marked("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT")
METADATA_FORM: Final = _marked("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT")
NO_VALID_ATTRIBUTES: Final = _marked("ERROR_NO_VALID_LABEL_ATTRIBUTES")
NO_BOX_CONFIDENCE: Final = _marked("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE")
NO_CLASS: Final = _marked("ERROR_MISSING_CLASS_MAP_ID")
IMAGE_DIMENSION: Final = _marked("ERROR_INVALID_IMAGE_DIMENSION")
BOX_OFF_FRAME: Final = _marked("ERROR_INVALID_BOUNDING_BOX")
NO_VALID_BOXES: Final = _marked("ERROR_NO_VALID_ANNOTATIONS")
BOX_TOO_SMALL: Final = _marked("ERROR_BOUNDING_BOX_TOO_SMALL")
MANY_BOXES: Final = _marked("ERROR_TOO_MANY_BOUNDING_BOXES")
USE_CASE: Final = _marked("ERROR_UNSUPPORTED_USE_CASE_TYPE")
LABEL_LENGTH: Final = _marked("ERROR_INVALID_LABEL_NAME_LENGTH")

# After one of these AWS checks nothing more of the line.
# Source: Custom Labels Developer Guide, Fixing training errors (order of validation).
STOPS: Final = frozenset(
    {JSON_IN_VALUE, BOX_MEMBERS, NO_ATTRIBUTES, ATTRIBUTE_FORM, METADATA_FORM, NO_BOX_CONFIDENCE, NO_CLASS}
)
