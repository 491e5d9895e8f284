"""Label Studio: the JSON export, a list of tasks with the annotations of each.

Taken: of a task its image (the value of `data` that the results belong to) and its annotation; of the results
`rectanglelabels` (boxes in percent of the image, with its size beside them) and `choices` (labels of the whole image).
Predictions and cancelled annotations do not count. Of several annotations the one that is marked as ground truth is
taken. A task without an annotation becomes a line without labels, and so does an annotation without results: a line
with zero boxes needs the image's size, which only results have. A turned box becomes the upright box around it.

Files that were uploaded to Label Studio have eight characters and a dash before their name, which are taken away;
local files are named by the path in the parameter `d`.

A file is one JSON value, so places name the file, and messages the task by its id.
Sources: Label Studio, "Label Studio Task Format", "Export annotations"; tags RectangleLabels and Choices.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from math import cos, radians, sin
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.entries import Box, bare_line
from reconciler.entries.image_names import decoded
from reconciler.entries.misread import FRACTIONS
from reconciler.formats import conversion
from reconciler.formats.conversion import Converted, Keys, Unreadable
from reconciler.formats.json_file import json_of
from reconciler.formats.lines import PER_PIXEL, Frame, PlacedBox, box_line, label_line, placed
from reconciler.model import Finding, Place, Severity
from reconciler.rule import OURS, error, marked, note
from reconciler.text import inert

_FORMAT: Final = "Label Studio, Label Studio Task Format"
_LOCAL: Final = re.compile(r"/data/local-files/?\?(?:[^#]*&)?d=([^&#]+)")
_UPLOADED: Final = re.compile(
    r"(?:https?://[^/]+)?/(?:data|media)/upload/(?:[^/?#]+/)*(?:[0-9a-f]{8}-)?([^/?#]+)(?:\?.*)?"
)
_WHOLE: Final = 100
# Where exports of images have the address.
_IMAGE: Final = ("image", "img", "image_url", "url")
# What results of other tags are worth: they say nothing about objects.
_BESIDE: Final = frozenset({"textarea", "rating", "taxonomy", "number", "datetime", "pairwise", "relation"})

NOT_LABEL_STUDIO: Final = error(
    "not-label-studio",
    "the file is not a JSON export of Label Studio: {reason}",
    "export with the format JSON (not JSON-MIN, CSV, COCO or YOLO)",
    _FORMAT,
)
NO_IMAGE: Final = error("task-no-image", "the task {task} names no image in `data`", "export tasks of images", _FORMAT)
SEVERAL: Final = error(
    "task-several-annotations",
    "the task {task} has {count} annotations, and none or several are marked as ground truth",
    "mark one of them as ground truth in Label Studio, or delete the others",
    _FORMAT,
)
RESULT: Final = error(
    "task-result", "a result of the task {task} cannot be read: {reason}", conversion.SAVE_AGAIN, _FORMAT
)
TURNED_IMAGE: Final = error(
    "task-turned-image",
    "the image of the task {task} is turned by {angle} degrees in Label Studio",
    "turn the image file itself, or set the rotation to 0 and draw again",
    _FORMAT,
)
OTHER_SHAPES: Final = marked(
    "task-other-shapes",
    "results that are neither boxes nor choices, and are left out: {count:,}, the first is `{kind}`; images that have "
    "nothing else give no line: {images:,}",
    "draw boxes (RectangleLabels), or ignore this if it is intended",
    OURS,
)
TURNED_BOX: Final = note(
    "task-turned-box",
    "turned boxes: {count:,}; each becomes the upright box around it",
    "draw these boxes again if they become too large",
)
MIXED: Final = marked(
    "task-mixed",
    "images with boxes whose choices are left out: {count:,}; a dataset has boxes or labels of whole images",
    "ignore this if the boxes are what the model is to learn",
    "Custom Labels Developer Guide, Understanding Custom Labels",
)
UNLABELLED: Final = note(
    "task-unlabelled",
    "tasks without a result: {count:,}; each becomes a line without labels",
    "annotate them, or leave them out; for an image that shows no object write a line with zero boxes",
)


class _Export(Struct):
    """What is counted over the tasks of a file, and the date that its lines get."""

    place: Place
    created: str
    other: list[str] = field(default_factory=list)
    left_out: int = 0
    turned: int = 0
    unlabelled: int = 0
    mixed: int = 0

    def notes(self) -> Iterator[Finding]:
        """What concerns many tasks."""
        if self.other:
            yield OTHER_SHAPES.finding(self.place, count=len(self.other), kind=self.other[0], images=self.left_out)
        for rule, count in ((MIXED, self.mixed), (TURNED_BOX, self.turned), (UNLABELLED, self.unlabelled)):
            if count:
                yield rule.finding(self.place, count=count)


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of exports; a file's findings come before its lines."""
    for file, content in files:
        place = Place(file)
        try:
            tasks = _tasks(json_of(content, place), place)
        except Unreadable as fault:
            yield fault.finding
            continue
        export = _Export(place, created)
        found = [one for task in tasks for one in _task(task, export, keys)]
        yield from (one for one in found if isinstance(one, Finding))
        yield from export.notes()
        yield from (one for one in found if isinstance(one, Converted))


