"""AWS's error codes and messages for a manifest and for its lines.

Sources: Custom Labels Developer Guide, Debugging datasets (Terminal errors, Non-terminal errors), Non-Terminal JSON
Line Validation Errors, Fixing training errors (precedence); DescribeDataset's published example ("multiple S3
buckets").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CodePlace(Enum):
    """Where in a line an error list is."""

    LINE = "line"
    ATTRIBUTE = "label attribute"
    METADATA = "label attribute metadata"
    ANNOTATION = "annotation"


@dataclass(frozen=True)
class LineCode:
    """One of the thirteen codes of dataset operations: `{}` in `message` is the attribute's name.

    `stops`: AWS validates nothing more of the line. `inferred`: AWS shows no example of the place; a switch decides it.
    """

    code: str
    message: str
    place: CodePlace
    stops: bool = False
    inferred: bool = False


NO_LABEL_ATTRIBUTES = LineCode("ERROR_NO_LABEL_ATTRIBUTES", "No label attributes found.", CodePlace.LINE, stops=True)
INVALID_ATTRIBUTE = LineCode(
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
    "The format of the label attribute {} is invalid.",
    CodePlace.ATTRIBUTE,
    stops=True,
    inferred=True,
)
INVALID_METADATA = LineCode(
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
    "The format of the label attribute metadata is invalid.",
    CodePlace.METADATA,
    stops=True,
    inferred=True,
)
NO_VALID_ATTRIBUTES = LineCode("ERROR_NO_VALID_LABEL_ATTRIBUTES", "No valid label attributes found.", CodePlace.LINE)
MISSING_CONFIDENCE = LineCode(
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
    "One or more bounding boxes has a missing confidence value.",
    CodePlace.METADATA,
    stops=True,
    inferred=True,
)
MISSING_CLASS = LineCode(
    "ERROR_MISSING_CLASS_MAP_ID",
    "One of more class ids is missing from the class map.",  # AWS's spelling
    CodePlace.METADATA,
    stops=True,
    inferred=True,
)
INVALID_DIMENSION = LineCode(
    "ERROR_INVALID_IMAGE_DIMENSION",
    "The image dimension(s) do not conform to allowed dimensions.",
    CodePlace.ATTRIBUTE,
    inferred=True,
)
INVALID_BOX = LineCode("ERROR_INVALID_BOUNDING_BOX", "The bounding box has off frame values.", CodePlace.ANNOTATION)
NO_VALID_ANNOTATIONS = LineCode(
    "ERROR_NO_VALID_ANNOTATIONS",
    "No valid annotations found.",
    CodePlace.ATTRIBUTE,
    inferred=True,
)
BOX_TOO_SMALL = LineCode(
    "ERROR_BOUNDING_BOX_TOO_SMALL", "The height and width of the bounding box is too small.", CodePlace.ANNOTATION
)
TOO_MANY_BOXES = LineCode(
    "ERROR_TOO_MANY_BOUNDING_BOXES",
    "There are more bounding boxes than the allowed maximum.",
    CodePlace.ATTRIBUTE,
    inferred=True,
)
UNSUPPORTED_TYPE = LineCode(
    "ERROR_UNSUPPORTED_USE_CASE_TYPE",
    "The use case type of the {}-metadata label attribute metadata is unsupported. Check the type field.",
    CodePlace.METADATA,
)
LABEL_NAME_LENGTH = LineCode(
    "ERROR_INVALID_LABEL_NAME_LENGTH",
    "The length of the label name is invalid.",  # the switch message_label_name_length
    CodePlace.METADATA,
    inferred=True,
)

LINE_CODES = (
    NO_LABEL_ATTRIBUTES,
    INVALID_ATTRIBUTE,
    INVALID_METADATA,
    NO_VALID_ATTRIBUTES,
    MISSING_CONFIDENCE,
    MISSING_CLASS,
    INVALID_DIMENSION,
    INVALID_BOX,
    NO_VALID_ANNOTATIONS,
    BOX_TOO_SMALL,
    TOO_MANY_BOXES,
    UNSUPPORTED_TYPE,
    LABEL_NAME_LENGTH,
)
"""The complete documented set for dataset operations."""


class DropReason(Enum):
    """Why the service drops a line without reporting it anywhere (Terminal content errors)."""

    TOO_LONG = "the line is longer than 100,000 characters"
    NOT_VALID = "the line is not a JSON object"
    NO_SOURCE_REF = "source-ref is missing"
    BAD_SOURCE_REF = "source-ref is not s3://bucket/key"
    REPEATED = "source-ref appears earlier in the same manifest"
    MISSING_IMAGE = "the image is in no known bucket (only with the switch `missing_images`)"


class DatasetFailure(Enum):
    """Why a create, update or distribution fails as a whole: the value is the StatusMessage, which has no code."""

    INACCESSIBLE = "The manifest file extension or contents are invalid."
    SIZE_TOO_LARGE = "The manifest file size exceeds the maximum supported size."
    TOO_MANY_ROWS = "The manifest file has too many rows."
    NO_PERMISSION = "The S3 bucket permissions are incorrect."
    TOO_MANY_IN_ERROR = "The manifest file has too many terminal errors."
    TOO_MANY_LABELS = "The manifest file has too many labels."
    TOO_FEW_IMAGES = "The manifest file doesn't have enough labeled images to distribute the dataset."
    SEVERAL_BUCKETS = "The manifest file contains images from multiple S3 buckets."
    EMPTY = "The manifest file is empty."  # the switch message_empty_manifest
    TOO_FEW_LABELS = "The manifest file has too few labels."


TERMINAL_CODES = {
    DatasetFailure.INACCESSIBLE: "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT",
    DatasetFailure.SIZE_TOO_LARGE: "ERROR_MANIFEST_SIZE_TOO_LARGE",
    DatasetFailure.TOO_MANY_ROWS: "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM",
    DatasetFailure.NO_PERMISSION: "ERROR_INVALID_PERMISSIONS_MANIFEST_S3_BUCKET",
    DatasetFailure.TOO_MANY_IN_ERROR: "ERROR_TOO_MANY_RECORDS_IN_ERROR",
    DatasetFailure.TOO_MANY_LABELS: "ERROR_MANIFEST_TOO_MANY_LABELS",
    DatasetFailure.TOO_FEW_IMAGES: "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE",
    DatasetFailure.SEVERAL_BUCKETS: "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
    DatasetFailure.EMPTY: "ERROR_EMPTY_MANIFEST",
    DatasetFailure.TOO_FEW_LABELS: "ERROR_MANIFEST_TOO_FEW_LABELS",
}
"""The guide's name of each failure; StatusMessage has only the text, unless the switch `failure_message` adds it."""
