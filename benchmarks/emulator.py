"""How fast and how big the emulator is, for both stores, beside a server that only replays bytes.

    .venv/bin/python -m benchmarks.emulator [--entries 250000] [--rounds 2]

Prints the start after import, requests per second, the time to load and list a dataset through boto3, and memory. Every
server is a process of its own. Machines are shared: short passes are taken in turns, and a ratio is the median of those
of neighbours. Exits 1 when a target is missed: a start in 50 ms, listing in 1.5 times the replay, memory (of the memory
store) of twice the lines.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.lines import document
from benchmarks.servers import Passes, Running, emulator, replay

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

BATCH_BYTES: Final = 5_000_000
SMALL_CALLS: Final = 50
PAGES: Final = 10
STARTS: Final = 21
START_TARGET: Final = 0.05
LISTING_TARGET: Final = 1.5
MEMORY_TARGET: Final = 2.0
BARE: Final = "replayed bytes"


def batches(count: int) -> Iterator[bytes]:
    """Lines with eight boxes, of about 1,150 bytes, in payloads below AWS's limit."""
    batch: list[str] = []
    size, random = 0, Random(1)  # noqa: S311 - the same lines every time
    for number in range(count):
        text = json.dumps(document(number, random, boxes=8), separators=(",", ":"))
        if size + len(text) + 1 > BATCH_BYTES:
            yield "\n".join(batch).encode()
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    yield "\n".join(batch).encode()


def started() -> float:
    """Seconds until an emulator answers, after import."""
    from rekognition_emulator import serve  # noqa: PLC0415 - the import is not what is measured

    began = time.perf_counter()
    with serve():
        return time.perf_counter() - began


def bare_start() -> float:
    """Seconds until http.server listens in a thread, as the emulator does."""
    from rekognition_emulator.aws_json.wire import HttpResponse  # noqa: PLC0415 - likewise
    from rekognition_emulator.web.server import Server  # noqa: PLC0415 - likewise

    began = time.perf_counter()
    server = Server(lambda _: HttpResponse(200, b""))
    seconds = time.perf_counter() - began
    server.stop()
    return seconds


def small_calls(client: "RekognitionClient") -> float:
    """Seconds for some DescribeProjects."""
    began = time.perf_counter()
    for _ in range(SMALL_CALLS):
        client.describe_projects()
    return time.perf_counter() - began


def dataset(client: "RekognitionClient") -> str:
    """The ARN of a new dataset."""
    project = client.create_project(ProjectName="benchmark")["ProjectArn"]
    return client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]


def sent(client: "RekognitionClient", arn: str, payloads: Iterator[bytes]) -> float:
    """Seconds to send the next payload and have it judged (the time to make it does not count)."""
    payload = next(payloads)
    began = time.perf_counter()
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": payload})
    client.describe_dataset(DatasetArn=arn)
    return time.perf_counter() - began


def read(pages: Iterator[Mapping[str, Any]]) -> float:
    """Seconds for the next pages of a listing."""
    began = time.perf_counter()
    for page in islice(pages, PAGES):
        if len(page["DatasetEntries"]) != 100:
            raise RuntimeError(f"{len(page['DatasetEntries'])} entries on a page")
    return time.perf_counter() - began


def pages_of(client: "RekognitionClient", arn: str, times: int) -> Iterator[Mapping[str, Any]]:
    """A dataset listed with boto3's paginator, so many times."""
    for _ in range(times):
        yield from client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn)


def first_page(client: "RekognitionClient", arn: str) -> bytes:
    """The body of a first page, as the emulator writes it."""
    page = client.list_dataset_entries(DatasetArn=arn)
    kept = {"DatasetEntries": page["DatasetEntries"], "NextToken": page.get("NextToken", "")}
    return json.dumps(kept, separators=(",", ":")).encode()


def show_rows(passes: Passes, unit: str, size: float) -> None:
    """One row per name; `size` is a pass in calls (for a rate), or what makes its median a time in `unit`."""
    for name, seconds in passes.seconds.items():
        shown = size / median(seconds) if unit.endswith("/s") else size * median(seconds)
        print(f"  {name:<22}{shown:>10.1f} {unit:<12}ratio {passes.ratio(name):.2f}")
    print(f"  noise (middle half of the bare passes): {passes.noise():.0%}")


