"""Both stores keep the same, and the SQLite file survives a kill of the process."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rekognition_emulator import Clock, Emulator, Latency, serve
from rekognition_emulator.state.sqlite import SqliteStore, StateFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines

ROOT = Path(__file__).parents[2]


def story(emulator: Emulator, lines: Lines) -> list[Any]:
    """All replies to a sequence of calls, without the times in ARNs."""
    call, clock = emulator.service.call, emulator.clock
    told: list[Any] = []
    project = call("CreateProject", {"ProjectName": "cells", "Tags": {"a": "ä"}})["ProjectArn"]
    train, test = (
        call("CreateDataset", {"ProjectArn": project, "DatasetType": kind, "Tags": {"k": kind}})["DatasetArn"]
        for kind in ("TRAIN", "TEST")
    )
    payloads = [
        lines.payload(*(lines.image(f"{number}.jpg", f"l{number % 3}") for number in range(20))),
        lines.payload(lines.image("3.jpg", "new"), lines.boxes("b.jpg", ("RBC", 0, 0, 1, 1))),
        lines.payload({"source-ref": "s3://other/x.jpg"}),
    ]
    for payload in payloads:
        clock.advance(5)
        call("UpdateDatasetEntries", {"DatasetArn": train, "Changes": {"GroundTruth": payload}})
        told.append(call("DescribeDataset", {"DatasetArn": train}))
    clock.advance(5)
    call("DistributeDatasetEntries", {"Datasets": [{"Arn": train}, {"Arn": test}]})
    clock.advance(5)
    for arn in (train, test):
        told += [call("ListDatasetEntries", {"DatasetArn": arn}), call("ListDatasetLabels", {"DatasetArn": arn})]
        told.append(call("ListTagsForResource", {"ResourceArn": arn}))
    emulator.remove_entries(train, ["s3://bucket/0.jpg", "s3://bucket/nothing"])
    told += [call("DescribeProjects", {}), call("DescribeDataset", {"DatasetArn": train})]
    call("DeleteDataset", {"DatasetArn": test})
    call("DeleteDataset", {"DatasetArn": train})
    clock.advance(5)
    told.append(call("DescribeProjects", {}))
    call("DeleteProject", {"ProjectArn": project})
    clock.advance(5)
    return [*told, call("DescribeProjects", {})]


def test_both_stores_answer_the_same(lines: Lines, tmp_path: Path) -> None:
    """The same calls at the same times get the same replies."""
    told = []
    for state in (None, tmp_path / "state.sqlite"):
        with serve(clock=Clock(1.7e9), latency=Latency(1, 1, 0, 1, 1, 1), state=state) as emulator:
            told.append(story(emulator, lines))
    assert told[0] == told[1]


def test_everything_is_there_after_a_restart(lines: Lines, tmp_path: Path) -> None:
    """Projects, datasets with running work, entries in order, tags and tokens survive, and ARNs stay unique."""
    state = tmp_path / "state.sqlite"
    with serve(clock=Clock(1.7e9), latency=Latency(update=10), state=state) as emulator:
        call = emulator.service.call
        project = call("CreateProject", {"ProjectName": "cells", "Tags": {"a": "b"}})["ProjectArn"]
        arn = call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"]
        emulator.edit_entries(arn, [json.dumps(lines.image(f"{number}.jpg", "cat")) for number in (3, 1, 2)])
        page = call("ListDatasetEntries", {"DatasetArn": arn, "MaxResults": 1})
        payload = lines.payload(lines.image("9.jpg", "dog"))
        call("UpdateDatasetEntries", {"DatasetArn": arn, "Changes": {"GroundTruth": payload}})
    with serve(clock=Clock(1.7e9), latency=Latency(update=10), state=state) as emulator:
        call = emulator.service.call
        described = call("DescribeDataset", {"DatasetArn": arn})["DatasetDescription"]
        assert (described["Status"], described["DatasetStats"]["TotalEntries"]) == ("UPDATE_IN_PROGRESS", 3)
        emulator.clock.advance(10)
        assert call("DescribeDataset", {"DatasetArn": arn})["DatasetDescription"]["Status"] == "UPDATE_COMPLETE"
        rest = call("ListDatasetEntries", {"DatasetArn": arn, "NextToken": page["NextToken"]})["DatasetEntries"]
        assert [json.loads(line)["source-ref"][-5:] for line in rest] == ["1.jpg", "2.jpg", "9.jpg"]
        assert call("ListTagsForResource", {"ResourceArn": project})["Tags"] == {"a": "b"}
        labels = call("ListDatasetLabels", {"DatasetArn": arn})["DatasetLabelDescriptions"]
        assert [each["LabelName"] for each in labels] == ["cat", "dog"]
        other = call("CreateDataset", {"ProjectArn": project, "DatasetType": "TEST"})["DatasetArn"]
        assert int(other.rpartition("/")[2]) > int(arn.rpartition("/")[2])


def test_a_file_in_use_and_a_file_of_others_are_refused(tmp_path: Path) -> None:
    """A state file that is in use or of a different program is refused with the reason."""
    state = tmp_path / "state.sqlite"
    with (
        serve(state=state),
        pytest.raises(StateFileError, match="stop the emulator that uses the file"),
        serve(state=state),
    ):
        pass
    foreign = tmp_path / "notes.txt"
    foreign.write_text("not a database, but long enough to be looked at" * 50)
    with pytest.raises(StateFileError, match="cannot be used as a state file"), serve(state=foreign):
        pass
    alien = tmp_path / "alien.sqlite"
    with closing(sqlite3.connect(alien)) as database:
        database.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(StateFileError, match="database of a different program"), serve(state=alien):
        pass
    with closing(sqlite3.connect(alien)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]
    newer = tmp_path / "newer.sqlite"
    store = SqliteStore(newer)
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StateFileError, match="its format is 99"), serve(state=newer):
        pass


def test_a_defect_in_the_middle_of_a_call_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before the exception is rolled back, in the file and in memory."""
    with serve(state=tmp_path / "state.sqlite") as emulator:
        store: Any = emulator.service.context.store

        def broken(*_: object) -> None:
            raise RuntimeError("defect")

        with monkeypatch.context() as patch:
            patch.setattr(store, "save_tags", broken)
            with pytest.raises(RuntimeError):
                emulator.service.call("CreateProject", {"ProjectName": "cells"})
        assert emulator.service.call("DescribeProjects", {})["ProjectDescriptions"] == []


