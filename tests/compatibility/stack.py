"""A stack as version 0.1.0 left it: the user's folder, and the service as it was then.

Only public doors: the commands `localengine` and `reconciler` as processes, the emulator through what `serve` yields.
Nothing of `reconciler` is imported here but its clock, so that its modules may move.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.support import prepared
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rekognition_emulator import Emulator


RELEASE: Final = Path(__file__).resolve().parents[1] / "data" / "release-0.1.0"
DATASET: Final = "pulumi-python:dynamic/rekognition:Dataset"
DRIFT: Final = 7  # Pulumi's exit code for changes where none were expected
_REPOSITORY: Final = RELEASE.parents[2]
# The emulator's address in all files that are kept; the emulator of a test has a port of its own.
_ADDRESS: Final = "http://127.0.0.1:5557"
_STATE: Final = Path(".localengine", "dev.json")
_SECONDS: Final = 90.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that was printed, each run of blanks as one."""
        return " ".join((self.out + self.err).split())


@dataclass
class Stack:
    """A copy of a stack that is kept under `tests/data/release-0.1.0`, and an emulator with the same datasets."""

    name: str
    folder: Path
    emulator: Emulator
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._copy_program()
        # Each at the moment at which it was created, which its ARN ends in; the emulator gives each a later one.
        made = [each for project in self.world for each in (project, *project["datasets"])]
        for each in sorted(made, key=lambda one: _moment(one["arn"])):
            self.emulator.clock.freeze(_moment(each["arn"]))
            self._create(each)
        self.emulator.clock.resume()
        self._calls = len(self.emulator.calls)

    @property
    def world(self) -> list[dict[str, Any]]:
        """The projects with their datasets and lines, as the service listed them when 0.1.0 had ended."""
        projects: list[dict[str, Any]] = json.loads((RELEASE / self.name / "world.json").read_text())
        return projects

    @property
    def sent(self) -> list[str]:
        """The operations since the stack was there that change something at the service."""
        later = self.emulator.calls[self._calls :]
        return [call.operation for call in later if not call.operation.startswith(("Describe", "List"))]

    def preview(self, *flags: str, expected: int = 0) -> Ended:
        """`pulumi preview` in a script."""
        return self.engine("preview", *flags, expected=expected)

    def due(self) -> set[str]:
        """The resources that a preview would not leave as they are, by name."""
        steps = json.loads(self.preview("--json").out)["steps"]
        return {step["urn"].rpartition("::")[2] for step in steps if step["op"] != "same"}

    def up(self, *flags: str, expected: int = 0) -> Ended:
        """`pulumi up` in a script."""
        return self.engine("up", "--yes", "--skip-preview", *flags, expected=expected)

    def drift(self, expected: int = 0) -> Ended:
        """The drift run of a scheduled job."""
        return self.engine("refresh", "--preview-only", "--expect-no-changes", expected=expected)

    def destroy(self, expected: int = 0) -> Ended:
        """`pulumi destroy` in a script."""
        return self.engine("destroy", "--yes", "--skip-preview", expected=expected)

    def engine(self, *arguments: str, expected: int = 0) -> Ended:
        """A command of the local engine; a different exit code than the expected one fails the test."""
        ended = self._run("localengine", *arguments, "--stack", "dev", "--non-interactive")
        assert ended.code == expected, ended.out + ended.err
        return ended

    def reconciler(self, *arguments: str, expected: int | Literal["any"] = 0) -> Ended:
        """The command line with the emulator as its service; an unexpected exit code fails the test."""
        ended = self._run("reconciler", *arguments)
        assert expected in ("any", ended.code), ended.out + ended.err
        return ended

    def stored(self) -> dict[str, dict[str, Any]]:
        """The datasets in the state, by name."""
        return stored_in(self.folder / _STATE)

    def arn(self, project: str, kind: str = "train") -> str:
        """The ARN of a dataset at the service; empty when there is none."""
        found = self.emulator.client().describe_projects(ProjectNames=[project])["ProjectDescriptions"]
        datasets = [one for each in found for one in each["Datasets"]]
        return next((one["DatasetArn"] for one in datasets if one["DatasetType"] == kind.upper()), "")

    def live(self, project: str, kind: str = "train") -> dict[str, Any]:
        """What is live: the lines by source-ref, without what the service adds."""
        return _by_key(entry.line for entry in self.emulator.entries(self.arn(project, kind)))

    def was_live(self, project: str, kind: str = "train") -> dict[str, Any]:
        """What was live when 0.1.0 had ended, in the same form."""
        return _by_key(next(one["lines"] for one in self._datasets(project) if one["type"] == kind.upper()))

    def records(self) -> list[dict[str, Any]]:
        """The records of all applies."""
        files = sorted((self.folder / ".reconciler" / "audit").glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]

    def _datasets(self, project: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = next(one["datasets"] for one in self.world if f"/{project}/" in one["arn"])
        return found

    def _copy_program(self) -> None:
        """Names that begin with a dot are kept as `dot-...`; the address and the interpreter are those of this run."""
        source = RELEASE / self.name / "program"
        for path in (one for one in source.rglob("*") if one.is_file()):
            parts = (re.sub("^dot-", ".", part) for part in path.relative_to(source).parts)
            target = self.folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes().replace(_ADDRESS.encode(), self.emulator.url.encode())
            target.write_bytes(content.replace(b"virtualenv: .venv", f"virtualenv: {sys.prefix}".encode()))
            if ".reconciler" in target.parts:
                target.chmod(0o600)  # as 0.1.0 wrote it; git keeps no such mode

    def _create(self, one: dict[str, Any]) -> None:
        """A project, or a dataset with its lines."""
        client, name = self.emulator.client(), one["arn"].split("/")[1]
        if "type" not in one:
            assert client.create_project(ProjectName=name)["ProjectArn"] == one["arn"]
            return
        project = next(each["arn"] for each in self.world if f"/{name}/" in each["arn"])
        assert client.create_dataset(ProjectArn=project, DatasetType=one["type"])["DatasetArn"] == one["arn"]
        self.emulator.edit_entries(one["arn"], one["lines"])

    def _run(self, module: str, *arguments: str) -> Ended:
        command = [sys.executable, "-m", module, *arguments]
        done = prepared.run(command, self.folder, self._environment(), _SECONDS)
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ended.text, ended.text
        return ended

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", ""),
            **in_a_hurry(self.folder / ".site"),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "PULUMI_CONFIG_PASSPHRASE": "",
            **dict(zip(names()["variables"]["service"], (self.emulator.url, "us-east-1"), strict=True)),
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **self.env,
        }


def names() -> dict[str, Any]:
    """Every name of 0.1.0 that may be in a state, a file, a script or a stack configuration."""
    document: dict[str, Any] = json.loads((RELEASE / "names.json").read_text())
    return document


def stored_in(state: Path) -> dict[str, dict[str, Any]]:
    """The datasets in a state file, by name."""
    resources = json.loads(state.read_text())["deployment"]["resources"]
    return {one["urn"].rpartition("::")[2]: one for one in resources if one["type"] == DATASET}


def _moment(arn: str) -> float:
    return int(arn.rpartition("/")[2]) / 1000


def _by_key(lines: Iterable[str | bytes]) -> dict[str, Any]:
    documents = [json.loads(line) for line in lines]
    return {
        one["source-ref"]: {name: value for name, value in one.items() if not name.startswith("cl-")}
        for one in documents
    }
