"""Label attributes, of an image and of bounding boxes, judged as the service judges them.

Sources: Custom Labels Developer Guide, "Image-level labels in manifest files", "Object localization in manifest files",
"Non-terminal JSON line validation errors" (the codes), "Guidelines and quotas" (50 boxes, 64 to 4096 pixels); Ground
Truth also writes the value of an image-level label as text: SageMaker Developer Guide, "Output data".
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from reconciler.entries import METADATA, Attribute
from reconciler.entries.misread import Drawn, misread
from reconciler.limits import BOX_SIDE_MIN_PX, BOXES_PER_IMAGE, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX, LABEL_CHARACTERS
from reconciler.manifest.findings import BrokenRule, MemberPath, broken, kind_of
from reconciler.manifest.rules import lines as rules


def image_label_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with the attribute, in AWS's order."""
    if not _is_whole(attribute.value):
        detail = f"`{attribute.name}` is {kind_of(attribute.value)}, not a whole number"
        yield broken(rules.ATTRIBUTE_FORM, (attribute.name,), detail)
    metadata = attribute.name + METADATA
    label = attribute.metadata.get("class-name")
    if not isinstance(label, str):
        yield broken(rules.METADATA_FORM, (metadata, "class-name"), wrong("class-name", label, "text"))
    if not is_share(attribute.metadata.get("confidence")):
        detail = "`confidence` is missing or not a number from 0 to 1"
        yield broken(rules.METADATA_FORM, (metadata, "confidence"), detail)
    if isinstance(label, str) and not 1 <= len(label) <= LABEL_CHARACTERS:
        yield broken(rules.LABEL_LENGTH, (metadata, "class-name"), _length(label))


def wrong(name: str, value: object, wanted: str) -> str:
    """What is wrong with a member: it is missing (None), or not what is wanted."""
    return f"`{name}` is missing or null" if value is None else f"`{name}` is {kind_of(value)}, not {wanted}"


def _length(label: str) -> str:
    """A label's length. AWS contradicts itself: the API takes 255 characters, the text of the error says 256."""
    doubt = "; AWS gives 255 and 256 as the limit" if len(label) == LABEL_CHARACTERS + 1 else ""
    return f"{len(label):,} characters{doubt}"


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_share(value: object) -> bool:
    """Whether a JSON value is a number from 0 to 1, as a confidence is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.removeprefix("-").isdecimal()
    return type(value) is int or (isinstance(value, float) and value.is_integer())


_SIDES: Final = ("left", "top", "width", "height")
_CORNERS: Final = "left: {0}, top: {1}, width: {2} - {0}, height: {3} - {1}"
_CENTER: Final = "left: {0} - {2} / 2, top: {1} - {3} / 2, width: {2}, height: {3}"
_IN_PLACE: Final = "left, top, width and height, each a member with a number of pixels, in place of {0}"
_CAPITALS: Final = (
    "{0}, {1}, {2} and {3}, without capitals and in pixels: where they are fractions, as in responses of Amazon "
    "Rekognition, multiply {0} and {2} by the image's width, {1} and {3} by its height"
)
# Members of boxes in other formats, and how such a box is written here; the first that fits.
_OTHER_MEMBERS: Final = tuple(
    (frozenset(names.split()), form.format(*names.split()))
    for names, form in (
        ("xmin ymin xmax ymax", _CORNERS),
        ("x_min y_min x_max y_max", _CORNERS),
        ("x1 y1 x2 y2", _CORNERS),
        ("left top right bottom", _CORNERS),
        ("x y w h", "left: {0}, top: {1}, width: {2}, height: {3}"),
        ("x y width height", "left: {0}, top: {1}, width: {2}, height: {3}"),
        ("left top w h", "left: {0}, top: {1}, width: {2}, height: {3}"),
        ("cx cy w h", _CENTER),
        ("cx cy width height", _CENTER),
        ("x_center y_center width height", _CENTER),
        ("center_x center_y width height", _CENTER),
        ("left top width height", _CAPITALS),
        ("bbox", _IN_PLACE),
        ("boundingbox", _IN_PLACE),
        ("bounding_box", _IN_PLACE),
        ("coordinates", _IN_PLACE),
        ("points", _IN_PLACE),
    )
)


def bounding_box_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with the attribute, in AWS's order. Later rules rely on earlier ones: stop at a code of `STOPS`."""
    for rule in (_value_form, _metadata_form, _confidences, _class_ids, _label_lengths, _dimensions, _boxes):
        yield from rule(attribute)


