"""What changes in an entry, in words."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings

from reconciler.analysis.entry import detail_of, phrase
from reconciler.changes import shown_changes
from reconciler.entries import compact, entry_of
from reconciler.model import Change
from reconciler.policy import Compare, Extra, Policy
from reconciler.text import plain
from tests.support.filling import filled
from tests.support.lines import Document, Picture, bare, boxes, json_values, labelled, write
from tests.support.plans import planned

KEY = "s3://b/1"
RBC = ("RBC", 1.0, 2.0, 30.0, 40.0)
MOVED = ("RBC", 5.0, 2.0, 30.0, 40.0)
WBC = ("WBC", 1.0, 2.0, 30.0, 40.0)
BROKEN = {"source-ref": KEY, "x": 1, "x-metadata": {"type": "groundtruth/image-classification"}}


def words(desired: Document | None, live: Document | None, extra: Extra = Extra.REPORT) -> str:
    """The description of the one change between two lines."""
    policy = Policy(compare=Compare.STRICT, extra=extra)
    with filled([desired] if desired else [], [json.dumps(live)] if live else []) as ledger:
        (change,) = shown_changes(ledger, planned(ledger, policy, exists=True, bucket=None))
        return plain(phrase(change.verb, detail_of(change)))


@pytest.mark.parametrize(
    ("desired", "said"),
    [
        (labelled(KEY, "sunrise", "beach"), "sunrise, beach"),
        (labelled(KEY, *"abcde"), "a, b, c and 2 more"),
        (boxes(KEY, RBC), "1 box: RBC"),
        (boxes(KEY, RBC, WBC, MOVED), "3 boxes: RBC, WBC"),
        (write(Picture(KEY, ("smear",), (RBC,))), "smear; 1 box: RBC"),
        (boxes(KEY), "no boxes"),
        (bare(KEY), "unlabelled"),
        (BROKEN, "malformed label attribute"),
    ],
)
def test_a_new_entry_is_said_by_its_labels(desired: Document, said: str) -> None:
    """Image labels, boxes with their labels, nothing found, or unlabelled; a live-only entry likewise."""
    assert words(desired, None) == said
    assert words(None, desired) == f"live only: {said}"


@pytest.mark.parametrize(
    ("live", "desired", "said"),
    [
        (labelled(KEY, "cat"), labelled(KEY, "dog"), "cat -> dog"),
        (labelled(KEY, "cat"), labelled(KEY, "cat", "dog"), "label added: dog"),
        (labelled(KEY, "cat", "dog"), labelled(KEY, "cat"), "label removed: dog"),
        (labelled(KEY, "cat"), bare(KEY), "labels removed"),
        (bare(KEY), labelled(KEY, "cat"), "unlabelled -> cat"),
        (bare(KEY), boxes(KEY), "unlabelled -> no boxes"),
        (boxes(KEY, RBC), boxes(KEY, MOVED), "1 box moved: RBC (4 px)"),
        (boxes(KEY, RBC), boxes(KEY, RBC, WBC), "1 box added: WBC"),
        (boxes(KEY, RBC, RBC, WBC), boxes(KEY, WBC), "2 boxes removed: RBC"),
        (boxes(KEY, RBC), boxes(KEY, MOVED, RBC, RBC), "2 boxes added: RBC"),
        (boxes(KEY, RBC), boxes(KEY, MOVED, MOVED), "1 box moved: RBC (4 px); 1 box added: RBC"),
        (boxes(KEY), write(Picture(KEY, boxes=(), size=(320, 240))), "image size 640x480 -> 320x240"),
        (labelled(KEY, "a"), labelled(KEY, "a") | {"n": 1}, "fields: n"),
        (labelled(KEY, "a") | {"n": True}, labelled(KEY, "a") | {"n": 1}, "fields: n"),
        (labelled(KEY, "a") | {"__n": 1}, labelled(KEY, "a") | {"__n": 2}, "fields: __n"),
        (
            {"source-ref": KEY} | dict.fromkeys("abcde", 1),
            {"source-ref": KEY},
            "fields: a, b, c and 2 more",
        ),
    ],
)
def test_an_update_is_said_by_its_difference(live: Document, desired: Document, said: str) -> None:
    """Labels, boxes by label, size; else the fields by their path."""
    assert words(desired, live) == said


def test_unlabelling_names_the_labels_that_go() -> None:
    """The words name the labels that are removed, or say that there are none."""
    assert words(None, labelled(KEY, "cat", "dog"), Extra.UNLABEL) == "labels removed: cat, dog"
    assert words(None, boxes(KEY), Extra.UNLABEL) == "labels removed"


@settings(max_examples=100, deadline=None)
@given(json_values(), json_values())
def test_every_update_names_something(one: Any, other: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever differs in an updated entry, the words name where it differs."""
    desired, live = ({"source-ref": KEY, "n": value, "__m": [value]} for value in (one, other))
    assume(entry_of(desired).content != entry_of(live).content)
    assert words(desired, live).startswith(("fields: n", "fields: __m"))


def test_lines_are_read_from_what_would_be_sent() -> None:
    """Half characters in a live line do not stop the words."""
    live = json.loads('{"source-ref":"s3://b/1","\\ud800":1}')
    with filled([], [json.dumps(live)]) as ledger:
        (change,) = shown_changes(ledger, planned(ledger, Policy(), exists=True, bucket=None))
    assert isinstance(change, Change)
    assert change.live == compact(live)
    assert plain(phrase(change.verb, detail_of(change))) == "live only: unlabelled"