def _tasks(value: object, place: Place) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Unreadable(NOT_LABEL_STUDIO, place, reason="it is not a list of tasks")
    for task in value:
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            raise Unreadable(NOT_LABEL_STUDIO, place, reason="a task has no `data`")
        if not isinstance(task.get("annotations"), list):
            raise Unreadable(NOT_LABEL_STUDIO, place, reason="a task has no list `annotations`")
    return value


def _task(task: Mapping[str, Any], export: _Export, keys: Keys) -> Iterator[Converted | Finding]:
    """The line of one task, if it gives one, and the findings about it."""
    number = json.dumps(task.get("id"))
    try:
        annotation = _annotation(task, number, export.place)
        key = keys.of(_image(task, number, export.place), export.place)
        if annotation is None:
            export.unlabelled += 1
            yield Converted(key, bare_line(key), export.place)
            return
        labels, boxes, frame, others = _results(annotation, number, export)
    except Unreadable as fault:
        yield fault.finding
        return
    export.other += others
    if others and not (labels or boxes):
        export.left_out += 1  # a line without boxes would say that the image shows nothing
        return
    if frame is not None and boxes and all(_is_fraction(one.box, frame) for one in boxes):
        found = FRACTIONS.finding(export.place, Severity.ERROR, which="the boxes are")
        yield replace(found, message=f"{inert(key)}: {found.message}")
        return
    sent, findings = placed(boxes, frame, export.place) if frame is not None else ([], [])
    yield from (replace(one, message=f"{inert(key)}: {one.message}") for one in findings)
    if all(one.severity is not Severity.ERROR for one in findings):
        yield Converted(key, _line(key, labels, sent, frame, export), export.place)


def _annotation(task: Mapping[str, Any], number: str, place: Place) -> Mapping[str, Any] | None:
    """The annotation that counts; None if there is none."""
    all_ = [one for one in task["annotations"] if isinstance(one, dict) and not one.get("was_cancelled")]
    chosen = [one for one in all_ if one.get("ground_truth")] or all_
    if len(chosen) > 1:
        raise Unreadable(SEVERAL, place, task=number, count=len(all_))
    return chosen[0] if chosen else None


def _image(task: Mapping[str, Any], number: str, place: Place) -> str:
    """The name or address of the image: the value that the results belong to, else the only text of `data`."""
    data: Mapping[str, object] = task["data"]
    named = [text for name in _IMAGE if isinstance(text := data.get(name), str)]
    texts = named or [value for value in data.values() if isinstance(value, str)]
    if not texts or not texts[0].strip() or (not named and len(texts) > 1):
        raise Unreadable(NO_IMAGE, place, task=number)
    address = str(texts[0]).strip()
    if address.startswith("s3://"):
        return address
    if local := _LOCAL.search(address):
        return decoded(local[1])
    if uploaded := _UPLOADED.fullmatch(address):
        return decoded(uploaded[1])
    return address


