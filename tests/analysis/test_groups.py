"""The same change on many entries: found, named, with evidence and exceptions."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.analysis.entry import detail_of
from reconciler.analysis.groups import Groups, groups_of
from reconciler.analysis.labels import balance_of
from reconciler.analysis.movements import repoints
from reconciler.analysis.patterns import Pattern, Patterns
from reconciler.analysis.results import Group
from reconciler.changes import shown_changes
from reconciler.policy import Compare, Leftover, Policy
from reconciler.text import names_in, plain
from tests.support.filling import filled
from tests.support.lines import Document, Drawn, Picture, Style, boxes, labelled, write
from tests.support.plans import planned

Keys = dict[str, tuple[Pattern, ...]]


def found(live: Sequence[Document], desired: Sequence[Document], mode: Compare = Compare.LABELS) -> tuple[Groups, Keys]:
    """The groups among the changes from live to desired, and the patterns of every change."""
    with filled(desired, live) as ledger:
        plan = planned(ledger, Policy(compare=mode), exists=True, bucket=None)
        patterns, left = Patterns(), Keys()
        for change in shown_changes(ledger, plan):
            left[change.key] = patterns.see(change, detail_of(change))
        return groups_of(patterns, balance_of(ledger, Leftover.STAYS), repoints(ledger)), left


def groups(live: Sequence[Document], desired: Sequence[Document]) -> tuple[Group, ...]:
    """The groups alone."""
    return found(live, desired)[0].groups


def key(number: int, prefix: str = "s3://acme/cells/") -> str:
    """The key of an image."""
    return f"{prefix}{number}.jpg"


def cell(label: str, number: int = 0) -> Drawn:
    """A box somewhere."""
    return (label, 10.0 + number, 20.0, 30.0, 40.0)


def cells(*labels: str) -> list[Document]:
    """Images of one box each."""
    return [boxes(key(number), cell(label)) for number, label in enumerate(labels)]


def test_a_label_that_became_another_everywhere_is_renamed() -> None:
    """One line with its count, its boxes, three examples and the figures that carry it; no exceptions."""
    (group,) = groups(cells("RBC", "RBC", "RBC", "RBC", "WBC"), cells("red", "red", "red", "red", "WBC"))
    assert (group.kind, group.entries, group.boxes) == ("renamed", 4, 4)
    assert plain(group.words) == "label RBC renamed to red on 4 entries (4 boxes)"
    assert (group.old, group.new, group.examples) == (("RBC",), ("red",), (key(0), key(1), key(2)))
    assert tuple(map(plain, group.evidence)) == ("RBC: 4 images before, none after", "red: 0 images before, 4 after")
    assert (group.exceptions, group.exception_count) == ((), 0)


def test_what_does_not_fit_a_renaming_is_told_beside_it() -> None:
    """A box of the old label that was removed instead, and a new label where the old one was not."""
    live = [*cells("RBC", "RBC", "WBC"), boxes(key(9), cell("RBC"), cell("WBC", 300))]
    desired = [*cells("red", "red", "WBC"), boxes(key(9), cell("WBC", 300))]
    desired[2] = boxes(key(2), cell("WBC"), cell("red", 200))
    renamed = groups(live, desired)[0]
    assert renamed.kind == "renamed"
    assert tuple(map(plain, renamed.exceptions)) == (
        "1 entry (1 box) lost the label RBC",
        "1 entry has red where RBC was not",
    )
    assert renamed.exception_count == 2


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (("a", "a", "b"), ("b", "b", "b"), ["merged"]),
        (("a", "b", "b"), ("c", "c", "c"), ["merged", "merged"]),
        (("a", "a", "a"), ("b", "b", "c"), ["split"]),
        (("a", "a", "a"), ("b", "b", "a"), ["relabelled"]),
        (("a", "a", "a"), ("b", "a", "a"), []),
        (("a", "b"), ("b", "a"), []),
        (("a",), ("b",), ["renamed"]),
    ],
)
def test_a_labels_fate_follows_from_the_whole_dataset(
    before: tuple[str, ...], after: tuple[str, ...], kinds: list[str]
) -> None:
    """Renamed, merged and split only when no image has it any more: a single entry that keeps it changes the word."""
    assert [group.kind for group in groups(cells(*before), cells(*after))] == kinds


def test_labels_that_were_exchanged_for_one_another_are_said_to_stay_on_none() -> None:
    """After a swap each label is on images again, and none of its boxes kept it."""
    both = groups(cells("a", "a", "b", "b"), cells("b", "b", "a", "a"))
    assert [plain(group.words) for group in both] == [
        "a relabelled as b on 2 entries (2 boxes)",
        "b relabelled as a on 2 entries (2 boxes)",
    ]
    assert [plain(one) for group in both for one in group.exceptions] == [
        "2 images have a afterwards",
        "2 images have b afterwards",
    ]


def test_a_blank_that_would_not_be_seen_is_in_quotes() -> None:
    """A label that differs from another in a blank at its end can be read."""
    (group,) = groups(cells("cat", "cat"), cells("cat ", "cat "))
    assert plain(group.words) == 'label cat renamed to "cat " on 2 entries (2 boxes)'


def test_names_are_pieces_of_their_own_whatever_they_are() -> None:
    """A label that is a word of the sentence is a name where it is one, and the word stays a word."""
    (group,) = groups(cells("on", "on"), cells("label", "label"))
    assert group.words[::2] == ("label ", " renamed to ", " on 2 entries (2 boxes)")
    assert names_in(group.words) == ("on", "label")


def test_image_labels_have_the_same_fates() -> None:
    """One that went for one that came is one relabelling."""
    live = [labelled(key(number), "cat", "indoor") for number in range(3)]
    desired = [labelled(key(number), "feline", "indoor") for number in range(3)]
    (group,) = groups(live, desired)
    assert plain(group.words) == "label cat renamed to feline on 3 entries"


def test_exchanged_image_labels_are_explained_by_what_others_show() -> None:
    """Two labels for two on one image: clear once another image shows what became of one of them."""
    live = [labelled(key(0), "cat", "dog"), labelled(key(1), "cat"), labelled(key(2), "x")]
    desired = [labelled(key(0), "canine", "feline"), labelled(key(1), "feline"), labelled(key(2), "x")]
    told, patterns = found(live, desired)
    assert [(plain(group.words), group.entries) for group in told.groups] == [
        ("label cat renamed to feline on 2 entries", 2),
        ("label dog renamed to canine on 1 entry", 1),
    ]
    assert told.of(key(0), patterns[key(0)]) == (1, 2)


def test_exchanged_image_labels_are_not_guessed() -> None:
    """Image labels that nothing explains as a rename are removed and added."""
    live = [labelled(key(number), "a", "b") for number in range(2)]
    desired = [labelled(key(number), "c", "d") for number in range(2)]
    assert [group.kind for group in groups(live, desired)] == ["label-removed"] * 2 + ["label-added"] * 2


def test_an_exchange_that_others_explain_in_two_ways_is_not_guessed() -> None:
    """Elsewhere `a` became both labels: here it may have become either."""
    live = [labelled(key(0), "a"), labelled(key(1), "a"), labelled(key(2), "a", "b")]
    desired = [labelled(key(0), "x"), labelled(key(1), "y"), labelled(key(2), "x", "y")]
    told, patterns = found(live, desired)
    assert [(group.kind, group.entries) for group in told.groups] == [("split", 2)]
    assert told.of(key(2), patterns[key(2)]) == ()


def test_a_label_added_to_several_entries_is_one_line() -> None:
    """Boxes and image labels alike; likewise removed. One entry does not make a group."""
    live = cells("a", "a", "a")
    desired = [boxes(key(number), cell("a"), cell("new", 300)) for number in range(2)] + live[2:]
    assert [plain(group.words) for group in groups(live, desired)] == ["new added to 2 entries (2 boxes)"]
    assert [plain(group.words) for group in groups(desired, live)] == ["new removed from 2 entries (2 boxes)"]
    assert groups(live, [desired[0], *live[1:]]) == ()


def test_boxes_shifted_by_one_amount_are_one_line() -> None:
    """Boxes shifted by one amount are one group; entries that moved differently are its exception."""
    live = [boxes(key(number), cell("a", number), cell("b", 100 + number)) for number in range(4)]
    desired = [boxes(key(number), cell("a", number + 4), cell("b", 104 + number)) for number in range(3)]
    desired.append(boxes(key(3), cell("a", 5), cell("b", 110)))
    (group,) = groups(live, desired)
    assert (group.kind, group.by, group.entries, group.boxes) == ("shifted", (4, 0), 3, 6)
    assert plain(group.words) == "boxes shifted by +4, +0 px on 3 entries (6 boxes)"
    assert (list(map(plain, group.exceptions)), group.exception_count) == (
        ["1 entry has boxes that moved differently"],
        1,
    )


@pytest.mark.parametrize(
    ("alike", "moved", "is_group"),
    [(2, 2, False), (3, 3, True), (2, 35, False), (7, 35, False), (8, 35, True), (100, 1000, False), (120, 1000, True)],
)
def test_boxes_that_moved_alike_by_chance_are_no_group(alike: int, moved: int, is_group: bool) -> None:  # noqa: FBT001 - a table
    """Single boxes moved alike need a size and a share that random corrections of a few pixels do not give."""
    live = [boxes(key(number), cell("a", 1000)) for number in range(moved)]
    by = [-7 if number < alike else 10 + number for number in range(moved)]
    desired = [boxes(key(number), cell("a", 1000 + step)) for number, step in enumerate(by)]
    assert [group.by for group in groups(live, desired)] == ([(-7, 0)] if is_group else [])


def test_pictures_of_half_the_size_are_one_line() -> None:
    """Boxes scaled by the factors of the image's size."""
    full, half = ("a", 100.0, 60.0, 40.0, 20.0), ("a", 50.0, 30.0, 20.0, 10.0)
    live = [write(Picture(key(number), boxes=(full,), size=(640, 480))) for number in range(2)]
    desired = [write(Picture(key(number), boxes=(half,), size=(320, 240))) for number in range(2)]
    (group,) = groups(live, desired)
    assert (group.kind, group.by, group.entries) == ("scaled", (0.5, 0.5), 2)


