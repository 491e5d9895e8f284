"""Manifests that others made: each reads without an error, or says what a person can do about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[1] / "data" / "manifests"

# Path, (entries, boxes), (errors, marked, notes) as counts, codes in the file's order (each once).
READ = [
    ("aws-greengrass-boxes/blue.manifest", (624, 590), (0, 0, 2), ["unknown-attributes", "zero-boxes"]),
    ("aws-greengrass-boxes/yellow.manifest", (633, 579), (0, 0, 2), ["unknown-attributes", "zero-boxes"]),
    ("aws-rekognition-workshops/output.manifest", (25, 346), (0, 3, 0), ["ERROR_INVALID_IMAGE_DIMENSION"]),
    ("aws-rekognition-workshops/output_before.manifest", (25, 346), (0, 3, 0), ["ERROR_INVALID_IMAGE_DIMENSION"]),
    ("aws-sagemaker-yolov5-bees/sample_output.manifest", (100, 192), (0, 0, 0), []),
    (
        "aws-textract-transformer/augmentation-1.manifest",
        (50, 600),
        (0, 5, 2),
        ["unknown-attributes", "ERROR_INVALID_IMAGE_DIMENSION", "zero-boxes"],
    ),
    ("jufeng-ids721/output.manifest", (10, 0), (0, 0, 0), []),
    ("linuxus-ground-truth/train_v1.manifest", (55, 0), (0, 0, 0), []),
    ("linuxus-ground-truth/validation_v1.manifest", (14, 0), (0, 0, 0), []),
    ("zeeshan3945-cigars/output.manifest", (32, 54), (0, 0, 1), ["zero-boxes"]),
]


@pytest.mark.parametrize(("name", "size", "counts", "codes"), READ)
def test_a_real_manifest_reads_without_an_error(
    name: str, size: tuple[int, int], counts: tuple[int, int, int], codes: list[str], read_path: Callable[..., Any]
) -> None:
    """Every line becomes an entry; what the service will mark and what is odd is reported."""
    got = read_path(DATA / name)
    found = got.findings

    assert (found.entries, found.boxes) == size
    assert len(got.entries) == found.entries
    assert (found.error_count, found.marked_count, found.note_count) == counts
    assert list(dict.fromkeys(got.codes)) == codes
    assert found.bucket is not None


def test_notes_on_real_manifests_count(read_path: Callable[..., Any]) -> None:
    """The note says how many there are and where the first is."""
    notes = read_path(DATA / "aws-greengrass-boxes/blue.manifest").findings.notes

    assert [str(note.place) for note in notes] == ["blue.manifest:1:105", "blue.manifest:31:147"]
    assert notes[0].message.startswith("1,248 attributes that Custom Labels does not know, the first here")
    assert notes[1].message.startswith("36 lines with zero boxes, the first here")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("aws-mammography/output.manifest", [1, 3, 5, 7, 9]),
        ("linuxus-ground-truth/train_v2.manifest", list(range(1, 51))),
    ],
)
def test_a_template_is_refused_line_by_line_with_the_bucket(
    name: str, lines: list[int], read_path: Callable[..., Any]
) -> None:
    """A placeholder for a bucket name is reported as an invalid name, at each line's own number."""
    found = read_path(DATA / name).findings

    assert {error.code for error in found.errors} == {"bucket-illegal"}
    assert [error.place.line for error in found.errors] == lines
    assert all("is not a valid S3 bucket name" in error.message for error in found.errors)
    assert all("use the bucket's real name" in error.cure for error in found.errors)
    assert found.entries == 0


def test_a_kind_that_custom_labels_does_not_take_is_refused(read_path: Callable[..., Any]) -> None:
    """A point cloud is not taken for a mistake: the cure names the kinds that are accepted."""
    found = read_path(DATA / "aws-groundtruth-3d/point-cloud.manifest").findings

    assert {error.code for error in found.errors} == {"bucket-illegal", "no-known-kind"}
    assert any("groundtruth/object-detection" in error.cure for error in found.errors)
    assert [mark.code for mark in found.marked] == [
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
    ]


def test_labels_of_a_real_manifest_come_in_order_of_first_use(read_path: Callable[..., Any]) -> None:
    """The distinct labels are found, each once."""
    found = read_path(DATA / "jufeng-ids721/output.manifest").findings

    assert found.labels[:2] == ("Helicopter", "Ferry")
    assert len(found.labels) == len(set(found.labels)) == 5
    assert found.bucket == "sagemaker-us-east-1-517095012385"
