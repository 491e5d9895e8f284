"""Datasets as an apply may find them: made by somebody else, half made, being worked on, going.

Time is the emulator's, which goes on at every look (DescribeDataset), so that whatever runs ends after a few of them.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from rekognition_emulator import Clock, Emulator, Latency, serve
from tests.support.lines import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator.state.records import Caller


LINES: Final = [labelled(f"s3://acme-vision/{number}.jpg", "a") for number in range(1, 5)]
THEIRS: Final = labelled("s3://acme-vision/theirs.jpg", "b")
# How a dataset is found -> whether its ARN is still the same after the apply, and whether their entry is still live.
STARTS: Final = {
    "CREATE_COMPLETE": (True, False),
    "UPDATE_COMPLETE": (True, True),
    "UPDATE_FAILED": (True, True),
    "UPDATE_IN_PROGRESS": (True, True),
    "CREATE_IN_PROGRESS": (True, False),
    "CREATE_FAILED": (False, False),
    "DELETE_IN_PROGRESS": (False, False),
}
_SECONDS: Final = 30.0


@contextmanager
def slow_service() -> Iterator[Emulator]:
    """An emulator whose operations take half a minute of a clock that a look moves on by ten seconds."""
    work = Latency(create=_SECONDS, update=_SECONDS, delete=_SECONDS)
    with serve(clock=Clock(1_700_000_000.0), latency=work) as emulator:

        def look(operation: str, _caller: Caller) -> None:
            if operation == "DescribeDataset":
                emulator.clock.advance(10)

        emulator.front_end.before_decoding.append(look)
        yield emulator


def begin(emulator: Emulator, project_arn: str, start: str) -> str:
    """Bring the project's TRAIN dataset into this state; its ARN."""
    if start == "CREATE_FAILED":
        emulator.load_faults("faults: [{fault: fail, operation: CreateDataset}]")
    client = emulator.client()
    arn = client.create_dataset(ProjectArn=project_arn, DatasetType="TRAIN")["DatasetArn"]
    if start != "CREATE_IN_PROGRESS":
        emulator.clock.advance(_SECONDS)
    if not start.startswith("CREATE"):
        emulator.edit_entries(arn, [json.dumps(THEIRS)])
    if start == "UPDATE_FAILED":
        emulator.load_faults("faults: [{fault: fail, operation: UpdateDatasetEntries}]")
    if start.startswith("UPDATE"):
        body = json.dumps(LINES[0] | {"note": 1}).encode()
        client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": body})
    if start == "DELETE_IN_PROGRESS":
        client.delete_dataset(DatasetArn=arn)
    elif start.startswith("UPDATE") and start != "UPDATE_IN_PROGRESS":
        emulator.clock.advance(_SECONDS)
    described = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"]
    client.close()
    emulator.load_faults("")
    assert described == start
    return arn


def live(emulator: Emulator, project_name: str) -> tuple[str, dict[str, Any]]:
    """The ARN of the project's dataset, and its entries by key."""
    (project,) = emulator.service.call("DescribeProjects", {"ProjectNames": [project_name]})["ProjectDescriptions"]
    (dataset,) = project["Datasets"]
    arn = str(dataset["DatasetArn"])
    return arn, {entry.key: json.loads(entry.line) for entry in emulator.entries(arn)}
