"""The work that `make bench` measures, each step in a process of its own: ours, the barest way, and what others use.

    .venv/bin/python -m benchmarks.steps STEP FOLDER ENDPOINT

Prints CPU seconds, peak memory in MB and calls as JSON. FOLDER has what `benchmarks.performance` wrote.
"""

import hashlib
import json
import resource
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

Calls = dict[str, int]
REGION: Final = "us-east-1"
PROJECT: Final = "cells"
_BATCH: Final = 4_900_000
# As many lines as DeepDiff can bear in a short time.
DEEP: Final = 200


def _output(*arguments: str) -> str:
    """What a command of ours writes, in this process."""
    from reconciler.cli import main  # noqa: PLC0415 - a bare step does not load it

    with TemporaryFile("w+", encoding="utf-8") as output, redirect_stdout(output):
        code = main(arguments)
        output.seek(0)
        text = output.read()
    if code:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}")
    return text


def _command(*arguments: str) -> Calls:
    """A command of which no calls are counted."""
    _output(*arguments)
    return {}


def _fresh(beside: Path) -> None:
    """Forget what was read before."""
    shutil.rmtree(beside / ".reconciler" / "cache", ignore_errors=True)


def _read(folder: Path) -> Calls:
    from reconciler.ledger import Ledger  # noqa: PLC0415 - as above
    from reconciler.model import DatasetDeclaration, DatasetType  # noqa: PLC0415 - as above
    from reconciler.shell.desired import read_once  # noqa: PLC0415 - as above

    manifest = folder / "boxes.jsonl"
    with Ledger() as ledger:
        read_once(DatasetDeclaration(DatasetType.TRAIN, manifest, manifest.name), None, ledger, folder)
    return {}


def _first_read(folder: Path, _endpoint: str) -> Calls:
    _fresh(folder)
    return _read(folder)


def _hash(folder: Path, _endpoint: str) -> Calls:
    with (folder / "boxes.jsonl").open("rb") as manifest:
        hashlib.file_digest(manifest, "sha256")
    return {}


def _validated(folder: Path, _endpoint: str) -> Calls:
    _fresh(folder)
    return _command("validate", str(folder / "live"))


def _counted(folder: Path, endpoint: str, *more: str) -> Calls:
    """A plan with as many changes as a terminal shows; its document has the calls."""
    _fresh(folder)
    where = "--datasets", str(folder / "live"), "--region", REGION, "--endpoint-url", endpoint
    calls: Calls = json.loads(_output("plan", *where, *more, "--json", "--limit", "10"))["calls"]
    return calls


def _bare(manifest: Path) -> Calls:
    with manifest.open("rb") as lines:
        for line in lines:
            json.loads(line)
    return {}


def _bare_yaml(manifest: Path) -> Calls:
    """The events of libyaml, of which nothing is made."""
    import yaml  # noqa: PLC0415 - as above

    for _event in yaml.parse(manifest.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        pass
    return {}


@cache
def _client(endpoint: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes as it goes
    import boto3  # noqa: PLC0415 - as above

    return boto3.client("rekognition", region_name=REGION, endpoint_url=endpoint)


@cache
def _client_of_ours(endpoint: str) -> Any:  # noqa: ANN401 - as above
    from reconciler.aws.connection import Connection  # noqa: PLC0415 - as above

    return Connection(endpoints={"rekognition": endpoint}).client(REGION)


def _listed(client: Any, calls: Counter[str]) -> Iterator[str]:  # noqa: ANN401 - as above
    arn = client.describe_projects(ProjectNames=[PROJECT])["ProjectDescriptions"][0]["Datasets"][0]["DatasetArn"]
    calls["DescribeProjects"] += 1
    for page in client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn):
        calls["ListDatasetEntries"] += 1
        yield from page["DatasetEntries"]


def _list(_folder: Path, endpoint: str) -> Calls:
    calls = Counter[str]()
    for _line in _listed(_client(endpoint), calls):
        pass
    return calls


def _listed_by_us(_folder: Path, endpoint: str) -> Calls:
    """A listing through our gateway, paced as fast as the machine is, with the stop that every run can be told."""
    from random import Random  # noqa: PLC0415 - as above

    from reconciler.aws.calls import Calls as Made  # noqa: PLC0415 - as above
    from reconciler.aws.calls import Patience  # noqa: PLC0415 - as above
    from reconciler.aws.clock import SystemClock  # noqa: PLC0415 - as above
    from reconciler.aws.gateway import Gateway  # noqa: PLC0415 - as above

    gateway = Gateway(_client_of_ours(endpoint), Made(SystemClock(), Random()))  # noqa: S311 - varies pauses
    project = gateway.find_project(PROJECT)
    arns = project.datasets.values() if project else ()
    patient = gateway.patient(Patience(60, lambda: None, lambda _text: None))
    for _line in (line for arn in arns for line in patient.entries(arn)):
        pass
    return gateway.calls.counts


def _dictionaries(folder: Path, endpoint: str) -> Calls:
    """The loop that one writes first: a dictionary of each side, compared."""
    calls = Counter[str]()
    live = {line["source-ref"]: line for line in map(json.loads, _listed(_client(endpoint), calls))}
    with (folder / "live" / PROJECT / "train.jsonl").open("rb") as lines:
        desired = {line["source-ref"]: line for line in map(json.loads, lines)}
    sum(line != live.get(key) for key, line in desired.items())
    return calls


def _guide(_folder: Path, endpoint: str) -> Calls:
    """List, edit, send back, as AWS's guide describes updates of a dataset: every line, in batches, each waited for."""
    client, calls = _client(endpoint), Counter[str]()
    batch: list[bytes] = []
    for line in _listed(client, calls):
        batch.append(json.dumps(json.loads(line)).encode())
        if sum(map(len, batch)) > _BATCH:
            _send(client, batch, calls)
            batch = []
    _send(client, batch, calls)
    return calls


def _send(client: Any, batch: list[bytes], calls: Counter[str]) -> None:  # noqa: ANN401 - as above
    arn = client.describe_projects(ProjectNames=[PROJECT])["ProjectDescriptions"][0]["Datasets"][0]["DatasetArn"]
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": b"\n".join(batch)})
    calls.update(DescribeProjects=1, UpdateDatasetEntries=1)
    while client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] == "UPDATE_IN_PROGRESS":
        calls["DescribeDataset"] += 1


