"""The rules that several formats share. A format's own rules are in its module."""

from typing import Final

from reconciler.entries.codes import ENTRY_CODES
from reconciler.limits import NESTING
from reconciler.rule import error, marked, note

_NONTERMINAL: Final = "Custom Labels Developer Guide, Non-terminal JSON line validation errors"
_TOO_SMALL: Final = ENTRY_CODES["ERROR_BOUNDING_BOX_TOO_SMALL"]
_OFF_FRAME: Final = ENTRY_CODES["ERROR_INVALID_BOUNDING_BOX"]
_XML: Final = "XML 1.0"
SAVE_AGAIN: Final = "save the file again with the tool that wrote it"

ENCODING: Final = error("encoding", "the file is not UTF-8 (byte {byte})", SAVE_AGAIN)

# Images.
REPEATED_IMAGE: Final = error(
    "repeated-image", "the image {key} was already annotated at {first}", "keep one of the two annotations"
)
SIZE: Final = error(
    "size", "{what} is {value}, not a positive whole number of pixels", "write the image's size in pixels"
)

# Boxes.
TOO_SMALL: Final = marked(
    _TOO_SMALL.code,
    f"the box '{{label}}', {{drawn}}, is left out: {_TOO_SMALL.meaning}",
    "draw the box again",
    _NONTERMINAL,
)
OUTSIDE: Final = marked(
    _OFF_FRAME.code,
    f"the box '{{label}}', {{drawn}}, is left out: {_OFF_FRAME.meaning}",
    "draw the box again",
    _NONTERMINAL,
)
CLIPPED: Final = marked(
    _OFF_FRAME.code,
    f"the box '{{label}}', {{drawn}}, is clipped to {{inside}}: {_OFF_FRAME.meaning} ({{width}} x {{height}})",
    "look at the image, and draw the box again",
    _NONTERMINAL,
)
REPEATED_BOX: Final = note(
    "repeated-box", "the box '{label}', {drawn}, was already drawn at {first}; both are kept", "remove one of them"
)
NO_BOX_LEFT: Final = error(
    "no-box-left",
    "none of the image's boxes can be sent, and a line without boxes would mean that the image shows no object",
    "draw the boxes again, or leave the image out",
)

# XML.
XML: Final = error("xml", "not well-formed XML: {reason}", SAVE_AGAIN, _XML)
XML_ENCODING: Final = error("xml-encoding", "the encoding is not supported: {reason}", SAVE_AGAIN, _XML)
XML_DOCTYPE: Final = error(
    "xml-doctype",
    "a document type declaration (<!DOCTYPE ...>) is not read, because it can declare entities",
    "remove the declaration",
)
XML_NESTING: Final = error("xml-nesting", f"elements are nested deeper than {NESTING} levels", SAVE_AGAIN)
