"""Ground Truth's output of kinds that Custom Labels cannot take as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.entries import Box, meaning_of
from tests.support.formats import codes, converted

CLASS = "groundtruth/image-classification"
DATA = Path(__file__).parents[1] / "data" / "manifests"


def metadata(kind: str, **more: object) -> dict[str, Any]:
    """Metadata of a label attribute."""
    return {"type": kind, "human-annotated": "yes", "creation-date": "2024-01-01T00:00:00", "job-name": "j"} | more


def boxes(left: int, **more: object) -> dict[str, Any]:
    """A box attribute with one box, by the name `bb`."""
    value = {
        "image_size": [{"width": 100, "height": 100, "depth": 3}],
        "annotations": [{"class_id": 0, "left": left, "top": 0, "width": 10, "height": 10}],
    }
    about = metadata("groundtruth/object-detection", objects=[{"confidence": 0.9}], **{"class-map": {"0": "cat"}})
    return {"bb": value, "bb-metadata": about | more}


def output(
    *documents: object, key: str = "s3://pics/a.jpg", least: float = 0, human_only: bool = False
) -> tuple[list[dict[str, Any]], list[Any]]:
    """What lines of an output manifest become; each is of the image `key` unless it names another."""
    full = [{"source-ref": key} | one if isinstance(one, dict) else one for one in documents]
    content = "\n".join(json.dumps(one) for one in full).encode()
    return converted("ground-truth", [("output.manifest", content)], least=least, human_only=human_only)


def test_a_list_of_classes_becomes_an_attribute_per_class() -> None:
    """Each class has its own confidence; date, job and who labelled stay."""
    maps = {"class-map": {"0": "cat", "8": "big dog"}, "confidence-map": {"0": 0.7, "8": 0.95}}
    kind = "groundtruth/image-classification-multilabel"
    (line,), findings = output({"pets": [0, 8], "pets-metadata": metadata(kind, **maps)})

    assert findings == []
    assert set(meaning_of(line).labels) == {"cat", "big dog"}
    assert line["cat-metadata"] == metadata(CLASS, confidence=0.7) | {"class-name": "cat"}


def test_an_empty_list_of_classes_is_a_line_without_labels() -> None:
    """An image to which nobody gave a class does not become a labelled one."""
    about = metadata("groundtruth/image-classification-multilabel", **{"class-map": {}})
    (line,), findings = output({"pets": [], "pets-metadata": about})
    assert (list(line), [one.code for one in findings]) == (["source-ref"], ["ground-truth-unlabelled"])


@pytest.mark.parametrize(("value", "number"), [("3", 3), ("cat", 1), (4, 4)])
def test_a_class_as_text_gets_a_whole_number(value: object, number: int) -> None:
    """Custom Labels wants a number, and the name of the class is in the metadata."""
    (line,), _ = output({"pet": value, "pet-metadata": metadata(CLASS, **{"class-name": "cat"})})
    assert (line["pet"], set(meaning_of(line).labels)) == (number, {"cat"})


def test_the_newest_boxes_of_an_adjustment_job_are_taken() -> None:
    """The attribute that was adjusted goes, and the status of the adjustment with it."""
    newer = {"adjusted" + name[2:]: value for name, value in boxes(50).items()}
    newer["adjusted-metadata"] |= {"creation-date": "2024-02-01T00:00:00", "adjustment-status": "adjusted"}
    (line,), findings = output(boxes(1) | newer)

    assert meaning_of(line).boxes == (Box("cat", 50_000, 0, 10_000, 10_000),)
    assert sorted(line) == ["adjusted", "adjusted-metadata", "source-ref"]
    assert "adjustment-status" not in line["adjusted-metadata"]
    assert [one.code for one in findings] == ["ground-truth-adjusted"]


def test_classes_of_two_jobs_are_two_labels() -> None:
    """Without an adjustment an image can have several labels of the whole image."""
    both = {"a": 1, "a-metadata": metadata(CLASS, confidence=1, **{"class-name": "cat"})}
    both |= {"b": 1, "b-metadata": metadata(CLASS, confidence=1, **{"class-name": "dog"})}
    (line,), findings = output(both)
    assert (set(meaning_of(line).labels), findings) == ({"cat", "dog"}, [])


def test_verdicts_are_counted_and_left_out() -> None:
    """A verification job judges labels; its verdict is not a label, and people get to know what was judged."""
    verdict = {"check": "1", "check-metadata": metadata("groundtruth/label-verification", **{"class-name": "bad"})}
    (line,), (finding,) = output(boxes(1) | verdict)

    assert sorted(line) == ["bb", "bb-metadata", "source-ref"]
    assert (finding.code, "1 x 'bad'" in finding.message) == ("ground-truth-verdicts", True)


def test_an_image_that_a_streaming_job_wrote_again_has_its_newest_line() -> None:
    """Whatever the order of the lines, in the place of the first."""
    newer = boxes(50)
    newer["bb-metadata"]["creation-date"] = "2024-02-01T00:00:00"
    for lines in ([boxes(1), newer], [newer, boxes(1)]):
        (line,), findings = output(*lines)
        assert meaning_of(line).boxes == (Box("cat", 50_000, 0, 10_000, 10_000),)
        assert codes(findings) == [("note", "ground-truth-repeated", 2)]


def test_what_custom_labels_cannot_learn_from_is_counted_with_the_first() -> None:
    """Segmentation, failed labels and members without metadata are left out, and the line has the rest."""
    more = {
        "mask-ref": "s3://pics/m.png",
        "mask-ref-metadata": metadata("groundtruth/semantic-segmentation"),
        "failed-metadata": {"failure-reason": "timeout"},
        "color": "blue",
    }
    (line,), findings = output(boxes(1) | more)

    assert sorted(line) == ["bb", "bb-metadata", "source-ref"]
    assert [(one.code, "left out: 3" in one.message) for one in findings] == [("ground-truth-left-out", True)]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"pet": 1, "pet-metadata": metadata(CLASS)}, "ground-truth-classes"),
        ({"pets": [5], "pets-metadata": metadata(CLASS + "-multilabel", **{"class-map": {}})}, "ground-truth-classes"),
        ("text", "ground-truth-line"),
        ({"source-ref": 5, "source": "text"}, "ground-truth-line"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error(document: object, code: str) -> None:
    """Nothing is guessed about classes, and a job about texts is not one about images."""
    lines, findings = output(document)
    assert (lines, codes(findings)) == ([], [("error", code, 1)])


@pytest.mark.parametrize("file", sorted(DATA.glob("*/*.manifest")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_manifest_that_custom_labels_takes_means_the_same_afterwards(file: Path) -> None:
    """Every real manifest keeps its labels and boxes, line by line."""
    lines, _ = converted("ground-truth", [(file.name, file.read_bytes())])
    before = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    newest = {line["source-ref"]: line for line in before}
    assert {line["source-ref"]: meaning_of(line) for line in lines} == {
        key: meaning_of(line) for key, line in newest.items()
    }


def test_low_confidence_and_machines_can_be_left_out() -> None:
    """What is left out is counted; an image that loses all gives no line, one that never had any stays."""
    machine = boxes(1)
    machine["bb-metadata"]["human-annotated"] = "no"
    weak = boxes(1)
    weak["bb"]["annotations"] *= 2
    weak["bb-metadata"]["objects"] = [{"confidence": 0.9}, {"confidence": 0.2}]
    documents = [machine, weak | {"source-ref": "s3://pics/w.jpg"}, {"source-ref": "s3://pics/bare.jpg"}]

    lines, findings = output(*documents, least=0.5, human_only=True)

    assert [line["source-ref"] for line in lines] == ["s3://pics/w.jpg", "s3://pics/bare.jpg"]
    assert len(meaning_of(lines[0]).boxes) == len(lines[0]["bb-metadata"]["objects"]) == 1
    assert findings[-1].code == "labels-left-out"
    assert "1 below the confidence 0.5, 1 that no person gave" in findings[-1].message
    assert findings[-1].message.endswith("too: 1")


def test_a_placeholder_for_the_bucket_is_told_with_its_first_line() -> None:
    """The lines stay as they are, so that the bucket can be written afterwards."""
    lines, findings = output(boxes(1) | {"source-ref": "s3://$BUCKET/a.jpg"}, boxes(1))
    assert lines[0]["source-ref"] == "s3://$BUCKET/a.jpg"
    assert len(lines) == 2
    assert codes(findings) == [("marked", "ground-truth-address", 1)]
