"""The provider of the lab: keeps things in a JSON file and fails and waits on request."""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from google.protobuf import any_pb2, struct_pb2
from google.rpc import status_pb2
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pulumi.runtime.proto import provider_pb2

Props = dict[str, Any]

LIVE = Path(os.environ["TRACE_LIVE"])
LOCK = threading.RLock()
PATIENCE = 30.0


def load() -> Props:
    """What exists."""
    return json.loads(LIVE.read_text()) if LIVE.exists() else {}


def change(name: str, value: object) -> None:
    """Make, change or (None) remove a thing."""
    with LOCK:
        live = load()
        live.pop(name, None)
        LIVE.write_text(json.dumps(live | ({} if value is None else {name: value})))


def wait(props: Props, moment: str) -> None:
    """Wait for the test's file `go`, if the inputs name this operation."""
    if props.get("wait") != moment:
        return
    mark = LIVE.with_name(f"{props['name']}.{moment}")
    mark.touch()
    deadline = time.monotonic() + PATIENCE
    while not LIVE.with_name("go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def half_done(resource_id: str, props: Props) -> None:
    """Fail after a partial change: with a status in the trailers of the error."""
    frame: Any = sys._getframe()
    while not hasattr(frame.f_locals.get("context"), "set_trailing_metadata"):
        frame = frame.f_back
    properties = struct_pb2.Struct()
    properties.update(props)
    failed = provider_pb2.ErrorResourceInitFailed(id=resource_id, properties=properties, reasons=["one", "two"])
    packed = any_pb2.Any()
    packed.Pack(failed)
    status = status_pb2.Status(code=2, message="half done", details=[packed])
    trailer = (("grpc-status-details-bin", status.SerializeToString()),)
    frame.f_locals["context"].set_trailing_metadata(trailer)
    raise RuntimeError("half done")


def settings(props: Props) -> Props:
    """The inputs that a diff compares."""
    return {key: value for key, value in props.items() if key not in ("__provider", "made")}


class LabProvider(ResourceProvider):
    """A thing is replaced when `key` changes, updated when anything else does."""

    serialize_as_secret_always = False

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Report about what `wrong` lists."""
        failures = [CheckFailure(key, f"{key} is wrong") for key in news.get("wrong", [])]
        if "checked" in news:
            news["checked"] = "yes"
        return CheckResult(news, failures)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Compare all inputs; `silent` returns no change, `unsure` returns None."""
        if news.get("silent"):
            return DiffResult(changes=False)
        if news.get("unsure"):
            return DiffResult(changes=None)
        changed = settings(olds) != settings(news) or isinstance(news.get("key"), Unknown)
        replaces = ["key"] if olds.get("key") != news.get("key") else []
        first = news.get("first", True)
        return DiffResult(changes=changed, replaces=replaces, delete_before_replace=first)

    def create(self, props: Props) -> CreateResult:
        """Make a thing."""
        wait(props, "create")
        name = props["name"]
        if props.get("print"):
            print("printed by the provider", flush=True)  # noqa: T201 - what a provider should not do
        if "create" in props.get("fails", []):
            raise RuntimeError("no room for it")
        change(name, settings(props))
        outs = {**props, "made": f"{name} {props.get('key', '')}".strip()}
        if "half-create" in props.get("fails", []):
            half_done(name, outs)
        return CreateResult(name, outs)

    def update(self, id_: str, _olds: Props, news: Props) -> UpdateResult:
        """Change a thing."""
        wait(news, "update")
        if "half-update" in news.get("fails", []):
            half_done(id_, {**news, "made": "half"})
        change(id_, settings(news))
        return UpdateResult({**news, "made": f"{id_} {news.get('key', '')}".strip()})

    def read(self, id_: str, props: Props) -> ReadResult:
        """Read a thing."""
        live = load()
        if id_ not in live:
            return ReadResult("", {})
        if live[id_] == "unreadable":
            raise RuntimeError("cannot look")
        return ReadResult(id_, {**props, **live[id_]})

    def delete(self, id_: str, props: Props) -> None:
        """Remove a thing."""
        wait(props, "delete")
        if "delete" in props.get("fails", []):
            raise RuntimeError("it is nailed down")
        change(id_, None)
