"""Rules about many lines: the 20 % rule, buckets, labels, rows, repeated images, and their switches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Clock, Limits, Switches, serve

if TYPE_CHECKING:
    from tests.emulator.conftest import Line, Lines


def updated(
    *payloads: bytes,
    limits: Limits | None = None,
    **switches: Any,  # noqa: ANN401 - values of Switches
) -> tuple[Any, list[str]]:
    """The description and the keys of a dataset after some updates."""
    with serve(clock=Clock(1.7e9), limits=limits or Limits(), switches=Switches(**switches)) as emulator:
        call = emulator.service.call
        project = call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
        arn = call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
        for payload in payloads:
            call("UpdateDatasetEntries", {"DatasetArn": arn, "Changes": {"GroundTruth": payload}})
        description = call("DescribeDataset", {"DatasetArn": arn})["DatasetDescription"]
        return description, [entry.key.rpartition("/")[2] for entry in emulator.entries(arn)]


def failed(description: Any, message: str) -> bool:  # noqa: ANN401 - a description
    """Whether an update failed with AWS's message."""
    found = (description["Status"], description["StatusMessageCode"], description["StatusMessage"])
    return found == ("UPDATE_FAILED", "CLIENT_ERROR", message)


def good(lines: Lines, count: int) -> list[Line]:
    """Valid lines."""
    return [lines.image(f"{number}.jpg", "cat") for number in range(count)]


TOO_MANY = "The manifest file has too many terminal errors."


@pytest.mark.parametrize(("bad", "fails"), [(1, False), (2, False), (3, True)])
def test_more_than_a_fifth_dropped_lines_fail_an_update(lines: Lines, bad: int, *, fails: bool) -> None:
    """Exactly 20 % are dropped without a report; more than 20 % fail the update."""
    description, keys = updated(lines.payload(*good(lines, 10 - bad), *["nonsense"] * bad))
    assert failed(description, TOO_MANY) is fails
    assert len(keys) == (0 if fails else 10 - bad)


def test_blank_lines_count_as_objects_but_not_as_invalid(lines: Lines) -> None:
    """Two dropped lines of eight are too many; with two blank lines they are two of ten."""
    payload = lines.payload(*good(lines, 6), "x", "x")
    assert failed(updated(payload)[0], TOO_MANY)
    assert updated(payload + b"\n\n\n")[0]["Status"] == "UPDATE_COMPLETE"


def test_switches_of_the_20_percent_rule(lines: Lines) -> None:
    """Switches exempt updates, include exactly 20 %, and count marked lines."""
    half = lines.payload(*good(lines, 1), "x")
    assert updated(half, invalid_share_on_update=False)[0]["Status"] == "UPDATE_COMPLETE"
    fifth = lines.payload(*good(lines, 4), "x")
    assert updated(fifth)[0]["Status"] == "UPDATE_COMPLETE"
    assert failed(updated(fifth, invalid_share_edge="at least")[0], TOO_MANY)
    marked = lines.payload(lines.boxes("a.jpg", ("RBC", 0, 0, 1, 1)))
    assert updated(marked)[0]["Status"] == "UPDATE_COMPLETE"
    assert failed(updated(marked, invalid_share_counts="dropped and marked")[0], TOO_MANY)


def test_a_payload_without_a_line_fails(lines: Lines) -> None:
    """A payload of only line feeds is an empty manifest."""
    assert failed(updated(lines.payload(*good(lines, 1)), b"\n\n")[0], "The manifest file is empty.")


SEVERAL = "The manifest file contains images from multiple S3 buckets."


def test_images_of_several_buckets_fail_an_update(lines: Lines) -> None:
    """Several buckets in one payload, or one different from the dataset's, fail the update, which applies nothing."""
    other = {"source-ref": "s3://other/z.jpg"}
    assert failed(updated(lines.payload(*good(lines, 3), other))[0], SEVERAL)
    description, keys = updated(lines.payload(*good(lines, 3)), lines.payload(other))
    assert failed(description, SEVERAL)
    assert keys == ["0.jpg", "1.jpg", "2.jpg"]


def test_what_fits_of_a_failed_update_is_a_switch(lines: Lines) -> None:
    """The update fails, but the entries that fit are applied."""
    mixed = lines.payload(lines.image("a.jpg"), {"source-ref": "s3://other/z.jpg"}, lines.image("b.jpg"))
    description, keys = updated(mixed, failed_update="what fits")
    assert failed(description, SEVERAL)
    assert keys == ["a.jpg", "b.jpg"]


