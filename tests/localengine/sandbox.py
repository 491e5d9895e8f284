"""A program in its own folder, run by the local engine as a user runs it: a process, its output, its state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localengine.state.passphrase import Crypter
from tests.support import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(__file__).with_name("data")
SECONDS = 60.0

Json = dict[str, Any]


@cache
def sandbox_crypter() -> Crypter:
    """The crypter of all sandboxes: one derivation of the key (0.2 s) for each test process."""
    return Crypter("", None)


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Sandbox:
    """A copy of a program with a stack `dev`, an empty state and no access to the user's own settings."""

    program: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def live(self) -> Path:
        """The JSON file that the sample providers keep."""
        return self.program.parent / "live.json"

    @property
    def trace(self) -> Path:
        """The record of every call of the last command."""
        return self.program.parent / "calls.jsonl"

    @property
    def state_file(self) -> Path:
        """The stack's state."""
        return self.program / ".localengine" / "dev.json"

    def declare(self, *resources: Mapping[str, object]) -> None:
        """Set the resources that the program declares."""
        (self.program / "spec.json").write_text(json.dumps(resources), encoding="utf-8")

    def configure(self, values: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> None:
        """Write the stack's settings, secrets sealed with the empty passphrase."""
        crypter = sandbox_crypter()
        lines = [f"  {key}: {json.dumps(value)}" for key, value in values.items()]
        lines += [f"  {key}:\n    secure: {crypter.encrypt(value)}" for key, value in (secrets or {}).items()]
        salt = [f"encryptionsalt: {crypter.state}"] if secrets else []
        text = "\n".join([*salt, *(["config:", *lines] if lines else []), ""])
        (self.program / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """A command for this program, before which the record of the last one is removed."""
        self.trace.unlink(missing_ok=True)
        return [sys.executable, "-m", "localengine", *arguments, "--cwd", str(self.program)]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in its own session."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=REPOSITORY,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> Result:
        """Run a command to its end; what it leaves running has the program's folder as its own."""
        done = prepared.run(self.command(*arguments), REPOSITORY, self.environment(), SECONDS)
        return Result(done.returncode, done.stdout, done.stderr)

    def environment(self) -> dict[str, str]:
        """The environment of a command, without the user's settings."""
        own = {
            "HOME": str(self.program.parent),
            "PATH": os.environ.get("PATH", ""),
            "TRACE_LIVE": str(self.live),
            "LOCALENGINE_TRACE": str(self.trace),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        return own | self.env

    def calls(self) -> list[Json]:
        """Every call of the last command."""
        if not self.trace.exists():
            return []
        return [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines()]

    def provider_calls(self, *methods: str) -> list[str]:
        """`Check a`, `Create a`, ...: the provider's calls about resources, in order."""
        asked = [
            (call["call"].split("/")[1], call["request"]["urn"].split("::")[-1])
            for call in self.calls()
            if call["phase"] == "request" and call["call"].startswith("ResourceProvider/") and "urn" in call["request"]
        ]
        wanted = methods or ("Check", "Diff", "Create", "Update", "Read", "Delete")
        return [f"{method} {name}" for method, name in asked if method in wanted]

    def resources(self) -> list[Json]:
        """The stored resources."""
        if not self.state_file.exists():
            return []
        document = json.loads(self.state_file.read_text(encoding="utf-8"))
        resources: list[Json] = document["deployment"]["resources"]
        return resources

    def state_text(self) -> str:
        """The stack's state file; empty when there is none."""
        return self.state_file.read_text(encoding="utf-8") if self.state_file.exists() else ""

    def pending_operations(self) -> list[Json]:
        """The pending operations."""
        document = json.loads(self.state_text() or "{}")
        pending: list[Json] = document.get("deployment", {}).get("pending_operations", [])
        return pending

    def edit_live(self, edit: Json) -> None:
        """Change the provider's file outside the engine: `set` some keys, `remove` others."""
        if edit:
            live = (self.read_live() or {}) | edit.get("set", {})
            kept = {key: value for key, value in live.items() if key not in edit.get("remove", [])}
            self.live.write_text(json.dumps(kept), encoding="utf-8")

    def resource(self, name: str) -> Json:
        """One stored resource by its name."""
        return next(resource for resource in self.resources() if resource["urn"].endswith(f"::{name}"))

    def names(self) -> list[str]:
        """The names of the stored resources, without the stack and the providers."""
        return [
            resource["urn"].split("::")[-1]
            for resource in self.resources()
            if not resource["type"].startswith("pulumi:p")
        ]

    def read_live(self) -> Json | None:
        """The content of the provider's file."""
        if not self.live.exists():
            return None
        content: Json = json.loads(self.live.read_text(encoding="utf-8"))
        return content

    def processes(self) -> list[str]:
        """The command lines, or folders, of processes with this sandbox in their environment, arguments or folder."""
        listing = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=True)  # noqa: S607 - wherever the system has ps
        mark = str(self.program.parent)
        told = [line for line in listing.stdout.splitlines() if mark in line and "ps axeww" not in line]
        return told or [folder for folder in folders() if mark in folder]


def folders() -> Iterator[str]:
    """The folders of all processes, where the system tells them; a zombie has none."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            yield str(link.readlink())


def finish(process: subprocess.Popen[str]) -> Result:
    """Wait for a command; one that hangs is killed and fails the test."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"the command did not end:\n{out}\n{err}") from None
    return Result(process.returncode, out, err)


def lines_of(text: str, *starts: str) -> list[str]:
    """The lines that start with one of `starts`, blanks aside."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith(tuple(starts))]


def as_pulumi(arguments: Sequence[str]) -> list[str]:
    """The flags the recorded commands were run with."""
    changes = arguments[0] != "preview" and "--preview-only" not in arguments
    return [*arguments, *(["--yes", "--skip-preview"] if changes else [])]