def _deep(folder: Path, _endpoint: str) -> Calls:
    from deepdiff import DeepDiff  # noqa: PLC0415 - as above

    before, after = ((folder / name).read_bytes().splitlines()[:DEEP] for name in ("boxes.jsonl", "changed.jsonl"))
    one, other = ({line["source-ref"]: line for line in map(json.loads, side)} for side in (before, after))
    DeepDiff(one, other)
    return {}


def _short(folder: Path, _endpoint: str) -> Calls:
    from reconciler.review.offline import offline_review  # noqa: PLC0415 - as above

    for name in ("boxes", "changed"):
        lines = (folder / f"{name}.jsonl").read_bytes().splitlines(keepends=True)[:DEEP]
        (folder / f"short-{name}.jsonl").write_bytes(b"".join(lines))
    offline_review(folder / "short-boxes.jsonl", folder / "short-changed.jsonl")
    return {}


STEPS: Final[dict[str, Callable[[Path, str], Calls]]] = {
    "bare boxes": lambda folder, _: _bare(folder / "boxes.jsonl"),
    "bare part": lambda folder, _: _bare(folder / "part.jsonl"),
    "validate boxes": lambda folder, _: _command("validate", str(folder / "boxes.jsonl")),
    "bare image": lambda folder, _: _bare(folder / "image.jsonl"),
    "validate image": lambda folder, _: _command("validate", str(folder / "image.jsonl")),
    "bare yaml": lambda folder, _: _bare_yaml(folder / "boxes.yaml"),
    "validate yaml": lambda folder, _: _command("validate", str(folder / "boxes.yaml")),
    "diff equal": lambda folder, _: _command("diff", str(folder / "part.jsonl"), str(folder / "same.jsonl")),
    "diff changed": lambda folder, _: _command("diff", str(folder / "part.jsonl"), str(folder / "changed.jsonl")),
    "first read": _first_read,
    "hash": _hash,
    "second read": lambda folder, _: _read(folder),
    "validate live": _validated,
    "plan new": _counted,
    "apply": lambda folder, endpoint: _command(
        *("apply", "--datasets", str(folder / "live"), "--region", REGION, "--endpoint-url", endpoint, "--yes"),
        *("--rate", "100"),
    ),
    "plan equal": lambda folder, endpoint: _counted(folder, endpoint, "--rate", "100", "--full"),
    "plan known": _counted,
    "bare live": lambda folder, _: _bare(folder / "live" / PROJECT / "train.jsonl"),
    "list": _list,
    "list by us": _listed_by_us,
    "dictionaries": _dictionaries,
    "guide": _guide,
    "deepdiff": _deep,
    "diff short": _short,
}


# The steps whose client is made here. A command of ours makes its own: two of them would be in its memory.
CLIENTS: Final = dict.fromkeys(("list", "dictionaries", "guide"), _client) | {"list by us": _client_of_ours}


def _peak() -> float:
    """The most memory that this process had, in MB.

    Linux counts in `ru_maxrss` what the process had that began this one, so the other figure is taken where it is.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1e3  # in the units of `ru_maxrss`
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Measure one step; what it has to load first does not count."""
    step, folder, endpoint = sys.argv[1:]
    import yaml  # noqa: F401, PLC0415 - loaded, not measured

    import reconciler.cli.commands.plan  # noqa: PLC0415 - likewise
    import reconciler.cli.conduct  # noqa: F401, PLC0415 - likewise

    if endpoint != "-":
        import boto3  # noqa: F401, PLC0415 - likewise
    if step in CLIENTS:
        CLIENTS[step](endpoint)
    start = time.process_time()
    calls = STEPS[step](Path(folder), endpoint)
    seconds = time.process_time() - start
    peak = _peak()
    print(json.dumps({"seconds": seconds, "peak": peak, "calls": calls}))


if __name__ == "__main__":
    main()
