"""The sample datasets pass as they are, without any finding."""

import json
from pathlib import Path

import pytest

from reconciler.entries import meaning_of
from reconciler.manifest import load_projects, read_manifest
from reconciler.model import DatasetType, DesiredEntry, ProjectDeclaration

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "tests" / "data" / "manifests" / "linuxus-ground-truth"


@pytest.fixture(scope="module")
def projects() -> dict[str, ProjectDeclaration]:
    """The declared sample projects by name."""
    return {project.name: project for project in load_projects(ROOT / "datasets", "datasets")}


def entries(project: ProjectDeclaration, dataset_type: DatasetType) -> list[DesiredEntry]:
    """The accepted entries of one dataset, whose manifest has no finding of any class."""
    (dataset,) = (one for one in project.datasets if one.dataset_type is dataset_type)
    accepted: list[DesiredEntry] = []
    findings = read_manifest(dataset, project.labels, accepted.append)
    assert list(findings) == []
    return accepted


def test_the_samples_are_two_managed_projects_with_train_and_test(projects: dict[str, ProjectDeclaration]) -> None:
    """The samples have boxes as JSON Lines and image-level labels as YAML, each with a closed list of labels."""
    assert {name: (project.managed, project.labels) for name, project in projects.items()} == {
        "blood-cells": (True, ("RBC", "WBC", "Platelets")),
        "ground-truth-lab": (True, ("LH", "RH")),
    }
    for project in projects.values():
        assert {dataset.dataset_type for dataset in project.datasets} == set(DatasetType)


@pytest.mark.parametrize(
    ("name", "train", "test"), [("blood-cells", 292, 72), ("ground-truth-lab", 55, 14)], ids=["jsonl", "yaml"]
)
def test_every_sample_manifest_is_read_without_a_finding(
    projects: dict[str, ProjectDeclaration], name: str, train: int, test: int
) -> None:
    """There is not one note, so that a newcomer's first preview shows entries only."""
    assert len(entries(projects[name], DatasetType.TRAIN)) == train
    assert len(entries(projects[name], DatasetType.TEST)) == test


@pytest.mark.parametrize(
    ("dataset_type", "source"), [(DatasetType.TRAIN, "train_v1"), (DatasetType.TEST, "validation_v1")]
)
def test_the_yaml_says_what_its_source_says(
    projects: dict[str, ProjectDeclaration], dataset_type: DatasetType, source: str
) -> None:
    """Every image has the same label and the same confidence, in the same order; only the bucket differs."""
    job = "lab1-labeling-job-metadata"
    rows = [json.loads(line) for line in (SOURCE / f"{source}.manifest").read_text("utf-8").splitlines()]
    written = [json.loads(entry.line) for entry in entries(projects["ground-truth-lab"], dataset_type)]

    def said(document: dict[str, dict[str, object]], metadata: str) -> list[object]:
        attribute = document[metadata]
        return [meaning_of(document).image_labels, attribute["confidence"], attribute["job-name"]]

    labels = [meaning_of(document).image_labels[0] for document in written]
    assert [document["source-ref"] for document in written] == [
        row["source-ref"].replace("s3://lab1-rawdata/", "s3://acme-vision/ground-truth-lab/") for row in rows
    ]
    assert [said(document, f"{label}-metadata") for document, label in zip(written, labels, strict=True)] == [
        said(row, job) for row in rows
    ]
