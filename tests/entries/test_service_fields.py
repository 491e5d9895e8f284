"""What the service adds to lines: known by its shape, stripped everywhere, and read as marks."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.entries import compact, entry_of, marks_of, without_service_fields
from reconciler.model import Mark
from tests.support.lines import FINDINGS, Document, Picture, pictures, write

LAW = settings(max_examples=50, deadline=None)
NAMES = ("errors", "warnings", "cl-errors")
FULL = Picture("s3://acme/1.jpg", ("beach",), (("RBC", 68, 315, 213, 163),))
# Where the service writes, as steps from the line down.
LEVELS = {
    "line": (),
    "attribute": ("attribute-boxes",),
    "metadata": ("attribute-boxes-metadata",),
    "image label's metadata": ("attribute-0-metadata",),
    "annotation": ("attribute-boxes", "annotations", 0),
}


def copied(line: Document) -> Document:
    """A line that may be changed."""
    copy: Document = json.loads(json.dumps(line))
    return copy


def at(line: Document, path: tuple[str | int, ...]) -> Document:
    """The object at a path."""
    holder: Any = line
    for step in path:
        holder = holder[step]
    found: Document = holder
    return found


@pytest.mark.parametrize("path", LEVELS.values(), ids=list(LEVELS))
@pytest.mark.parametrize("name", NAMES)
def test_lists_of_code_and_message_are_stripped_at_every_level(name: str, path: tuple[str | int, ...]) -> None:
    """The fields are removed from line, attribute, metadata and annotation; the rest is the line as it was."""
    line = write(FULL)
    live = copied(line)
    at(live, path)[name] = FINDINGS
    assert without_service_fields(live) == line
    assert compact(live) == compact(line)
    assert (entry_of(live).meaning, entry_of(live).content) == (entry_of(line).meaning, entry_of(line).content)


@pytest.mark.parametrize("path", LEVELS.values(), ids=list(LEVELS))
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", ["text", 1, [1], [{"code": "A"}], [{"code": "A", "message": 5}], {"code": "A", "message": "B"}]
)
def test_what_has_another_shape_stays(name: str, path: tuple[str | int, ...], value: object) -> None:
    """The name alone does not make a field the service's: it is the user's own and counts in strict mode."""
    live = copied(write(FULL))
    at(live, path)[name] = value
    assert without_service_fields(live) == live
    assert entry_of(live).content != entry_of(write(FULL)).content
    assert entry_of(live).marks == ()


@pytest.mark.parametrize("value", [True, False])
def test_cl_metadata_is_the_services_only_with_is_labeled(value: object) -> None:
    """An attribute `cl` has metadata of the same name; that one stays."""
    line = write(FULL)
    assert without_service_fields(line | {"cl-metadata": {"is_labeled": value}}) == line
    own = {"cl": 1, "cl-metadata": {"class-name": "cl", "type": "groundtruth/image-classification"}}
    assert without_service_fields(line | own) == line | own
    assert entry_of(line | own).labels == ("beach", "cl", "RBC")
    for other in ({"is_labeled": "yes"}, "text", None):
        assert without_service_fields(line | {"cl-metadata": other}) == line | {"cl-metadata": other}


@pytest.mark.parametrize("name", [*NAMES, "cl-metadata", "source-ref-2", "metadata", "-metadata"])
def test_a_label_with_the_services_name_survives(name: str) -> None:
    """A label and an attribute may have the name of a service field."""
    metadata = {"class-name": name, "type": "groundtruth/image-classification"}
    line = {"source-ref": "s3://acme/1.jpg", name: 1, f"{name}-metadata": metadata}
    assert without_service_fields(line) == line
    assert json.loads(compact(line)) == line
    assert entry_of(line).labels == (name,)


@LAW
@given(pictures(), st.sampled_from(NAMES), st.booleans())
def test_a_line_as_listed_is_the_entry_that_was_sent(picture: Picture, name: str, labelled: bool) -> None:  # noqa: FBT001 - drawn
    """The service's additions change neither meaning nor content nor what would be sent."""
    line = write(picture)
    live = line | {"cl-metadata": {"is_labeled": labelled}, name: FINDINGS}
    sent, listed = entry_of(line), entry_of(live)
    assert (sent.key, sent.meaning, sent.content, sent.labels) == (
        listed.key,
        listed.meaning,
        listed.content,
        listed.labels,
    )
    assert compact(live) == compact(line)


def test_marks_are_the_errors_at_every_level_in_the_lines_order() -> None:
    """Both spellings of errors are read; warnings and lists of a different shape are not marks."""
    line = write(FULL)
    for number, path in enumerate(LEVELS.values()):
        for name in ("errors", "cl-errors"):
            at(line, path)[name] = [{"code": f"{name.upper()}-{number}", "message": "m"}]
        at(line, path)["warnings"] = [{"code": "WARNING", "message": "m"}]
    line["other"] = {"errors": "text", "annotations": [5, {"errors": [{"code": "X"}]}]}
    found = marks_of(line)
    assert found[0] == Mark("ERRORS-3", "m")  # the image label's metadata comes first in the line
    assert {mark.code for mark in found} == {
        f"{name}-{level}" for name in ("ERRORS", "CL-ERRORS") for level in range(5)
    }
    assert len(found) == 10


def test_the_published_example_of_a_marked_line_is_read() -> None:
    """The line of the guide's page on debugging has `cl-errors` in the metadata and at the line."""
    text = (
        '{"source-ref":"s3://bucket/test_normal_8.jpg","BB":{"annotations":[],"image_size":[]},"BB-metadata":'
        '{"job-name":"labeling-job/BB","class-map":{},"human-annotated":"yes","objects":[],'
        '"creation-date":"2021-06-22T09:58:34.811Z","type":"groundtruth/wrongtype","cl-errors":'
        '[{"code":"ERROR_UNSUPPORTED_USE_CASE_TYPE","message":"The use case type is unsupported."}]},'
        '"cl-metadata":{"is_labeled":true},"cl-errors":'
        '[{"code":"ERROR_NO_VALID_LABEL_ATTRIBUTES","message":"No valid label attributes found."}]}'
    )
    entry = entry_of(json.loads(text))
    assert [mark.code for mark in entry.marks] == ["ERROR_UNSUPPORTED_USE_CASE_TYPE", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]
    assert b"cl-" not in compact(json.loads(text))
