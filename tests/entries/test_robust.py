"""Lines that nobody should write: read without a crash, sent as they are."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings

from reconciler.entries import compact, entry_of, meaning_of, parse_live, without_service_fields
from tests.support.lines import Document, documents, json_values


@settings(max_examples=300, deadline=None)
@given(documents())
def test_no_json_makes_reading_fail(line: Document) -> None:
    """A live line may hold anything; with a text source-ref it is an entry, the same one each time."""
    entry = entry_of(line)
    assert entry == entry_of(json.loads(json.dumps(line)))
    assert entry.key == line["source-ref"]
    assert meaning_of(without_service_fields(line)).labels == entry.labels


@settings(max_examples=100, deadline=None)
@given(json_values())
def test_what_is_sent_keeps_own_fields_and_their_order(value: Any) -> None:  # noqa: ANN401 - any JSON
    """The line is compact JSON of the same value, members in order, big numbers and lone surrogates included."""
    line = {"z": value, "source-ref": "s3://acme/1.jpg", "a": [value]}
    sent = json.loads(compact(line))
    assert list(sent) == ["z", "source-ref", "a"]
    if not any(isinstance(one, float) and not math.isfinite(one) for one in leaves(value)):  # no JSON has those
        assert sent == line


def leaves(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """The values that are neither objects nor lists."""
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


def test_what_is_sent_has_no_white_space_and_no_escapes_it_does_not_need() -> None:
    """Every byte counts towards the limit of a batch."""
    assert compact({"source-ref": "s3://b/ä.jpg", "n": [1, 2.5, None, True]}) == (
        '{"source-ref":"s3://b/ä.jpg","n":[1,2.5,null,true]}'.encode()
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"source-ref":"s3://b/\\ud800.jpg"}',
        '{"source-ref":"s3://b/\ud800.jpg"}',
        '{"source-ref":"s3://b/1.jpg","\\udfff":1,"x":{"errors":"\\ud83d"}}',
        '{"source-ref":"s3://b/1.jpg","x":NaN,"y":-Infinity,"z":1e400}',
        '{"source-ref":"s3://b/1.jpg","a":1,"a-metadata":{"type":"groundtruth/image-classification","\\ud800":1}}',
        '{"source-ref":"s3://b/1","a":1,"a-metadata":{"type":"groundtruth/image-classification","class-name":"\\ud800"}}',
    ],
)
def test_live_lines_with_half_characters_and_odd_numbers_are_entries(line: str) -> None:
    """A line that the fast decoder refuses is read, because the service may still list it."""
    document = parse_live(line)
    entry = entry_of(document)
    assert entry.key.startswith("s3://b/")
    assert entry_of(parse_live(compact(document).decode("utf-8", "surrogatepass"))).meaning == entry.meaning


@pytest.mark.parametrize("digits", [20, 4000])
def test_huge_numbers_are_entries(digits: int) -> None:
    """A coordinate of thousands of digits makes its attribute malformed, not the program."""
    annotation = {"class_id": 0, "left": int("9" * digits), "top": 0, "width": 9, "height": 9}
    line = {
        "source-ref": "s3://b/1.jpg",
        "a": {"image_size": [{"width": 99, "height": 99, "depth": 3}], "annotations": [annotation]},
        "a-metadata": {"type": "groundtruth/object-detection", "class-map": {"0": "x"}},
    }
    assert len(meaning_of(line).malformed) == 1
    assert entry_of(line).labelled
    other = json.loads(json.dumps(line))
    other["a"]["annotations"][0]["left"] += 1
    assert entry_of(other).meaning != entry_of(line).meaning


@pytest.mark.parametrize("line", ["", "null", "[]", "{}", '{"source-ref":1}', '{"source-ref":', '"s3://b/1.jpg"'])
def test_a_line_without_a_text_source_ref_is_refused(line: str) -> None:
    """A listed line without a source-ref is an error, because it cannot be compared."""
    with pytest.raises(ValueError, match=r"source-ref|Expecting"):
        parse_live(line)
