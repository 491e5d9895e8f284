"""What makes two lines of one key different entries: one law for each thing that has meaning."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.entries import attributes, bare_line, compact, entry_of, meaning_of
from tests.support.lines import (
    Document,
    Drawn,
    Picture,
    Style,
    bare,
    boxes,
    json_values,
    labelled,
    labels,
    pictures,
    styles,
    write,
)

LAW = settings(max_examples=50, deadline=None)
KEY = "s3://acme/1.jpg"


def meaning(document: Document) -> bytes:
    """What labels mode compares."""
    return entry_of(document).meaning


def model(picture: Picture) -> tuple[Any, ...]:
    """What the rules say that a picture means, told a second way."""
    drawn = Counter((label, *(round(number * 1000) for number in box)) for label, *box in picture.boxes or ())
    labelled_at_all = bool(picture.image_labels) or picture.boxes is not None
    size = picture.size if picture.boxes is not None else None
    return frozenset(picture.image_labels), frozenset(drawn.items()), size, labelled_at_all


@settings(max_examples=200, deadline=None)
@given(pictures(), pictures(), styles(), styles())
def test_two_lines_are_one_entry_exactly_when_they_mean_the_same(
    one: Picture, other: Picture, first: Style, second: Style
) -> None:
    """Equal digests if and only if an independent model of the meaning is equal."""
    same = meaning(write(one, first)) == meaning(write(other, second))
    assert same == (model(one) == model(other))


@LAW
@given(pictures(), labels())
def test_another_image_label_is_a_change(picture: Picture, label: str) -> None:
    """The set of image labels counts."""
    assume(label not in picture.image_labels)
    more = replace(picture, image_labels=(*picture.image_labels, label))
    assert meaning(write(more)) != meaning(write(picture))
    assert label in entry_of(write(more)).labels


@LAW
@given(pictures(), labels())
def test_the_same_box_twice_is_a_change(picture: Picture, label: str) -> None:
    """Boxes are a multiset: an annotation that appears twice counts twice."""
    once: Drawn = (label, 1, 2, 30, 40)
    held = picture.boxes or ()
    one, two = replace(picture, boxes=(*held, once)), replace(picture, boxes=(*held, once, once))
    assert meaning(write(one)) != meaning(write(two))
    assert entry_of(write(two)).boxes == len(held) + 2


@LAW
@given(st.integers(0, 4_000_000), st.sampled_from([0, 1, 2, 3]))
def test_a_thousandth_of_a_pixel_is_a_change(thousandths: int, corner: int) -> None:
    """This holds for left, top, width and height alike."""

    def line(value: float) -> Document:
        left, top, width, height = (value if number == corner else 1 for number in range(4))
        return boxes(KEY, ("a", left, top, width, height))

    assert meaning(line(thousandths / 1000)) != meaning(line((thousandths + 1) / 1000))


@LAW
@given(pictures(), labels(), labels())
def test_another_label_on_a_box_is_a_change(picture: Picture, one: str, other: str) -> None:
    """Labels count by name, whatever their class id."""
    assume(one != other)
    held = picture.boxes or ()
    before = replace(picture, boxes=(*held, (one, 1, 2, 3, 4)))
    after = replace(picture, boxes=(*held, (other, 1, 2, 3, 4)))
    assert meaning(write(before)) != meaning(write(after))


@LAW
@given(pictures(), st.sampled_from([(1, 0), (0, 1)]))
def test_another_image_size_is_a_change(picture: Picture, more: tuple[int, int]) -> None:
    """Width and height of the image place the boxes."""
    drawn = replace(picture, boxes=picture.boxes or ())
    grown = replace(drawn, size=(picture.size[0] + more[0], picture.size[1] + more[1]))
    assert meaning(write(grown)) != meaning(write(drawn))


def test_a_line_with_zero_boxes_is_not_an_unlabelled_one() -> None:
    """Zero boxes mean that nothing was found; a bare line means that nobody looked."""
    zero, unlabelled = entry_of(boxes(KEY)), entry_of(bare(KEY))
    assert zero.meaning != unlabelled.meaning
    assert (zero.labelled, unlabelled.labelled) == (True, False)
    assert zero.boxes == unlabelled.boxes == 0


@LAW
@given(st.text(max_size=9), st.text(max_size=9))
def test_the_key_is_source_ref_as_an_exact_string(one: str, other: str) -> None:
    """Nothing is normalised: not case, percent signs or Unicode forms; and the key does not belong to the meaning."""
    first, second = (entry_of(labelled(f"s3://acme/{key}", "a")) for key in (one, other))
    assert first.key == f"s3://acme/{one}"
    assert (first.key == second.key) == (one == other)
    assert first.meaning == second.meaning


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("attribute-boxes", "image_size"), []),
        (("attribute-boxes", "image_size"), [{"width": 1}]),
        (("attribute-boxes", "image_size"), [{"width": 1, "height": True}]),
        (("attribute-boxes", "image_size"), [{"width": 1, "height": 1}] * 2),
        (("attribute-boxes", "image_size"), {"width": 1, "height": 1}),
        (("attribute-boxes", "annotations"), None),
        (("attribute-boxes", "annotations"), [7]),
        (("attribute-boxes", "annotations", 0, "left"), "68"),
        (("attribute-boxes", "annotations", 0, "left"), True),
        (("attribute-boxes", "annotations", 0, "left"), 10**20),
        (("attribute-boxes", "annotations", 0, "left"), float("inf")),
        (("attribute-boxes", "annotations", 0, "left"), float("nan")),
        (("attribute-boxes", "annotations", 0, "class_id"), 9),
        (("attribute-boxes", "annotations", 0, "class_id"), False),
        (("attribute-boxes", "annotations", 0, "class_id"), None),
        (("attribute-boxes",), "boxes"),
        (("attribute-boxes-metadata", "class-map"), []),
        (("attribute-boxes-metadata", "class-map"), {"0": ""}),
        (("attribute-boxes-metadata", "class-map"), {"0": 5}),
        (("attribute-0-metadata", "class-name"), ""),
        (("attribute-0-metadata", "class-name"), 5),
        (("attribute-0",), None),
        (("attribute-0",), [1]),
    ],
)
def test_a_malformed_known_attribute_counts_as_its_json(path: tuple[str | int, ...], wrong: object) -> None:
    """A malformed attribute differs from the well-formed one, is labelled, and any change in it is a change."""
    line = write(Picture(KEY, ("beach",), (("RBC", 68, 315, 213, 163),)))
    broken = json.loads(json.dumps(line))
    holder = broken
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = wrong
    assert len(meaning_of(broken).malformed) == 1
    assert meaning(broken) != meaning(line)
    assert entry_of(broken).labelled
    other = json.loads(json.dumps(broken))
    other[str(path[0]).removesuffix("-metadata") + "-metadata"]["job-name"] = "else"
    assert meaning(other) != meaning(broken)


@LAW
@given(st.text("ab", min_size=1, max_size=3), st.text("cd", min_size=1, max_size=3), json_values())
def test_the_name_of_a_malformed_attribute_makes_no_change(one: str, other: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """The value and metadata of a malformed attribute count, and its name does not."""
    metadata = {"type": "groundtruth/image-classification", "odd": value}
    assert meaning(bare(KEY) | {one: 1, f"{one}-metadata": metadata}) == meaning(
        bare(KEY) | {other: 1, f"{other}-metadata": metadata}
    )


@LAW
@given(pictures(), json_values(), json_values())
def test_strict_mode_compares_all_json_by_value(picture: Picture, one: Any, other: Any) -> None:  # noqa: ANN401 - any JSON
    """Every member counts, equal values written differently do not, and true is not a number."""
    line = write(picture)
    first, second = (entry_of(line | {"note": value}).content for value in (one, other))
    assert (first == second) == (by_value(one) == by_value(other))
    assert entry_of(line | {"note": True}).content != entry_of(line | {"note": 1}).content


def by_value(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON with the types that JSON distinguishes: true is not a number, NaN equals NaN."""
    if isinstance(value, dict):
        return {name: by_value(member) for name, member in value.items()}
    if isinstance(value, list):
        return [by_value(item) for item in value]
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN; the encoder writes it as null
        return None
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return ("bool", value) if isinstance(value, bool) else value


def test_the_bare_line_is_unlabelled() -> None:
    """The line that removes labels has no meaning but its key."""
    assert bare_line('s3://acme/"1".jpg') == b'{"source-ref":"s3://acme/\\"1\\".jpg"}'
    assert bare_line(KEY) == compact(bare(KEY))
    assert not entry_of(json.loads(bare_line(KEY))).labelled


def test_attributes_are_known_by_their_metadata() -> None:
    """A member named `<attribute>-metadata` with one of the two types makes an attribute, even without a value."""
    line = write(Picture(KEY, ("beach",), ()))
    line["only-metadata"] = {"type": "groundtruth/object-detection"}
    found = {one.name: (one.kind.rpartition("/")[2], one.value is None) for one in attributes(line)}
    assert found == {
        "attribute-0": ("image-classification", False),
        "attribute-boxes": ("object-detection", False),
        "only": ("object-detection", True),
    }
