"""CSV: a row per image with its labels, or a table with a header, a row per box or label.

Without a header a row is the image's name and its labels, which may differ in number: the form that AWS's guide makes
manifests from. A row without labels becomes a line without labels.

With a header the columns are found by their names, as tools write them: the image; one or more labels; for boxes the
corners (`xmin, ymin, xmax, ymax`) or sides (`left, top, width, height`), in pixels, and the image's size. The rows of
an image become one line, in the place of the first; a row with neither label nor box says that the image shows no
object (with boxes), or becomes a line without labels. Cells are separated by commas, semicolons or tabs.

Source: Custom Labels Developer Guide, "Creating a manifest file from a CSV file".
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from reconciler.entries import Box, bare_line
from reconciler.formats import conversion, lines
from reconciler.formats.conversion import Converted, Keys, Unreadable, refuse_mistaken
from reconciler.formats.lines import Frame, PlacedBox, box_line, label_line, placed, side_of, thousandths_of
from reconciler.formats.yolo_folder import is_image
from reconciler.model import Finding, Place, Severity
from reconciler.rule import error, note

_GUIDE: Final = "Custom Labels Developer Guide, Creating a manifest file from a CSV file"
_SEPARATORS: Final = ",;\t"
_IMAGE: Final = re.compile(r"(?:image|img)?(?:file)?(?:name|path|url)|image|img|file|sourceref")
_LABEL: Final = re.compile(r"(?:class|label|category)(?:name)?s?[0-9]*")
_CORNERS: Final = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
_SIDES: Final = (("left", "top", "width", "height"), ("x", "y", "width", "height"), ("x", "y", "w", "h"))
_SIZE: Final = (("imagewidth", "imageheight"), ("imgwidth", "imgheight"))
# With corners, the plain names are the image's.
_SIZE_TOO: Final = (("width", "height"),)

COLUMNS: Final = error(
    "table-columns",
    "the table has no column for {missing}; its columns are {columns}",
    "name the columns, such as filename,width,height,class,xmin,ymin,xmax,ymax; or give rows image,label and no header",
    _GUIDE,
)
EMPTY: Final = error("table-empty", "the table has no rows", "give a table with a row per image", _GUIDE)
CSV: Final = error("table-csv", "not valid CSV: {reason}", conversion.SAVE_AGAIN, "RFC 4180")
CELLS: Final = error(
    "table-cells", "the row has {count} cells, and the header has {columns}", "quote cells that hold a separator"
)
NO_IMAGE: Final = error("table-no-image", "the row names no image", "write the image's name, or remove the row")
NO_LABEL: Final = error("table-no-label", "the row has a box without a label", "write the label of the box")
NO_BOX: Final = error(
    "table-no-box", "the row has the label '{label}' and no box", "write all four numbers of the box, or remove the row"
)
TWO_SIZES: Final = error(
    "table-two-sizes",
    "the image has the size {size} here and {first} in line {line}",
    "write the same size in all rows of an image",
)
UNLABELLED: Final = note(
    "table-unlabelled",
    "images without a label: {count:,}; each becomes a line without labels",
    "write the labels of these images, or leave them out",
)


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of tables; a table's findings come before its lines."""
    for file, content in files:
        try:
            found = list(_table(file, content, keys, created))
        except Unreadable as fault:
            found = [fault.finding]
        yield from (one for one in found if isinstance(one, Finding))
        yield from (one for one in found if isinstance(one, Converted))


