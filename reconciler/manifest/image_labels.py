"""An image-level label attribute, judged as the service judges it.

Knows the form of the value and of the metadata. Refuses to know boxes (`bounding_boxes.py`) and other attributes.

Source: Custom Labels Developer Guide, "Image-level labels in manifest files"; that Ground Truth writes the value as
text too: SageMaker Developer Guide, "Output data".
"""

from collections.abc import Iterator

from reconciler.entries import METADATA, Attribute
from reconciler.limits import LABEL_CHARACTERS
from reconciler.manifest.line import Fault, kind_of
from reconciler.manifest.rules import line_rules as rules

__all__ = ["image_label_faults", "is_number", "is_share"]


def image_label_faults(attribute: Attribute) -> Iterator[Fault]:
    """What is wrong with the attribute, in AWS's order."""
    if not _is_whole(attribute.value):
        detail = f" (`{attribute.name}` is {kind_of(attribute.value)} that is no whole number)"
        yield Fault(rules.ATTRIBUTE_FORM, (attribute.name,), {"detail": detail})
    path = (attribute.name + METADATA,)
    label = attribute.metadata.get("class-name")
    if not isinstance(label, str):
        yield Fault(rules.METADATA_FORM, (*path, "class-name"), {"detail": " (`class-name` is missing or not text)"})
    if not is_share(attribute.metadata.get("confidence")):
        detail = " (`confidence` is missing or not a number from 0 to 1)"
        yield Fault(rules.METADATA_FORM, (*path, "confidence"), {"detail": detail})
    if isinstance(label, str) and not 1 <= len(label) <= LABEL_CHARACTERS:
        yield Fault(rules.LABEL_LENGTH, (*path, "class-name"), {"detail": f" ({len(label):,} characters)"})


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_share(value: object) -> bool:
    """Whether a JSON value is a number from 0 to 1, as a confidence is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.removeprefix("-").isdecimal()
    return is_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