def _value_form(attribute: Attribute) -> Iterator[BrokenRule]:
    """`image_size` is a list of one {width, height, depth}, `annotations` a list of boxes of numbers."""
    path, value = (attribute.name,), attribute.value
    if not isinstance(value, dict):
        yield broken(rules.ATTRIBUTE_FORM, path, f"`{attribute.name}` is {kind_of(value)}, not an object")
        return
    sizes = value.get("image_size")
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        yield broken(
            rules.ATTRIBUTE_FORM, (*path, "image_size"), "`image_size` is not a list of one {width, height, depth}"
        )
        return
    for side in ("width", "height", "depth"):
        if not is_number(sizes[0].get(side)):
            detail = wrong(side, sizes[0].get(side), "a number")
            yield broken(rules.ATTRIBUTE_FORM, (*path, "image_size", 0, side), detail)
    annotations = value.get("annotations")
    if not isinstance(annotations, list):
        yield broken(rules.ATTRIBUTE_FORM, (*path, "annotations"), wrong("annotations", annotations, "a list"))
        return
    other = next((index for index, box in enumerate(annotations) if isinstance(box, dict) and other_members(box)), None)
    if other is not None:  # the boxes of a line are written alike
        yield BrokenRule(rules.BOX_MEMBERS, (*path, "annotations", other), {"cure": other_members(annotations[other])})
        return
    for index, box in enumerate(annotations):
        yield from _box_form(box, (*path, "annotations", index))


def other_members(box: Collection[str]) -> str:
    """How a box is written whose members have the names of another format; empty when they have not."""
    if set(_SIDES) <= set(box):
        return ""
    return next((cure for names, cure in _OTHER_MEMBERS if names <= {name.casefold() for name in box}), "")


def _box_form(box: object, path: MemberPath) -> Iterator[BrokenRule]:
    if not isinstance(box, dict):
        yield broken(rules.ATTRIBUTE_FORM, path, "a box is not an object")
        return
    for name in _SIDES:
        side = box.get(name)
        if type(side) is not int and type(side) is not float:
            yield broken(rules.ATTRIBUTE_FORM, (*path, name), wrong(name, side, "a number"))
    class_id = box.get("class_id")
    if type(class_id) is not int and not (isinstance(class_id, float) and class_id.is_integer()):
        yield broken(rules.ATTRIBUTE_FORM, (*path, "class_id"), wrong("class_id", class_id, "a whole number"))


def _metadata_form(attribute: Attribute) -> Iterator[BrokenRule]:
    """`class-map` is an object of label names, `objects` a list of objects."""
    path = (attribute.name + METADATA,)
    class_map, objects = attribute.metadata.get("class-map"), attribute.metadata.get("objects")
    if not isinstance(class_map, dict):
        yield broken(rules.METADATA_FORM, (*path, "class-map"), wrong("class-map", class_map, "an object"))
        return
    for class_id, label in class_map.items():
        if not isinstance(label, str):
            yield broken(
                rules.METADATA_FORM,
                (*path, "class-map", class_id),
                f"a label in `class-map` is {kind_of(label)}, not text",
            )
    if not isinstance(objects, list):
        yield broken(rules.METADATA_FORM, (*path, "objects"), wrong("objects", objects, "a list"))
        return
    for index, item in enumerate(objects):
        if not isinstance(item, dict):
            yield broken(rules.METADATA_FORM, (*path, "objects", index), "an item of `objects` is not an object")


