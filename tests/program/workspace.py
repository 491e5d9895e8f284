"""A Pulumi program in a folder of its own, its stack on the emulator, run by the local engine as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localengine.state.passphrase import Crypter
from tests.support import prepared
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rekognition_emulator import Emulator

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 90.0
DRIFT_RUN = ("refresh", "--preview-only", "--expect-no-changes", "--non-interactive")
DRIFT = 7


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return self.out + self.err


@dataclass
class Workspace:
    """A program folder with a stack; `python` runs program and provider, this process's Python the engine."""

    folder: Path
    emulator: Emulator
    python: str = sys.executable
    stack: str = "dev"
    env: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def copy_program(self) -> None:
        """This repository's program, without its datasets."""
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(REPOSITORY / name, self.folder / name)
        self.point_at_interpreter()

    def point_at_interpreter(self) -> None:
        """Have Pulumi.yaml name the environment of this test run."""
        settings = self.folder / "Pulumi.yaml"
        environment = Path(self.python).parent.parent
        settings.write_text(settings.read_text().replace("virtualenv: .venv", f"virtualenv: {environment}"))

    def configure(self, values: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None) -> None:
        """The stack's settings: the emulator's endpoint, `values`, and secrets sealed with the empty passphrase."""
        crypter = Crypter("", None)
        config: dict[str, object] = {
            "aws:region": "us-east-1",
            "aws:skipCredentialsValidation": "true",
            "aws:skipRequestingAccountId": "true",
            "aws:endpoints": [{"rekognition": self.emulator.url}],
            "reconciler:endpointUrl": self.emulator.url,
            **(values or {}),
            **{key: {"secure": crypter.encrypt(value)} for key, value in (secrets or {}).items()},
        }
        salt = {"encryptionsalt": crypter.state} if secrets else {}
        (self.folder / f"Pulumi.{self.stack}.yaml").write_text(json.dumps({**salt, "config": config}))

    def declare(self, folder: str, settings: Mapping[str, object], **manifests: Mapping[str, Sequence[str]]) -> None:
        """A folder under `datasets/`: project.yaml, and a YAML manifest for `train` or `test`: image -> labels."""
        here = self.folder / "datasets" / folder
        here.mkdir(parents=True, exist_ok=True)
        (here / "project.yaml").write_text(json.dumps(settings))
        for kind, entries in manifests.items():
            self.write(f"datasets/{folder}/{kind}.yaml", entries)

    def write(self, manifest: str, entries: Mapping[str, Sequence[str]]) -> None:
        """Write a YAML manifest, an entry a line."""
        lines = [f"  - {json.dumps({'image': image, 'labels': list(labels)})}" for image, labels in entries.items()]
        text = "\n".join(["images: s3://acme-vision/images/", "entries:" if lines else "entries: []", *lines, ""])
        path = self.folder / manifest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def forget(self, folder: str) -> None:
        """Take a folder out of `datasets/`."""
        shutil.rmtree(self.folder / "datasets" / folder)

    def run(self, *arguments: str, expected: int = 0) -> Result:
        """Run a command of the local engine; a different exit code than the expected one fails the test."""
        command = [sys.executable, "-m", "localengine", *arguments, "--stack", self.stack]
        # What Python compiled of a program counts while its size and second are the same; tests rewrite one in less.
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)
        done = prepared.run(command, self.folder, self.environment(), SECONDS)
        result = Result(done.returncode, done.stdout, done.stderr)
        self.printed.append(result.text)
        assert result.code == expected, result.text
        return result

    def start(self, launcher: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the local engine by a few lines of Python; the caller waits for it."""
        return subprocess.Popen(
            [sys.executable, "-c", launcher, *arguments, "--stack", self.stack],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def preview(self, *flags: str, expected: int = 0) -> Result:
        """`pulumi preview` in a script."""
        return self.run("preview", "--non-interactive", *flags, expected=expected)

    def up(self, expected: int = 0) -> Result:
        """`pulumi up` in a script."""
        return self.run("up", "--yes", "--skip-preview", "--non-interactive", expected=expected)

    def drift(self, expected: int = 0) -> Result:
        """The scheduled drift run."""
        return self.run(*DRIFT_RUN, expected=expected)

    def destroy(self, expected: int = 0) -> Result:
        """`pulumi destroy` in a script."""
        return self.run("destroy", "--yes", "--skip-preview", "--non-interactive", expected=expected)

    @property
    def state_text(self) -> str:
        """The state file."""
        path = self.folder / ".localengine" / f"{self.stack}.json"
        return path.read_text() if path.exists() else ""

    def resources(self) -> dict[str, dict[str, Any]]:
        """The stored resources by name, without the stack and the providers."""
        if not self.state_text:
            return {}
        stored = json.loads(self.state_text)["deployment"]["resources"]
        return {one["urn"].rpartition("::")[2]: one for one in stored if not one["type"].startswith("pulumi:p")}

    def types(self) -> list[str]:
        """The types of all stored resources, providers included."""
        return [one["type"] for one in json.loads(self.state_text)["deployment"]["resources"]]

    def projects(self) -> dict[str, dict[str, str]]:
        """What the service has: project name -> dataset type -> ARN."""
        found = self.emulator.client().describe_projects()["ProjectDescriptions"]
        return {
            one["ProjectArn"].split("/")[1]: {each["DatasetType"]: each["DatasetArn"] for each in one["Datasets"]}
            for one in found
        }

    def create_project(self, name: str) -> str:
        """A project made by somebody else; gives its ARN."""
        return str(self.emulator.client().create_project(ProjectName=name)["ProjectArn"])

    def live(self, project: str, kind: str = "TRAIN") -> dict[str, list[str]]:
        """What is live: image name -> labels."""
        documents = [json.loads(entry.line) for entry in self.emulator.entries(self.projects()[project][kind])]
        return {
            one["source-ref"].rpartition("/")[2]: sorted(
                value["class-name"] for value in one.values() if isinstance(value, dict) and "class-name" in value
            )
            for one in documents
        }

    def environment(self) -> dict[str, str]:
        """The variables that a command sees."""
        own = {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", ""),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "PULUMI_CONFIG_PASSPHRASE": "",
        }
        if self.python == sys.executable:
            own |= in_a_hurry(self.folder / ".site")
            own |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        return own | self.env
