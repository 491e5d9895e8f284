"""The forge: its API through `gh`, its files for outputs and summaries, its annotations."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import urlsplit

_PAGE: Final = 100
_PAGES: Final = 20
# A summary of a step has at most 1 MiB. Source: GitHub Docs, "Workflow commands", job summaries.
_SUMMARY: Final = 1_000_000
_ADDRESS: Final = re.compile(r"https?://[^\s()<>\"]+")


class ForgeError(Exception):
    """The forge refused a request, or `gh` is not there."""


def api(path: str, method: str = "GET", **fields: object) -> Any:  # noqa: ANN401 - the JSON of many answers
    """The answer of the forge's API; fields are its JSON body.

    Raises:
        ForgeError: with what `gh` said.
    """
    answer = raw(path, method, **fields)
    return json.loads(answer) if answer.strip() else None


def raw(path: str, method: str = "GET", **fields: object) -> bytes:
    """The bytes of an answer.

    Raises:
        ForgeError: with what `gh` said.
    """
    body = ["--input", "-"] if fields else []
    command = ["gh", "api", "--method", method, *body, path]
    given = json.dumps(fields).encode() if fields else None
    server = urlsplit(os.environ.get("GITHUB_SERVER_URL", "")).netloc
    token = os.environ.get("GH_TOKEN", "")  # under this name only github.com takes it
    environ = {"GH_HOST": server or "github.com", "GH_ENTERPRISE_TOKEN": token, **os.environ}
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False, env=environ)
    except OSError as error:
        raise ForgeError(f"gh cannot be started: {error}") from None
    if done.returncode:
        raise ForgeError(f"{method} {path}: {' '.join(done.stderr.decode('utf-8', 'replace').split())[:500]}")
    return done.stdout


def pages(path: str, member: str = "") -> Iterator[Mapping[str, Any]]:
    """The items of a list, page after page; `member` is the one of each page that holds them.

    Raises:
        ForgeError: with what `gh` said.
    """
    sign = "&" if "?" in path else "?"
    for number in range(1, _PAGES + 1):
        answer = api(f"{path}{sign}per_page={_PAGE}&page={number}")
        items = answer[member] if member else answer
        yield from items
        if len(items) < _PAGE:
            return


def output(**values: str) -> None:
    """Set outputs of the step; a value of several lines is one too."""
    path = os.environ.get("GITHUB_OUTPUT")
    for name, value in values.items() if path else ():
        end = f"end-{token_hex(8)}"
        with Path(path or "").open("a", encoding="utf-8") as file:
            file.write(f"{name.replace('_', '-')}<<{end}\n{value}\n{end}\n")


def summary(text: str) -> None:
    """Add Markdown to the summary of the job; what is beyond its limit is said."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    if len(text.encode()) > _SUMMARY:
        text = f"{text.encode()[:_SUMMARY].decode('utf-8', 'ignore')}\n\n**Cut to fit**; the artifact has all of it.\n"
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def tell(level: str, text: str) -> None:
    """An annotation of the job: `notice`, `warning` or `error`. Source: actions/toolkit, packages/core, command."""
    for sign in ("%", "\r", "\n"):
        text = text.replace(sign, f"%{ord(sign):02X}")
    print(f"::{level} title=labels::{text}", flush=True)


@contextmanager
def inert() -> Iterator[None]:
    """A context manager in which a line of the log is never a command of the runner, whatever a manifest holds.

    Source: GitHub Docs, "Workflow commands", stopping and starting workflow commands.
    """
    token = token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        print(f"::{token}::", flush=True)


def address(text: str) -> str:
    """The text if it is an address that Markdown can hold, else ""."""
    return text if _ADDRESS.fullmatch(text) else ""
