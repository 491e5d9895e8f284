"""Manifests in YAML: how an entry becomes AWS's line."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.manifest.yaml_text import BOX, HEAD, documents


def test_the_whole_form_expands_to_aws_s_lines(read: Callable[..., Any]) -> None:
    """Image-level labels, boxes, zero boxes, no label and a raw line each give the line that AWS documents."""
    lines = documents(
        read,
        f"""\
images: s3://acme-vision/cells/
size: [640, 480]
created: 2026-01-31T00:00:00
entries:
  - image: 0001.jpg
    labels: [sunrise, beach]
  - image: 0002.jpg
    boxes:
      - {BOX}
      - {{label: WBC, left: 1.5, top: 2, width: 3, height: 4, confidence: 0.5}}
      - {BOX}
  - image: 0003.jpg
    boxes: []
  - image: 0004.jpg
  - source-ref: s3://acme-vision/x.jpg
    color: blue
    n: 1.50
""",
    )

    def metadata(label: str) -> dict[str, Any]:
        return {
            "confidence": 1,
            "job-name": f"labeling-job/{label}",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "type": "groundtruth/image-classification",
        }

    def boxes(annotations: list[Any], objects: list[Any], class_map: dict[str, str]) -> dict[str, Any]:
        return {
            "bounding-box": {
                "image_size": [{"width": 640, "height": 480, "depth": 3}],
                "annotations": annotations,
            },
            "bounding-box-metadata": {
                "objects": objects,
                "class-map": class_map,
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-01-31T00:00:00",
                "job-name": "labeling-job/bounding-box",
            },
        }

    red = {"class_id": 0, "left": 68, "top": 315, "width": 213, "height": 163}
    white = {"class_id": 1, "left": 1.5, "top": 2, "width": 3, "height": 4}
    assert lines == [
        {
            "source-ref": "s3://acme-vision/cells/0001.jpg",
            "sunrise": 1,
            "sunrise-metadata": metadata("sunrise"),
            "beach": 1,
            "beach-metadata": metadata("beach"),
        },
        {
            "source-ref": "s3://acme-vision/cells/0002.jpg",
            **boxes(
                [red, white, red],
                [{"confidence": 1}, {"confidence": 0.5}, {"confidence": 1}],
                {"0": "RBC", "1": "WBC"},
            ),
        },
        {"source-ref": "s3://acme-vision/cells/0003.jpg", **boxes([], [], {})},
        {"source-ref": "s3://acme-vision/cells/0004.jpg"},
        {"source-ref": "s3://acme-vision/x.jpg", "color": "blue", "n": 1.5},
    ]


def test_expansion_gives_the_same_bytes_each_time(read: Callable[..., Any]) -> None:
    """No clock, machine or random number has an influence on a line."""
    text = f"{HEAD}entries:\n  - image: a.jpg\n    labels: [né, x y]\n    boxes: [{BOX}]\n"

    first, second = (read(text, "train.yaml").entries[0].line for _ in range(2))

    assert first == second
    assert b'"creation-date":"2000-01-01T00:00:00"' in first


def test_an_entry_s_own_values_come_before_the_file_s(read: Callable[..., Any]) -> None:
    """The head, an entry, or both may give human-annotated, job-name, confidence, size and created."""
    (line,) = documents(
        read,
        f"{HEAD}human-annotated: no\njob-name: theirs\nconfidence: 0.5\nentries:\n  - image: a.jpg\n    labels: [x]\n"
        "    boxes: [{label: y, left: 1, top: 2, width: 30, height: 40}]\n    human-annotated: yes\n"
        "    job-name: ours\n    confidence: 0.25\n    size: [100, 200, 1]\n    created: 2024-02-29T12:00:00.5Z\n",
    )

    assert line["x-metadata"]["human-annotated"] == "yes"
    assert line["x-metadata"]["job-name"] == line["bounding-box-metadata"]["job-name"] == "ours"
    assert line["x-metadata"]["confidence"] == 0.25
    assert line["bounding-box-metadata"]["objects"] == [{"confidence": 0.25}]
    assert line["bounding-box"]["image_size"] == [{"width": 100, "height": 200, "depth": 1}]
    assert line["x-metadata"]["creation-date"] == "2024-02-29T12:00:00.5Z"


def test_class_ids_follow_the_first_use(read: Callable[..., Any]) -> None:
    """Class ids follow the order of first use, not the alphabet; a label that is used twice has one id."""
    boxes = ", ".join(BOX.replace("RBC", label) for label in ("y", "x", "y", "a"))

    (line,) = documents(read, f"{HEAD}entries:\n  - image: a.jpg\n    boxes: [{boxes}]\n")

    assert line["bounding-box-metadata"]["class-map"] == {"0": "y", "1": "x", "2": "a"}
    assert [box["class_id"] for box in line["bounding-box"]["annotations"]] == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("prefix", "image", "key"),
    [
        ("s3://b-1/x/", "a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1/x", "a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1", "a.jpg", "s3://b-1/a.jpg"),
        ("s3://b-1/", "/a.jpg", "s3://b-1/a.jpg"),
        ("s3://b-1/x//", "//a.jpg", "s3://b-1/x/a.jpg"),
        ("s3://b-1/x//y/../", "./a//b%20c.jpg", "s3://b-1/x//y/.././a//b%20c.jpg"),
        ("s3://b-1/x/", "s3://b-1/y/a.jpg", "s3://b-1/y/a.jpg"),
        ("s3://b-1/x/", "e\u0301.jpg", "s3://b-1/x/e\u0301.jpg"),
    ],
)
def test_prefix_and_image_meet_at_one_slash(prefix: str, image: str, key: str, read: Callable[..., Any]) -> None:
    """Nothing else is normalised, and a whole address is not joined to the prefix."""
    (line,) = documents(read, f"images: {prefix}\nentries:\n  - image: {image}\n")

    assert line["source-ref"] == key