def _table(file: str, content: bytes, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    rows = list(_rows(file, content))
    if not rows:
        raise Unreadable(EMPTY, Place(file))
    columns = _Columns.of([cell.strip() for cell in rows[0][1]])
    if columns is None:
        yield from _plain(file, rows, keys, created)
    else:
        if missing := columns.missing(sized=keys.sizes is not None):
            raise Unreadable(COLUMNS, rows[0][0], missing=missing, columns=", ".join(rows[0][1]))
        yield from _named(columns, rows[1:], keys, created)


def _rows(file: str, content: bytes) -> Iterator[tuple[Place, list[str]]]:
    """The rows that are not blank, each with the place where it ends."""
    refuse_mistaken(file, content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise Unreadable(conversion.ENCODING, Place(file, line), byte=fault.start) from fault
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(text.splitlines(keepends=True), delimiter=max(_SEPARATORS, key=first.count), strict=True)
    try:
        yield from ((Place(file, reader.line_num), row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as fault:
        raise Unreadable(CSV, Place(file, reader.line_num), reason=str(fault)) from fault


def _plain(
    file: str, rows: Sequence[tuple[Place, list[str]]], keys: Keys, created: str
) -> Iterator[Converted | Finding]:
    """Rows of an image and its labels."""
    bare = 0
    for place, row in rows:
        name, *labels = (cell.strip() for cell in row)
        try:
            key = _key(name, place, keys)
        except Unreadable as fault:
            yield fault.finding
            continue
        given = [label for label in labels if label]
        bare += not given
        yield Converted(key, label_line(key, given, created) if given else bare_line(key), place)
    if bare:
        yield UNLABELLED.finding(Place(file), count=bare)


def _key(name: str, place: Place, keys: Keys) -> str:
    if not name:
        raise Unreadable(NO_IMAGE, place)
    return keys.of(name, place)


class _Columns(Struct, frozen=True):
    """Where the columns of a header are; `box` has four of them, as corners or as sides, `size` the image's two."""

    count: int
    image: int | None
    labels: Sequence[int]
    box: Sequence[int]
    size: Sequence[int]
    corners: bool
    names: Sequence[str]

    @classmethod
    def of(cls, header: Sequence[str]) -> "_Columns | None":
        """The columns of a header; None if the row holds an image with its labels, not names of columns."""
        plain = [re.sub(r"[^a-z0-9]", "", name.casefold()) for name in header]
        if is_image(header[0]) or "://" in header[0]:
            return None
        where = {name: number for number, name in reversed(list(enumerate(plain)))}
        corners = _found(where, _CORNERS)
        box = corners or _found(where, _SIDES)
        size = _found(where, _SIZE) or (_found(where, _SIZE_TOO) if corners else ())
        image = [number for number, name in enumerate(plain) if _IMAGE.fullmatch(name)]
        labels = [number for number, name in enumerate(plain) if _LABEL.fullmatch(name)]
        return cls(len(header), image[0] if image else None, labels, box, size, bool(corners), header)

    def missing(self, *, sized: bool) -> str:
        """The columns that are not there, in words; "" if all are. `sized`: sizes are read from the images."""
        needs = {
            "the image's name": self.image is not None,
            "the label": bool(self.labels),
            "the image's width and height": bool(self.size) or not self.box or sized,
        }
        return ", ".join(what for what, there in needs.items() if not there)


def _found(where: Mapping[str, int], choices: Iterable[Sequence[str]]) -> Sequence[int]:
    """The first choice of columns that are all there."""
    for names in choices:
        if all(name in where for name in names):
            return [where[name] for name in names]
    return ()


class _Image(Struct):
    """The rows of an image: where the first is, its size, its labels and boxes; `broken`: it gives no line."""

    place: Place
    frame: Frame | None = None
    labels: list[str] = field(default_factory=list)
    boxes: list[PlacedBox] = field(default_factory=list)
    broken: bool = False


def _named(
    columns: _Columns, rows: Sequence[tuple[Place, list[str]]], keys: Keys, created: str
) -> Iterator[Converted | Finding]:
    """Rows of a table with a header."""
    images: dict[str, _Image] = {}
    for place, row in rows:
        image = None
        try:
            image = images.setdefault(_name(columns, place, row), _Image(place))
            _add(image, columns, place, [cell.strip() for cell in row], sized=keys.sizes is not None)
        except Unreadable as fault:
            yield fault.finding
            if image is not None:
                image.broken = True
    for name, image in images.items():
        try:
            key = keys.of(name, image.place)
            if columns.box and image.frame is None and (size := keys.size_of(key, image.place)):
                image.frame = Frame(*size)
            yield from _line(image, key, created)
        except Unreadable as fault:
            yield fault.finding
    if empty := [image for image in images.values() if not (image.broken or image.labels or image.boxes)]:
        rule = lines.NO_BOXES if columns.box else UNLABELLED
        yield rule.finding(Place(empty[0].place.file), None, count=len(empty))


def _name(columns: _Columns, place: Place, row: Sequence[str]) -> str:
    if len(row) != columns.count:
        raise Unreadable(CELLS, place, count=len(row), columns=columns.count)
    name = row[columns.image or 0].strip()
    if not name:
        raise Unreadable(NO_IMAGE, place)
    return name


def _add(image: _Image, columns: _Columns, place: Place, row: Sequence[str], *, sized: bool) -> None:
    """Put what a row says into its image; `sized`: a row without a size is fine."""
    labels = [row[number] for number in columns.labels if row[number]]
    if not columns.box:
        image.labels += labels
        return
    frame = None if sized and not any(row[number] for number in columns.size) else _frame(columns, place, row)
    if image.frame is None or frame is None:
        image.frame = image.frame or frame
    elif frame != image.frame:
        size, first = (f"{one.width} x {one.height}" for one in (frame, image.frame))
        raise Unreadable(TWO_SIZES, place, size=size, first=first, line=image.place.line)
    drawn = [row[number] for number in columns.box if row[number]]
    if not drawn and not labels:
        return
    if len(drawn) != len(columns.box):
        raise Unreadable(NO_BOX, place, label=labels[0] if labels else "")
    if not labels:
        raise Unreadable(NO_LABEL, place)
    left, top, right, bottom = (thousandths_of(row[number], columns.names[number], place) for number in columns.box)
    sides = (right - left, bottom - top) if columns.corners else (right, bottom)
    image.boxes += [PlacedBox(Box(label, left, top, *sides), place) for label in labels]


def _frame(columns: _Columns, place: Place, row: Sequence[str]) -> Frame:
    named = [(row[number], columns.names[number]) for number in columns.size]
    width, height = (side_of(text, name, name, place) for text, name in named)
    return Frame(width, height)


def _line(image: _Image, key: str, created: str) -> Iterator[Converted | Finding]:
    """The line of an image, if it gives one, and the findings about its boxes."""
    if image.broken:
        return
    if image.frame is None:
        line = label_line(key, image.labels, created) if image.labels else bare_line(key)
        yield Converted(key, line, image.place)
        return
    sent, findings = placed(image.boxes, image.frame, image.place)
    yield from findings
    if all(one.severity is not Severity.ERROR for one in findings):
        yield Converted(key, box_line(key, image.frame, sent, created), image.place)
