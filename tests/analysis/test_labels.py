"""Labels that look alike, and those that only seem to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.labels import look_alikes, skeleton

CYRILLIC_A = "\u0430"
GREEK_O = "\u03bf"
WIDE_C = "\uff43"
ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Car", "car", "case"),
        ("traffic light", "traffic-light", "spaces"),
        ("traffic light", "TrafficLight", "spaces"),
        ("bottle", "bottles", "plural"),
        ("box", "boxes", "plural"),
        ("battery", "Batteries", "plural"),
        ("cat", f"c{CYRILLIC_A}t", "letters"),
        ("dog", f"d{GREEK_O}g", "letters"),
        ("cat", f"{WIDE_C}at", "letters"),
        ("cat", f"c{ZERO_WIDTH}at", "letters"),
        ("lO", "I0", "letters"),
        ("modern", "modem", "letters"),
        ("Cigarette", "Cigarete", "one-letter"),
        ("Platelet", "Plateled", "one-letter"),
        ("Platelet", "Platleet", "one-letter"),
        ("Category", "Catelgory", "one-letter"),
        ("Category", "categroy", "one-letter"),
    ],
)
def test_look_alikes_are_found_with_their_reason(one: str, other: str, why: str) -> None:
    """The strongest of the reasons; both labels with their images."""
    (pair,) = look_alikes({one: 3, other: 5, "something else": 1})
    assert (pair.why, {pair.first, pair.second}) == (why, {one, other})
    assert {pair.first: pair.first_images, pair.second: pair.second_images} == {one: 3, other: 5}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cat", "cot"),
        ("size 1", "size 2"),
        ("RBC", "WBC"),
        ("gas", "glass"),
        ("Paper bag", "Plastic bag"),
        ("part 12", "part 21"),
    ],
)
def test_labels_that_differ_on_purpose_are_left_alone(one: str, other: str) -> None:
    """Short words, words with different numbers and different words do not look alike."""
    assert look_alikes({one: 1, other: 1}) == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("aAbB -s", min_size=1, max_size=6), max_size=8, unique=True))
def test_pairs_are_of_given_labels_and_named_once(labels: list[str]) -> None:
    """Each pair consists of two given labels, in order, and is named once."""
    pairs = look_alikes(dict.fromkeys(labels, 1))
    named = [(pair.first, pair.second) for pair in pairs]
    assert named == sorted(set(named))
    assert all(first < second and {first, second} <= set(labels) for first, second in named)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_labels_with_one_skeleton_are_pairs(one: str, other: str) -> None:
    """What the eye reads as one is found."""
    if one != other and skeleton(one) == skeleton(other) and min(one, other):
        assert len(look_alikes({one: 1, other: 1})) == 1


def test_hundreds_of_labels_take_no_time_and_name_a_hundred_pairs() -> None:
    """No label is held against every other."""
    assert len(look_alikes({f"label {'x' * number}": 1 for number in range(250)})) == 100
