"""Broken variants of each format of annotations: a sentence each, by file and line or item, never a false line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import World

HEADER = "image,label,xmin,ymin,xmax,ymax,width,height\n"
GOOD_ROW = f"{HEADER}a.jpg,cat,1,2,30,40,640,480\n"


def task(image: str = "s3://bucket/a.jpg", drop: tuple[str, ...] = (), **value: object) -> dict[str, Any]:
    """A task of Label Studio with one box, in percent."""
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "rectanglelabels": ["cat"]} | value
    result = {"type": "rectanglelabels", "original_width": 640, "original_height": 480, "value": box}
    for name in drop:
        result.pop(name, None)
        box.pop(name, None)
    return {"id": 1, "data": {"image": image} if image else {}, "annotations": [{"id": 1, "result": [result]}]}


def tasks(*each: dict[str, Any]) -> str:
    """An export of Label Studio."""
    return json.dumps(each)


def line(drop: str = "", **box: object) -> str:
    """A line of Ground Truth's output with one box."""
    boxes = {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 30, "height": 40} | box],
    }
    metadata = {
        "objects": [{"confidence": 1}],
        "class-map": {"0": "cat"},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2024-01-01T00:00:00",
        "job-name": "job",
    }
    document = {"source-ref": "s3://bucket/a.jpg", "boxes": boxes, "boxes-metadata": metadata}
    for holder in (document, boxes):
        holder.pop(drop, None)
    return json.dumps(document) + "\n"


def utf_16(text: str) -> bytes:
    """A text as Windows tools write it."""
    return text.encode("utf-16")


# Format, what is wrong, the file's text or bytes, its place in the finding after the file's name, and the code.
BROKEN = [
    ("csv", "missing size", "image,label,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,30,40\n", ":1", "table-columns"),
    ("csv", "annotation without an image", f"{HEADER},cat,1,2,30,40,640,480\n", ":2", "table-no-image"),
    ("csv", "box of no width", f"{HEADER}a.jpg,cat,10,20,10,40,640,480\n", ":2", "ERROR_BOUNDING_BOX_TOO_SMALL"),
    ("csv", "box off the image", f"{HEADER}a.jpg,cat,-50,-60,-10,-40,640,480\n", ":2", "ERROR_INVALID_BOUNDING_BOX"),
    ("csv", "fractions", f"{HEADER}a.jpg,cat,0.1,0.2,0.5,0.6,640,480\n", ":2", "boxes-as-fractions"),
    ("csv", "words for numbers", f"{HEADER}a.jpg,cat,x,2,30,40,640,480\n", ":2", "number"),
    ("csv", "short row", f"{HEADER}a.jpg,cat,1,2\n", ":2", "table-cells"),
    ("csv", "UTF-16", utf_16(GOOD_ROW), ":1:1", "not-utf-8"),
    ("csv", "Latin-1", GOOD_ROW.replace("cat", "c\u00e4t").encode("latin-1"), ":2", "encoding"),
    ("label-studio", "missing size", tasks(task(drop=("original_width",))), "", "size"),
    ("label-studio", "annotation without an image", tasks(task(image="")), "", "task-no-image"),
    (
        "label-studio",
        "one name in two folders",
        tasks(task(image="/data/upload/1/a.jpg"), task(image="/data/upload/2/a.jpg")),
        "",
        "repeated-image",
    ),
    ("label-studio", "box of no width", tasks(task(width=0)), "", "ERROR_BOUNDING_BOX_TOO_SMALL"),
    ("label-studio", "box off the image", tasks(task(x=-50, width=10)), "", "ERROR_INVALID_BOUNDING_BOX"),
    ("label-studio", "fractions", tasks(task(x=0.1, y=0.2, width=0.3, height=0.4)), "", "boxes-as-fractions"),
    ("label-studio", "words for numbers", tasks(task(x="ten")), "", "task-result"),
    ("label-studio", "box without a label", tasks(task(drop=("rectanglelabels",))), "", "task-result"),
    ("label-studio", "UTF-16", utf_16(tasks(task())), ":1:1", "not-utf-8"),
    ("ground-truth", "missing size", line(drop="image_size"), ":1:1", "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"),
    ("ground-truth", "annotation without an image", line(drop="source-ref"), ":1:1", "ground-truth-line"),
    ("ground-truth", "class that is not declared", line(class_id=7), ":1:1", "ERROR_MISSING_CLASS_MAP_ID"),
    ("ground-truth", "box of no width", line(width=0), ":1:1", "ERROR_BOUNDING_BOX_TOO_SMALL"),
    ("ground-truth", "box off the image", line(left=-50, width=10), ":1:1", "ERROR_INVALID_BOUNDING_BOX"),
    ("ground-truth", "fractions", line(left=0.1, top=0.2, width=0.3, height=0.4), ":1:1", "boxes-as-fractions"),
    ("ground-truth", "image twice", line() + line(left=9), ":2:1", "ground-truth-repeated"),
    ("ground-truth", "cut off", line()[:-30] + "\n", ":1:1", "json"),
    ("ground-truth", "UTF-16", utf_16(line()), ":1:1", "not-utf-8"),
]


@pytest.mark.parametrize(
    ("kind", "content", "place", "code"),
    [pytest.param(kind, content, place, code, id=f"{kind}: {what}") for kind, what, content, place, code in BROKEN],
)
def test_a_broken_file_gives_a_sentence(world: World, kind: str, content: str | bytes, place: str, code: str) -> None:
    """The finding names file and line or item, and what is refused writes nothing."""
    name = "labels.csv" if kind == "csv" else "labels.json"
    (world.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = world.run("convert", kind, name, "--image-prefix", "s3://bucket/p/", "-o", "out.jsonl")
    assert f"{name}{place} {code} " in ran.err, ran
    assert (world.folder / "out.jsonl").exists() == (ran.code == 0)
    assert (ran.code == 0) == (f" {code} error: " not in ran.err and "nothing was written" not in ran.err)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "cat").mkdir(parents=True), "folder-not-a-folder error"),
        (
            lambda folder: picture(folder / "a.jpg"),
            "folder-unlabelled note: images that lie in no folder of a label: 1",
        ),
        (lambda folder: picture(folder / "cat" / "a.gif"), "folder-not-a-folder error"),
    ],
)
def test_a_broken_folder_gives_a_sentence(world: World, make: Callable[[Path], object], said: str) -> None:
    """A folder without images, without labels, or with other pictures is named."""
    make(world.folder / "photos")
    ran = world.run("convert", "folder", "photos", "--image-prefix", "s3://bucket/p/", "-o", "out.jsonl")
    assert f"photos {said}" in ran.err, ran


def picture(path: Path) -> None:
    """A file that looks like a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff\xe0")