def _results(
    annotation: Mapping[str, Any], number: str, export: _Export
) -> tuple[list[str], list[PlacedBox], Frame | None, list[str]]:
    """The labels, the boxes with the image's size, and the types of the results that are left out."""
    labels: list[str] = []
    boxes: list[PlacedBox] = []
    others: list[str] = []
    frame = None
    for result in annotation.get("result") or ():
        if not isinstance(result, dict) or not isinstance(result.get("value", {}), dict):
            raise Unreadable(RESULT, export.place, task=number, reason="it is not an object with a `value`")
        kind, value = str(result.get("type")), result.get("value", {})
        if kind == "choices":
            labels += _texts(value.get("choices"), number, export.place)
        elif kind == "rectanglelabels":
            frame = _frame(result, number, export.place)
            export.turned += bool(value.get("rotation"))
            box = _box(value, frame, number, export.place)
            boxes += [
                PlacedBox(box._replace(label=label), export.place)
                for label in _texts(value.get("rectanglelabels"), number, export.place)
            ]
        elif kind not in _BESIDE:
            others.append(kind)
    return labels, boxes, frame, others


def _texts(value: object, number: str, place: Place) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise Unreadable(RESULT, place, task=number, reason="it has no label")
    return value


def _frame(result: Mapping[str, Any], number: str, place: Place) -> Frame:
    if result.get("image_rotation"):
        raise Unreadable(TURNED_IMAGE, place, task=number, angle=json.dumps(result["image_rotation"]))
    sides = [result.get("original_width"), result.get("original_height")]
    for name, side in zip(("width", "height"), sides, strict=True):
        if isinstance(side, bool) or not isinstance(side, int) or side <= 0:
            what = f"the {name} of the image of task {number}"
            raise Unreadable(conversion.SIZE, place, what=what, value=json.dumps(side))
    width, height = (int(side or 0) for side in sides)
    return Frame(width, height)


def _box(value: Mapping[str, Any], frame: Frame, number: str, place: Place) -> Box:
    """The box in thousandths of a pixel; a turned one as the upright box around it."""
    numbers = [value.get(name, 0 if name == "rotation" else None) for name in ("x", "y", "width", "height", "rotation")]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        raise Unreadable(RESULT, place, task=number, reason="a box needs the numbers x, y, width and height")
    x, y, width, height, angle = (float(one or 0) for one in numbers)
    across, down = frame.width * PER_PIXEL / _WHOLE, frame.height * PER_PIXEL / _WHOLE
    left, top, wide, high = x * across, y * down, width * across, height * down
    if angle:  # around the top left corner, clockwise
        turn = radians(angle)
        corners = [
            (left + i * cos(turn) - j * sin(turn), top + i * sin(turn) + j * cos(turn))
            for i, j in ((0, 0), (wide, 0), (0, high), (wide, high))
        ]
        left, top = min(i for i, _ in corners), min(j for _, j in corners)
        wide, high = max(i for i, _ in corners) - left, max(j for _, j in corners) - top
    return Box("", *(round(one) for one in (left, top, wide, high)))


def _is_fraction(box: Box, frame: Frame) -> bool:
    """Whether a box ends within one percent of the image, as one does whose percent were written as 0 to 1."""
    right, bottom = box.left + box.width, box.top + box.height
    return right * _WHOLE <= frame.width * PER_PIXEL and bottom * _WHOLE <= frame.height * PER_PIXEL


def _line(key: str, labels: list[str], boxes: list[Box], frame: Frame | None, export: _Export) -> bytes:
    if frame is not None:
        export.mixed += bool(labels)
        return box_line(key, frame, boxes, export.created)
    if labels:
        return label_line(key, labels, export.created)
    export.unlabelled += 1
    return bare_line(key)
