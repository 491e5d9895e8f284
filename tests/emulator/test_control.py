"""The control interface for tests: calls, faults, clock, entries."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from rekognition_emulator import Clock, Emulator, serve

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


def ask(endpoint: str, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
    """The status and the JSON of one request to the control interface."""
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{endpoint}/_emulator/{path}", data, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - loopback
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_health_request_says_that_the_emulator_is_up(emulator: Emulator) -> None:
    """A script that waits for the emulator can ask whether it is up."""
    assert ask(emulator, "health") == (200, {"status": "up"})


def test_calls_can_be_read_and_forgotten(emulator: Emulator, client: RekognitionClient, train: str) -> None:
    """The calls have their requests, with blobs as lengths, and control requests are not among them."""
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": b"abc"})
    calls = ask(emulator, "calls")[1]
    assert [call["operation"] for call in calls] == ["CreateProject", "CreateDataset", "UpdateDatasetEntries"]
    assert calls[2]["request"] == {"DatasetArn": train, "Changes": {"GroundTruth": "<3 bytes>"}}
    ask(emulator, "calls", "DELETE")
    assert ask(emulator, "calls") == (200, [])


def test_faults_can_be_planned_and_their_log_read(emulator: Emulator, client: RekognitionClient) -> None:
    """A plan is YAML or JSON, counters and log can be read, a mistake is one sentence, DELETE ends all faults."""
    assert ask(emulator, "faults", "PUT", "faults: [{fault: slow, name: lazy}]")[0] == 200
    client.describe_projects(MaxResults=7)
    found = ask(emulator, "faults")[1]
    assert found["plan"] == [{"name": "lazy", "fault": "slow", "met": 1, "fired": 1}]
    assert [(each["name"], each["request"]) for each in found["log"]] == [("lazy", {"MaxResults": 7})]
    assert ask(emulator, "faults", "PUT", {"faults": [{"fault": "reset", "on": 99}]})[0] == 200
    status, answer = ask(emulator, "faults", "PUT", "faults: [{fault: slwo}]")
    assert (status, answer["error"]) == (400, "Line 1: Fault 1: there is no kind `slwo`. Did you mean `slow`?")
    ask(emulator, "faults", "DELETE")
    assert ask(emulator, "faults")[1]["plan"] == []


def test_the_clock_can_be_frozen_and_advanced() -> None:
    """A running clock is frozen, advanced and resumed; moving it back is refused."""
    with serve() as emulator:
        assert ask(emulator, "clock")[1]["frozen"] is False
        assert ask(emulator, "clock", "POST", {"freeze": 2e9}) == (200, {"now": 2e9, "frozen": True})
        assert ask(emulator, "clock", "POST", {"advance": 90.5})[1]["now"] == 2e9 + 90.5
        assert emulator.clock.now() == 2e9 + 90.5
        for wrong in ({"advance": -1}, {"freeze": "now"}):
            assert ask(emulator, "clock", "POST", wrong)[0] == 400
        after = ask(emulator, "clock", "POST", {"resume": True})[1]
        assert after["frozen"] is False
        assert after["now"] >= 2e9 + 90.5
        frozen = ask(emulator, "clock", "POST", {"freeze": True})[1]
        assert frozen["frozen"] is True


def test_the_clock_is_kept_in_the_state_file(tmp_path: Path) -> None:
    """A restart continues with the frozen or running clock, but the caller's own clock is neither set nor kept."""
    state = tmp_path / "state.sqlite"
    with serve(state=state) as first:
        ask(first, "clock", "POST", {"freeze": 2e9, "advance": 90.5})
    with serve(state=state) as second:
        assert ask(second, "clock")[1] == {"now": 2e9 + 90.5, "frozen": True}
        ask(second, "clock", "POST", {"resume": True, "advance": 1000})
    with serve(state=state, clock=Clock(5.0)) as own:
        own.clock.advance(1)
        assert own.clock.now() == 6.0
    with serve(state=state) as third:
        assert ask(third, "clock")[1]["frozen"] is False
        assert 2e9 + 1090.5 <= third.clock.now() < 2e9 + 1190.5


@pytest.mark.parametrize(
    "wanted",
    [
        '{"advance": Infinity}',
        '{"freeze": NaN}',
        '{"freeze": 1e18}',
        '{"freeze": -1}',
        '{"advance": -1}',
        "[]",
        "[" * 200_000,
    ],
)
def test_the_clock_only_shows_times_that_are_dates(emulator: Emulator, wanted: str) -> None:
    """A refused request leaves the clock and everything else unchanged."""
    before = ask(emulator, "clock")
    assert ask(emulator, "clock", "POST", wanted)[0] == 400
    assert ask(emulator, "clock") == before


def test_the_clock_moves_statuses(clock: Clock, slow: Emulator) -> None:
    """An update ends when the clock is advanced over HTTP."""
    client = slow.client()
    project = client.create_project(ProjectName="cells")["ProjectArn"]
    arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    assert client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] == "CREATE_IN_PROGRESS"
    ask(slow, "clock", "POST", {"advance": 10})
    assert client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] == "CREATE_COMPLETE"
    assert clock.is_frozen


def test_entries_can_be_edited_without_an_api_call(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """Lines are objects or text, entries can be removed, and lines that the service would drop are refused."""
    body = {"DatasetArn": train, "lines": [lines.image("a.jpg", "cat"), json.dumps(lines.image("b.jpg"))]}
    assert ask(emulator, "entries", "POST", body) == (200, {"entries": 2, "removed": 0})
    ask(emulator, "entries", "POST", {"DatasetArn": train, "remove": ["s3://bucket/a.jpg"]})
    assert [
        json.loads(line)["source-ref"] for line in client.list_dataset_entries(DatasetArn=train)["DatasetEntries"]
    ] == ["s3://bucket/b.jpg"]
    for wrong, sentence in (
        ({"DatasetArn": "x"}, "The dataset x was not found."),
        ({"DatasetArn": train, "lines": ["{}"]}, "line 1: source-ref is missing"),
        ({"DatasetArn": train, "lines": "x"}, "`lines` and `remove` are lists."),
        ([], "The body is not a JSON object."),
        ("{", "The body is not JSON."),
    ):
        assert ask(emulator, "entries", "POST", wrong) == (400, {"error": sentence})


@pytest.mark.parametrize(("path", "body"), [("clock", {"frezze": True}), ("entries", {"DatasetArn": "x", "line": []})])
def test_a_member_that_is_not_known_is_refused(emulator: Emulator, path: str, body: dict[str, Any]) -> None:
    """An unknown member is not ignored, and the message names the known ones."""
    status, said = ask(emulator, path, "POST", body)
    assert status == 400
    assert list(body)[-1] in said["error"]
    assert "known members" in said["error"]


def test_an_unknown_path_lists_the_known_requests(emulator: Emulator) -> None:
    """An unknown path gives 404 with the known requests."""
    status, answer = ask(emulator, "nothing")
    assert status == 404
    assert "GET /_emulator/calls" in answer["error"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_requests_of_other_origins_are_refused(emulator: Emulator, origin: str) -> None:
    """A web page in a browser cannot control the emulator."""
    assert ask(emulator, "clock", "POST", {"advance": 1}, Origin=origin)[0] == 403
    assert ask(emulator, "clock", "POST", {"advance": 0}, Origin=emulator.url)[0] == 200