def starts() -> Iterator[str]:
    """Starts after import; yields the target that was missed."""
    started()  # imports
    passes = Passes.in_turns({"bare server": bare_start, "emulator": started}, STARTS)
    print("start after import")
    show_rows(passes, "ms", 1000)
    typical = median(passes.seconds["emulator"])
    if typical > START_TARGET:
        yield f"a start took {typical * 1000:.0f} ms, not {START_TARGET * 1000:.0f}"


def requests_a_second(folder: Path, rounds: int) -> None:
    """Small calls against a bare reply."""
    body = folder / "bare.json"
    body.write_bytes(b'{"ProjectDescriptions":[]}')
    with ExitStack() as stack:
        enter = stack.enter_context
        servers = {
            BARE: enter(replay(body)),
            "memory store": enter(emulator()),
            "SQLite store": enter(emulator(folder / "small.sqlite")),
        }
        work = {name: partial(small_calls, each.client) for name, each in servers.items()}
        Passes.in_turns(work, 1)  # connections, caches
        passes = Passes.in_turns(work, 20 * rounds)
    print("DescribeProjects of an empty account through boto3")
    show_rows(passes, "requests/s", SMALL_CALLS)


def big_dataset(folder: Path, count: int, rounds: int) -> Iterator[str]:
    """Load and list; yields the targets that were missed."""
    payloads = list(batches(count))
    size = sum(map(len, payloads))
    print(f"{count:,} entries, {size / 1e6:,.0f} MB of lines")
    with ExitStack() as stack:
        stores = {
            "memory store": stack.enter_context(emulator()),
            "SQLite store": stack.enter_context(emulator(folder / "big.sqlite")),
        }
        arns = {name: dataset(store.client) for name, store in stores.items()}
        before = {name: store.resident for name, store in stores.items()}
        loaded(folder, stores, arns, payloads)
        grown = {name: (store.resident - before[name]) / size for name, store in stores.items()}
        passes = listed(folder, stores, arns, count, rounds)
    print(f"list: {PAGES} of {count // 100:,} pages")
    show_rows(passes, "ms", 1000)
    print("memory, in sizes of the lines")
    for name in stores:
        print(f"  {name:<22}{grown[name]:>10.2f}")
        if passes.ratio(name) > LISTING_TARGET:
            yield f"{name}: listing took {passes.ratio(name):.2f} times the replay, not {LISTING_TARGET}"
    if grown["memory store"] > MEMORY_TARGET:
        yield f"memory is {grown['memory store']:.2f} times the lines, not {MEMORY_TARGET}"


def loaded(folder: Path, stores: dict[str, Running], arns: dict[str, str], payloads: list[bytes]) -> None:
    """Every payload is sent to every server before the next one is."""
    nothing = folder / "nothing.json"
    nothing.write_bytes(b"{}")
    with replay(nothing) as bare:
        servers = {BARE: bare} | stores
        work = {
            name: partial(sent, each.client, arns.get(name, arns["memory store"]), iter(payloads))
            for name, each in servers.items()
        }
        passes = Passes.in_turns(work, len(payloads))
    totals = ", ".join(f"{name} {sum(seconds):.1f} s" for name, seconds in passes.seconds.items())
    print(f"load: a payload of 5 MB of {len(payloads)} (all: {totals})")
    show_rows(passes, "ms", 1000)


def listed(folder: Path, stores: dict[str, Running], arns: dict[str, str], count: int, rounds: int) -> Passes:
    """All servers are listed side by side, some pages of each in turn."""
    body, pages = folder / "page.json", count // 100
    body.write_bytes(first_page(stores["memory store"].client, arns["memory store"]))
    with replay(body, pages) as bare:
        servers = {BARE: bare} | stores
        work = {
            name: partial(read, pages_of(each.client, arns.get(name, arns["memory store"]), rounds))
            for name, each in servers.items()
        }
        return Passes.in_turns(work, rounds * pages // PAGES)


def main() -> int:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="Benchmark of the emulator.")
    parser.add_argument("--entries", type=int, default=250_000, help="in thousands (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="listings of each server (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        missed = list(starts())
        requests_a_second(Path(name), options.rounds)
        missed += big_dataset(Path(name), options.entries, options.rounds)
    for target in missed:
        print(f"MISSED: {target}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
