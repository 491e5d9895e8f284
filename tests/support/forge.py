"""A stand-in for a forge: its API on a port of this machine, which keeps what it was told and records every request.

`gh`, a stand-in for the forge's command line, sends to it what the Action gives to `gh api`.
"""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit
from zipfile import ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from io import BufferedIOBase
    from pathlib import Path

_BOT: Final = {"login": "github-actions[bot]", "type": "Bot"}
# What the Action uses of `gh`: `gh api --method METHOD [--input -] PATH`.
_GH: Final = """#!{python}
import os, sys, urllib.error, urllib.request
words = sys.argv[1:]
assert words[:2] == ["api", "--method"], words
body = sys.stdin.buffer.read() if words[3:5] == ["--input", "-"] else None
request = urllib.request.Request(os.environ["FORGE"] + "/" + words[-1], data=body, method=words[2])
request.add_header("Content-Type", "application/json")
request.add_header("Authorization", "token " + os.environ.get("GH_TOKEN", ""))
try:
    with urllib.request.urlopen(request) as answer:
        sys.stdout.buffer.write(answer.read())
except urllib.error.HTTPError as error:
    sys.exit(f"gh: {{error.reason}} (HTTP {{error.code}})")
"""


@dataclass
class Forge:
    """What the forge holds of one repository, `acme/labels`; `asked` are the requests, as `METHOD PATH`."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    merged: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def merge(self, commit: str, number: int, head: str) -> None:
        """Say that a commit merged a pull request whose last commit was `head`."""
        pull = {"number": number, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": head}}
        self.merged[commit] = [pull]

    def upload(self, name: str, folder: Path, head: str) -> str:
        """Keep a folder as an artifact of a run for a commit; its address."""
        content = io.BytesIO()
        with ZipFile(content, "w") as files:
            for path in sorted(folder.iterdir()):
                files.write(path, path.name)
        number = len(self.artifacts) + 1
        run = {"head_sha": head}
        kept = {"id": number, "name": name, "expired": False, "created_at": f"{number:04}", "workflow_run": run}
        self.artifacts.append({**kept, "content": content.getvalue()})
        return f"https://forge.example/acme/labels/actions/runs/1/artifacts/{number}"

    def answer(self, method: str, address: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status and the body of an answer."""
        self.asked.append(f"{method} {address}")
        parts, path = urlsplit(address), urlsplit(address).path.removeprefix("/repos/acme/labels/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, answer in _ROUTES:
            if match := re.fullmatch(pattern, f"{method} {path}"):
                given: tuple[int, Any] = answer(self, match, query, body)
                return given
        return self._note(method, path, body)

    def _signed_in(self, body: dict[str, Any]) -> bytes:
        """What STS answers to who has the token of this forge."""
        assert body["WebIdentityToken"] == "token-of-a-job"
        keys = "".join(f"<{name}>emulator</{name}>" for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        keys += "<Expiration>2099-01-01T00:00:00Z</Expiration>"
        result = f"<AssumeRoleWithWebIdentityResult><Credentials>{keys}</Credentials></AssumeRoleWithWebIdentityResult>"
        return f"<AssumeRoleWithWebIdentityResponse>{result}</AssumeRoleWithWebIdentityResponse>".encode()

    def _note(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What GitLab answers about the notes of a merge request; and what a job signs in to AWS with."""
        if path == "/" and method == "POST":
            self.roles.append(body["RoleArn"])
            return 200, self._signed_in(body)
        if path == "/token":
            return 200, {"value": "token-of-a-job"}
        if not path.startswith("/projects/5/merge_requests/7/notes"):
            return 404, {"message": "Not Found"}
        if method == "POST":
            self.notes.append({"id": 40 + len(self.notes), **body})
        if method == "PUT":
            _changed(self.notes, "id", path.rpartition("/")[2], body)
        return 200, self.notes if method == "GET" else self.notes[-1]


def _chunks(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """The body of a request, whole or, as gh sends it, in chunks."""
    if headers.get("Transfer-Encoding") != "chunked":
        yield stream.read(int(headers.get("Content-Length") or 0))
        return
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


def _listed(items: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    return items[size * (page - 1) : size * page]


def _changed(items: list[dict[str, Any]], key: str, number: str, body: dict[str, Any]) -> tuple[int, Any]:
    one = next(one for one in items if one[key] == int(number))
    one.update(body)
    return 200, one


def _added(items: list[dict[str, Any]], key: str, body: dict[str, Any]) -> tuple[int, Any]:
    items.append({key: len(items) + 1, "user": _BOT, **body})
    return 201, items[-1]


_ROUTES: Final[list[tuple[str, Any]]] = [
    (r"GET issues/\d+/comments", lambda forge, _match, query, _body: (200, _listed(forge.comments, query))),
    (r"POST issues/\d+/comments", lambda forge, _match, _query, body: _added(forge.comments, "id", body)),
    (
        r"PATCH issues/comments/(\d+)",
        lambda forge, match, _query, body: _changed(forge.comments, "id", match[1], body),
    ),
    (
        "GET issues",
        lambda forge, _match, query, _body: (
            200,
            _listed(
                [
                    one
                    for one in forge.issues
                    if one["state"] == "open" and query.get("labels", "") in {"", *one["labels"]}
                ],
                query,
            ),
        ),
    ),
    ("POST issues", lambda forge, _match, _query, body: _added(forge.issues, "number", {"state": "open", **body})),
    (
        r"PATCH issues/(\d+)",
        lambda forge, match, _query, body: _changed(forge.issues, "number", match[1], body),
    ),
    (
        "POST statuses/(.+)",
        lambda forge, match, _query, body: _added(forge.statuses, "id", {"sha": match[1], **body}),
    ),
    ("GET commits/(.+)/pulls", lambda forge, match, _query, _body: (200, forge.merged.get(match[1], []))),
    (
        "GET actions/artifacts",
        lambda forge, _match, query, _body: (
            200,
            {
                "artifacts": [
                    {name: value for name, value in one.items() if name != "content"}
                    for one in _listed([one for one in forge.artifacts if one["name"] == query["name"]], query)
                ]
            },
        ),
    ),
    (
        r"GET actions/artifacts/(\d+)/zip",
        lambda forge, match, _query, _body: (200, forge.artifacts[int(match[1]) - 1]["content"]),
    ),
]


@contextmanager
def served(folder: Path) -> Iterator[Forge]:
    """A context manager with a forge that answers, and with its `gh` in a folder."""
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            content = b"".join(_chunks(self.rfile, self.headers)).decode()
            is_form = "urlencoded" in self.headers.get("Content-Type", "")
            body = dict(parse_qsl(content)) if is_form else json.loads(content or "{}")
            address = self.path.removeprefix("http://api.github.localhost")
            status, answer = forge.answer(self.command, address, body)
            said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_words: object) -> None:
            """Nothing: `asked` has the requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    gh = folder / "gh"
    gh.write_text(_GH.format(python=sys.executable))
    gh.chmod(0o755)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
