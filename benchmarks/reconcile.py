"""Plan and apply on the emulator: seconds, calls, peak memory. `make bench`, or `make bench ENTRIES=250000`.

Every step runs in a process of its own, so that its peak memory is its own. Beside each is the same work done
barely (parse all lines into dictionaries; list all pages with boto3 and nothing else), measured in the same run: the
ratio says more than seconds on a machine that others share.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import boto3

from benchmarks.lines import write
from reconciler.apply import Context, Target, observe, plan_against_live
from reconciler.apply import apply as carry_out
from reconciler.aws.calls import Calls
from reconciler.aws.clock import SystemClock
from reconciler.aws.connection import Connection
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects
from reconciler.errors import ReconcilerError
from reconciler.ledger import Ledger
from reconciler.manifest import read_manifest
from reconciler.model import DatasetDeclaration, DatasetType
from reconciler.policy import Policy
from reconciler.snapshots.places import keeper_for

REGION: Final = "us-east-1"


def main() -> None:
    """Run every step and print a table."""
    parser = argparse.ArgumentParser(description="Plan and apply on the emulator.")
    parser.add_argument("--entries", type=int, default=10_000, help="entries of the dataset (default: %(default)s)")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--manifest", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        _measure(STEPS[options.step], options.manifest, options.endpoint)
    else:
        _table(options.entries)


def _table(entries: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        manifest = Path(name) / "train.jsonl"
        size = write(manifest, entries)
        print(f"{entries:,} entries, {size / 1e6:.1f} MB, {size / entries:,.0f} bytes a line; emulator without latency")
        print(f"{'step':<44}{'seconds':>9}{'peak MB':>9}  calls")
        emulator, endpoint = _emulator()
        try:
            rows = {step: _child(step, manifest, endpoint) for step in STEPS}
        finally:
            emulator.terminate()
            emulator.wait(timeout=10)
    for step, row in rows.items():
        calls = ", ".join(f"{many:,} {operation}" for operation, many in sorted(row["calls"].items()))
        print(f"{step:<44}{row['seconds']:>9.2f}{row['peak']:>9.0f}  {calls}")
    for step, bare in (
        ("read the manifest", "parse all lines (bare)"),
        ("plan, nothing to do", "list all pages (bare)"),
    ):
        print(f"{step} : {bare} = {rows[step]['seconds'] / max(rows[bare]['seconds'], 1e-9):.1f} : 1")


def _emulator() -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "rekognition_emulator", "--port", "0", "--latency", "none"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout or ():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if name == "AWS_ENDPOINT_URL_REKOGNITION":
            return process, value
    raise SystemExit("the emulator did not start")


def _child(step: str, manifest: Path, endpoint: str) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.reconcile",
        "--step",
        step,
        "--manifest",
        str(manifest),
        "--endpoint",
        endpoint,
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _measure(step: Callable[[Path, str], dict[str, int]], manifest: Path, endpoint: str) -> None:
    start = time.monotonic()
    calls = step(manifest, endpoint)
    seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"seconds": seconds, "peak": peak, "calls": calls}))


def _nothing(_manifest: Path, _endpoint: str) -> dict[str, int]:
    return {}


def _parse(manifest: Path, _endpoint: str) -> dict[str, int]:
    with manifest.open("rb") as file:
        print(len([json.loads(line) for line in file]), file=sys.stderr)  # all held at once, as the simplest tool would
    return {}


def _read(manifest: Path, _endpoint: str) -> dict[str, int]:
    with Ledger() as ledger:
        _fill(ledger, manifest)
    return {}


def _fill(ledger: Ledger, manifest: Path) -> str | None:
    declaration = DatasetDeclaration(DatasetType.TRAIN, manifest, manifest.name)
    findings = read_manifest(declaration, None, ledger.accept)
    findings.raise_if_refused()
    return findings.bucket


def _reconcile(manifest: Path, endpoint: str, *, apply: bool) -> dict[str, int]:
    connection = Connection(access_key="benchmark", secret_key="benchmark", endpoints={"rekognition": endpoint})  # noqa: S106 - the emulator's
    clock, random = SystemClock(), Random(1)  # noqa: S311 - varies pauses
    gateway = Gateway(connection.client(REGION), Calls(clock, random))
    project = gateway.find_project("benchmark")
    arn = project.arn if project else _client(endpoint).create_project(ProjectName="benchmark")["ProjectArn"]
    objects = lambda: Objects(connection.s3_client(REGION), Calls(clock, random))  # noqa: E731 - one line
    keeper = keeper_for(None, manifest.parent, objects, cure="", environ={})
    context = Context(gateway, clock, random, Policy(), keeper=keeper).patient()
    target = Target(arn, DatasetType.TRAIN)
    with Ledger() as ledger:
        bucket = _fill(ledger, manifest)
        seen = observe(context, target)
        plan = plan_against_live(context, ledger, seen, target, bucket=bucket)
        if apply:
            outcome = carry_out(context, ledger, plan, seen, target)
            if outcome.error is not None:
                raise ReconcilerError(outcome.error)
    return dict(gateway.calls.counts)


def _plan(manifest: Path, endpoint: str) -> dict[str, int]:
    return _reconcile(manifest, endpoint, apply=False)


def _apply(manifest: Path, endpoint: str) -> dict[str, int]:
    return _reconcile(manifest, endpoint, apply=True)


def _list(_manifest: Path, endpoint: str) -> dict[str, int]:
    client = _client(endpoint)
    arn = client.describe_projects()["ProjectDescriptions"][0]["Datasets"][0]["DatasetArn"]
    pages = sum(1 for _page in client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn))
    return {"ListDatasetEntries": pages}


def _client(endpoint: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes as it goes
    return boto3.client("rekognition", region_name=REGION, endpoint_url=endpoint)


STEPS: Final[dict[str, Callable[[Path, str], dict[str, int]]]] = {
    "start the interpreter, import": _nothing,
    "parse all lines (bare)": _parse,
    "read the manifest": _read,
    "plan, empty live": _plan,
    "apply (plan, send, wait, read back)": _apply,
    "list all pages (bare)": _list,
    "plan, nothing to do": _plan,
}

if __name__ == "__main__":
    main()