def test_more_than_250_labels_fail_an_update(lines: Lines) -> None:
    """250 labels are accepted, the 251st fails, and replaced lines make room."""
    many = [lines.image(f"{number}.jpg", f"label {number}") for number in range(250)]
    one = lines.payload(lines.image("more.jpg", "one more"))
    assert updated(lines.payload(*many))[0]["DatasetStats"]["TotalLabels"] == 250
    description, keys = updated(lines.payload(*many), one)
    assert failed(description, "The manifest file has too many labels.")
    assert len(keys) == 250
    instead = lines.payload(lines.image("0.jpg", "one more"))
    assert updated(lines.payload(*many), instead)[0]["Status"] == "UPDATE_COMPLETE"


def test_unused_labels_of_a_class_map_are_a_switch(lines: Lines) -> None:
    """Declared labels count by default, and only used ones with the switch."""
    line = lines.boxes("a.jpg", ("RBC", 0, 0, 9, 9))
    line["bb-metadata"]["class-map"]["7"] = "unused"
    assert updated(lines.payload(line))[0]["DatasetStats"]["TotalLabels"] == 2
    assert updated(lines.payload(line), labels_counted="used")[0]["DatasetStats"]["TotalLabels"] == 1


def test_more_entries_than_allowed_fail_an_update(lines: Lines) -> None:
    """The limit is for the dataset after the update; updates of existing entries add nothing."""
    limits = Limits(entries=5)
    message = "The manifest file has too many rows."
    assert failed(updated(lines.payload(*good(lines, 6)), limits=limits)[0], message)
    five = lines.payload(*good(lines, 5))
    assert failed(updated(five, lines.payload(lines.image("more.jpg")), limits=limits)[0], message)
    assert updated(five, five, limits=limits)[0]["Status"] == "UPDATE_COMPLETE"


def test_an_edit_of_a_test_ignores_the_limit_of_entries(lines: Lines) -> None:
    """`edit_entries` adds every line, although an update with so many fails."""
    with serve(limits=Limits(entries=2)) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.edit_entries(arn, [json.dumps(lines.image(f"{number}.jpg", "cat")) for number in range(5)])
        assert len(emulator.entries(arn)) == 5


@pytest.mark.parametrize(("switch", "expected"), [("first", ["cat"]), ("last", ["dog"]), ("none", [])])
def test_a_repeated_image_is_a_switch(lines: Lines, switch: Any, expected: list[str]) -> None:  # noqa: ANN401 - a literal
    """The first, the last, or none of the lines is kept, and no reply reports the others."""
    payload = lines.payload(lines.image("a.jpg", "cat"), *good(lines, 8), lines.image("a.jpg", "dog"))
    with serve(switches=Switches(repeated_source_ref=switch)) as emulator:
        call = emulator.service.call
        project = call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
        arn = call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
        call("UpdateDatasetEntries", {"DatasetArn": arn, "Changes": {"GroundTruth": payload}})
        assert call("DescribeDataset", {"DatasetArn": arn})["DatasetDescription"]["Status"] == "UPDATE_COMPLETE"
        assert [label for entry in emulator.entries(arn) if entry.key.endswith("/a.jpg") for label in entry.used] == (
            expected
        )


def test_merging_is_a_switch(lines: Lines) -> None:
    """The entry keeps attributes that the new line lacks."""
    both, one = lines.payload(lines.image("a.jpg", "cat", "dog")), lines.payload(lines.image("a.jpg", "cat"))
    assert updated(both, one)[0]["DatasetStats"]["TotalLabels"] == 1
    assert updated(both, one, existing_line="merged")[0]["DatasetStats"]["TotalLabels"] == 2


def test_the_order_of_updated_entries_is_a_switch(lines: Lines) -> None:
    """Entries are in the order of first appearance by default, and of their last update with the switch."""
    three, one = lines.payload(*good(lines, 3)), lines.payload(lines.image("0.jpg"))
    assert updated(three, one)[1] == ["0.jpg", "1.jpg", "2.jpg"]
    assert updated(three, one, entry_order="last update")[1] == ["1.jpg", "2.jpg", "0.jpg"]


def test_line_ends_of_every_kind(lines: Lines) -> None:
    """CRLF, blank lines and a missing last line feed make no difference."""
    plain = lines.payload(*good(lines, 3))
    for payload in (plain, plain + b"\n", plain.replace(b"\n", b"\r\n"), plain.replace(b"\n", b"\n\n")):
        assert updated(payload)[1] == ["0.jpg", "1.jpg", "2.jpg"]


def test_a_smaller_payload_limit_is_a_switch(lines: Lines) -> None:
    """The limit is the model's maximum by default, and a lower one is refused with the same message."""
    with pytest.raises(Exception, match="Member must have length less than or equal to 10"):
        updated(lines.payload(*good(lines, 1)), payload_most=10)
