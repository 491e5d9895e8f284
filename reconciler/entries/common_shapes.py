"""The shapes of common lines: a decoder for each set of label attributes, of what AWS's guide shows, with its bounds.

Members are in alphabetical order and integers are tried before floats, so that encoding again gives the canonical JSON.

Source: Custom Labels Developer Guide, "Creating a manifest file"; the bounds are those of `reconciler.limits`.
"""

from itertools import chain
from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import UNSET, Meta, MsgspecError, Raw, Struct, UnsetType, defstruct, field
from msgspec.json import Decoder

from reconciler.entries.meaning import BOXES_TYPE, IMAGE_TYPE, METADATA, SOURCE_REF
from reconciler.limits import BOX_SIDE_MIN_PX, BOXES_PER_IMAGE, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX, LABEL_CHARACTERS

Share = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]
_Side = Annotated[int, Meta(ge=IMAGE_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_WholeStart = Annotated[int, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)]
_Start = _WholeStart | Annotated[float, Meta(ge=0, le=IMAGE_SIDE_MAX_PX)]
_WholeExtent = Annotated[int, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
_Extent = _WholeExtent | Annotated[float, Meta(gt=BOX_SIDE_MIN_PX, le=IMAGE_SIDE_MAX_PX)]
ClassName = Annotated[str, Meta(min_length=1, max_length=LABEL_CHARACTERS)]

# The kind of a member that Custom Labels does not know.
_EXTRA: Final = ""
# The members of a box that may be floats.
_SIDES: Final = ("left", "top", "width", "height")


class Size(Struct, forbid_unknown_fields=True, gc=False):
    """The size of an image."""

    depth: Annotated[int, Meta(ge=0, le=100)]
    height: _Side
    width: _Side


class _Box(Struct, forbid_unknown_fields=True, gc=False):
    class_id: int
    height: _Extent
    left: _Start
    top: _Start
    width: _Extent


class _WholeBox(Struct, forbid_unknown_fields=True, gc=False):
    class_id: int
    height: _WholeExtent
    left: _WholeStart
    top: _WholeStart
    width: _WholeExtent


class Boxes(Struct, forbid_unknown_fields=True, gc=False):
    """An attribute with boxes of any coordinates."""

    annotations: Annotated[list[_Box], Meta(max_length=BOXES_PER_IMAGE)]
    image_size: Raw


class WholeBoxes(Struct, forbid_unknown_fields=True, gc=False):
    """An attribute with boxes whose coordinates are integers."""

    annotations: Annotated[list[_WholeBox], Meta(max_length=BOXES_PER_IMAGE)]
    image_size: Raw


class Object(Struct, forbid_unknown_fields=True, gc=False):
    """What is said of one box."""

    confidence: Share


class BoxesMetadata(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """The metadata of an attribute with boxes."""

    class_map: Raw = field(name="class-map")
    creation_date: str = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    objects: Raw
    type: Literal["groundtruth/object-detection"]


class ImageMetadata(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """The metadata of an image-level label."""

    class_name: ClassName = field(name="class-name")
    confidence: Raw
    creation_date: str = field(name="creation-date")
    human_annotated: Literal["yes", "no"] = field(name="human-annotated")
    job_name: str | UnsetType = field(name="job-name", default=UNSET)
    type: Literal["groundtruth/image-classification"]


class Shape(NamedTuple):
    """A set of label attributes: how such a line is read, the kinds, and how each metadata begins in the line's order.

    `image` are the names of the members with image-level labels, `boxes` those of the attributes with boxes, whose
    coordinates may be no integers unless `whole`, and `extras` those that Custom Labels does not know.
    """

    decoder: Decoder[Any]
    kinds: frozenset[str]
    beginnings: tuple[bytes, ...]
    image: tuple[str, ...]
    boxes: tuple[tuple[str, str], ...]
    extras: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, kinds: dict[str, str], *, whole: bool) -> "Shape":
        """The shape of lines with these attributes, in this order, and the kind of each."""
        forms = {BOXES_TYPE: (WholeBoxes if whole else Boxes, BoxesMetadata), IMAGE_TYPE: (int, ImageMetadata)}
        members: dict[str, tuple[str, Any]] = {SOURCE_REF: ("key", str)}
        own = dict[str, list[tuple[str, str]]]()
        for number, (name, kind) in enumerate(kinds.items()):
            one = f"value_{number}", f"metadata_{number}"
            own.setdefault(kind, []).append(one)
            if kind == _EXTRA:
                members[name] = one[0], Raw
            else:
                members |= {name: (one[0], forms[kind][0]), name + METADATA: (one[1], forms[kind][1])}
        fields = [(own_name, of, field(name=name)) for name, (own_name, of) in sorted(members.items())]
        return cls(
            Decoder(defstruct("Line", fields, forbid_unknown_fields=True, gc=False)),
            frozenset(kinds.values()) - {_EXTRA},
            tuple(f'"{name}{METADATA}":'.encode() for name, kind in kinds.items() if kind != _EXTRA),
            tuple(metadata for _value, metadata in own.get(IMAGE_TYPE, ())),
            tuple(own.get(BOXES_TYPE, ())),
            tuple(value for value, _metadata in own.get(_EXTRA, ())),
            whole,
        )


def kinds_of(document: dict[str, Any]) -> dict[str, str] | None:
    """The kind of each attribute, in the order of their metadata; None where a decoder would not be exact.

    Without attributes it has no members that are unknown: that is a fault, not a note.
    """
    kinds = {}
    for name, metadata in document.items():
        attribute = name.removesuffix(METADATA)
        if attribute != name and isinstance(metadata, dict) and attribute in document:
            kinds[attribute] = str(metadata.get("type"))
    names = kinds.keys() | {name + METADATA for name in kinds} | {SOURCE_REF}
    known = len(names) == 1 + 2 * len(kinds) and {BOXES_TYPE, IMAGE_TYPE}.issuperset(kinds.values())
    extras = [name for name in document if name not in names]
    if not known or any(name.endswith(METADATA) or name + METADATA in document for name in extras):
        return None
    if (extras and not kinds) or not all(name.isascii() and name for name in (*kinds, *extras)):
        return None
    return kinds | dict.fromkeys(extras, _EXTRA)


def decoded(shape: Shape, raw: bytes) -> Any:  # noqa: ANN401 - made by `defstruct`
    """The line, None where it is of a different shape."""
    try:
        return shape.decoder.decode(raw)
    except (MsgspecError, ValueError, RecursionError):
        return None


def job_of(metadata: ImageMetadata | BoxesMetadata) -> str | None:
    """The job-name, None where there is none."""
    return None if metadata.job_name is UNSET else metadata.job_name


def make_whole(line: Any, shape: Shape) -> int:  # noqa: ANN401 - made by `defstruct`
    """Have the coordinates of a line that are whole numbers as integers, and count those that were floats."""
    count = 0
    for box in chain.from_iterable(getattr(line, name).annotations for name, _metadata in shape.boxes):
        for side in _SIDES:
            number = getattr(box, side)
            if type(number) is float and number.is_integer():
                setattr(box, side, int(number))
                count += 1
    return count
