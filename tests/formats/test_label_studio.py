"""Exports of Label Studio: which annotation counts, where its image is, and what becomes of its results."""

import json
from typing import Any

import pytest

from reconciler.entries import Box, meaning_of
from tests.support.formats import IMAGES, codes, converted


def drawn(label: str = "car", *, kind: str = "rectanglelabels", **value: object) -> dict[str, Any]:
    """A box of half the width and a quarter of the height of an image of 200 x 100 pixels."""
    sides = {"x": 10.0, "y": 20.0, "width": 50, "height": 25, kind: [label]}
    return {"type": kind, "value": sides | value, "original_width": 200, "original_height": 100, "image_rotation": 0}


def chosen(*labels: str) -> dict[str, Any]:
    """Labels of the whole image."""
    return {"type": "choices", "value": {"choices": list(labels)}}


def task(*results: object, image: str = "a.jpg", **annotation: object) -> dict[str, Any]:
    """A task with one annotation."""
    return {"id": 7, "data": {"image": image}, "annotations": [{"result": list(results)} | annotation]}


def export(*tasks: object) -> tuple[list[dict[str, Any]], list[Any]]:
    """What an export becomes."""
    return converted("label-studio", [("e.json", json.dumps(tasks).encode())])


def test_percent_of_the_image_become_pixels() -> None:
    """A box is written in percent, with the image's size beside it."""
    (line,), findings = export(task(drawn(), drawn("bus", x=0, y=0, width=100, height=100)))

    assert findings == []
    assert meaning_of(line).boxes == (Box("car", 20_000, 20_000, 100_000, 25_000), Box("bus", 0, 0, 200_000, 100_000))


def test_choices_become_labels_of_the_image() -> None:
    """Each choice is a label; comments and ratings say nothing about the image."""
    (line,), findings = export(task(chosen("cat", "dog"), {"type": "textarea", "value": {"text": ["hm"]}}))

    assert findings == []
    assert set(meaning_of(line).labels) == {"cat", "dog"}


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("s3://other/b.jpg", "s3://other/b.jpg"),
        ("/data/local-files/?d=in%20door/b.jpg", IMAGES + "in door/b.jpg"),
        ("/data/upload/3/0123abcd-b%20c.jpg", IMAGES + "b c.jpg"),
        ("in/b.jpg", IMAGES + "in/b.jpg"),
    ],
)
def test_the_image_is_found_by_how_label_studio_names_it(image: str, key: str) -> None:
    """Addresses in S3, local files and uploads become the keys of the images."""
    lines, _ = export(task(chosen("cat"), image=image))
    assert [line["source-ref"] for line in lines] == [key]


def test_a_turned_box_becomes_the_upright_box_around_it() -> None:
    """A quarter turn around the top left corner swaps the sides, and is counted."""
    (line,), findings = export(task(drawn(x=50, y=0, width=10, height=10, rotation=90)))

    assert meaning_of(line).boxes == (Box("car", 90_000, 0, 10_000, 20_000),)
    assert [one.code for one in findings] == ["task-turned-box"]


def test_only_one_annotation_counts() -> None:
    """Cancelled ones and predictions do not count, ground truth goes before others, and two equals are an error."""
    both = task(chosen("cat")) | {"predictions": [{"result": [chosen("fish")]}]}
    both["annotations"] += [{"result": [chosen("dog")], "was_cancelled": True}]
    lines, findings = export(both)
    assert (set(meaning_of(lines[0]).labels), findings) == ({"cat"}, [])

    both["annotations"] += [{"result": [chosen("bird")], "ground_truth": True}]
    assert set(meaning_of(export(both)[0][0]).labels) == {"bird"}

    both["annotations"][-1]["ground_truth"] = False
    lines, findings = export(both)
    assert (lines, codes(findings)) == ([], [("error", "task-several-annotations", 0)])


def test_what_nobody_annotated_has_no_labels() -> None:
    """A task without annotation or result becomes a line without labels, which is counted."""
    lines, findings = export(task(), task(image="b.jpg") | {"annotations": []})

    assert [list(line) for line in lines] == [["source-ref"]] * 2
    assert [one.code for one in findings] == ["task-unlabelled"]
    assert "2" in findings[0].message


def test_shapes_that_are_no_boxes_are_counted_and_their_image_gives_no_line() -> None:
    """An image whose polygons are left out does not become one that shows nothing."""
    lines, findings = export(task(drawn(kind="polygonlabels")), task(drawn(), drawn(kind="brushlabels"), image="b.jpg"))

    assert [line["source-ref"] for line in lines] == [IMAGES + "b.jpg"]
    assert [(one.severity.value, one.code) for one in findings] == [("marked", "task-other-shapes")]
    assert "left out: 2" in findings[0].message
    assert "no line: 1" in findings[0].message


def test_choices_beside_boxes_are_said_to_be_left_out() -> None:
    """A line is for boxes or for labels of the whole image, and what is lost is counted."""
    (line,), findings = export(task(drawn(), chosen("night")))

    assert "night" not in json.dumps(line)
    assert [one.code for one in findings] == ["task-mixed"]


@pytest.mark.parametrize(
    ("tasks", "code"),
    [
        ([{"image": "a.jpg", "choice": "cat"}], "not-label-studio"),
        ([{"data": {"image": "a.jpg"}}], "not-label-studio"),
        ([task(chosen("cat")) | {"data": {"text": "a", "more": "b"}}], "task-no-image"),
        ([task(drawn() | {"original_width": None})], "size"),
        ([task(drawn() | {"image_rotation": 90})], "task-turned-image"),
        ([task(drawn(x="1"))], "task-result"),
        ([task(drawn(rectanglelabels=[]))], "task-result"),
        ([task("nonsense")], "task-result"),
        ([task(chosen("cat"), image="https://example.com/a.jpg")], "image-not-in-s3"),
        ([task(chosen("cat")), task(chosen("dog"))], "repeated-image"),
        ([task(drawn(width=0.1))], "no-box-left"),
    ],
)
def test_what_cannot_be_read_is_an_error(tasks: list[Any], code: str) -> None:
    """A broken export, task or result is refused with its cause."""
    _, findings = export(*tasks)
    assert ("error", code) in [one[:2] for one in codes(findings)]
