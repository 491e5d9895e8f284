"""YOLO: a folder with data.yaml, images, and a label file per image with a line `class cx cy w h` for each box.

Source: Ultralytics, Object Detection Datasets Overview (docs.ultralytics.com/datasets/detect). Taken from data.yaml:
`names` (a list, or a mapping from class numbers), `path`, and the images of `train`, `val` and `test` in this order (a
folder, a .txt file with one image per line, or a list of these). A folder's images are sorted by name. The label file
of `images/train/a.jpg` is `labels/train/a.txt`; without a folder `images` above it, it lies beside the image.

Center and size are fractions of the image as viewers show it, with the orientation in its EXIF data applied. They are
rounded when they are written, so a box that reaches at most half a pixel off the image ends at its edge.

An image without a label file becomes a line without labels; with an empty label file, a line with zero boxes. The key
is the prefix with the image's path in the folder. A folder below the one of data.yaml converts its images only, for a
manifest per split; a YAML file with a different name can be given itself. Nothing outside the folder is read: a path in
data.yaml that leads out of it is looked for inside, because exported datasets name folders of other machines.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from reconciler.entries import Box, bare_line
from reconciler.entries.misread import CARELESS
from reconciler.formats.conversion import IMAGE_FORMAT, Converted, Keys, Sources, Unreadable
from reconciler.formats.lines import PER_PIXEL, Frame, PlacedBox, box_line, placed
from reconciler.formats.yolo_folder import IMAGES, YOLO, YoloDataset, is_image, label_file, listed_images
from reconciler.model import Finding, Place, Severity
from reconciler.rule import OURS, error, marked, note

# Text files that tools write beside label files.
_NOT_LABELS: Final = ("classes.txt", "train.txt", "val.txt", "test.txt")
_COLUMNS: Final = 5
_WHAT: Final = ("the center's x", "the center's y", "the box's width", "the box's height")
_CLASS: Final = re.compile(r"[0-9]{1,9}")
# float() would also take 1_0, nan, inf and digits of other alphabets.
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")

NO_IMAGES: Final = error(
    "yolo-no-images",
    "the dataset has no images here",
    "copy the images there if they are not there yet; else give the folder that has data.yaml",
)

# Images.
IMAGE_NAME: Final = error("yolo-image-name", "the image's name is not UTF-8, so it has no S3 key", "rename the image")
IMAGE_SIZE: Final = error(
    "yolo-image-size",
    "the image's size cannot be read: this is not a JPEG or PNG, or its header is damaged",
    "replace the image, or remove its label file",
)
SEVERAL_SPLITS: Final = note(
    "yolo-several-splits",
    "images in more than one split: {count:,}; each is converted once",
    "remove them from one of the splits if that is not intended",
)
UNLABELLED: Final = note(
    "yolo-unlabelled",
    "images without a label file: {count:,}; each becomes a line without labels",
    "add an empty label file for each image that shows no object",
    YOLO,
)
NO_BOXES: Final = note(
    "yolo-no-boxes",
    "empty label files: {count:,}; the image of each becomes a line with zero boxes",
    "nothing needs to be done",
    YOLO,
)

# Label files.
LABELS_WITHOUT_IMAGE: Final = marked(
    "yolo-no-image",
    "the label file is left out: the dataset has no image for it",
    "add the image, or remove the label file",
    OURS,
)
LOST: Final = error(
    "yolo-labels-lost",
    "label files that no image has: {count:,}, the first here; images without a label file: {images:,}, the first "
    "'{first}'; the labels of these would be lost",
    "name each label file as its image, in the folder `labels` for `images`, or remove the label files",
    YOLO,
)
POLYGON: Final = error(
    "yolo-polygon",
    "the line is a polygon with {points} points, not a box: it has {count} columns",
    "export the dataset for object detection, with lines `class cx cy w h`",
    YOLO,
)
COLUMNS: Final = error(
    "yolo-columns",
    "the line has {count} columns, not 5",
    "write the line as `class cx cy w h`, with blanks between them and without a confidence",
    YOLO,
)
CLASS: Final = error(
    "yolo-class",
    "the class is '{text}', which `names` in {data} does not have",
    "use a class from {known}, or add it to `names`",
    YOLO,
)
FRACTION: Final = error(
    "yolo-fraction",
    "{what} is '{text}', not a fraction from 0 to 1",
    "divide pixels by the image's width or height",
    YOLO,
)


def convert(sources: Sources, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of folders in YOLO's format; an image with an error in its label file gives no line."""
    for name in sources.names:
        found: list[Converted | Finding] = []
        try:
            found.extend(_dataset(YoloDataset.opened(sources, name), keys, created))
        except Unreadable as fault:
            found.append(fault.finding)
        yield from (one for one in found if isinstance(one, Finding))
        yield from (one for one in found if isinstance(one, Converted))


