"""The commands of `reconciler` that a step runs, each with the same options."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from action import forge
from action.inputs import Inputs

_AUDIENCE: Final = "sts.amazonaws.com"
_SECONDS: Final = 30
# Keys that boto3 would prefer to a role.
_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
NONE: Final[Mapping[str, Any]] = {}


def run(inputs: Inputs, command: str, *arguments: str, account: bool = False, to: Path | None = None) -> int:
    """Run a command and return its exit code; standard output goes to a file with `to`, else to the log.

    With `account` the command signs in first, and gets the options that say where live is and what is kept.
    """
    given = [*arguments, *(_options(inputs, command) if account else ())]
    signed = _signed_in(inputs) if account else {}
    environ = {name: value for name, value in os.environ.items() if not (signed and name in _KEYS)} | signed
    environ.pop("PYTHONPATH", None)
    words = [sys.executable, "-P", "-m", "reconciler", command, *given]
    with forge.inert():
        print(f"$ reconciler {command} {shlex.join(given)}", flush=True)
        with to.open("wb") if to else nullcontext() as file:
            return subprocess.run(words, env=environ, check=False, stdout=file).returncode


def _options(inputs: Inputs, command: str) -> Iterator[str]:
    """Where live is, and the places that outlive the runner."""
    names = ("stage", "region", "snapshots", "audit")
    yield from (f"--{name}={value}" for name in names if (value := inputs.get(name)))
    yield from chosen(inputs)
    if command == "drift" and inputs.get("base"):
        yield f"--base={inputs.get('base')}"


def chosen(inputs: Inputs) -> list[str]:
    """The options that name the folder and the projects."""
    names = inputs.get("projects").replace(",", " ").split()
    return [f"--datasets={inputs.datasets}", *(f"--project={name}" for name in names)]


def _signed_in(inputs: Inputs) -> dict[str, str]:
    """The variables by which boto3 takes the role with a token of this job; none where no role is named.

    A token lives for minutes, so every command gets its own. Source: GitHub Docs, "OpenID Connect reference"; AWS SDKs
    and Tools Reference Guide, "Assume role with web identity".
    """
    address = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    if not (inputs.get("role") and address):
        return {}
    secret = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    request = Request(f"{address}&audience={_AUDIENCE}", headers={"Authorization": f"bearer {secret}"})  # noqa: S310 - the runner's own address
    with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - likewise
        token = str(json.load(answer)["value"])
    print(f"::add-mask::{token}", flush=True)
    file = Path(os.environ.get("RUNNER_TEMP") or ".") / "reconciler-token"
    file.touch(mode=0o600)
    file.write_text(token, encoding="utf-8")
    name = f"reconciler-{os.environ.get('GITHUB_RUN_ID', '0')}"
    return {
        "AWS_ROLE_ARN": inputs.get("role"),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
        "AWS_ROLE_SESSION_NAME": name,
    }


def document(file: Path) -> Mapping[str, Any]:
    """A saved plan; empty where none was written."""
    try:
        found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return NONE
    return found
