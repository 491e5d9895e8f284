"""Real pairs of dated datasets, read as a reviewer would: what one must see is there, in one line each."""

import json
from collections.abc import Callable
from pathlib import Path

from reconciler.review.model import DatasetReview, Review
from reconciler.review.offline import offline_review
from reconciler.text import plain

DATA = Path(__file__).parents[1] / "data"
MANIFESTS = DATA / "manifests"
BLOOD = Path(__file__).parents[2] / "datasets" / "blood-cells" / "test.jsonl"

Taco = Callable[[str, str], Review]


def only(review: Review) -> DatasetReview:
    """The one dataset of a review."""
    (dataset,) = review.datasets
    return dataset


def said(review: Review) -> list[str]:
    """The groups in words."""
    return [plain(group.words) for group in only(review).groups]


def test_taco_relabelled_shows_its_merges_and_its_new_label(taco: Taco) -> None:
    """Version 2 to 3: four labels merged into two, cigarettes labelled for the first time."""
    review = taco("v2", "v3")
    assert said(review) == [
        "label Produce bag merged into Plastic Film on 4 entries (4 boxes)",
        "label Retort pouch merged into Other plastic wrapper on 2 entries (2 boxes)",
        "label Bread bag merged into Plastic Film on 1 entry (1 box)",
        "label Cereal bag merged into Plastic Film on 1 entry (1 box)",
        "Cigarette added to 16 entries (28 boxes)",
    ]
    balance = only(review).balance
    assert balance is not None
    assert balance.appeared == ("Cigarette",)
    assert set(balance.gone) == {"Produce bag", "Retort pouch", "Bread bag", "Cereal bag"}


def test_taco_grown_shows_that_every_old_box_was_mirrored(taco: Taco) -> None:
    """Version 3 to 5 looks like 42 changed images; it is two renamed labels and one fixed converter."""
    review = taco("v3", "v5")
    dataset = only(review)
    assert (dataset.add, dataset.update) == (10, 42)
    assert said(review) == [
        "label Plastic Film renamed to Plastic film on 10 entries (14 boxes)",
        "label Plastic drink bottle renamed to Clear plastic bottle on 6 entries (7 boxes)",
        "boxes mirrored top to bottom on 42 entries (123 boxes)",
    ]
    assert all(group.exception_count == 0 for group in dataset.groups)
    assert "mirrored" in {danger.kind for danger in review.dangers}


def test_a_renamed_bucket_is_one_line_though_its_name_is_not_legal() -> None:
    """Linuxus v1 to v2: the findings are shown, and the diff goes on."""
    folder = MANIFESTS / "linuxus-ground-truth"
    review = offline_review(folder / "train_v1.manifest", folder / "train_v2.manifest")
    dataset = only(review)
    assert said(review) == ["55 entries re-pointed from s3://lab1-rawdata/ to s3://lab#-rawdata/, content unchanged"]
    assert (dataset.status, dataset.findings.errors, dataset.add, dataset.live_only) == ("invalid", 55, 55, 55)
    assert review.dangers[0].kind == "finding-error"


def test_the_workshops_bucket_is_one_line_and_a_refusal() -> None:
    """Old entries would stay in another bucket: the plan says so before anything is sent."""
    folder = MANIFESTS / "aws-rekognition-workshops"
    review = offline_review(folder / "output_before.manifest", folder / "output.manifest")
    (line,) = said(review)
    assert line == (
        "25 entries re-pointed from s3://aws-workshops-labels-1234567/ to s3://aws-workshops-labels-12345678/, "
        "content unchanged"
    )
    assert [danger.kind for danger in review.dangers] == ["refusal", "guard", "finding-marked", "live-only"]
    assert all(change.groups == (1,) for change in only(review).changes)


def test_a_label_renamed_by_hand_is_one_line(tmp_path: Path) -> None:
    """BCCD with RBC written as "red cell": every change belongs to it."""
    after = tmp_path / "test.jsonl"
    after.write_text(BLOOD.read_text(encoding="utf-8").replace('"RBC"', '"red cell"'), encoding="utf-8")
    review = offline_review(BLOOD, after)
    (group,) = only(review).groups
    assert plain(group.words) == "label RBC renamed to red cell on 69 entries (805 boxes)"
    assert all(change.groups == (group.id,) for change in only(review).changes)
    assert only(review).box_changes["relabelled"] == 805


def test_the_same_content_in_yaml_and_json_lines_is_no_change(tmp_path: Path) -> None:
    """Whichever way a manifest is written: a hand-written one, and Ground Truth's own lines as people write them."""
    lines = (MANIFESTS / "linuxus-ground-truth" / "validation_v1.manifest").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    short = "images: s3://lab1-rawdata\nentries:\n" + "".join(
        f"  - {{image: {one['source-ref'].rpartition('/')[2]}, "
        f"labels: [{one['lab1-labeling-job-metadata']['class-name']}]}}\n"
        for one in entries
    )
    yaml = tmp_path / "test.yaml"
    yaml.write_text(short, encoding="utf-8")
    jsonl = MANIFESTS / "linuxus-ground-truth" / "validation_v1.manifest"
    for before, after in ((yaml, jsonl), (jsonl, yaml)):
        review = offline_review(before, after)
        assert (review.totals.with_changes, only(review).changes_total) == (0, 0)
        assert only(review).ignored == 14