def test_images_of_another_size_whose_boxes_stay_are_one_line() -> None:
    """Boxes that are scaled along are told as that instead."""
    live = [write(Picture(key(number), boxes=(cell("a"),), size=(640, 480))) for number in range(3)]
    desired = [write(Picture(key(number), boxes=(cell("a"),), size=(1280, 960))) for number in range(3)]
    (group,) = groups(live, desired)
    assert (group.kind, group.old, group.new) == ("image-size", ("640x480",), ("1280x960",))
    assert plain(group.words) == "image size 640x480 -> 1280x960 on 3 entries (3 boxes)"
    twice = [boxes(key(number), ("a", 20.0, 40.0, 60.0, 80.0)) for number in range(3)]
    for line in twice:
        next(value for value in line.values() if isinstance(value, dict))["image_size"] = [
            {"width": 1280, "height": 960, "depth": 3}
        ]
    assert [one.kind for one in groups(live, twice)] == ["scaled"]


def test_a_new_annotation_pass_is_one_line() -> None:
    """Another job-name on several updated entries."""
    live = [write(Picture(key(number), ("a",)), Style(job="first")) for number in range(3)]
    desired = [write(Picture(key(number), ("b",)), Style(job="second")) for number in range(3)]
    told = {group.kind: group for group in groups(live, desired)}
    assert plain(told["annotation-pass"].words) == "new annotation pass: job first -> second on 3 entries"
    assert list(map(plain, told["annotation-pass"].evidence)) == ["job-name of 3 of 3 updated entries"]


