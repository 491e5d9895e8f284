"""The label attributes of a line: which members they are, and of which kind.

Source: Custom Labels Developer Guide, "Creating a manifest file".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

SOURCE_REF: Final = "source-ref"
METADATA: Final = "-metadata"
IMAGE_TYPE: Final = "groundtruth/image-classification"
BOXES_TYPE: Final = "groundtruth/object-detection"

Document = Mapping[str, Any]  # a parsed line


class Attribute(NamedTuple):
    """A label attribute of a line: its name, value and metadata; `kind` is the metadata's type."""

    name: str
    value: Any
    metadata: Mapping[str, Any]
    kind: str


def attributes(document: Document) -> Iterator[Attribute]:
    """The label attributes of the kinds that Custom Labels knows, in the line's order.

    An attribute is known by its metadata: a member named `<attribute>-metadata` that holds one of the two types.
    """
    for name, metadata in document.items():
        if not name.endswith(METADATA) or not isinstance(metadata, dict):
            continue
        kind = metadata.get("type")
        if isinstance(kind, str) and kind in {IMAGE_TYPE, BOXES_TYPE}:
            attribute = name.removesuffix(METADATA)
            yield Attribute(attribute, document.get(attribute), metadata, kind)
