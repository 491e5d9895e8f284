"""XML from strangers: places are right, and nothing in it leads the reader anywhere."""

import pytest

from reconciler.formats.conversion import Unreadable
from reconciler.formats.voc import read_markup

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE a [
 <!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;">
]>
<annotation>&z;</annotation>"""


def refused(content: bytes) -> tuple[str, str]:
    """The code and the place with which the content is refused."""
    with pytest.raises(Unreadable) as caught:
        read_markup("a.xml", content)
    return caught.value.finding.code, str(caught.value.finding.place)


def test_elements_know_their_place_and_their_text() -> None:
    """Lines and columns count from 1, columns in characters; references are resolved; outer white space goes."""
    root = read_markup("a.xml", "<a>\r\n é<b> x &amp; &#233;\n </b><!-- c --><b><![CDATA[<z>]]></b></a>".encode())

    first, second = root.all("b")
    assert (str(root.place), root.text) == ("a.xml:1:1", "é")
    assert (str(first.place), first.text) == ("a.xml:2:3", "x & é")
    assert (second.text, root.first("c")) == ("<z>", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_declared_encodings_are_read(encoding: str) -> None:
    """Tools on Windows write more than UTF-8."""
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?><a>Käfer</a>'
    assert read_markup("a.xml", text.encode(encoding)).text == "Käfer"


def test_an_entity_bomb_is_refused_before_an_entity_is_declared() -> None:
    """The declaration as such is refused, at its line; nothing is expanded."""
    code, place = refused(BOMB)
    assert code == "xml-doctype"
    assert place.startswith("a.xml:2:")


def test_an_external_document_type_is_not_fetched() -> None:
    """Neither files nor addresses are opened on a file's word."""
    assert refused(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')[0] == "xml-doctype"


def test_undeclared_entities_are_refused() -> None:
    """Without a document type there is nothing that they could mean."""
    assert refused(b"<a>&nbsp;</a>")[0] == "xml"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "a.xml:1:1"),
        (b"no XML", "a.xml:1:1"),
        (b"<a>\n<b></a>", "a.xml:2:6"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\n\n \xff</a>', "a.xml:3:2"),
        (b"<a/><a/>", "a.xml:1:5"),
        (b"<a>\x00</a>", "a.xml:1:4"),
    ],
)
def test_what_is_no_xml_is_refused_where_it_stops_to_be(content: bytes, place: str) -> None:
    """One finding, with line and column."""
    assert refused(content) == ("xml", place)


@pytest.mark.parametrize("encoding", ["nonsense", "gbk", "utf-7"])
def test_encodings_that_cannot_be_read_are_named(encoding: str) -> None:
    """An unknown encoding is a finding, not a traceback."""
    assert refused(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())[0] in {"xml-encoding", "xml"}


def test_deep_nesting_is_refused() -> None:
    """Fifty levels are read, one more is not."""
    assert read_markup("a.xml", b"<a>" * 50 + b"</a>" * 50).name == "a"
    assert refused(b"<a>" * 100_000)[0] == "xml-nesting"
    assert refused(b"<a>" * 51 + b"</a>" * 51) == ("xml-nesting", "a.xml:1:151")


@pytest.mark.parametrize("start", [b"", b'<?xml version="1.0"?>', b"\xef\xbb\xbf"])
def test_an_encoding_that_is_not_declared_is_named_with_its_first_byte(start: bytes) -> None:
    """A text editor of long ago wrote Latin 1; the parser only says that a token is invalid."""
    with pytest.raises(Unreadable) as refused:
        read_markup("a.xml", start + b"<a>\n\n \xe9</a>")
    finding = refused.value.finding
    assert (finding.code, str(finding.place)) == ("xml-encoding-undeclared", "a.xml:3:2")
    assert "byte 0xe9" in finding.message