class Process:
    """An emulator in its own process, on a state file."""

    def __init__(self, state: Path, *options: str) -> None:
        command = [sys.executable, "-m", "rekognition_emulator", "--port", "0", "--state", str(state), *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip().partition("=")[2]

    def client(self) -> RekognitionClient:
        """A client that does not wait for a killed process."""
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
        return session.client("rekognition", endpoint_url=self.url, config=config)

    def kill(self) -> None:
        """Send SIGKILL, and wait."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _load_until_killed(process: Process, arn: str, line: Callable[[int], bytes], after: float) -> int:
    """Update one entry at a time until the process is killed; returns the number of calls that were answered."""
    client, acknowledged, deadline = process.client(), 0, time.monotonic() + after
    while True:
        if time.monotonic() > deadline:
            process.kill()
            deadline = float("inf")
        try:
            client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": line(acknowledged)})
            client.describe_dataset(DatasetArn=arn)
        except (BotoCoreError, ClientError):
            return acknowledged
        acknowledged += 1


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path, lines: Lines) -> None:
    """After a kill at a random moment every answered update is there, at most one more, and statistics fit."""
    state, expected, chances = tmp_path / "state.sqlite", 0, random.Random(1)  # noqa: S311 - moments, not secrets
    process = Process(state, "--latency", "none")
    try:
        project = process.client().create_project(ProjectName="cells")["ProjectArn"]
        arn = process.client().create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        for _ in range(3):
            first = expected

            def line(number: int, first: int = first) -> bytes:
                return lines.payload(lines.image(f"{first + number}.jpg", f"l{number % 7}"))

            done = _load_until_killed(process, arn, line, chances.uniform(0.05, 0.4))
            process = Process(state, "--latency", "none")
            client = process.client()
            stats = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["DatasetStats"]
            pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn)
            listed = [entry for page in pages for entry in page["DatasetEntries"]]
            assert stats["TotalEntries"] == stats["LabeledEntries"] == len(listed)
            assert len(listed) - (first + done) in (0, 1)
            expected = len(listed)
        assert expected > 10
    finally:
        process.kill()
