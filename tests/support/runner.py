"""A small runner of jobs: the shell of `action.yml` and of workflows, run as a runner of the forge runs it.

Actions of others are not run: of the two that the Action uses, one sets Python up, and the other keeps an artifact,
which the stand-in for the forge does. Expressions are the few that these files use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from jsonschema import Draft7Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.forge import Forge

ROOT: Final = Path(__file__).parents[2]
ACTION: Final = yaml.safe_load((ROOT / "action.yml").read_text())
_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKENS: Final = re.compile(r"'[^']*'|[A-Za-z_][\w.-]*|==|!=|&&|\|\||!|[()]")
_WORDS: Final = {"&&": " and ", "||": " or ", "!": " not "}


def evaluated(text: str, contexts: Mapping[str, Any]) -> str:
    """A text with its expressions replaced by their values, as the forge writes them."""
    return _EXPRESSION.sub(lambda match: _written(value_of(match[1], contexts)), text)


def value_of(expression: str, contexts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value
    """The value of an expression; a name that is not known is an empty text."""
    names: dict[str, Any] = {}

    def token(match: re.Match[str]) -> str:
        word = match[0]
        if word[0] == "'" or word in {"==", "!=", "(", ")"}:
            return word
        if word in _WORDS:
            return _WORDS[word]
        names[name := f"v{len(names)}"] = _looked_up(word, contexts)
        return name

    return eval(_TOKENS.sub(token, expression.strip()), {"__builtins__": {}}, names)  # noqa: S307 - our own workflows


def _looked_up(name: str, contexts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value
    found: Any = contexts
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    return found


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def faults(schema: str, document: object) -> list[str]:
    """What a published schema says against a document."""
    validator = Draft7Validator(json.loads((ROOT / "tests" / "data" / "schemas" / schema).read_text(encoding="utf-8")))
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(document)]


def loaded(path: Path) -> Any:  # noqa: ANN401 - any YAML
    """A file of YAML; `on`, which YAML 1.1 reads as true, is a name again."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if True in found:
        found["on"] = found.pop(True)
    return found


def scripts(steps: list[dict[str, Any]]) -> Iterator[str]:
    """The shell of steps."""
    yield from (step["run"] for step in steps if "run" in step)


def shellcheck(text: str) -> str:
    """What ShellCheck says of a script, for bash unless it names another shell itself."""
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert program, "make setup installs shellcheck"
    script = text if text.startswith("#!") else f"#!/usr/bin/env bash\n{text}\n"
    return subprocess.run([program, "-"], input=script, capture_output=True, text=True, check=False).stdout


@dataclass
class Job:
    """What a job left: its exit code, log, outputs and summary."""

    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Runner:
    """A runner for a folder: its environment holds what is the same for all its jobs."""

    folder: Path
    temporary: Path
    forge: Forge
    environ: dict[str, str]

    def act(self, event: str, payload: Mapping[str, Any], inputs: Mapping[str, str]) -> Job:
        """Run the Action with inputs for an event."""
        job = Job()
        contexts, around = self._surroundings(event, payload)
        given = {name: evaluated(str(one.get("default", "")), contexts) for name, one in ACTION["inputs"].items()}
        given |= inputs
        assert set(given) == set(ACTION["inputs"])
        contexts["inputs"] = given
        for step in ACTION["runs"]["steps"]:
            if not job.code and ("if" not in step or value_of(step["if"], contexts)):
                self._step(step, contexts, around, job)
        job.outputs = {name: evaluated(one["value"], contexts) for name, one in ACTION["outputs"].items()}
        return job

    def shell(self, script: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as a step of a workflow runs it."""
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(command, cwd=self.folder, env={**environ}, capture_output=True, text=True, check=False)

    def _surroundings(self, event: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        self.temporary.mkdir(exist_ok=True)
        file = self.temporary / "event.json"
        file.write_text(json.dumps(payload))
        base = ((payload.get("pull_request") or {}).get("base") or {}).get("ref", "")
        around = {
            **self.environ,
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_BASE_REF": base,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REPOSITORY": "acme/labels",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_SHA": self.head(),
            "RUNNER_TEMP": str(self.temporary),
            "FORGE": self.forge.url,
        }
        return {"github": {"event_name": event, "token": "secret-token"}, "steps": {}}, around

    def head(self) -> str:
        """The commit that is checked out."""
        command = ["git", "-C", str(self.folder), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def _step(self, step: Mapping[str, Any], contexts: dict[str, Any], around: dict[str, str], job: Job) -> None:
        if "uses" in step:
            outputs = self._used(step, contexts, around)
        else:
            assert "${{" not in step["run"], "an input in the text of a shell"
            outputs = self._ran(step, contexts, around, job)
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": outputs}

    def _used(self, step: Mapping[str, Any], contexts: dict[str, Any], around: dict[str, str]) -> dict[str, str]:
        if "upload-artifact" not in step["uses"]:
            return {}
        given = {name: evaluated(str(value), contexts) for name, value in step["with"].items()}
        event = json.loads(Path(around["GITHUB_EVENT_PATH"]).read_text())
        head = event["pull_request"]["head"]["sha"] if "pull_request" in event else around["GITHUB_SHA"]
        return {"artifact-url": self.forge.upload(given["name"], Path(given["path"]), head)}

    def _ran(
        self, step: Mapping[str, Any], contexts: dict[str, Any], around: dict[str, str], job: Job
    ) -> dict[str, str]:
        files = {name: self.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        given = {name: evaluated(str(value), contexts) for name, value in step.get("env", {}).items()}
        done = self.shell(step["run"], {**around, **given, **{name: str(file) for name, file in files.items()}})
        job.code, job.log = done.returncode, job.log + done.stdout + done.stderr
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        return _outputs(files["GITHUB_OUTPUT"].read_text())


def _outputs(text: str) -> dict[str, str]:
    """Outputs, as `name=value` or between two marks."""
    found = {match[1]: match[3] for match in re.finditer(r"(?ms)^([\w-]+)<<(\S+)\n(.*?)\n\2$", text)}
    return found | dict(re.findall(r"(?m)^([\w-]+)=(.*)$", text))


def environment(extra: Mapping[str, str], tools: Path) -> dict[str, str]:
    """The environment of a runner: that of the test, with the stand-in for `gh` first on PATH."""
    return {**os.environ, **extra, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
