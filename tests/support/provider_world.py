"""What a provider's test works with: a program folder, the emulator, the provider process."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.support.provider_engine import Provider, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rekognition_emulator import Emulator

_NUMBERS = count(1)
# Where the only image of a label gets another one: in a dataset of two images that is not an accident.
RELABELS = {"guards": {"label-removed": "off"}}
# The same for tests that heal what somebody edited.
HEALS = {**RELABELS, "theirs": "overwrite"}


class World:
    """A program folder, the emulator and the provider process, and what a test does with them."""

    def __init__(self, emulator: Emulator, provider: Provider) -> None:
        self.emulator = emulator
        self.provider = provider
        self.program = provider.program

    def project(self) -> str:
        """The ARN of a new project."""
        name = f"project-{next(_NUMBERS)}"
        return str(self.emulator.client().create_project(ProjectName=name)["ProjectArn"])

    def write(self, manifest: str, entries: Mapping[str, Sequence[str] | None]) -> None:
        """Write a YAML manifest: image name -> labels (None: unlabelled)."""
        document = {
            "images": "s3://acme-vision/images/",
            "entries": [
                {"image": image} | ({} if labels is None else {"labels": list(labels)})
                for image, labels in entries.items()
            ],
        }
        (self.program / manifest).write_text(json.dumps(document), encoding="utf-8")

    def declare(
        self, entries: Mapping[str, Sequence[str] | None], *, project: object = None, **declared: object
    ) -> Resource:
        """A resource with a manifest of its own, in a project of its own unless told otherwise."""
        name = f"cells-{next(_NUMBERS)}"
        manifest = f"{name}.yaml"
        self.write(manifest, entries)
        properties = {"projectArn": project or self.project(), "datasetType": "TRAIN", "manifest": manifest}
        return Resource(self.provider, name, {**properties, **declared})

    def declare_lines(self, lines: Iterable[Mapping[str, Any]], **declared: object) -> Resource:
        """A resource with a manifest of JSON Lines, in a project of its own."""
        name = f"lines-{next(_NUMBERS)}"
        manifest = f"{name}.jsonl"
        (self.program / manifest).write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
        properties = {"projectArn": self.project(), "datasetType": "TRAIN", "manifest": manifest}
        return Resource(self.provider, name, {**properties, **declared})

    def rewrite(self, resource: Resource, entries: Mapping[str, Sequence[str] | None]) -> None:
        """Write a resource's manifest again."""
        self.write(resource.declared["manifest"], entries)

    def arn(self, resource: Resource) -> str:
        """The dataset's ARN as the service has it; empty when there is none."""
        projects = self.emulator.client().describe_projects()["ProjectDescriptions"]
        project = next(one for one in projects if one["ProjectArn"] == resource.declared["projectArn"])
        kind = resource.declared["datasetType"]
        return next((one["DatasetArn"] for one in project["Datasets"] if one["DatasetType"] == kind), "")

    def live(self, resource: Resource) -> dict[str, list[str]]:
        """What is live: image name -> labels."""
        return {
            entry.key.rpartition("/")[2]: labels_of(json.loads(entry.line))
            for entry in self.emulator.entries(self.arn(resource))
        }

    def edit(self, resource: Resource, image: str, *labels: str) -> None:
        """Edit an entry behind everybody's back."""
        self.emulator.edit_entries(self.arn(resource), [json.dumps(line(image, *labels))])

    def mark(self, resource: Resource, image: str, code: str = "ERROR_INVALID_BOUNDING_BOX") -> None:
        """Have the service find an error in an entry that nobody touched."""
        store, arn = self.emulator.service.context.store, self.arn(resource)
        entry = store.entry(arn, f"s3://acme-vision/images/{image}")
        assert entry is not None
        errors = [{"code": code, "message": "The bounding box has off frame values."}]
        marked = json.dumps(json.dumps(json.loads(entry.line) | {"cl-errors": errors})).encode()
        store.put_entries(arn, [entry._replace(listed=marked, errors=True)])
        dataset = store.dataset(arn)
        assert dataset is not None
        dataset.tally.errors += not entry.errors

    def remove(self, resource: Resource, image: str) -> None:
        """Have an entry go away behind everybody's back."""
        self.emulator.remove_entries(self.arn(resource), [f"s3://acme-vision/images/{image}"])

    def calls(self, operation: str) -> int:
        """How many calls of an operation the emulator has answered."""
        return self.emulator.count_calls(operation)


def line(image: str, *labels: str) -> dict[str, Any]:
    """A JSON line with image-level labels."""
    document: dict[str, Any] = {"source-ref": f"s3://acme-vision/images/{image}"}
    for number, label in enumerate(labels):
        document[f"by-hand-{number}"] = 1
        document[f"by-hand-{number}-metadata"] = {
            "confidence": 1,
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "type": "groundtruth/image-classification",
        }
    return document


def labels_of(document: Mapping[str, Any]) -> list[str]:
    """The image-level labels of a line, sorted."""
    return sorted(
        value["class-name"] for value in document.values() if isinstance(value, dict) and "class-name" in value
    )


def config_for(emulator: Emulator) -> dict[str, str]:
    """The stack's configuration for an emulator, as it reaches a provider."""
    return {
        "aws:region": "us-east-1",
        "aws:endpoints": json.dumps([{"rekognition": emulator.url}]),
        "reconciler:endpointUrl": emulator.url,
    }
