"""The label attributes of one line: which keys they are, and which of AWS's error codes apply to them.

Sources: Custom Labels Developer Guide, Image-level labels in manifest files, Object localization in manifest files,
Non-Terminal JSON Line Validation Errors, Understanding validation result manifests (places of errors).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from rekognition_emulator.lines import codes
from rekognition_emulator.lines.codes import CodePlace, LineCode

if TYPE_CHECKING:
    from rekognition_emulator.lines.limits import Limits
    from rekognition_emulator.switches.all_switches import Switches

Document = dict[str, Any]
"""A line of a manifest as a JSON object."""

CLASSIFICATION = "groundtruth/image-classification"
DETECTION = "groundtruth/object-detection"
_MULTILABEL = "groundtruth/image-classification-multilabel"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z?")
_HUGE = 1e300
_SIDES = ("left", "top", "width", "height")


def is_classification(kind: object, switches: Switches) -> bool:
    """Whether a `type` is one of image-level labels; the switch `multilabel_type` decides about SageMaker's own."""
    return kind == CLASSIFICATION or (kind == _MULTILABEL and switches.multilabel_type == "accepted")


class _Stop(Exception):
    """Ends the validation of a line: the code just reported is one after which AWS does not continue."""


def label_attributes(document: Document) -> list[str]:
    """Names of the label attributes, in the order of the line: keys with a matching `-metadata` key."""
    return [
        name
        for name in document
        if name != "source-ref" and not name.endswith("-metadata") and f"{name}-metadata" in document
    ]


def is_number(value: object) -> bool:
    """Whether a JSON value is a number to calculate with: not true or false, and not one of 400 digits."""
    return (type(value) is int or type(value) is float) and -_HUGE <= value <= _HUGE


