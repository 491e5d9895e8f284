"""Manifests to measure with: lines as Ground Truth writes them, some 12 boxes an image, the same every time."""

import json
from pathlib import Path
from random import Random
from typing import Any, Final

__all__ = ["LABELS", "document", "edited", "write"]

LABELS: Final = ("RBC", "WBC", "Platelets")


def write(path: Path, entries: int, edit_every: int = 0) -> int:
    """Write a manifest and return its bytes; with `edit_every` each how-manieth line is `edited`."""
    random = Random(1)  # noqa: S311 - the same manifest every time
    with path.open("wb") as file:
        for number in range(entries):
            line = document(number, random)
            if edit_every and number % edit_every == 0:
                edited(line, number)
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return path.stat().st_size


def document(number: int, random: Random, boxes: int = 12) -> dict[str, Any]:
    """One line."""
    annotations = [
        {
            "class_id": random.randrange(3),
            "left": random.randrange(500),
            "top": random.randrange(300),
            "width": random.randrange(20, 140),
            "height": random.randrange(20, 140),
        }
        for _box in range(boxes)
    ]
    return {
        "source-ref": f"s3://benchmark/images/{number:07}.jpg",
        "bounding-box": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations},
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _box in annotations],
            "class-map": dict(zip("012", LABELS, strict=True)),
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "job-name": "labeling-job/bounding-box",
        },
    }


def edited(line: dict[str, Any], number: int) -> None:
    """Change a line as people do: one box moves, one is relabelled, one grows; now and then one goes or comes."""
    metadata, boxes = line["bounding-box-metadata"], line["bounding-box"]["annotations"]
    boxes[0]["left"] += 3
    boxes[0]["top"] += 2
    boxes[1]["class_id"] = (boxes[1]["class_id"] + 1) % len(LABELS)
    boxes[2]["width"] += 5
    if number % 4 == 0:
        boxes.pop(3)
        metadata["objects"].pop()
    elif number % 4 == 1:
        boxes.append({"class_id": number % len(LABELS), "left": 10, "top": 20, "width": 40, "height": 40})
        metadata["objects"].append({"confidence": 1})
