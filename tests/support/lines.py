"""Lines for tests: what one means, kept apart from the many ways to write it.

A `Picture` is a meaning; `Style` is everything that must not matter; `write` renders one in the other. Built from the
forms that the Custom Labels Developer Guide shows, not from the code under test.
"""

import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

# Names that a careless reader takes for the service's own or for metadata.
_AWKWARD = ("errors", "warnings", "cl-errors", "cl-metadata", "source-ref", "x-metadata", "Größe", "猫")
_MEMBERS = (
    *("type", "class-name", "class-map", "annotations", "image_size"),
    *("class_id", "left", "errors", "0", "confidence"),
)


Document = dict[str, Any]
Drawn = tuple[str, float, float, float, float]  # label, left, top, width, height

# A list as the service writes it into lines.
FINDINGS = [{"code": "ERROR_INVALID_BOUNDING_BOX", "message": "The bounding box has off frame values."}]


@dataclass(frozen=True)
class Picture:
    """What a line means: image labels, boxes (None: no bounding-box attribute) and the image's size."""

    key: str
    image_labels: tuple[str, ...] = ()
    boxes: tuple[Drawn, ...] | None = None
    size: tuple[int, int] = (640, 480)


@dataclass(frozen=True)
class Style:
    """How a line is written: everything here is of no meaning to training."""

    prefix: str = "attribute"
    first_id: int = 0
    unused: tuple[str, ...] = ()
    job: str = "labeling-job/a"
    created: str = "2026-01-31T00:00:00"
    confidence: float = 1
    human: str = "yes"
    as_float: bool = False
    reorder: int | None = None
    others: tuple[tuple[str, Any], ...] = ()


def labelled(key: str, *names: str) -> Document:
    """An image with image-level labels (none: a bare line)."""
    return write(Picture(key, names))


def boxes(key: str, *drawn: Drawn) -> Document:
    """An image with bounding boxes (none: a line with zero boxes)."""
    return write(Picture(key, boxes=drawn))


def bare(key: str) -> Document:
    """An unlabelled image."""
    return {"source-ref": key}


def write(picture: Picture, style: Style | None = None) -> Document:
    """The line of a picture in a style."""
    style = style or Style()
    line: Document = {"source-ref": picture.key}
    for number, label in enumerate(picture.image_labels):
        name = f"{style.prefix}-{number}"
        line[name] = _number(number, style)
        line[f"{name}-metadata"] = {**_metadata(style, "image-classification"), "class-name": label}
        line[f"{name}-metadata"]["confidence"] = style.confidence
    if picture.boxes is not None:
        line |= _box_attribute(picture.boxes, picture.size, style)
    line |= dict(style.others)
    return line if style.reorder is None else shuffled(line, random.Random(style.reorder))  # noqa: S311 - repeatable


def shuffled(value: Any, chance: random.Random) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """The same JSON with the members of every object in another order."""
    if isinstance(value, dict):
        members = list(value.items())
        chance.shuffle(members)
        return {name: shuffled(member, chance) for name, member in members}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def labels() -> st.SearchStrategy[str]:
    """Label names, the awkward ones too."""
    return st.sampled_from(_AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def pictures(key: str = "s3://acme/1.jpg") -> st.SearchStrategy[Picture]:
    """Meanings: labels, boxes, both or neither."""
    number = st.integers(0, 4000) | st.integers(0, 4_000_000).map(lambda thousandths: thousandths / 1000)
    box = st.tuples(labels(), number, number, number, number)
    return st.builds(
        Picture,
        st.just(key),
        st.lists(labels(), max_size=3, unique=True).map(tuple),
        st.none() | st.lists(box, max_size=4).map(tuple),
        st.tuples(st.integers(64, 4096), st.integers(64, 4096)),
    )


def styles() -> st.SearchStrategy[Style]:
    """Ways to write, the default one left out on purpose as seldom as chance has it."""
    word = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)
    other = st.tuples(word.map(lambda name: f"other-{name}"), json_values())
    return st.builds(
        Style,
        word.map(lambda name: f"p{name}"),
        st.integers(0, 90),
        st.lists(labels(), max_size=2).map(tuple),
        word,
        word,
        st.floats(0, 1) | st.integers(0, 1),
        st.sampled_from(["yes", "no"]),
        st.booleans(),
        st.none() | st.integers(0, 999),
        st.lists(other, max_size=2).map(tuple),
    )


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, with big numbers and half characters."""
    text = st.text(max_size=6)
    leaf = st.none() | st.booleans() | st.integers() | st.integers(10**30, 10**40) | st.floats() | text
    return st.recursive(leaf, lambda child: st.lists(child, max_size=3) | st.dictionaries(text, child, max_size=3))


def documents() -> st.SearchStrategy[Document]:
    """Lines that somebody broke: known attributes with anything where something certain belongs."""
    names, members = st.sampled_from(_AWKWARD) | st.text(max_size=4), st.sampled_from(_MEMBERS)
    kinds = st.sampled_from(["groundtruth/image-classification", "groundtruth/object-detection"])
    value = json_values() | kinds | st.just(FINDINGS)
    annotations = st.lists(st.dictionaries(members, value, max_size=4), max_size=2)
    nested = st.dictionaries(members, value | annotations, max_size=5)
    typed = st.builds(lambda kind, rest: {**rest, "type": kind}, kinds, nested)
    pair = st.tuples(names, value | nested, typed | nested)
    pairs = st.lists(pair, max_size=3)
    return st.builds(_paired, pairs, st.text(max_size=8))


def _paired(pairs: list[tuple[str, Any, Any]], key: str) -> Document:
    line: Document = {}
    for name, value, metadata in pairs:
        line |= {name: value, f"{name}-metadata": metadata}
    return line | {"source-ref": f"s3://b/{key}"}


def _metadata(style: Style, kind: str) -> Document:
    return {
        "type": f"groundtruth/{kind}",
        "human-annotated": style.human,
        "creation-date": style.created,
        "job-name": style.job,
    }


def _box_attribute(drawn: tuple[Drawn, ...], size: tuple[int, int], style: Style) -> Document:
    used = list(dict.fromkeys(label for label, *_ in drawn))
    ids = {label: style.first_id + number for number, label in enumerate(used)}
    class_map = {str(number): label for label, number in ids.items()}
    class_map |= {str(style.first_id + 100 + number): label for number, label in enumerate(style.unused)}
    annotations = [
        {"class_id": _number(ids[label], style)}
        | {name: _number(value, style) for name, value in zip(("left", "top", "width", "height"), corners, strict=True)}
        for label, *corners in drawn
    ]
    width, height = (_number(side, style) for side in size)
    return {
        f"{style.prefix}-boxes": {
            "image_size": [{"width": width, "height": height, "depth": 3}],
            "annotations": annotations,
        },
        f"{style.prefix}-boxes-metadata": {
            **_metadata(style, "object-detection"),
            "objects": [{"confidence": style.confidence} for _ in drawn],
            "class-map": class_map,
        },
    }


def _number(value: float, style: Style) -> float:
    return float(value) if style.as_float else value