def _confidences(attribute: Attribute) -> Iterator[BrokenRule]:
    """Each box has an item of `objects` with a confidence."""
    path = (attribute.name + METADATA, "objects")
    objects: list[dict[str, Any]] = attribute.metadata["objects"]
    boxes = len(attribute.value["annotations"])
    if len(objects) < boxes:
        yield broken(rules.NO_BOX_CONFIDENCE, path, f"{boxes} boxes, {len(objects)} objects")
    for index, item in enumerate(objects):
        confidence = item.get("confidence")
        if not is_number(confidence):
            yield broken(rules.NO_BOX_CONFIDENCE, (*path, index, "confidence"))
        elif not is_share(confidence):
            yield broken(rules.METADATA_FORM, (*path, index, "confidence"), "`confidence` is not from 0 to 1")


def _class_ids(attribute: Attribute) -> Iterator[BrokenRule]:
    """Each class id of a box is in `class-map`."""
    class_map = attribute.metadata["class-map"]
    for index, box in enumerate(attribute.value["annotations"]):
        if str(int(box["class_id"])) not in class_map:
            path = (attribute.name, "annotations", index, "class_id")
            yield broken(rules.NO_CLASS, path, f"class_id {_figure(box['class_id'])}")


def _label_lengths(attribute: Attribute) -> Iterator[BrokenRule]:
    for class_id, label in attribute.metadata["class-map"].items():
        if not 1 <= len(label) <= LABEL_CHARACTERS:
            path = (attribute.name + METADATA, "class-map", class_id)
            yield broken(rules.LABEL_LENGTH, path, _length(label))


def _dimensions(attribute: Attribute) -> Iterator[BrokenRule]:
    size = attribute.value["image_size"][0]
    for side in ("width", "height"):
        if not IMAGE_SIDE_MIN_PX <= size[side] <= IMAGE_SIDE_MAX_PX:
            path = (attribute.name, "image_size", 0, side)
            yield broken(rules.IMAGE_DIMENSION, path, f"{side} {_figure(size[side])}")


def _boxes(attribute: Attribute) -> Iterator[BrokenRule]:
    """No more than 50 boxes, each inside the image and large enough, at least one of them good; one cause told once."""
    path = (attribute.name, "annotations")
    size, annotations = attribute.value["image_size"][0], attribute.value["annotations"]
    if len(annotations) > BOXES_PER_IMAGE:
        yield broken(rules.MANY_BOXES, (*path, BOXES_PER_IMAGE), f"{len(annotations):,} boxes")
    faults = [_box_fault(box, size, (*path, index)) for index, box in enumerate(annotations)]
    drawn = [_drawn(box, size) for box in annotations]
    cause = misread(drawn) if any(faults) else None
    if cause:
        yield BrokenRule(cause.rule, path, cause.details)
        faults = [None if box.is_fraction else fault for box, fault in zip(drawn, faults, strict=True)]
    if cause and not cause.partly:
        return
    yield from filter(None, faults)
    if faults and all(faults):
        yield broken(rules.NO_VALID_BOXES, path)


def _drawn(box: dict[str, Any], size: dict[str, Any]) -> Drawn:
    return Drawn(box["left"], box["top"], box["width"], box["height"], size["width"], size["height"])


def _box_fault(box: dict[str, Any], size: dict[str, Any], path: MemberPath) -> BrokenRule | None:
    """What is wrong with a box: it lies outside the image, or is too small."""
    for start in _SIDES:
        if box[start] < 0:
            return broken(rules.BOX_OFF_FRAME, (*path, start), f"{start} is {_figure(box[start])}")
    for start, side in (("left", "width"), ("top", "height")):
        if box[start] + box[side] > size[side]:
            detail = f"{start} {_figure(box[start])} + {side} {_figure(box[side])} is beyond {_figure(size[side])}"
            return broken(rules.BOX_OFF_FRAME, (*path, start), detail)
    for side in ("width", "height"):
        if box[side] <= BOX_SIDE_MIN_PX:
            return broken(rules.BOX_TOO_SMALL, (*path, side), f"{side} {_figure(box[side])}")
    return None


def _figure(value: float) -> str:
    """A number as people write it; a hostile one is cut."""
    return str(value)[:20] if isinstance(value, int) else f"{value:g}"
