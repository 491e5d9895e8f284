"""The JSON Schema in the repository: what it says of documents is true of every review, and says something."""

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect as types

from reconciler.guards import GUARDS
from reconciler.model import GuardCheck
from reconciler.policy import Policy
from reconciler.review.model import Review
from reconciler.views.json_document import document_text
from tests.support.lines import bare, boxes, labelled
from tests.support.schema import faults

Strategy = st.SearchStrategy[Any]

NUMBERS: Final = st.floats(allow_nan=False, allow_infinity=False)
PLAIN: Final[dict[type[types.Type], Strategy]] = {
    types.StrType: st.text(max_size=8),
    types.BoolType: st.booleans(),
    types.NoneType: st.none(),
    types.IntType: st.integers(-(2**63), 2**63 - 1),
    types.FloatType: NUMBERS,
}
# Members that hold names of guards.
NAMED: Final[dict[type, dict[str, Strategy]]] = {
    GuardCheck: {"name": st.sampled_from(list(GUARDS))},
    Policy: {"guards": st.dictionaries(st.sampled_from(list(GUARDS)), st.booleans() | NUMBERS, max_size=2)},
}


def values(kind: types.Type) -> Strategy:
    """Any value of a type, as members of reviews are made."""
    made = PLAIN.get(type(kind))
    if isinstance(kind, types.StrType) and kind.pattern:
        made = st.from_regex(kind.pattern)
    if isinstance(kind, types.StructType | types.DataclassType):
        members = {field.name: values(field.type) for field in kind.fields}
        made = st.builds(kind.cls, **members | NAMED.get(kind.cls, {}))
    elif isinstance(kind, types.EnumType):
        made = st.sampled_from(list(kind.cls))
    elif isinstance(kind, types.LiteralType):
        made = st.sampled_from(kind.values)
    elif isinstance(kind, types.VarTupleType):
        made = st.lists(values(kind.item_type), max_size=2).map(tuple)
    elif isinstance(kind, types.FrozenSetType):
        made = st.frozensets(values(kind.item_type), max_size=2)
    elif isinstance(kind, types.TupleType):
        made = st.tuples(*map(values, kind.item_types))
    elif isinstance(kind, types.DictType):
        made = st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=2)
    elif isinstance(kind, types.UnionType):
        made = st.one_of(*map(values, kind.types))
    assert made is not None, kind
    return made


REVIEWS: Final = values(types.type_info(Review))


@settings(max_examples=60, deadline=None)
@given(REVIEWS)
def test_any_review_at_all_conforms_and_reads_back(review: Review) -> None:
    """Whatever it contains, the document passes the schema, and is the same review again."""
    text = document_text(review)
    assert faults(json.loads(text)) == []
    assert msgspec.json.decode(text, type=Review) == review


def test_reviews_of_lines_conform(compared: Callable[..., Review]) -> None:
    """Every verb, boxes that moved, fields that changed, labels that came and went."""
    before = [
        labelled("s3://acme/1", "a"),
        boxes("s3://acme/2", ("a", 1, 2, 30, 40), ("b", 50, 2, 30, 40)),
        bare("s3://acme/3"),
        labelled("s3://acme/4", "a"),
    ]
    after = [
        labelled("s3://acme/1", "b"),
        boxes("s3://acme/2", ("a", 3, 2, 30.5, 40), ("c", 50, 2, 30, 40)),
        labelled("s3://acme/3", "\u202e<b>"),
        labelled("s3://acme/5", "a"),
    ]
    assert faults(json.loads(document_text(compared(before, after)))) == []


def test_real_reviews_conform(taco: Callable[[str, str], Review]) -> None:
    """Two versions of TACO, the riskiest changes of them."""
    review = taco("v2", "v3")
    (project,) = review.projects
    some = [msgspec.structs.replace(one, changes=one.changes[:60]) for one in project.datasets]
    review = msgspec.structs.replace(review, projects=(msgspec.structs.replace(project, datasets=tuple(some)),))
    assert faults(json.loads(document_text(review))) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("exit_code",), "0"),
        (("projects", 0, "datasets", 0, "changes", 0, "verb"), "delete"),
        (("projects", 0, "datasets", 0, "changes", 0, "boxes", 0, "after"), ["a", 1, 2, 3]),
        (("projects", 0, "datasets", 0, "balance"), []),
        (("dangers",), None),
        (("totals", "add"), 1.5),
    ],
)
def test_the_schema_refuses_what_is_no_plan(
    compared: Callable[..., Review], path: tuple[str | int, ...], wrong: object
) -> None:
    """A wrong value anywhere is a fault, so that passing means something."""
    document = json.loads(document_text(compared([], [boxes("s3://acme/1", ("a", 1, 2, 30, 40))])))
    assert faults(document) == []
    *way, last = path
    at = document
    for step in way:
        at = at[step]
    at[last] = wrong
    assert faults(document)
