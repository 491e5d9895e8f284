"""XML from strangers, read into a small tree in which every element knows its place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from reconciler.formats import rules
from reconciler.formats.conversion import Unreadable
from reconciler.limits import NESTING
from reconciler.model import Place


@dataclass(slots=True)
class Element:
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
    reader = _Reader(file)
    try:
        reader.parser.Parse(content, True)  # noqa: FBT003 - expat takes "this is all" by position only
    except expat.ExpatError as fault:
        place = Place(file, fault.lineno, fault.offset + 1)
        raise Unreadable(rules.XML, place, reason=expat.ErrorString(fault.code)) from fault
    except (LookupError, ValueError) as fault:  # raised by expat for an encoding that it does not know
        raise Unreadable(rules.XML_ENCODING, Place(file, 1), reason=str(fault)) from fault
    return reader.root.children[0]


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
        raise Unreadable(rules.XML_DOCTYPE, self._here())

    def _start(self, name: str, _attributes: object) -> None:
        if len(self.open) > NESTING:
            raise Unreadable(rules.XML_NESTING, self._here())
        element = Element(name, self._here())
        self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def _end(self, _name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop()).strip()

    def _text(self, text: str) -> None:
        self.texts[-1].append(text)
