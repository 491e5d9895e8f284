"""A bounding-box attribute, judged as the service judges it.

Source: Custom Labels Developer Guide, "Object localization in manifest files", "Non-terminal JSON line validation
errors" (the codes), "Guidelines and quotas" (50 boxes, 64 to 4096 pixels).

An image-level label attribute, judged as the service judges it.

Source: Custom Labels Developer Guide, "Image-level labels in manifest files"; that Ground Truth writes the value as
text too: SageMaker Developer Guide, "Output data".
"""

from collections.abc import Iterator
from typing import Any, Final

from reconciler.entries import METADATA, Attribute
from reconciler.limits import BOX_SIDE_MIN_PX, BOXES_PER_IMAGE, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX, LABEL_CHARACTERS
from reconciler.manifest.line import BrokenRule, Path, kind_of
from reconciler.manifest.rules import lines as rules


def image_label_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with the attribute, in AWS's order."""
    if not _is_whole(attribute.value):
        detail = f" (`{attribute.name}` is {kind_of(attribute.value)} that is no whole number)"
        yield BrokenRule(rules.ATTRIBUTE_FORM, (attribute.name,), {"detail": detail})
    path = (attribute.name + METADATA,)
    label = attribute.metadata.get("class-name")
    if not isinstance(label, str):
        yield BrokenRule(
            rules.METADATA_FORM, (*path, "class-name"), {"detail": " (`class-name` is missing or not text)"}
        )
    if not is_share(attribute.metadata.get("confidence")):
        detail = " (`confidence` is missing or not a number from 0 to 1)"
        yield BrokenRule(rules.METADATA_FORM, (*path, "confidence"), {"detail": detail})
    if isinstance(label, str) and not 1 <= len(label) <= LABEL_CHARACTERS:
        yield BrokenRule(rules.LABEL_LENGTH, (*path, "class-name"), {"detail": f" ({len(label):,} characters)"})


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


_SIDES: Final = ("left", "top", "width", "height")


def bounding_box_faults(attribute: Attribute) -> Iterator[BrokenRule]:
    """What is wrong with the attribute, in AWS's order. Later rules lean on earlier ones: stop at a stopping code."""
    yield from _value_form(attribute)
    yield from _metadata_form(attribute)
    yield from _confidences(attribute)
    yield from _class_ids(attribute)
    yield from _label_lengths(attribute)
    yield from _dimensions(attribute)
    yield from _boxes(attribute)


def _value_form(attribute: Attribute) -> Iterator[BrokenRule]:
    """`image_size` is a list of one {width, height, depth}, `annotations` a list of boxes of numbers."""
    path, value = (attribute.name,), attribute.value
    if not isinstance(value, dict):
        yield _unformed(path, f"`{attribute.name}` is not an object")
        return
    sizes = value.get("image_size")
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        yield _unformed((*path, "image_size"), "`image_size` is not a list of one {width, height, depth}")
        return
    for side in ("width", "height", "depth"):
        if not is_number(sizes[0].get(side)):
            yield _unformed((*path, "image_size", 0, side), f"`{side}` is missing or not a number")
    annotations = value.get("annotations")
    if not isinstance(annotations, list):
        yield _unformed((*path, "annotations"), "`annotations` is missing or not a list")
        return
    for index, box in enumerate(annotations):
        yield from _box_form(box, (*path, "annotations", index))


def _box_form(box: object, path: Path) -> Iterator[BrokenRule]:
    if not isinstance(box, dict):
        yield _unformed(path, "a box is not an object")
        return
    for name in _SIDES:
        side = box.get(name)
        if type(side) is not int and type(side) is not float:
            yield _unformed((*path, name), f"`{name}` is missing or not a number")
    class_id = box.get("class_id")
    if type(class_id) is not int and not (isinstance(class_id, float) and class_id.is_integer()):
        yield _unformed((*path, "class_id"), "`class_id` is missing or not a whole number")


def _unformed(path: Path, detail: str) -> BrokenRule:
    return BrokenRule(rules.ATTRIBUTE_FORM, path, {"detail": f" ({detail})"})


def _metadata_form(attribute: Attribute) -> Iterator[BrokenRule]:
    """`class-map` is an object of label names, `objects` a list of objects."""
    path = (attribute.name + METADATA,)
    class_map, objects = attribute.metadata.get("class-map"), attribute.metadata.get("objects")
    if not isinstance(class_map, dict):
        yield _bad_metadata((*path, "class-map"), "`class-map` is missing or not an object")
        return
    for class_id, label in class_map.items():
        if not isinstance(label, str):
            yield _bad_metadata((*path, "class-map", class_id), "a label in `class-map` is not text")
    if not isinstance(objects, list):
        yield _bad_metadata((*path, "objects"), "`objects` is missing or not a list")
        return
    for index, item in enumerate(objects):
        if not isinstance(item, dict):
            yield _bad_metadata((*path, "objects", index), "an item of `objects` is not an object")


