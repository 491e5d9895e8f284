"""Pascal VOC: one XML file per image, with the image's size and a box for each object.

Taken: `filename`, `size`, and of each `object` its `name` and `bndbox`. Without effect: `pose`, `truncated`,
`difficult`, `segmented`, `part`, `folder`, `path` (Custom Labels has no place for them). Objects keep the file's order.
An image without objects becomes a line with zero boxes: looked at, nothing found.

Corners become `left = xmin`, `top = ymin`, `width = xmax - xmin`, `height = ymax - ymin`: they are taken as edges,
because that is what today's tools write. labelImg and similar tools write the edges of the drawn rectangle, with 0
raised to 1 (labelImg, `libs/labelFile.py`), so that xmax can equal the image's width. The VOC development kit itself
counts pixels from (1, 1) and includes the last one ("The top-left pixel in the image has coordinates (1,1)", VOC2012
Development Kit, annotation format). A file does not show which of the two it follows; one of the latter kind comes out
one pixel short in width and height and one pixel to the right and down, and stays in the frame.

The XML is from strangers: it is read into a small tree in which every element knows its place.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from xml.parsers import expat

from msgspec import Struct, field

from reconciler.entries import Box
from reconciler.formats import conversion, lines
from reconciler.formats.conversion import Converted, Keys, Unreadable, refuse_mistaken
from reconciler.formats.lines import Frame, PlacedBox, box_line, placed, side_of, thousandths_of
from reconciler.limits import NESTING
from reconciler.model import Finding, Place, Severity
from reconciler.rule import error


class Element(Struct):
    """An element: its name, its own text without the white space around it, its children, where it begins."""

    name: str
    place: Place
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """The children of that name, in order."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next(self.all(name), None)


def read_markup(file: str, content: bytes) -> Element:
    """The root element of an XML file; `file` is the name that places carry.

    Raises:
        Unreadable: it is not XML, declares a document type, nests deeper than `limits.NESTING`, or its encoding is
            unknown.
    """
    refuse_mistaken(file, content, wide=True)  # an XML parser reads UTF-16
    reader = _Reader(file)
    try:
        reader.parser.Parse(content, True)  # noqa: FBT003 - expat takes "this is all" by position only
    except expat.ExpatError as fault:
        _refuse_undeclared(file, content)
        place = Place(file, fault.lineno, fault.offset + 1)
        raise Unreadable(conversion.XML, place, reason=expat.ErrorString(fault.code)) from fault
    except (LookupError, ValueError) as fault:  # raised by expat for an encoding that it does not know
        raise Unreadable(conversion.XML_ENCODING, Place(file, 1), reason=str(fault)) from fault
    return reader.root.children[0]


def _refuse_undeclared(file: str, content: bytes) -> None:
    """Say that the encoding is not declared, where that is why the XML cannot be read."""
    if _DECLARED.match(content[:200]):
        return
    try:
        content.decode()
    except UnicodeDecodeError as fault:
        before = content[: fault.start]
        place = Place(file, before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1)
        raise Unreadable(conversion.XML_UNDECLARED, place, byte=f"0x{content[fault.start]:02x}") from None


class _Reader:
    """Collects expat's events into elements."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root = Element("", Place(file))
        self.open = [self.root]
        self.texts: list[list[str]] = [[]]
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _here(self) -> Place:
        return Place(self.file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _doctype(self, *_: object) -> None:
        raise Unreadable(conversion.XML_DOCTYPE, self._here())

    def _start(self, name: str, _attributes: object) -> None:
        if len(self.open) > NESTING:
            raise Unreadable(conversion.XML_NESTING, self._here())
        element = Element(name, self._here())
        self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def _end(self, _name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop()).strip()

    def _text(self, text: str) -> None:
        self.texts[-1].append(text)


_DECLARED: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\bencoding\s*=")
_DEPTH: Final = 3
_OF_OBJECTS: Final = frozenset({"object", "bndbox", "polygon"})
_VOC: Final = "VOC2012 Development Kit, annotation format"


def convert(files: Iterable[tuple[str, bytes]], keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of VOC files.

    A box off the frame is clipped to it; a box of which no more than 1 pixel a side is left (or was) is left out; both
    with a finding. An image that loses all its boxes gives no line, since its line would say that nothing is there.
    """
    empty: list[Place] = []
    for file, content in files:
        try:
            root = read_markup(file, content)
            key, frame = _image(root, keys)
        except Unreadable as fault:
            yield fault.finding
            continue
        boxes, findings = _boxes(root, frame)
        yield from findings
        if all(finding.severity is not Severity.ERROR for finding in findings):
            empty += [] if boxes else [root.place]
            yield Converted(key, box_line(key, frame, boxes, created), keys.places[key])
    if empty:
        yield lines.NO_BOXES.finding(Place(empty[0].file), count=len(empty))


