"""`reconciler apply` on a dataset in any state, found by its project's name or ARN."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.starts import LINES, STARTS, THEIRS, begin, live, slow_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator import Emulator
    from tests.cli.conftest import World


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A slow service that boto3 finds by the environment."""
    with slow_service() as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", emulator.url)
        yield emulator


@pytest.mark.parametrize("way", ["name", "ARN"])
@pytest.mark.parametrize("start", STARTS)
def test_whatever_state_a_dataset_is_in_it_is_taken_over_or_made_anew(
    service: Emulator, world: World, start: str, way: str
) -> None:
    """A running update or delete is waited for; a dataset whose creation failed is deleted and created again."""
    project = str(service.service.call("CreateProject", {"ProjectName": "cells"})["ProjectArn"])
    before = begin(service, project, start)
    settings = "managed: false" if way == "name" else f"projectArn: {project}"
    world.write("cells", [json.dumps(line) for line in LINES], settings=settings)
    ran = world.run("apply", "--yes")
    assert ran.code == 0, ran
    same, kept = STARTS[start]
    arn, entries = live(service, "cells")
    assert (arn == before, THEIRS["source-ref"] in entries) == (same, kept)
    assert entries.keys() >= {line["source-ref"] for line in LINES}
    deletions = service.count_calls("DeleteDataset")
    assert deletions == (start in {"CREATE_FAILED", "DELETE_IN_PROGRESS"})
    assert world.run("plan", "--exit-code").code == 0
