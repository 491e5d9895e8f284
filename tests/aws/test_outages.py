"""A network that goes away in the middle of a run: for how long it is waited for, and what is said."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.aws.calls import Patience
from reconciler.errors import Interrupted, ServiceError
from tests.support.aws_doubles import FakeClock, ScriptedServer, failure, gateway_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.aws.gateway import Gateway
    from rekognition_emulator import Emulator

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"


def update(gateway: Gateway) -> bool:
    """Send something."""
    return gateway.update_entries(ARN, b"{}")


class Waiting:
    """Somebody who waits out a lost network, and may lose patience."""

    def __init__(self, seconds: float = 1800.0) -> None:
        self.said: list[str] = []
        self.reason: Interrupted | None = None
        self.patience = Patience(seconds, lambda: self.reason, self.said.append)


def test_a_network_that_is_lost_after_an_answer_is_waited_for(emulator: Emulator, clock: FakeClock) -> None:
    """For minutes, and it is said; the endpoint was right, because it has answered before."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    emulator.load_faults("faults: [{fault: reset, operation: DescribeProjects, on: '2-14'}]")
    gateway, waiting = gateway_at(emulator.url, clock), Waiting()
    gateway.project(project)
    assert gateway.patient(waiting.patience).project(project) is not None
    assert 60 < sum(clock.slept) < 300
    assert waiting.said[0].startswith("DescribeProjects: ConnectionClosedError; attempt 1 failed, trying again in 0.")
    assert waiting.said[0].endswith("s and for at most 1,800 s")
    assert len(waiting.said) == 13
    assert gateway.calls.counts["DescribeProjects"] == 15


@pytest.mark.parametrize(("seconds", "least", "most"), [(600.0, 540, 600), (5.0, 10, 30)])
def test_patience_ends(emulator: Emulator, clock: FakeClock, seconds: float, least: float, most: float) -> None:
    """After the policy's time, though never sooner than for a network that never answered."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    emulator.load_faults("faults: [{fault: reset, operation: DescribeProjects, on: '2-1000'}]")
    gateway = gateway_at(emulator.url, clock).patient(Waiting(seconds).patience)
    gateway.project(project)
    with pytest.raises(ServiceError, match="no answer from AWS"):
        gateway.project(project)
    assert least < sum(clock.slept) <= most


def test_who_is_asked_to_stop_does_not_wait_for_the_network(emulator: Emulator, clock: FakeClock) -> None:
    """Ctrl-C while AWS is out of reach: the next look at it is the last."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    emulator.load_faults("faults: [{fault: reset, operation: DescribeProjects, on: '2-1000'}]")
    waiting = Waiting()
    gateway = gateway_at(emulator.url, clock).patient(waiting.patience)
    gateway.project(project)
    waiting.reason = Interrupted("stopped as asked")
    with pytest.raises(ServiceError, match="no answer from AWS"):
        gateway.project(project)
    assert clock.slept == []


@pytest.mark.parametrize("operation", ["DescribeProjects", "DescribeDataset", "UpdateDatasetEntries"])
def test_a_stop_ends_the_pause_before_a_retry_where_nothing_is_running(
    server: ScriptedServer, clock: FakeClock, operation: str
) -> None:
    """A call that was throttled did nothing, so Ctrl-C does not wait for the minutes of its retries."""
    server.answers(failure("ThrottlingException"))
    waiting = Waiting()
    waiting.patience = replace(waiting.patience, tell=lambda _retry: setattr(waiting, "reason", Interrupted("stopped")))
    gateway = gateway_at(server.url, clock).patient(waiting.patience)
    calls: dict[str, Callable[[], object]] = {
        "DescribeProjects": lambda: gateway.find_project("p"),
        "DescribeDataset": lambda: gateway.describe(ARN),
        "UpdateDatasetEntries": lambda: update(gateway),
    }
    with pytest.raises(Interrupted):
        calls[operation]()
    assert sum(clock.slept) < 5


def test_patience_is_not_for_a_network_that_never_answered(clock: FakeClock) -> None:
    """A wrong endpoint is told soon to the patient too."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gateway = gateway_at(f"http://127.0.0.1:{unused.getsockname()[1]}", clock).patient(Waiting().patience)
        with pytest.raises(ServiceError, match="no answer from AWS"):
            update(gateway)
    assert sum(clock.slept) <= 30


def test_patience_is_not_for_answers(server: ScriptedServer, clock: FakeClock) -> None:
    """A service that answers with errors is asked again for five minutes."""
    server.answers(failure("InternalServerError", 500))
    with pytest.raises(ServiceError, match="the service failed"):
        update(gateway_at(server.url, clock).patient(Waiting().patience))
    assert 240 < sum(clock.slept) <= 300
