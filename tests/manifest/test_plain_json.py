"""The quick reader of plain lines reads what the careful one reads, and leaves what it must not read."""

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.limits import NESTING
from reconciler.manifest.jsonl import plain_object

NUMBERS = st.one_of(
    st.integers(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.just(-0.0)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(), st.sampled_from(['":', '" :', '\\":'])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)),
    max_leaves=12,
)


json_of_any_letters = partial(json.dumps, ensure_ascii=False)


def repeats(text: str) -> bool:
    """Whether any object in a JSON text names a member twice."""
    found = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found.append(len(pairs) != len({name for name, _value in pairs}))
        return dict(pairs)

    json.loads(text, object_pairs_hook=members)
    return any(found)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=4),
    st.sampled_from([(",", ":"), (", ", ": "), (",", " :"), (" ,\t", "\t: ")]),
    st.sampled_from([json.dumps, json_of_any_letters]),
)
def test_a_plain_line_is_read_as_any_other(
    document: dict[str, object], separators: tuple[str, str], written: Callable[..., str]
) -> None:
    """The values, their types and the order of members are those of the standard library, or nothing is given."""
    text = written(document, separators=separators)
    read = plain_object(text.encode("utf-8", "surrogatepass"))
    assert read is None or repr(read) == repr(json.loads(text))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", 'a":', "\u00e4"]), VALUES), max_size=4),
    st.sampled_from([":", " :", ": ", "\t:"]),
)
@example([("a", 1), ("a", 2)], " :")
@example([("a", 1), ("a", '":')], ":")
def test_a_repeated_member_is_never_passed_over(pairs: list[tuple[str, object]], colon: str) -> None:
    """A line with a name that appears twice is left to the reader that reports it, however it is spelled."""
    members = ",".join(f"{json.dumps(name)}{colon}{json.dumps(value)}" for name, value in pairs)
    for line in ("{" + members + "}", '{"outer":[{' + members + "}]}"):
        if repeats(line):
            assert plain_object(line.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'{"a":1',
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":%d}' % 2**64,
        b'{"a":-%d}' % 2**64,
        b'{"a":%s}' % (b"9" * 5000),
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * (NESTING + 1) + b"]" * (NESTING + 1) + b"}",
        b'{"a":' + b"[" * 100_000,
        b'{"a":1} x',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_needs_a_closer_look_is_left(line: bytes) -> None:
    """The quick reader gives no value for a faulty line, so that no fault is overlooked."""
    assert plain_object(line) is None


def test_an_ordinary_line_is_plain() -> None:
    """The quick reader reads lines as Ground Truth writes them, with and without blanks."""
    document = {"source-ref": "s3://b/k.jpg", "x": {"annotations": [{"class_id": 0, "left": 1.5}]}, "n": [1, None]}
    assert plain_object(json.dumps(document).encode()) == document
    assert plain_object(json.dumps(document, separators=(",", ":")).encode()) == document