def _dataset(dataset: YoloDataset, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of one dataset, in the order of its splits."""
    folders: set[str] = set()
    listed: list[str] = []
    for one in listed_images(dataset, folders):
        if isinstance(one, Finding):
            yield one
        else:
            listed.append(one)
    images = dict.fromkeys(listed)
    for image in images:
        try:
            yield from _image(dataset, image, keys, created)
        except Unreadable as fault:
            yield fault.finding
    unlabelled = [image for image in images if label_file(image) not in dataset.files]
    orphans = _orphans(dataset, folders, unlabelled)
    if orphans and unlabelled:
        yield LOST.finding(orphans[0], None, count=len(orphans), images=len(unlabelled), first=unlabelled[0])
        return
    yield from (LABELS_WITHOUT_IMAGE.finding(place) for place in orphans)
    counts = ((SEVERAL_SPLITS, len(listed) - len(images)), (UNLABELLED, len(unlabelled)), (NO_BOXES, dataset.empty))
    yield from (rule.finding(dataset.place, count=count) for rule, count in counts if count)
    if not images:
        yield NO_IMAGES.finding(dataset.place)


def _image(dataset: YoloDataset, image: str, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """The line of one image, if it gives one, and the findings about it."""
    labels, place = label_file(image), dataset.at(image)
    if PurePosixPath(image).suffix.lower() not in IMAGES:
        yield IMAGE_FORMAT.finding(place)
        return
    key = _key(dataset, image, keys)
    if labels not in dataset.files:
        yield Converted(key, bare_line(key), place)
    else:
        size = dataset.sources.image_size(f"{dataset.root}/{image}")
        if size is None:
            raise Unreadable(IMAGE_SIZE, place)
        frame = Frame(*size)
        drawn, findings = _drawn(dataset, labels, frame)
        boxes, more = placed(drawn, frame, dataset.at(labels))
        findings += more
        yield from findings
        if all(one.severity is not Severity.ERROR for one in findings):
            dataset.empty += not boxes
            yield Converted(key, box_line(key, frame, boxes, created), dataset.at(labels))


def _key(dataset: YoloDataset, image: str, keys: Keys) -> str:
    try:
        image.encode()
    except UnicodeEncodeError as fault:
        raise Unreadable(IMAGE_NAME, dataset.at(image)) from fault
    return keys.of(image, dataset.at(image))


def _drawn(dataset: YoloDataset, labels: str, frame: Frame) -> tuple[list[PlacedBox], list[Finding]]:
    """The boxes of a label file as they are drawn, and the errors of its lines."""
    drawn: list[PlacedBox] = []
    findings: list[Finding] = []
    for place, line in dataset.text(labels):
        try:
            drawn.append(PlacedBox(_box(dataset, place, line.split(), frame), place))
        except Unreadable as fault:
            findings.append(fault.finding)
    return drawn, findings


def _box(dataset: YoloDataset, place: Place, columns: Sequence[str], frame: Frame) -> Box:
    count = len(columns)
    if count > _COLUMNS + 1 and count % 2:
        raise Unreadable(POLYGON, place, points=count // 2, count=count)
    if count != _COLUMNS:
        raise Unreadable(COLUMNS, place, count=count)
    number = columns[0]
    label = dataset.names.get(int(number)) if _CLASS.fullmatch(number) else None
    if label is None:
        known = f"{min(dataset.names)} to {max(dataset.names)}"
        raise Unreadable(CLASS, place, text=number, data=dataset.place.file, known=known)
    x, y, width, height = (_fraction(place, what, text) for what, text in zip(_WHAT, columns[1:], strict=True))
    left, right = _edges(x, width, frame.width)
    top, bottom = _edges(y, height, frame.height)
    return Box(label, left, top, right - left, bottom - top)


def _fraction(place: Place, what: str, text: str) -> float:
    if _NUMBER.fullmatch(text) is None or not 0 <= float(text) <= 1 + CARELESS:
        raise Unreadable(FRACTION, place, what=what, text=text)
    return float(text)


def _edges(center: float, length: float, pixels: int) -> tuple[int, int]:
    """Both edges in thousandths of a pixel; those at most half a pixel off the image are at its edge."""
    side = pixels * PER_PIXEL
    first, last = (round((center + half) * side) for half in (-length / 2, length / 2))
    slack = PER_PIXEL // 2
    return (0 if -slack <= first < 0 else first), (side if side < last <= side + slack else last)


def _orphans(dataset: YoloDataset, folders: set[str], unlabelled: Sequence[str]) -> list[Place]:
    """Label files that no image of the dataset has: in the folders of label files, or with the name of an image."""
    known = {label_file(file) for file in dataset.files if is_image(file)}
    images = [PurePosixPath(image) for image in unlabelled]
    names = {name.casefold() for image in images for name in (image.stem, image.name)}
    orphans = []
    for file in dataset.files:
        path = PurePosixPath(file)
        if path.suffix.lower() == ".txt" and path.name not in _NOT_LABELS and file not in known:
            beside = any(str(folder) in folders for folder in path.parents)
            orphans += [dataset.at(file)] if beside or path.stem.casefold() in names else []
    return orphans
