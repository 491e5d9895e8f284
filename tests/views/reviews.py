"""Reviews made by hand: their parts, and any number of changes."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from reconciler.analysis.results import BoxChange, BoxWord, PixelBox, Size
from reconciler.model import Place
from reconciler.policy import Policy
from reconciler.review.model import DatasetReview, EntryChange, ProjectReview, Review, Totals
from reconciler.text import Name

PREFIX: Final = "s3://blood-cells-images/scans/2024/"
ARN: Final = "arn:aws:rekognition:eu-west-1:123456789012:project/blood-cells/1700000000000"


def box(label: str, left: float, top: float, width: float = 90, height: float = 80) -> PixelBox:
    """A box."""
    return PixelBox(label, left, top, width, height)


def same(one: PixelBox) -> BoxChange:
    """A box that stays."""
    return BoxChange(what=("same",), before=one, after=one, by=(0, 0, 0, 0), iou=1.0)


def added(one: PixelBox) -> BoxChange:
    """A box that comes."""
    return BoxChange(what=("added",), after=one)


def removed(one: PixelBox) -> BoxChange:
    """A box that goes."""
    return BoxChange(what=("removed",), before=one)


def became(before: PixelBox, after: PixelBox, iou: float = 0.8) -> BoxChange:
    """A box that becomes another."""
    by = (after.left - before.left, after.top - before.top, after.width - before.width, after.height - before.height)
    words: list[BoxWord] = []
    if by[2] or by[3]:
        words.append("resized")
    elif by[0] or by[1]:
        words.append("moved")
    if before.label != after.label:
        words.append("relabelled")
    return BoxChange(what=tuple(words), before=before, after=after, by=by, iou=iou)


def change(number: int, verb: str = "update", key: str = "", **more: Any) -> EntryChange:  # noqa: ANN401 - any member
    """One change; its words and place are made up where none are given."""
    sign = {"add": "+", "update": "~", "unlabel": "-", "live-only": "!"}[verb]
    size = (Size(width=640, height=480),)
    members: dict[str, Any] = {
        "number": number,
        "verb": verb,
        "sign": sign,
        "key": key or f"{PREFIX}BloodImage_{number:05}.jpg",
        "words": ("changed",),
        "place": Place(file="datasets/blood-cells/train.jsonl", line=number + 1),
        "labelled_before": None if verb == "add" else True,
        "labelled_after": verb != "unlabel",
        "sizes_before": () if verb == "add" else size,
        "sizes_after": () if verb == "unlabel" else size,
    }
    return EntryChange(**(members | more))


def dataset(changes: Sequence[EntryChange], *, type_: str = "train", **more: Any) -> DatasetReview:  # noqa: ANN401 - any member
    """A dataset whose figures agree with its changes."""
    verbs = [one.verb for one in changes]
    members: dict[str, Any] = {
        "title": f"blood-cells {type_}",
        "project": "blood-cells",
        "type": type_,
        "manifest": f"datasets/blood-cells/{type_}.jsonl",
        "status": "planned",
        "region": "eu-west-1",
        "account": "123456789012",
        "project_arn": ARN,
        "dataset_arn": f"{ARN.rpartition('/')[0]}/dataset/{type_}/1700000000001",
        "bucket": "blood-cells-images",
        "policy": Policy(),
        "action": "update" if changes else "nothing",
        "has_changes": bool(changes),
        "words": "update" if changes else "up to date",
        "add": verbs.count("add"),
        "update": verbs.count("update"),
        "unlabel": verbs.count("unlabel"),
        "live_only": verbs.count("live-only"),
        "unchanged": 280,
        "plan_id": "5f1c0a9b",
        "changes": tuple(changes),
        "changes_total": len(changes),
    }
    return DatasetReview(**(members | more))


def review(*datasets: DatasetReview, **more: Any) -> Review:  # noqa: ANN401 - any member
    """A review of one project whose totals agree with its datasets."""
    projects = (ProjectReview(name="blood-cells", folder="datasets/blood-cells", datasets=datasets),)
    projects = more.pop("projects", projects)
    totals = Totals(
        datasets=len(datasets),
        with_changes=sum(one.has_changes for one in datasets),
        add=sum(one.add for one in datasets),
        update=sum(one.update for one in datasets),
        unlabel=sum(one.unlabel for one in datasets),
        live_only=sum(one.live_only for one in datasets),
        errors=sum(one.findings.errors for one in datasets),
        refusals=sum(len(one.refusals) for one in datasets),
    )
    return replace(Review(totals=totals, projects=projects, plan_id="9d4e2f71c0", words="changes"), **more)


def many(number: int, boxes: int = 3) -> Review:
    """So many updates of so many boxes each, of which one moves."""
    changes = []
    for index in range(number):
        kept = [same(box("RBC", 10 + 7 * place, 20 + 5 * place)) for place in range(boxes - 1)]
        moved = became(box("WBC", 200, 100), box("WBC", 203, 96))
        words = ("1 box moved: ", Name("WBC"))
        changes.append(change(index, boxes=(*kept, moved), words=words, risk=index % 10, labels_kept=()))
    return review(dataset(sorted(changes, key=lambda one: -one.risk)))
