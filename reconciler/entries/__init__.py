"""What a line means: its key, its labels and boxes, and when two lines are the same entry.

The rules, each held by a property test in `tests/entries/`:

- The key is `source-ref`, an exact string.
- *Meaning* (`compare: labels`): the set of image-level labels; the multiset of (label, left, top, width, height) with
  coordinates rounded to 0.001 px; the image's width and height; whether the line is labelled at all. A line with zero
  boxes is labelled. Nothing else counts: key order, white space, class ids, unused labels of a class-map, attribute
  names, job-name, creation-date, confidence, human-annotated, 1 against 1.0, attributes of other kinds or without
  metadata.
- A known attribute (its metadata's type is image-classification or object-detection) that is malformed counts as its
  parsed JSON.
- *Content* (`compare: strict`): all parsed JSON; numbers by value, so 1 and 1.0 are one number.
- What the service adds never counts (`line`).

`meaning` finds the label attributes of a line and reads them, `line` makes an entry of a line, `codes` has AWS's codes.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files".
"""

from reconciler.entries.line import (
    SERVICE_LISTS,
    bare_line,
    compact,
    entry_of,
    labelled_key,
    marks_of,
    parse_live,
    without_service_fields,
)
from reconciler.entries.meaning import (
    BOXES_TYPE,
    IMAGE_TYPE,
    METADATA,
    SOURCE_REF,
    Attribute,
    Box,
    Meaning,
    attributes,
    digest_of,
    meaning_of,
)

__all__ = [
    "BOXES_TYPE",
    "IMAGE_TYPE",
    "METADATA",
    "SERVICE_LISTS",
    "SOURCE_REF",
    "Attribute",
    "Box",
    "Meaning",
    "attributes",
    "bare_line",
    "compact",
    "digest_of",
    "entry_of",
    "labelled_key",
    "marks_of",
    "meaning_of",
    "parse_live",
    "without_service_fields",
]