@pytest.mark.parametrize("new", ["s3://other/cells/", "s3://acme/cells/2026/", "s3://other/x/y/"])
def test_a_bucket_or_prefix_that_moved_is_one_line(new: str) -> None:
    """As many keys out as in, with the same content; the entries on both sides belong to it."""
    live = [boxes(key(number), cell("a", number)) for number in range(3)]
    desired = [boxes(key(number, new), cell("a", number)) for number in range(3)]
    told, patterns = found(live, desired)
    (group,) = told.groups
    assert (group.kind, group.entries) == ("re-pointed", 3)
    assert key(0).startswith(group.old[0])
    assert key(0, new) == key(0).replace(group.old[0], group.new[0])
    assert all(told.of(one, left) == (1,) for one, left in patterns.items())


def test_a_moved_entry_with_other_content_is_an_exception() -> None:
    """Named in the line; it does not belong to the group."""
    live = [boxes(key(number), cell("a", number)) for number in range(4)]
    desired = [boxes(key(number, "s3://other/cells/"), cell("a", number)) for number in range(3)]
    desired.append(boxes(key(3, "s3://other/cells/"), cell("a", 99)))
    told, patterns = found(live, desired)
    (group,) = told.groups
    assert (group.entries, group.exception_count) == (3, 1)
    assert plain(group.exceptions[0]).endswith("other content: s3://other/cells/3.jpg")
    assert told.of(key(3), patterns[key(3)]) == ()


def test_one_file_name_on_many_paths_is_no_move_unless_the_paths_agree() -> None:
    """`1/image.jpg` became `1/image.jpg` elsewhere; `image.jpg` alone says nothing."""
    live = [boxes(f"s3://acme/{number}/image.jpg", cell("a")) for number in range(3)]
    agreeing = [boxes(f"s3://acme/new/{number}/image.jpg", cell("a")) for number in range(3)]
    (group,) = groups(live, agreeing)
    assert (group.old, group.new, group.entries) == (("s3://acme/",), ("s3://acme/new/",), 3)
    others = [boxes(f"s3://acme/x{number}/image.jpg", cell("a")) for number in range(3)]
    assert groups(live, others) == ()
    two = [boxes(f"s3://acme/{folder}/{name}", cell("a")) for folder in "pq" for name in ("1.jpg", "2.jpg")]
    elsewhere = [boxes(f"s3://acme/{folder}/{name}", cell("a")) for folder in "rs" for name in ("1.jpg", "2.jpg")]
    assert groups(two, elsewhere) == ()


LABEL = st.sampled_from("abc")
DATASET = st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(DATASET)
def test_groups_count_what_is_so(labels: list[tuple[str, str]]) -> None:
    """However labels change: a group's entries are the changes that name it, and its words are true of the dataset."""
    before, after = cells(*(old for old, _new in labels)), cells(*(new for _old, new in labels))
    told, patterns = found(before, after)
    for group in told.groups:
        members = [one for one, left in patterns.items() if group.id in told.of(one, left)]
        assert len(members) == group.entries
        assert set(group.examples) <= set(members)
        if group.kind in {"renamed", "merged", "split"}:
            assert all(new != group.old[0] for _old, new in labels)
            assert {new for old, new in labels if old == group.old[0]} == set(group.new)
        if group.kind == "renamed":
            assert all(old != group.new[0] for old, _new in labels)
