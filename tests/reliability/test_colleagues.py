"""A colleague edits at any moment, with the probe on: the next run knows it, however AWS tells the time.

The probe goes by DescribeDataset alone. Its answers depend on switches of the emulator, each of which is tried here
with an edit before every call of a run, and at different ages of what was listed.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.changes import Action
from reconciler.policy import Compare, Policy
from rekognition_emulator import Clock, Limits, Switches, serve
from tests.reliability.trial import KEY, START, as_desired, plan_text
from tests.support.desk import Desk
from tests.support.lines import Document, Picture, Style, labelled, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator

# The switches by which a description, or the time in it, comes out differently.
TIMES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"last_updated": "seconds"},
    {"update_shows_after": 3.0},
    {"creation_delay": 5.0},
    {"empty_creation": "at once"},
    {"in_progress_code": "absent"},
)
# Seconds between runs.
_AGES: Final = (0.0, 1.0, 20.0, 3600.0)
_BEFORE: Final = [labelled(KEY.format(number), "a") for number in range(3)]
_AFTER: Final = [*_BEFORE[:2], labelled(KEY.format(2), "b"), labelled(KEY.format(3), "b")]
_EDIT: Final = labelled(KEY.format(0), "theirs")
_names = count()
pytestmark = pytest.mark.usefixtures("_small")


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator with the switches of the parameter."""
    switches = Switches(**getattr(request, "param", {}))
    with serve(clock=Clock(START), latency="real", limits=Limits(projects=10**6), switches=switches) as running:
        yield running


class Story:
    """A dataset that was applied and left a copy, a run, and a colleague who edits before one of its calls."""

    def __init__(self, emulator: Emulator, folder: Path, age: float) -> None:
        self.emulator, self.age = emulator, age
        name = f"c{next(_names)}"
        (folder / name).mkdir()
        self.desk = Desk(emulator, name, folder=folder / name)
        self.desk.run(*_BEFORE)
        self.pause()

    def pause(self) -> None:
        """Time passes between two runs."""
        self.emulator.clock.advance(self.age)

    def told(self, lines: list[Document], call: int, *, sends: bool) -> int:
        """A run whose calls are counted, with the colleague's edit before one of them, or after them all."""
        made = count(1)

        def edit(*_call: object) -> None:
            if next(made) == call:
                self.emulator.edit_entries(arn, [json.dumps(_EDIT)])

        arn = self.desk.arn
        self.emulator.front_end.before_work.append(edit)
        if sends:
            self.desk.run(*lines)
        else:
            self.desk.preview(*lines)
        self.emulator.front_end.before_work.remove(edit)
        calls = next(made) - 1
        if call > calls:
            edit()
        return calls

    def is_known(self, lines: list[Document]) -> None:
        """The next run plans as if it had listed, and the one after it.

        Raises:
            AssertionError: it does not.
        """
        for _run in range(2):
            self.pause()
            plan = self.desk.preview(*lines)
            self.desk.full = True
            full = self.desk.preview(*lines)
            self.desk.full = False
            assert (plan.id, plan.live) == (full.id, full.live)
            right = all(as_desired(line, self.desk.live()) for line in lines)
            assert plan.action is (Action.NOTHING if right else Action.UPDATE)


@pytest.mark.parametrize(
    ("emulator", "sends"), [(TIMES[0], False), (TIMES[1], False), (TIMES[0], True)], indirect=["emulator"]
)
def test_the_next_run_knows_an_edit_of_any_moment(emulator: Emulator, tmp_path: Path, *, sends: bool) -> None:
    """Before each call of a plan or an apply, and after the last one; the age of the copy differs from call to call."""
    _of_any_moment(emulator, tmp_path, 0, sends=sends)


@pytest.mark.slow
@pytest.mark.parametrize("emulator", TIMES, indirect=True, ids=str)
@pytest.mark.parametrize("sends", [False, True], ids=["plan", "apply"])
@pytest.mark.parametrize("first", range(len(_AGES)))
def test_the_next_run_knows_it_at_every_age(emulator: Emulator, tmp_path: Path, first: int, *, sends: bool) -> None:
    """Each call with each age, for all answers by which the time comes out differently."""
    _of_any_moment(emulator, tmp_path, first, sends=sends)


def _of_any_moment(emulator: Emulator, folder: Path, first: int, *, sends: bool) -> None:
    lines = _AFTER if sends else _BEFORE
    call = calls = 1
    while call <= calls + 1:
        story = Story(emulator, folder, _AGES[(first + call) % len(_AGES)])
        calls = max(calls, story.told(lines, call, sends=sends))
        story.is_known(lines)
        call += 1
    assert calls >= (8 if sends else 2)


def test_an_edit_that_leaves_the_time_as_it_was_is_found_within_full_read(emulator: Emulator, tmp_path: Path) -> None:
    """The table calls such a clock unsound: until `full-read` is over nothing tells, then live is listed."""
    story = Story(emulator, tmp_path, 20.0)
    emulator.load_faults(plan_text({"fault": "still-timestamp", "operation": "UpdateDatasetEntries"}))
    story.desk.gateway.update_entries(story.desk.arn, json.dumps(_EDIT).encode())
    emulator.load_faults("")
    story.pause()
    assert story.desk.preview(*_BEFORE).action is Action.NOTHING
    emulator.clock.advance(story.desk.policy.full_read)
    story.is_known(_BEFORE)


@pytest.mark.parametrize("age", _AGES)
def test_a_listing_that_was_older_than_the_edit_is_not_believed_later(
    emulator: Emulator, tmp_path: Path, age: float
) -> None:
    """A run right after the edit may be shown entries from before it; the next run does not go by what it listed."""
    story = Story(emulator, tmp_path, age)
    emulator.load_faults(
        plan_text({"fault": "stale-listing", "operation": "UpdateDatasetEntries", "reads": 1, "on": 1})
    )
    story.desk.gateway.update_entries(story.desk.arn, json.dumps(_EDIT).encode())
    emulator.clock.advance(3)
    assert story.desk.preview(*_BEFORE).action is Action.NOTHING
    story.is_known(_BEFORE)


def test_a_read_back_that_may_be_older_than_our_update_is_not_believed_later(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Where only the form of a line was changed, a listing from before the update looks as if AWS had rewritten it."""
    desk = Desk(emulator, "p", folder=tmp_path, policy=Policy(compare=Compare.STRICT))
    picture = Picture(KEY.format(1), ("a",))
    before, after = write(picture), write(picture, Style(job="labeling-job/new"))
    desk.run(before)
    emulator.load_faults(plan_text({"fault": "stale-listing", "operation": "UpdateDatasetEntries", "reads": 50}))
    emulator.clock.advance(60)
    assert desk.run(after).outcome.rewritten == 1
    emulator.load_faults("")
    emulator.clock.advance(60)
    assert desk.preview(before).action is Action.UPDATE
