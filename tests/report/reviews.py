"""Reviews made by hand: a real-looking one, a hostile one, and any number of changes."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from reconciler.comparison.differences import Box, BoxChange, BoxWord, FieldChange, Group, Size
from reconciler.comparison.figures import (
    Balance,
    Counts,
    IgnoredField,
    LabelBalance,
    LookAlike,
    NamePair,
    Provenance,
    ProvenanceSide,
    Splits,
    Tally,
    Transfer,
)
from reconciler.review.model import (
    Change,
    Danger,
    DatasetReview,
    Estimate,
    FindingCounts,
    Found,
    Mark,
    OriginCounts,
    Place,
    PolicyView,
    ProjectReview,
    Review,
    Totals,
)

PREFIX: Final = "s3://blood-cells-images/scans/2024/"
ARN: Final = "arn:aws:rekognition:eu-west-1:123456789012:project/blood-cells/1700000000000"
# What a hostile author writes where a label, key, job or file should stand.
HOSTILE: Final = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!-- --><b>bold</b>",
    "@everyone",
    "fixes #1 GH-2 owner/repo#3",
    "a|b",
    "`code` ``x``` ",
    "line\nbreak\r\n# heading",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "**bold** _em_ ~~gone~~ [link](javascript:alert(1)) ![i](x)",
    "\\| \\` \\",
    "https://evil.example/?a=1&b=2 www.evil.example",
    "${{ secrets.X }} {{ 7*7 }} {% raw %}",
    " lead and trail  ",
    "",
    "\u0421at (Cyrillic Es)",
    "e\u0301\u0301\u0301\u0301\u0301\u0301",
    "nul\x00 bom\ufeff zw\u200bsp \u2028",
    "x" * 2048,
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "&lt;script&gt; &amp; &#64;",
    ":smile: $x^2$ 0123456789abcdef0123456789abcdef01234567",
    "</style><style>*{display:none}</style>",
    "\\u003c/script\\u003e",
    "__proto__",
    "constructor",
)


def box(label: str, left: float, top: float, width: float = 90, height: float = 80) -> Box:
    """A box."""
    return Box(label, left, top, width, height)


def same(one: Box) -> BoxChange:
    """A box that stays."""
    return BoxChange(what=("same",), before=one, after=one, by=(0, 0, 0, 0), iou=1.0)


def added(one: Box) -> BoxChange:
    """A box that comes."""
    return BoxChange(what=("added",), after=one)


def removed(one: Box) -> BoxChange:
    """A box that goes."""
    return BoxChange(what=("removed",), before=one)


def became(before: Box, after: Box, iou: float = 0.8) -> BoxChange:
    """A box that becomes another."""
    by = (
        after.left - before.left,
        after.top - before.top,
        after.width - before.width,
        after.height - before.height,
    )
    words: list[BoxWord] = []
    if by[2] or by[3]:
        words.append("resized")
    elif by[0] or by[1]:
        words.append("moved")
    if before.label != after.label:
        words.append("relabelled")
    return BoxChange(what=tuple(words), before=before, after=after, by=by, iou=iou)


def change(number: int, verb: str = "update", key: str = "", **more: Any) -> Change:  # noqa: ANN401 - any member
    """One change; its words and place are made up where none are given."""
    sign = {"add": "+", "update": "~", "unlabel": "-", "live-only": "?"}[verb]
    size = (Size(width=640, height=480),)
    members: dict[str, Any] = {
        "number": number,
        "verb": verb,
        "sign": sign,
        "key": key or f"{PREFIX}BloodImage_{number:05}.jpg",
        "words": "changed",
        "place": Place(file="datasets/blood-cells/train.jsonl", line=number + 1),
        "labelled_before": None if verb == "add" else True,
        "labelled_after": verb != "unlabel",
        "sizes_before": () if verb == "add" else size,
        "sizes_after": () if verb == "unlabel" else size,
    }
    return Change(**(members | more))


def dataset(changes: Sequence[Change], *, type_: str = "train", **more: Any) -> DatasetReview:  # noqa: ANN401 - any member
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
        "policy": PolicyView(extra="report", marked="warn", compare="labels", patience=1800, destroy="refuse"),
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
        words = "1 box moved: WBC"
        changes.append(change(index, boxes=(*kept, moved), words=words, risk=index % 10, labels_kept=()))
    return review(dataset(sorted(changes, key=lambda one: -one.risk)))


def hostile(text: str) -> Review:
    """A review in which every text that others write is this text."""
    boxes = (became(box(text, 10, 10), box(f"{text}2", 14, 9)), added(box(text, 30, 30)))
    one = change(
        0,
        key=text,
        words=f"label added: {text}",
        place=Place(file=text, line=1),
        groups=(1,),
        labels_added=(text,),
        labels_removed=(f"{text}2",),
        labels_kept=(f"{text}3",),
        boxes=boxes,
        fields=(FieldChange(path=text, before=text, after=text),),
        marks=(Mark(code=text, message=text, meaning="meaning"),),
    )
    group = Group(
        id=1,
        kind="renamed",
        words=f"{text} renamed {text}2 on 1 entry",
        entries=1,
        boxes=1,
        old=(text,),
        new=(f"{text}2",),
        examples=(text,),
        evidence=(text,),
        exceptions=(text,),
        exception_count=1,
    )
    row = LabelBalance(
        label=text,
        images_before=1,
        images_after=2,
        boxes_before=1,
        boxes_after=2,
        share_before=0.1,
        share_after=0.2,
    )
    findings = FindingCounts(
        errors=1,
        shown=(Found(severity="error", code="code", place=Place(file=text, line=1), message=text, cure=text),),
    )
    whole = dataset(
        [one],
        manifest=text,
        words=text,
        bucket=text,
        refusals=(text,),
        findings=findings,
        groups=(group,),
        balance=Balance(
            before=Counts(entries=1),
            after=Counts(entries=1),
            rows=(row,),
            appeared=(text,),
            gone=(text,),
            smallest=text,
        ),
        provenance=Provenance(
            before=ProvenanceSide(human=1),
            after=ProvenanceSide(machine=1),
            jobs=(Tally(value=text, before=1, after=1),),
            ignored=(IgnoredField(field=text, entries=1),),
        ),
        origins=OriginCounts(revision=text, branch=1),
    )
    project = ProjectReview(
        name="blood-cells",
        folder=text,
        datasets=(whole,),
        splits=Splits(
            shared_count=1,
            shared=(text,),
            same_name_count=1,
            same_name=(NamePair(train=text, test=text),),
            moved_count=1,
            moved=(Transfer(key=text, source="train", target="test", danger=True),),
            train_only=(text,),
            test_only=(text,),
            overlap=0.4,
        ),
        look_alikes=(LookAlike(first=text, second=f"{text}2", why="letters", first_images=1, second_images=2),),
    )
    danger = Danger(level=3, kind="replace", project="blood-cells", words=text, count=1, examples=(text,))
    return review(whole, projects=(project,), dangers=(danger,), findings=findings, words=text)


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
                Tally(value="labeling-job/blood-2024-01", before=295, after=285),
                Tally(value="labeling-job/blood-2024-06", before=0, after=18),
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
            level=3,
            kind="split-move",
            words="1 image moves from test to train while its test entry stays labelled",
            count=1,
            examples=(f"{PREFIX}BloodImage_00017.jpg",),
            **about,
        ),
        Danger(
            level=2,
            kind="label-one-side",
            words="the label Erythrocyte is in train only: the test set cannot measure it",
            dataset="blood-cells train",
            count=1,
            examples=("Erythrocyte",),
            **about,
        ),
        Danger(
            level=1,
            kind="look-alike",
            words="Platelets and Pl\u0430telets look alike: differ in look-alike letters",
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
            words="RBC renamed Erythrocyte: 120 boxes on 12 entries",
            entries=12,
            boxes=120,
            old=("RBC",),
            new=("Erythrocyte",),
            examples=(f"{PREFIX}BloodImage_00003.jpg", f"{PREFIX}BloodImage_00004.jpg"),
            evidence=(
                "RBC is on no entry afterwards",
                "Erythrocyte was on none before",
                "120 of 120 boxes stay in place",
            ),
        ),
        Group(
            id=2,
            kind="shifted",
            words="all boxes shifted by +4, -3 px on 2 entries",
            entries=2,
            boxes=6,
            by=(4, -3),
            evidence=("6 of 6 boxes",),
            exceptions=("1 entry has a box that moves otherwise",),
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


def _train_changes() -> tuple[Change, ...]:
    first = change(
        17,
        "add",
        words="new image; 2 boxes: WBC, Erythrocyte",
        risk=8,
        boxes=(added(box("WBC", 240, 150, 190, 170)), added(box("Erythrocyte", 60, 60, 100, 96))),
        origin="branch",
    )
    mixed = change(
        1,
        words="3 boxes changed, 1 added, 1 removed",
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
            words="10 boxes RBC -> Erythrocyte",
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
        words="label added: blurred; label removed: sharp; image size 640x480 -> 480x640; fields: ['notes']",
        risk=4,
        labels_kept=("usable",),
        labels_added=("blurred",),
        labels_removed=("sharp",),
        sizes_after=(Size(width=480, height=640),),
        fields=(FieldChange(path="['notes']", before=None, after='"second look"'),),
        marks=(
            Mark(
                code="ERROR_INVALID_IMAGE_DIMENSION",
                message="The image dimension is invalid",
                meaning="the image is larger or smaller than the service takes",
            ),
        ),
        origin="branch",
    )
    plain = [
        change(number, "add", words="new image without boxes", risk=0, boxes=(), origin="branch") for number in (18, 19)
    ]
    gone = change(20, "live-only", words="live only: WBC", risk=2, place=None, boxes=(same(box("WBC", 100, 100)),))
    return (first, mixed, labels, *renamed, gone, *plain)
