"""How fast and how big the emulator is: `python benchmarks/emulator.py [--entries N]`.

Prints requests a second through boto3 against a bare reply, the time to load and list a dataset (against a server that
only replays the bytes of the same pages), and memory, for both stores. Exits 1 when a target is missed: listing at most
1.5 times the replay, memory at most twice the size of the lines (memory store).

Every server runs in a process of its own on a port chosen by the system; everything it writes is in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_rekognition import RekognitionClient

ROOT = Path(__file__).parents[1]
BATCH_BYTES = 5_000_000
SMALL_CALLS = 2000
PASSES = 3
LISTING_TARGET = 1.5
MEMORY_TARGET = 2.0


def line(number: int) -> str:
    """A detection line of about 1,150 bytes, the size of a Ground Truth line with eight boxes."""
    boxes = [{"class_id": n % 3, "left": 10 * n, "top": 5 * n, "width": 60, "height": 40} for n in range(8)]
    return json.dumps(
        {
            "source-ref": f"s3://acme-vision-training-data/cells/batch-{number % 50:03}/image-{number:07}.jpg",
            "bounding-box": {"image_size": [{"width": 640, "height": 480, "depth": 3}], "annotations": boxes},
            "bounding-box-metadata": {
                "objects": [{"confidence": 1} for _ in boxes],
                "class-map": {"0": "RBC", "1": "WBC", "2": "Platelets"},
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-01-31T00:00:00",
                "job-name": "labeling-job/bounding-box",
            },
        },
        separators=(",", ":"),
    )


def replay(body: bytes, pages: int) -> None:
    """Serve the same reply for ever: with a new token each time, and without one on every `pages`-th reply."""
    token: str = json.loads(body).get("NextToken", "")
    head, _, tail = body.partition(token.encode()) if token else (body, b"", b"")
    last = json.dumps({key: value for key, value in json.loads(body).items() if key != "NextToken"}).encode()
    served = 0

    class Replay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            nonlocal served
            served += 1
            self.rfile.read(int(self.headers["Content-Length"]))
            more = token and served % pages
            text = head + f"{served:0{len(token)}}".encode() + tail if more else last if token else body
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - signature of http.server
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Replay) as server:
        print(f"export URL=http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


@contextmanager
def process(*command: str) -> Iterator[tuple[int, RekognitionClient]]:
    """A server in a process of its own: its pid and a client."""
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:
        try:
            if running.stdout is None:
                raise RuntimeError("no pipe")
            url = running.stdout.readline().strip().partition("=")[2]
            session = boto3.Session("a", "b", region_name="us-east-1")
            yield running.pid, session.client("rekognition", endpoint_url=url)
        finally:
            running.terminate()


def emulator(*options: str) -> Any:  # noqa: ANN401 - the context manager of `process`
    """An emulator without delays in a process of its own."""
    return process("-m", "rekognition_emulator", "--port", "0", "--latency", "none", *options)


def replayed(body: Path, pages: int) -> Any:  # noqa: ANN401 - the context manager of `process`
    """A replaying server in a process of its own."""
    return process(__file__, "--replay", str(body), "--pages", str(pages))


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)  # noqa: S607 - ps of this machine
    return int(shown.stdout) * 1024


def small_calls(client: RekognitionClient) -> float:
    """DescribeProjects, calls a second."""
    client.describe_projects()
    began = time.perf_counter()
    for _ in range(SMALL_CALLS):
        client.describe_projects()
    return SMALL_CALLS / (time.perf_counter() - began)


def batches(count: int) -> Iterator[bytes]:
    """Payloads below AWS's limit with all lines."""
    batch: list[str] = []
    size = 0
    for number in range(count):
        text = line(number)
        if size + len(text) + 1 > BATCH_BYTES:
            yield "\n".join(batch).encode()
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    yield "\n".join(batch).encode()


def load(client: RekognitionClient, count: int) -> tuple[str, int]:
    """Fill a dataset; answers its ARN and the bytes sent."""
    project = client.create_project(ProjectName="benchmark")["ProjectArn"]
    arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    sent = 0
    for payload in batches(count):
        client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": payload})
        sent += len(payload)
    total = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["DatasetStats"]["TotalEntries"]
    if total != count:
        raise RuntimeError(f"{total} of {count} entries were loaded")
    return arn, sent


def list_all(client: RekognitionClient, arn: str) -> tuple[float, int, int]:
    """List a dataset with boto3's paginator: seconds (the best of three passes), pages, bytes of lines."""
    return min(_list_once(client, arn) for _ in range(PASSES))


def _list_once(client: RekognitionClient, arn: str) -> tuple[float, int, int]:
    began, pages, size = time.perf_counter(), 0, 0
    for page in client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn):
        pages += 1
        size += sum(map(len, page["DatasetEntries"]))
    return time.perf_counter() - began, pages, size


def first_page(client: RekognitionClient, arn: str) -> bytes:
    """The body of a first page, as the emulator writes it."""
    page = client.list_dataset_entries(DatasetArn=arn)
    kept = {"DatasetEntries": page["DatasetEntries"], "NextToken": page.get("NextToken", "")}
    return json.dumps(kept, separators=(",", ":")).encode()


def requests_a_second(folder: Path) -> None:
    """Small calls against a bare reply."""
    bare = folder / "bare.json"
    bare.write_bytes(b'{"ProjectDescriptions":[]}')
    with replayed(bare, 1) as (_, client):
        plain = small_calls(client)
    print(f"small call, bare reply              {plain:8.0f} requests/s")
    for name, options in (("memory store", []), ("SQLite store", ["--state", str(folder / "small.sqlite")])):
        with emulator(*options) as (_, client):
            print(f"small call, {name:<15}         {small_calls(client):8.0f} requests/s")


def big_dataset(folder: Path, count: int) -> list[str]:
    """Load and list; answers the targets that were missed."""
    missed = []
    for name, options in (("memory", []), ("SQLite", ["--state", str(folder / "big.sqlite")])):
        with emulator(*options) as (pid, client):
            empty = resident(pid)
            began = time.perf_counter()
            arn, _ = load(client, count)
            loaded = time.perf_counter() - began
            seconds, pages, size = list_all(client, arn)
            grown = resident(pid) - empty
            body = folder / "page.json"
            body.write_bytes(first_page(client, arn))
        with replayed(body, pages) as (_, client):
            bare, same, _ = list_all(client, arn)
        if same != pages:
            raise RuntimeError(f"{same} pages were replayed instead of {pages}")
        print(f"{name} store: {count:,} entries, {size / 1e6:,.0f} MB of lines")
        print(f"  load                              {loaded:8.1f} s")
        ratio = f"replayed bytes {bare:.1f} s, ratio {seconds / bare:.2f}"
        print(f"  list, {pages:5,} pages                 {seconds:8.1f} s   {ratio}")
        print(f"  memory                            {grown / 1e6:8.0f} MB  {grown / size:.2f} times the lines")
        if seconds / bare > LISTING_TARGET:
            missed.append(f"{name}: listing took {seconds / bare:.2f} times the replay, not {LISTING_TARGET}")
        if name == "memory" and grown / size > MEMORY_TARGET:
            missed.append(f"memory is {grown / size:.2f} times the lines, not {MEMORY_TARGET}")
    return missed


def main() -> int:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="Benchmark of the emulator.")
    parser.add_argument("--entries", type=int, default=250_000)
    parser.add_argument("--replay", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--pages", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.replay:
        replay(options.replay.read_bytes(), options.pages)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        requests_a_second(Path(folder))
        missed = big_dataset(Path(folder), options.entries)
    for target in missed:
        print(f"MISSED: {target}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
