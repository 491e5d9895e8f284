"""AWS's codes of entry errors, one table: code, what it means, what to do."""

from typing import Final

from msgspec import Struct


class EntryCode(Struct, frozen=True):
    """One of AWS's codes: its name, its meaning in plain words, and the cure."""

    code: str
    meaning: str
    cure: str


_TABLE: Final = (
    EntryCode(
        "ERROR_NO_LABEL_ATTRIBUTES",
        "no label attribute with its -metadata was found",
        "add an attribute and an attribute of the same name with -metadata, or leave only source-ref",
    ),
    EntryCode(
        "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
        "the value of a label attribute has the wrong form",
        "give image_size and annotations (boxes), or a whole number (image-level label)",
    ),
    EntryCode(
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        "the metadata of a label attribute has the wrong form",
        "give type, human-annotated, creation-date, and class-name with confidence or class-map with objects",
    ),
    EntryCode(
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "no label attribute of the line is valid",
        "fix the attribute that is named with this code",
    ),
    EntryCode(
        "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
        "a bounding box has no confidence",
        "give one {confidence} in objects for each box in annotations",
    ),
    EntryCode(
        "ERROR_MISSING_CLASS_MAP_ID",
        "a box names a class_id that class-map does not have",
        "add the class_id to class-map",
    ),
    EntryCode(
        "ERROR_INVALID_IMAGE_DIMENSION",
        "the image is smaller than 64 or larger than 4096 pixels on a side",
        "scale the image and its boxes, or leave it out",
    ),
    EntryCode(
        "ERROR_INVALID_BOUNDING_BOX",
        "a box is not inside the image",
        "look at the image: correct the box, or the image's size",
    ),
    EntryCode("ERROR_NO_VALID_ANNOTATIONS", "no box of the line is valid", "fix the boxes or remove them"),
    EntryCode("ERROR_BOUNDING_BOX_TOO_SMALL", "a box must be larger than 1 x 1 pixel", "enlarge the box or remove it"),
    EntryCode(
        "ERROR_TOO_MANY_BOUNDING_BOXES",
        "an image has too many boxes; the limit is 50",
        "remove boxes, or tile the image",
    ),
    EntryCode(
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
        "Custom Labels does not support the type in the metadata",
        "use groundtruth/image-classification or groundtruth/object-detection",
    ),
    EntryCode(
        "ERROR_INVALID_LABEL_NAME_LENGTH", "a label's name is empty or too long", "use 1 to 255 characters for a label"
    ),
)

ENTRY_CODES: Final = {row.code: row for row in _TABLE}


def code_meaning(code: str) -> str:
    """What a code means, in plain words; also for a code that AWS does not document."""
    row = ENTRY_CODES.get(code)
    return row.meaning if row else "a code that AWS does not document for datasets"


def cure_of(code: str) -> str:
    """What to do about a code; for a code that AWS does not document, where to look."""
    row = ENTRY_CODES.get(code)
    return row.cure if row else "see AWS's text, and the chapter on debugging in the Custom Labels Developer Guide"
