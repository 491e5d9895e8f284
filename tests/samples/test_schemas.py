"""The schemas for editors: they take all samples, and refuse a wrong key or word of these files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft7Validator

from reconciler.manifest.project.project_yaml import PROJECT_KEYS
from tests.manifest.yaml_text import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator


class Core(yaml.SafeLoader):
    """YAML as editors read it: version 1.2 has no dates."""


Core.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
ROOT = Path(__file__).parents[2]


def parsed(text: str) -> object:
    """The text as an editor reads it."""
    return yaml.load(text, Core)  # noqa: S506 - a safe loader


def validator(name: str) -> Draft7Validator:
    """The validator of a schema in the repository."""
    schema = json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def samples() -> Iterator[Path]:
    """Every project.yaml and YAML manifest of the repository outside of the tests' data."""
    for folder in ("datasets", "examples"):
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            if path.name == "project.yaml" or "\nentries:" in path.read_text():
                yield path


@pytest.mark.parametrize("path", list(samples()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sample_conforms_to_its_schema(path: Path) -> None:
    """An editor marks nothing in the files that the repository shows."""
    kind = "project" if path.name == "project.yaml" else "manifest"
    assert [error.message for error in validator(kind).iter_errors(parsed(path.read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "train: [a.jsonl, b.yaml]\nimages: s3://pics/x/\nsize: [640, 480]\ncreated: 2026-01-31T00:00:00",
        "projectArn: arn:aws:rekognition:us-east-1:111122223333:project/cells/1",
        "test: {manifest: t.yaml, policy: {extra: fail}}",
        "policy: {guards: {updates: 50%, label-share: off, test-set: frozen}, patience: 30m}\nlabels: [RBC, yes, 1]",
        "retired: [{image: a.jpg, reason: blurred, dataset: test}]",
        "allow: [{guard: updates, reason: w, manifests: {train: ab}}]",
    ],
)
def test_what_project_yaml_may_say_conforms(text: str) -> None:
    """Every form of a value that the reader takes."""
    assert [error.message for error in validator("project").iter_errors(parsed(text))] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("project", "mangaed: true"),
        ("project", "managed: 'yes'"),
        ("project", "policy: {extra: report-it}"),
        ("project", "policy: {guards: {update: 50%}}"),
        ("project", "train: []"),
        ("project", "retired: [{image: a.jpg}]"),
        ("project", "size: [640]"),
        ("manifest", HEAD),
        ("manifest", f"{HEAD}entries:\n  - lables: [a]\n    image: a.jpg"),
        ("manifest", f"{HEAD}entries:\n  - labels: [a]"),
        ("manifest", f"{HEAD}entries:\n  - image: a.jpg\n    boxes: [{{label: a, left: 1, top: 2, width: 3}}]"),
        ("manifest", f"{HEAD}entries:\n  - image: a.jpg\n    confidence: 2"),
    ],
)
def test_what_the_reader_refuses_by_key_or_word_does_not_conform(kind: str, text: str) -> None:
    """A typo in a key or a word, a missing key, a value of the wrong kind."""
    assert list(validator(kind).iter_errors(parsed(text)))


def test_every_key_of_project_yaml_has_a_form_of_its_own() -> None:
    """A key that is added to the table without one would be any text."""
    schema: dict[str, Any] = json.loads((ROOT / "docs" / "schema" / "project.schema.json").read_text())
    plain = {name for name, form in schema["properties"].items() if form == {"type": ["string", "number", "boolean"]}}
    assert (set(schema["properties"]), plain) == (set(PROJECT_KEYS), set())
