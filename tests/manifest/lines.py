"""Good lines of a manifest, and ways to spoil them; the sign § marks where a finding must point."""

import json
from typing import Any

IMAGE = (
    '{"source-ref":"s3://pics/a.jpg","a":1,"a-metadata":{"confidence":1,"class-name":"x","human-annotated":"yes",'
    '"creation-date":"2020-01-01T00:00:00","type":"groundtruth/image-classification"}}'
)
BOXES = (
    '{"source-ref":"s3://pics/b.jpg","b":{"image_size":[{"width":640,"height":480,"depth":3}],"annotations":['
    '{"class_id":0,"left":1,"top":2,"width":30,"height":40},{"class_id":1,"left":5,"top":6,"width":70,"height":80}]},'
    '"b-metadata":{"objects":[{"confidence":1},{"confidence":0.5}],"class-map":{"0":"x","1":"y"},'
    '"type":"groundtruth/object-detection","human-annotated":"yes","creation-date":"2020-01-01T00:00:00"}}'
)
NOTHING_FOUND = (
    '{"source-ref":"s3://pics/d.jpg","b":{"image_size":[{"width":640,"height":480,"depth":3}],"annotations":§[]},'
    '"b-metadata":{"objects":[],"class-map":{},"type":"groundtruth/object-detection","human-annotated":"yes",'
    '"creation-date":"2020-01-01T00:00:00"}}'
)
BARE = '{"source-ref":"s3://pics/c.jpg"}'


def changed(line: str, old: str, new: str) -> str:
    """A good line with one part replaced."""
    assert old in line
    return line.replace(old, new, 1)


def image(old: str, new: str) -> str:
    """The image-level line with one part replaced."""
    return changed(IMAGE, old, new)


def boxes(old: str, new: str) -> str:
    """The line with boxes with one part replaced."""
    return changed(BOXES, old, new)


def many_boxes(count: int) -> str:
    """A line with so many boxes, § before the first that is too many."""
    line = json.loads(BOXES)
    line["b"]["annotations"] = line["b"]["annotations"][:1] * count
    line["b-metadata"]["objects"] = [{"confidence": 1}] * count
    box = json.dumps(line["b"]["annotations"][0])
    parts = json.dumps(line).split(box)
    return box.join(parts[:51]) + "§" + box + box.join(parts[51:])


def class_map(count: int) -> str:
    """A class-map with so many labels, § before the last."""
    members = [f'"{number}":"x{number}"' for number in range(count)]
    members[-1] = members[-1].replace(":", ":§")
    return "{" + ",".join(members) + "}"


def split(text: str) -> tuple[str, int, int]:
    """The text without its sign, and the line and column where the sign stood (0, 0 without one)."""
    before, sign, _ = text.partition("§")
    if not sign:
        return text, 0, 0
    return text.replace("§", "", 1), before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def found_at(findings: Any, code: str) -> list[tuple[int, int]]:  # noqa: ANN401 - Findings
    """The places of all findings with a code."""
    return [(finding.place.line, finding.place.column) for finding in findings if finding.code == code]