def _bad_metadata(path: Path, detail: str) -> BrokenRule:
    return BrokenRule(rules.METADATA_FORM, path, {"detail": f" ({detail})"})


def _confidences(attribute: Attribute) -> Iterator[BrokenRule]:
    """Each box has an item of `objects` with a confidence."""
    path = (attribute.name + METADATA, "objects")
    objects: list[dict[str, Any]] = attribute.metadata["objects"]
    boxes = len(attribute.value["annotations"])
    if len(objects) < boxes:
        detail = f" ({boxes} boxes, {len(objects)} objects)"
        yield BrokenRule(rules.NO_BOX_CONFIDENCE, path, {"detail": detail})
    for index, item in enumerate(objects):
        confidence = item.get("confidence")
        if not is_number(confidence):
            yield BrokenRule(rules.NO_BOX_CONFIDENCE, (*path, index, "confidence"), {"detail": ""})
        elif not is_share(confidence):
            yield _bad_metadata((*path, index, "confidence"), "`confidence` is not from 0 to 1")


def _class_ids(attribute: Attribute) -> Iterator[BrokenRule]:
    """Each class id of a box is in `class-map`."""
    class_map = attribute.metadata["class-map"]
    for index, box in enumerate(attribute.value["annotations"]):
        if str(int(box["class_id"])) not in class_map:
            path = (attribute.name, "annotations", index, "class_id")
            yield BrokenRule(rules.NO_CLASS, path, {"detail": f" (class_id {_figure(box['class_id'])})"})


def _label_lengths(attribute: Attribute) -> Iterator[BrokenRule]:
    for class_id, label in attribute.metadata["class-map"].items():
        if not 1 <= len(label) <= LABEL_CHARACTERS:
            path = (attribute.name + METADATA, "class-map", class_id)
            yield BrokenRule(rules.LABEL_LENGTH, path, {"detail": f" ({len(label):,} characters)"})


def _dimensions(attribute: Attribute) -> Iterator[BrokenRule]:
    size = attribute.value["image_size"][0]
    for side in ("width", "height"):
        if not IMAGE_SIDE_MIN_PX <= size[side] <= IMAGE_SIDE_MAX_PX:
            path = (attribute.name, "image_size", 0, side)
            yield BrokenRule(rules.IMAGE_DIMENSION, path, {"detail": f" ({side} {_figure(size[side])})"})


def _boxes(attribute: Attribute) -> Iterator[BrokenRule]:
    """No more than 50 boxes, each inside the image and large enough, at least one of them good."""
    path = (attribute.name, "annotations")
    size, annotations = attribute.value["image_size"][0], attribute.value["annotations"]
    if len(annotations) > BOXES_PER_IMAGE:
        detail = f" ({len(annotations):,} boxes)"
        yield BrokenRule(rules.MANY_BOXES, (*path, BOXES_PER_IMAGE), {"detail": detail})
    bad = 0
    for index, box in enumerate(annotations):
        fault = _off_frame(box, size, (*path, index)) or _too_small(box, (*path, index))
        if fault is not None:
            bad += 1
            yield fault
    if bad and bad == len(annotations):
        yield BrokenRule(rules.NO_VALID_BOXES, path, {"detail": ""})


def _off_frame(box: dict[str, Any], size: dict[str, Any], path: Path) -> BrokenRule | None:
    left, top, width, height = box["left"], box["top"], box["width"], box["height"]
    if left >= 0 and top >= 0 and width >= 0 and height >= 0:
        if left + width <= size["width"] and top + height <= size["height"]:
            return None
        wide = left + width > size["width"]
        start, side = ("left", "width") if wide else ("top", "height")
        detail = f"{start} {_figure(box[start])} + {side} {_figure(box[side])} is beyond {_figure(size[side])}"
    else:
        start = next(name for name in _SIDES if box[name] < 0)
        detail = f"{start} is {_figure(box[start])}"
    return BrokenRule(rules.BOX_OFF_FRAME, (*path, start), {"detail": f" ({detail})"})


def _too_small(box: dict[str, Any], path: Path) -> BrokenRule | None:
    if box["width"] > BOX_SIDE_MIN_PX and box["height"] > BOX_SIDE_MIN_PX:
        return None
    side = "width" if box["width"] <= BOX_SIDE_MIN_PX else "height"
    return BrokenRule(rules.BOX_TOO_SMALL, (*path, side), {"detail": f" ({side} {_figure(box[side])})"})


def _figure(value: float) -> str:
    """A number as people write it; a hostile one is cut."""
    return str(value)[:20] if isinstance(value, int) else f"{value:g}"
