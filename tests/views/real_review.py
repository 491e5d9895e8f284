"""A review as people's changes make them."""

from typing import Any

from reconciler.analysis.results import (
    Balance,
    Counts,
    FieldChange,
    Group,
    IgnoredField,
    JobCount,
    LabelBalance,
    LookAlike,
    NamePair,
    Provenance,
    ProvenanceSide,
    Size,
    Splits,
    Transfer,
)
from reconciler.model import Mark
from reconciler.review.model import Danger, EntryChange, Estimate, OriginCounts, ProjectReview, Review
from reconciler.text import Name
from tests.views.reviews import ARN, PREFIX, added, became, box, change, dataset, removed, review, same


def real() -> Review:
    """A change as people make them: a label renamed, boxes corrected, images added, one image in both sets."""
    train = dataset(
        _train_changes(),
        groups=_groups(),
        balance=_balance(),
        provenance=Provenance(
            before=ProvenanceSide(human=290, machine=5, confidence_lowest=0.51, confidence_highest=1.0),
            after=ProvenanceSide(human=298, machine=5, confidence_lowest=0.51, confidence_highest=1.0),
            jobs=(
                JobCount(value="labeling-job/blood-2024-01", before=295, after=285),
                JobCount(value="labeling-job/blood-2024-06", before=0, after=18),
            ),
            ignored=(IgnoredField(field="creation-date", entries=14),),
            ignored_entries=14,
        ),
        estimate=Estimate(
            calls={"ListDatasetEntries": 4, "UpdateDatasetEntries": 1, "DescribeDataset": 2},
            batches=1,
            bytes=36_712,
            minutes=0.2,
        ),
        ignored=14,
        marked=1,
        origins=OriginCounts(revision="origin/main", branch=17, drift=2),
        words="3 to add, 15 to update; 1 batch, 36.7 kB",
    )
    test = dataset((), type_="test", unchanged=72, words="up to date: 72 entries", plan_id="")
    splits = Splits(
        shared_count=1,
        shared=(f"{PREFIX}BloodImage_00017.jpg",),
        same_name_count=1,
        same_name=(
            NamePair(train=f"{PREFIX}BloodImage_00018.jpg", test="s3://blood-cells-images/x/BloodImage_00018.jpg"),
        ),
        moved_count=1,
        moved_danger_count=1,
        moved=(Transfer(key=f"{PREFIX}BloodImage_00017.jpg", source="test", target="train", danger=True),),
        train_only=("Erythrocyte",),
        overlap=0.67,
    )
    alike = LookAlike(first="Platelets", second="Pl\u0430telets", why="letters", first_images=202, second_images=1)
    project = ProjectReview(
        name="blood-cells",
        folder="datasets/blood-cells",
        project_arn=ARN,
        datasets=(train, test),
        splits=splits,
        look_alikes=(alike,),
    )
    return review(
        train,
        test,
        projects=(project,),
        dangers=_dangers(),
        estimate=train.estimate,
        words="18 changes in 1 of 2 datasets",
    )


def _dangers() -> tuple[Danger, ...]:
    about: dict[str, Any] = {"project": "blood-cells"}
    return (
        Danger(
            level="danger",
            kind="split-move",
            words=("1 image moves from test to train and is still used in test",),
            count=1,
            examples=(f"{PREFIX}BloodImage_00017.jpg",),
            **about,
        ),
        Danger(
            level="check",
            kind="label-one-side",
            words=("the label ", Name("Erythrocyte"), " is in train only: the test set cannot measure it"),
            dataset="blood-cells train",
            count=1,
            examples=("Erythrocyte",),
            **about,
        ),
        Danger(
            level="note",
            kind="look-alike",
            words=(
                Name("Platelets"),
                " and ",
                Name("Pl\u0430telets"),
                " look alike: they differ in look-alike letters",
            ),
            count=2,
            examples=("Platelets", "Pl\u0430telets"),
            **about,
        ),
    )