NOT_VOC: Final = error(
    "not-voc", "the file begins with <{name}>, which is not Pascal VOC", "give files that begin with <annotation>", _VOC
)
NO_ELEMENT: Final = error("no-element", "<{parent}> has no <{name}>", "add <{name}>, or leave the file out", _VOC)
SEVERAL: Final = error(
    "several-elements",
    "<{parent}> has more than one <{name}>",
    "write an <object> for each box, with one <name> and one <bndbox>",
    _VOC,
)
EMPTY_ELEMENT: Final = error("empty-element", "<{name}> is empty", "fill in <{name}>, or leave the file out", _VOC)
LOST: Final = error(
    "boxes-outside-objects",
    "there is a <{name}> outside of the <object> elements below <annotation>, so its label would be lost",
    "write each box as <object> with <name> and <bndbox>, directly below <annotation>",
    _VOC,
)


def _image(root: Element, keys: Keys) -> tuple[str, Frame]:
    """Key and frame of the image; the key belongs to it from now on."""
    if root.name != "annotation":
        raise Unreadable(NOT_VOC, root.place, name=root.name)
    filename = _part(root, "filename")
    key = keys.of(filename.text, filename.place)
    if read := None if _is_sized(root) else keys.size_of(key, root.place):
        return key, Frame(*read)
    size = _child(root, "size")
    depth = size.first("depth")
    channels = _DEPTH if depth is None or not depth.text else _side(depth)
    return key, Frame(_side(_part(size, "width")), _side(_part(size, "height")), channels)


def _is_sized(root: Element) -> bool:
    """Whether the file gives a size at all; some tools write 0 for one that they do not know."""
    size = root.first("size")
    sides = [size.first(name) for name in ("width", "height")] if size else []
    return bool(sides) and all(side is not None and side.text.strip(" 0") for side in sides)


def _side(element: Element) -> int:
    return side_of(element.text, f"<{element.name}>", f"the image's {element.name}", element.place)


def _boxes(root: Element, frame: Frame) -> tuple[list[Box], list[Finding]]:
    """The boxes that can be sent, and the findings about all of them."""
    drawn: list[PlacedBox] = []
    findings: list[Finding] = []
    lost = _lost(root)
    if lost is not None:
        findings.append(LOST.finding(lost.place, None, name=lost.name))
    for element in root.all("object"):
        try:
            drawn.append(_drawn(element))
        except Unreadable as fault:
            findings.append(fault.finding)
    boxes, more = placed(drawn, frame, root.place)
    return boxes, [*findings, *more]


def _lost(element: Element, *, top: bool = True) -> Element | None:
    """The first element that belongs to an object and is outside of those that are read."""
    for child in element.children:
        if child.name != "object" or not top:
            if child.name.casefold() in _OF_OBJECTS:
                return child
            if (found := _lost(child, top=False)) is not None:
                return found
    return None


def _drawn(element: Element) -> PlacedBox:
    label = _part(element, "name").text
    bndbox = _child(element, "bndbox")
    left, top, right, bottom = (_thousandths(_part(bndbox, name)) for name in ("xmin", "ymin", "xmax", "ymax"))
    return PlacedBox(Box(label, left, top, right - left, bottom - top), bndbox.place)


def _child(element: Element, name: str) -> Element:
    children = list(element.all(name))
    if not children:
        raise Unreadable(NO_ELEMENT, element.place, parent=element.name, name=name)
    if len(children) > 1:  # one of them would be lost
        raise Unreadable(SEVERAL, children[1].place, parent=element.name, name=name)
    return children[0]


def _part(element: Element, name: str) -> Element:
    """A child that has text."""
    child = _child(element, name)
    if not child.text:
        raise Unreadable(EMPTY_ELEMENT, child.place, name=name)
    return child


def _thousandths(element: Element) -> int:
    return thousandths_of(element.text, f"<{element.name}>", element.place)
