"""Credentials that expire in the middle: the apply stops, says so and what was done, and the next run goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.outcome import Failure
from tests.reliability.killing import STORIES, CommandLine, Trap
from tests.reliability.trial import SCENES, Trial
from tests.support.desk import Ran, kind_of

if TYPE_CHECKING:
    from pathlib import Path

    from rekognition_emulator import Emulator

EXPIRED = "faults: [{{fault: error, error: ExpiredTokenException, operation: '*', on: '{}-100000'}}]"
SENTENCE = "the credentials have expired (ExpiredTokenException: The security token included in the request is expired)"
CURE = "renew them (for SSO: `aws sso login`) and run again; what was applied stays applied"


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("scene", SCENES)
def test_expired_credentials_stop_an_apply_at_any_call(emulator: Emulator, scene: str) -> None:
    """From each call on, every call is refused: one attempt more, the sentence, and true counts."""
    for call in range(1, Trial(emulator, SCENES[scene]).under("").calls.total() + 1):
        trial = Trial(emulator, SCENES[scene])
        emulator.load_faults(EXPIRED.format(call))
        ran = trial.run()
        emulator.load_faults("")
        error = ran.outcome.error if isinstance(ran, Ran) else Failure.of(ran)
        assert kind_of(error) == "AccessDenied"
        assert SENTENCE in str(error)
        assert CURE in str(error)
        assert not isinstance(ran, Ran) or ran.outcome.batches * 3 >= ran.outcome.sent
        assert not list(trial.lies(ran))
        trial.converges()


def test_the_command_says_what_was_done_so_far(emulator: Emulator, tmp_path: Path) -> None:
    """Exit code 1, the lines that went in, the cure; the next run goes on."""
    story = STORIES["apply"]
    project = str(emulator.service.call("CreateProject", {"ProjectName": "cells"})["ProjectArn"])
    arn = str(emulator.service.call("CreateDataset", {"ProjectArn": project, "DatasetType": "TRAIN"})["DatasetArn"])
    emulator.clock.advance(5)
    emulator.edit_entries(arn, [json.dumps(line) for line in story.live])
    shell, trap = CommandLine(emulator, tmp_path, project, story), Trap(emulator)
    emulator.load_faults(EXPIRED.format(20))
    said = shell.run(trap)
    emulator.load_faults("")
    assert said.startswith("exit 1:")
    assert SENTENCE in said
    assert CURE in said
    assert "added" in said
    assert "Traceback" not in said
    assert shell.run(trap) == ""
    assert not trap.sent_twice