class AttributeJudge:
    """Marks one line in place: every problem becomes an item of an error list, at the place where AWS puts it.

    `document` is the parsed line, changed by `judge`; `found` collects the codes in the order of discovery;
    `line_errors` are the errors of the line as a whole, which the caller adds to it.
    """

    def __init__(self, document: Document, limits: Limits, switches: Switches) -> None:
        self.document = document
        self.limits = limits
        self.switches = switches
        self.found: list[LineCode] = []
        self.line_errors: list[dict[str, str]] = []

    def judge(self) -> None:
        """Mark everything that is wrong with the line's label attributes."""
        names = label_attributes(self.document)
        try:
            if not names:
                self._without_attributes()
                return
            valid = [name for name in names if self._attribute(name)]
            if not valid:
                self._mark(codes.NO_VALID_ATTRIBUTES, "", None)
        except _Stop:
            return

    def _without_attributes(self) -> None:
        bare = set(self.document) <= {"source-ref"}
        if not bare or self.switches.bare_line == "marked":
            self._mark(codes.NO_LABEL_ATTRIBUTES, "", None)

    def _mark(self, code: LineCode, name: str, holder: Document | None) -> None:
        """Add an error to the list in `holder`, or to those of the line when there is no holder."""
        self.found.append(code)
        text = self.switches.message_label_name_length if code is codes.LABEL_NAME_LENGTH else code.message
        item = {"code": code.code, "message": text.replace("{}", name)}
        if holder is None:
            self.line_errors.append(item)
        else:
            listed = holder.get(self.switches.error_key)  # a client may have sent any value there
            holder[self.switches.error_key] = [*(listed if isinstance(listed, list) else []), item]

    def _at(self, name: str, place: CodePlace) -> Document | None:
        """The JSON object at a place of attribute `name`; an image-level attribute has only its metadata."""
        wanted = self.document[name] if place is CodePlace.ATTRIBUTE else self.document[f"{name}-metadata"]
        if not isinstance(wanted, dict):
            wanted = self.document[f"{name}-metadata"]
        return wanted if isinstance(wanted, dict) else None

    def _report(self, code: LineCode, name: str) -> None:
        places = {"metadata": CodePlace.METADATA, "line": CodePlace.LINE} if code.inferred else {}
        place = places.get(self.switches.inferred_error_places, code.place)
        self._mark(code, name, None if place is CodePlace.LINE else self._at(name, place))

    def _stop(self, code: LineCode, name: str) -> NoReturn:
        """Report a code that ends the validation of the line."""
        self._report(code, name)
        raise _Stop

    def _attribute(self, name: str) -> bool:
        """Judge one label attribute; returns whether it counts as valid."""
        metadata = self.document[f"{name}-metadata"]
        if not isinstance(metadata, dict) or not isinstance(metadata.get("type"), str):
            self._stop(codes.INVALID_METADATA, name)
        is_image_level = is_classification(metadata["type"], self.switches)
        if not is_image_level and metadata["type"] != DETECTION:
            self._report(codes.UNSUPPORTED_TYPE, name)
            return False
        if metadata.get("human-annotated") not in ("yes", "no") or not self._is_date(metadata.get("creation-date")):
            self._stop(codes.INVALID_METADATA, name)
        if is_image_level:
            self._classification(name, metadata)
        else:
            self._detection(name, metadata)
        return True

    def _is_date(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        return self.switches.creation_date == "any text" or _DATE.fullmatch(value) is not None

    def _classification(self, name: str, metadata: Document) -> None:
        value, label, confidence = self.document[name], metadata.get("class-name"), metadata.get("confidence")
        if not self._is_label_value(value):
            self._stop(codes.INVALID_ATTRIBUTE, name)
        if not isinstance(label, str) or not label or not is_number(confidence) or not 0 <= float(confidence or 0) <= 1:
            self._stop(codes.INVALID_METADATA, name)
        elif len(label) > self.switches.label_name_most:
            self._report(codes.LABEL_NAME_LENGTH, name)

    def _is_label_value(self, value: object) -> bool:
        if isinstance(value, str):
            return self.switches.string_label_value == "accepted" and value.lstrip("-").isdecimal()
        return isinstance(value, int | float) and is_number(value) and value == int(value)

    def _detection(self, name: str, metadata: Document) -> None:
        if not _is_detection_value(self.document[name]) or not self._are_whole(self.document[name]["annotations"]):
            self._stop(codes.INVALID_ATTRIBUTE, name)
        objects, class_map = metadata.get("objects"), metadata.get("class-map")
        if not _is_objects(objects) or not _is_class_map(class_map):
            self._stop(codes.INVALID_METADATA, name)
        self._references(name, self.document[name]["annotations"], objects, class_map)
        if any(len(label) > self.switches.label_name_most for label in class_map.values()):  # type: ignore[union-attr]  # checked above
            self._report(codes.LABEL_NAME_LENGTH, name)
        self._boxes(name, self.document[name])

    def _are_whole(self, boxes: list[Document]) -> bool:
        if self.switches.fractional_boxes == "accepted":
            return True
        return all(box[side] == int(box[side]) for box in boxes for side in _SIDES)

    def _references(self, name: str, boxes: list[Document], objects: Any, class_map: Any) -> None:  # noqa: ANN401 - JSON that was checked
        if len(objects) < len(boxes) or not all(is_number(item.get("confidence")) for item in objects):
            self._stop(codes.MISSING_CONFIDENCE, name)
        if any(str(int(each)) not in class_map for each in {box["class_id"] for box in boxes}):
            self._stop(codes.MISSING_CLASS, name)

    def _boxes(self, name: str, value: Document) -> None:
        size, boxes = value["image_size"][0], value["annotations"]
        fits = all(self.limits.image_min <= size[side] <= self.limits.image_max for side in ("width", "height"))
        if not fits and self.switches.image_dimensions == "judged":
            self._report(codes.INVALID_DIMENSION, name)
        if len(boxes) > self.limits.boxes:
            self._report(codes.TOO_MANY_BOXES, name)
        judged = [self._box(name, box, size) for box in boxes]
        if boxes and not any(judged):
            self._report(codes.NO_VALID_ANNOTATIONS, name)

    def _box(self, name: str, box: Document, size: Document) -> bool:
        left, top, width, height = box["left"], box["top"], box["width"], box["height"]
        off = left < 0 or top < 0 or width < 0 or height < 0
        if off or left + width > size["width"] or top + height > size["height"]:
            self._mark(codes.INVALID_BOX, name, box)
            return False
        too_small = min if self.switches.box_too_small == "either side" else max
        if too_small(width, height) <= 1:
            self._mark(codes.BOX_TOO_SMALL, name, box)
            return False
        return True


def _is_detection_value(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), list):
        return False
    sizes = value.get("image_size")
    if not isinstance(sizes, list) or len(sizes) != 1 or not isinstance(sizes[0], dict):
        return False
    return all(is_number(sizes[0].get(side)) for side in ("width", "height", "depth")) and all(
        isinstance(box, dict)
        and all(is_number(box.get(part)) for part in ("class_id", *_SIDES))
        and box["class_id"] == int(box["class_id"])
        for box in value["annotations"]
    )


def _is_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_class_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(label, str) and label for label in value.values())
