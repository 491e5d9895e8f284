"""What two lines may differ in and still be the same entry: one law for each thing that is of no meaning."""

import json
import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries import compact, digest_of, entry_of, meaning_of, parse_live
from tests.support.lines import (
    Document,
    Picture,
    Style,
    boxes,
    json_values,
    labelled,
    labels,
    pictures,
    shuffled,
    styles,
    write,
)

LAW = settings(max_examples=50, deadline=None)


def meaning(document: Document) -> bytes:
    """What labels mode compares."""
    return entry_of(document).meaning


@LAW
@given(pictures(), styles(), styles())
def test_one_meaning_in_any_two_styles_is_one_entry(picture: Picture, one: Style, other: Style) -> None:
    """Everything without meaning may change together."""
    assert meaning(write(picture, one)) == meaning(write(picture, other))


@LAW
@given(pictures(), st.randoms(use_true_random=False))
def test_key_order_makes_no_change(picture: Picture, chance: random.Random) -> None:
    """Members may have any order, in both modes."""
    line = write(picture)
    moved = entry_of(shuffled(line, chance))
    assert (moved.meaning, moved.content) == (meaning(line), entry_of(line).content)


@LAW
@given(pictures(), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_white_space_and_escapes_make_no_change(picture: Picture, indent: int | str | None, escaped: bool) -> None:  # noqa: FBT001 - drawn
    """The text around the tokens does not count, in both modes."""
    line = write(picture)
    read = entry_of(parse_live(json.dumps(line, indent=indent, ensure_ascii=escaped)))
    assert read == entry_of(line)


@LAW
@given(pictures(), st.integers(1, 500))
def test_class_ids_make_no_change(picture: Picture, first: int) -> None:
    """Class ids are names inside one line, and do not count."""
    assert meaning(write(picture, Style(first_id=first))) == meaning(write(picture))


@LAW
@given(pictures(), st.lists(labels(), min_size=1, max_size=3))
def test_labels_that_no_box_uses_make_no_change(picture: Picture, unused: list[str]) -> None:
    """A class-map may declare more labels than it uses; they are not among the labels of the entry."""
    declared = entry_of(write(picture, Style(unused=tuple(unused))))
    assert (declared.meaning, declared.labels) == (meaning(write(picture)), entry_of(write(picture)).labels)


@LAW
@given(pictures(), st.text("abc-_ é", min_size=1, max_size=9))
def test_attribute_names_make_no_change(picture: Picture, prefix: str) -> None:
    """Attribute names do not count, because the console names attributes by its own rule."""
    assert meaning(write(picture, Style(prefix=prefix))) == meaning(write(picture))


@LAW
@given(pictures(), st.text(max_size=9), st.text(max_size=9), st.floats(0, 1), st.sampled_from(["yes", "no"]))
def test_job_date_confidence_and_annotator_make_no_change(
    picture: Picture, job: str, created: str, confidence: float, human: str
) -> None:
    """job-name, creation-date, confidence and human-annotated do not count as labels; strict mode sees them."""
    other = write(picture, Style(job=job, created=created, confidence=confidence, human=human))
    assert meaning(other) == meaning(write(picture))
    line = labelled("s3://acme/1.jpg", "beach")
    for field in ("job-name", "creation-date", "confidence", "human-annotated"):
        changed = json.loads(json.dumps(line))
        changed["attribute-0-metadata"][field] = "else"
        assert entry_of(changed).meaning == entry_of(line).meaning
        assert entry_of(changed).content != entry_of(line).content


@LAW
@given(pictures())
def test_one_and_one_point_zero_are_one_number(picture: Picture) -> None:
    """Numbers count by value, in both modes."""
    whole, decimal = entry_of(write(picture)), entry_of(write(picture, Style(as_float=True)))
    assert (whole.meaning, whole.content) == (decimal.meaning, decimal.content)


@LAW
@given(st.integers(-(2**63), 2**64 - 1), st.integers(0, 20))
def test_a_whole_number_is_one_however_it_is_written(number: int, zeros: int) -> None:
    """A point or an exponent makes no change anywhere in a line, in strict mode too."""
    number = int(float(number // 10**zeros * 10**zeros))
    whole, other = ({"source-ref": "s3://acme/1", "x": [one, {"y": one}]} for one in (number, float(number)))
    assert entry_of(whole).content == entry_of(other).content


@LAW
@given(pictures(), json_values(), json_values())
def test_attributes_of_other_kinds_or_without_metadata_make_no_change(picture: Picture, value: Any, more: Any) -> None:  # noqa: ANN401 - any JSON
    """Attributes that Custom Labels does not know count in strict mode only."""
    line = write(picture)
    added: list[Document] = [
        {"alone": value},
        {"alone-metadata": value},
        {"seg": value, "seg-metadata": {"type": "groundtruth/semantic-segmentation", "more": more}},
        {"odd": value, "odd-metadata": {"type": more if isinstance(more, list) else "else"}},
        {"odd": value, "odd-metadata": [more]},
    ]
    for extra in added:
        entry = entry_of(line | extra)
        assert entry.meaning == meaning(line)
        assert entry.content != entry_of(line).content


@LAW
@given(pictures(), st.randoms(use_true_random=False))
def test_the_order_of_boxes_and_of_labels_makes_no_change(picture: Picture, chance: random.Random) -> None:
    """Labels are a set, boxes a multiset."""
    mixed = replace(
        picture,
        image_labels=tuple(chance.sample(picture.image_labels, len(picture.image_labels))),
        boxes=picture.boxes and tuple(chance.sample(picture.boxes, len(picture.boxes))),
    )
    assert meaning(write(mixed)) == meaning(write(picture))


@LAW
@given(st.integers(0, 4_000_000), st.integers(-49, 49))
def test_less_than_half_a_thousandth_of_a_pixel_makes_no_change(thousandths: int, hundredths: int) -> None:
    """Coordinates are rounded to 0.001 px."""
    left = thousandths / 1000
    near = left + hundredths / 100_000
    one, other = (boxes("s3://acme/1.jpg", ("a", place, 0, 9, 9)) for place in (left, near))
    assert meaning(one) == meaning(other)


@LAW
@given(pictures(), styles())
def test_what_is_sent_means_what_was_read(picture: Picture, style: Style) -> None:
    """The compact line has the same meaning, content and labels as the line it was made from."""
    line = write(picture, style)
    assert entry_of(parse_live(compact(line).decode("utf-8", "surrogatepass"))) == entry_of(line)


@LAW
@given(pictures())
def test_digests_have_16_bytes(picture: Picture) -> None:
    """The digests fit the columns of the ledger, and `entry_of` gives the digest of `meaning_of`."""
    line = write(picture)
    entry = entry_of(line)
    assert len(entry.meaning) == len(entry.content) == 16
    assert entry.meaning == digest_of(meaning_of(line))
