"""The command, run in this process on real folders against a real emulator over HTTP."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli import main
from rekognition_emulator import serve
from tests.support.quick_clock import hurry
from tests.support.schema import plan_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator

BUCKET = "s3://acme-vision/cells"
# Variables of the person who runs the tests that would change what the command does.
FOREIGN = (
    "CI",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_DEFAULT_REGION",
    "AWS_SESSION_TOKEN",
    "NO_COLOR",
    "RECONCILER_ALLOW",
    "FORCE_COLOR",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
)


@dataclass(frozen=True)
class Ran:
    """What a run of the command returned."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the JSON document."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def datasets(self) -> list[dict[str, Any]]:
        """The datasets of that document, project after project."""
        return [dataset for project in self.document["projects"] for dataset in project["datasets"]]


class Terminal(io.StringIO):
    """A stream that reports that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class Interrupted(Terminal):
    """A terminal at which the user presses Ctrl-C."""

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]  # typeshed gives StringIO two bases
        """Raise what Python raises at a Ctrl-C."""
        raise KeyboardInterrupt


class World:
    """A working folder with declarations, in which the command runs."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = patch

    def boxes(self, name: str, *labels: str, left: int = 10) -> str:
        """A line with one box per label."""
        names = list(dict.fromkeys(labels))
        annotations = [
            {"class_id": names.index(label), "left": left, "top": 10 * number, "width": 40, "height": 30}
            for number, label in enumerate(labels)
        ]
        metadata = {
            "objects": [{"confidence": 1} for _label in labels],
            "class-map": {str(number): label for number, label in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2024-01-01T00:00:00",
            "job-name": "labeling-job/boxes",
        }
        value = {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": annotations}
        key = name if name.startswith("s3://") else f"{BUCKET}/{name}"
        return json.dumps({"source-ref": key, "boxes": value, "boxes-metadata": metadata})

    def many(self, count: int, label: str = "RBC", first: int = 0) -> list[str]:
        """This number of lines with different keys, from a number on."""
        return [self.boxes(f"{number:04}.jpg", label) for number in range(first, first + count)]

    def write(
        self,
        project: str,
        train: Iterable[str] | None = None,
        test: Iterable[str] | None = None,
        settings: str = "managed: false",
    ) -> Path:
        """Write `datasets/<project>`: project.yaml (default: found by name) and manifests given as lines."""
        folder = self.folder / "datasets" / project
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "project.yaml").write_text(f"{settings}\n")
        for name, lines in (("train", train), ("test", test)):
            if lines is not None:
                (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        return folder

    def run(self, *arguments: str, answer: str | None = None, interrupt: bool = False, terminal: bool = False) -> Ran:
        """Run the command; `answer` (or Ctrl-C) is typed on a terminal, without it there is none.

        Whatever plan it writes, to standard output or to a file, conforms to the schema.
        """
        out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
        with self._patch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            stdin = io.StringIO() if answer is None else Terminal(answer)
            patch.setattr(sys, "stdin", Interrupted() if interrupt else stdin)
            code = main(list(arguments))
        for text in (out.getvalue(), *self._written(arguments)):
            assert plan_faults(text) == []
        return Ran(code, out.getvalue(), err.getvalue())

    def _written(self, arguments: tuple[str, ...]) -> Iterator[str]:
        """The JSON files that the arguments of a run name."""
        for option, name in pairwise(arguments):
            path = self.folder / name
            if option in {"--save", "-o", "--output"} and path.suffix == ".json" and path.is_file():
                yield path.read_text(encoding="utf-8", errors="replace")


class Account:
    """What the service holds."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def create(self, *projects: str) -> str:
        """Create projects; the ARN of the last."""
        client = self.emulator.client()
        try:
            return [client.create_project(ProjectName=name)["ProjectArn"] for name in projects][-1]
        finally:
            client.close()

    def dataset(self, project: str, kind: str = "TRAIN") -> str:
        """The ARN of a dataset."""
        client = self.emulator.client()
        try:
            described = client.describe_projects(ProjectNames=[project])["ProjectDescriptions"][0]
        finally:
            client.close()
        return next(one["DatasetArn"] for one in described["Datasets"] if one["DatasetType"] == kind)

    def keys(self, project: str, kind: str = "TRAIN") -> list[str]:
        """The keys that are live."""
        return [entry.key for entry in self.emulator.entries(self.dataset(project, kind))]

    @property
    def updates(self) -> int:
        """The number of UpdateDatasetEntries calls that were answered."""
        return self.emulator.count_calls("UpdateDatasetEntries")


@pytest.fixture(autouse=True)
def _pauses_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in this process does not wait; one that is started as a process does."""
    hurry(monkeypatch)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A working folder and AWS settings that belong to one test."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    settings = {
        "AWS_ACCESS_KEY_ID": "emulator",
        "AWS_SECRET_ACCESS_KEY": "emulator-secret",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "no-git-config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TERM": "xterm",
        "COLUMNS": "100",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return World(folder, monkeypatch)


@pytest.fixture
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account at an emulator that boto3 finds by the environment; indirect parameters are its settings."""
    with serve(**getattr(request, "param", {})) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", emulator.url)
        yield Account(emulator)
