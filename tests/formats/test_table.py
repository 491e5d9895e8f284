"""CSV to manifest lines: rows of an image and its labels, and tables with a header."""

from typing import Any

import pytest

from reconciler.entries import Box, meaning_of
from tests.support.formats import IMAGES, codes, converted

HEADER = "filename,width,height,class,xmin,ymin,xmax,ymax\n"


def table(text: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """What a table becomes."""
    return converted("csv", [("t.csv", text.encode())])


def labels(line: dict[str, Any]) -> set[str]:
    """The labels of a line."""
    return set(meaning_of(line).labels)


def test_a_row_without_header_is_an_image_and_its_labels() -> None:
    """The form of AWS's guide: any number of labels; none makes a line without labels, which is counted."""
    lines, findings = table("camellia1.jpg,camellia,with_leaves\nb/2.png,plain,\nc.jpg\n")

    assert [line["source-ref"] for line in lines] == [IMAGES + name for name in ("camellia1.jpg", "b/2.png", "c.jpg")]
    assert [labels(line) for line in lines] == [{"camellia", "with_leaves"}, {"plain"}, set()]
    assert lines[2] == {"source-ref": IMAGES + "c.jpg"}
    assert codes(findings) == [("note", "table-unlabelled", 0)]


def test_the_rows_of_an_image_become_one_line_with_their_boxes() -> None:
    """Corners are edges; the line has the place of its first row."""
    lines, findings = table(
        HEADER + "a.jpg,650,417,raccoon,81,88,522,408\nb.jpg,100,100,cat,1,2,11.5,22\na.jpg,650,417,cat,0,0,10,10\n"
    )

    assert findings == []
    assert [meaning_of(line).boxes for line in lines] == [
        (Box("raccoon", 81_000, 88_000, 441_000, 320_000), Box("cat", 0, 0, 10_000, 10_000)),
        (Box("cat", 1_000, 2_000, 10_500, 20_000),),
    ]
    assert lines[0]["bounding-box"]["image_size"] == [{"width": 650, "height": 417, "depth": 3}]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_sides_are_read(separator: str) -> None:
    """A semicolon or tab separates cells; left, top, width and height are a box with the image's size beside them."""
    text = "Image Name,Label,Left,Top,Width,Height,Image Width,Image Height\n a.jpg ,cat,1,2,30,40,100,200\n"
    (line,), findings = table("\ufeff" + text.replace(",", separator))

    assert findings == []
    assert meaning_of(line).boxes == (Box("cat", 1_000, 2_000, 30_000, 40_000),)


def test_rows_with_labels_alone_are_gathered_by_image() -> None:
    """Several rows, and several columns, give an image several labels; a label that is given twice is one."""
    lines, findings = table("path,label_1,label_2\na.jpg,cat,\na.jpg,dog,cat\nb.jpg,,\n")

    assert [labels(line) for line in lines] == [{"cat", "dog"}, set()]
    assert codes(findings) == [("note", "table-unlabelled", 0)]


def test_a_row_without_label_and_box_says_that_the_image_shows_nothing() -> None:
    """In a table of boxes such a row is a line with zero boxes, which is counted."""
    (line,), findings = table(HEADER + "a.jpg,650,417,,,,,\n")

    assert (meaning_of(line).labelled, meaning_of(line).boxes) == (True, ())
    assert codes(findings) == [("note", "no-boxes", 0)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ("error", "table-empty", 0)),
        ("name,foo\nx,1\n", ("error", "table-columns", 1)),
        ("filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,1,9,9\n", ("error", "table-columns", 1)),
        (HEADER + "a.jpg,650,417,cat,1,1,9\n", ("error", "table-cells", 2)),
        (HEADER + ",650,417,cat,1,1,9,9\n", ("error", "table-no-image", 2)),
        (HEADER + "a.jpg,650,417,,1,1,9,9\n", ("error", "table-no-label", 2)),
        (HEADER + "a.jpg,650,417,cat,1,1,9,\n", ("error", "table-no-box", 2)),
        (HEADER + "a.jpg,650,417,cat,1,1,9,1e3\n", ("error", "number", 2)),
        (HEADER + "a.jpg,0,417,cat,1,1,9,9\n", ("error", "size", 2)),
        (HEADER + "a.jpg,65,41,cat,1,1,9,9\n\na.jpg,41,65,cat,1,1,9,9\n", ("error", "table-two-sizes", 4)),
        (HEADER + "a.jpg,650,417,cat,0.1,0.1,0.5,0.9\n", ("error", "boxes-as-fractions", 2)),
        ("a.jpg,cat\na.jpg,dog\n", ("error", "repeated-image", 2)),
        (",cat\n", ("error", "table-columns", 1)),
        ('a.jpg,"ca"t\n', ("error", "table-csv", 1)),
        ("https://example.com/a.jpg,cat\n", ("error", "image-not-in-s3", 1)),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(text: str, found: tuple[str, str, int]) -> None:
    """A table, row or cell that loses a label or box is refused by file and line, and its image gives no line."""
    lines, findings = table(text)

    assert found in codes(findings)
    assert all(line["source-ref"] != IMAGES + "a.jpg" or found[1] == "repeated-image" for line in lines)


def test_bytes_that_are_not_utf_8_name_their_line() -> None:
    """A table in a different encoding is refused, with the line of the first byte."""
    _, findings = converted("csv", [("t.csv", HEADER.encode() + b"\xe9.jpg,1,1,cat,1,1,2,2\n")])
    assert codes(findings) == [("error", "encoding", 2)]