def _groups() -> tuple[Group, ...]:
    return (
        Group(
            id=1,
            kind="renamed",
            words=(Name("RBC"), " renamed ", Name("Erythrocyte"), ": 120 boxes on 12 entries"),
            entries=12,
            boxes=120,
            old=("RBC",),
            new=("Erythrocyte",),
            examples=(f"{PREFIX}BloodImage_00003.jpg", f"{PREFIX}BloodImage_00004.jpg"),
            evidence=(
                (Name("RBC"), " is on no entry afterwards"),
                (Name("Erythrocyte"), " was on none before"),
                ("120 of 120 boxes stay in place",),
            ),
        ),
        Group(
            id=2,
            kind="shifted",
            words=("all boxes shifted by +4, -3 px on 2 entries",),
            entries=2,
            boxes=6,
            by=(4, -3),
            evidence=(("6 of 6 boxes",),),
            exceptions=(("1 entry has a box that moves otherwise",),),
            exception_count=1,
        ),
    )


def _balance() -> Balance:
    def row(label: str, images: tuple[int, int], boxes: tuple[int, int]) -> LabelBalance:
        return LabelBalance(
            label=label,
            images_before=images[0],
            images_after=images[1],
            boxes_before=boxes[0],
            boxes_after=boxes[1],
            share_before=images[0] / 295,
            share_after=images[1] / 298,
        )

    return Balance(
        before=Counts(entries=295, labelled=295, empty=2, boxes=3941, labels=3),
        after=Counts(entries=298, labelled=298, empty=2, boxes=3970, labels=5),
        rows=(
            row("WBC", (290, 292), (312, 316)),
            row("RBC", (283, 274), (3298, 3178)),
            row("Platelets", (200, 202), (331, 335)),
            row("Erythrocyte", (0, 12), (0, 120)),
            row("Pl\u0430telets", (0, 1), (0, 1)),
        ),
        appeared=("Erythrocyte", "Pl\u0430telets"),
        smallest="Pl\u0430telets",
    )


def _train_changes() -> tuple[EntryChange, ...]:
    first = change(
        17,
        "add",
        words=("new image; 2 boxes: ", Name("WBC"), ", ", Name("Erythrocyte")),
        risk=8,
        boxes=(added(box("WBC", 240, 150, 190, 170)), added(box("Erythrocyte", 60, 60, 100, 96))),
        origin="branch",
    )
    mixed = change(
        1,
        words=("3 boxes changed, 1 added, 1 removed",),
        risk=5,
        groups=(2,),
        origin="drift",
        boxes=(
            became(box("WBC", 68, 315, 218, 164), box("WBC", 98, 295, 218, 164), 0.66),
            became(box("RBC", 346, 361, 100, 93), box("RBC", 341, 355, 118, 104), 0.72),
            became(box("RBC", 53, 179, 93, 110), box("WBC", 53, 179, 93, 110), 1.0),
            added(box("Platelets", 500, 60, 44, 40)),
            removed(box("RBC", 452, 105, 112, 97)),
            same(box("RBC", 420, 235, 106, 100)),
            same(box("RBC", 160, 61, 99, 102)),
        ),
    )
    renamed = [
        change(
            number,
            words=("10 boxes ", Name("RBC"), " -> ", Name("Erythrocyte")),
            risk=3,
            groups=(1,),
            origin="branch",
            boxes=tuple(
                became(
                    box("RBC", 20 + 118 * (place % 5), 30 + 200 * (place // 5)),
                    box("Erythrocyte", 20 + 118 * (place % 5), 30 + 200 * (place // 5)),
                    1.0,
                )
                for place in range(10)
            ),
        )
        for number in range(2, 14)
    ]
    labels = change(
        14,
        words=(
            "label added: ",
            Name("blurred"),
            "; label removed: ",
            Name("sharp"),
            "; image size 640x480 -> 480x640; fields: ",
            Name("['notes']"),
        ),
        risk=4,
        labels_kept=("usable",),
        labels_added=("blurred",),
        labels_removed=("sharp",),
        sizes_after=(Size(width=480, height=640),),
        fields=(FieldChange(path="['notes']", before=None, after='"second look"'),),
        marks=(Mark("ERROR_INVALID_IMAGE_DIMENSION", "The image dimension is invalid"),),
        origin="branch",
    )
    plain = [
        change(number, "add", words=("new image without boxes",), risk=0, boxes=(), origin="branch")
        for number in (18, 19)
    ]
    gone = change(
        20, "live-only", words=("live only: ", Name("WBC")), risk=2, place=None, boxes=(same(box("WBC", 100, 100)),)
    )
    return (first, mixed, labels, *renamed, gone, *plain)
