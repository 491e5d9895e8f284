"""Whichever way AWS answers what it leaves open: an apply converges, or says why not, and never says what is not so.

Each trial is one value of one switch of the emulator, in six stories: three scenes, and in the first a failed update, a
busy dataset and a busy account. A sample of the values is drawn from a seed; the long tests try all of them.
"""

from __future__ import annotations

import json
import random
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest

from reconciler.changes import Action
from reconciler.errors import ReconcilerError
from reconciler.policy import Extra, Policy
from rekognition_emulator import Clock, Limits, Switches, serve
from rekognition_emulator.switches.switch import switch_types
from tests.reliability.trial import KEY, SCENES, START, Scene, Trial, plan_text
from tests.support.desk import Desk
from tests.support.lines import bare, boxes, labelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.desk import Ran

pytestmark = pytest.mark.usefixtures("_small")
_SAMPLE, _SEED = 15, 66
# Values of the switches that take a number: smaller or larger than what AWS is thought to do.
_NUMBERS: Final[dict[str, tuple[float, ...]]] = {
    "distribute_minimum": (1,),
    "token_lifetime": (1.0,),
    "quota_burst": (5,),
    "page_bytes": (300,),
    "payload_most": (700, 350),
    "label_name_most": (256,),
    "fewest_labels": (1,),
    "concurrent_jobs": (1,),
    "update_shows_after": (3.0,),
    "creation_delay": (5.0,),
}
# Texts of AWS that nobody has seen.
_TEXTS: Final = ("", "Something \x1b[31melse.")
_MIXED: Final = Scene(
    "mixed",
    (
        labelled(KEY.format(1), "old"),
        boxes(KEY.format(2), ("RBC", 10, 10, 90, 90)),
        labelled(KEY.format(80), "b"),
        bare(KEY.format(81)),
    ),
    (
        labelled(KEY.format(1), "a"),
        boxes(KEY.format(2), ("RBC", 20, 10, 90, 90), ("WBC", 0, 0, 9, 9)),
        boxes(KEY.format(3)),
        bare(KEY.format(4)),
        *(labelled(KEY.format(number), "a") for number in range(5, 14)),
    ),
    Policy(extra=Extra.UNLABEL),
)
_FAILED: Final = {
    "fault": "fail",
    "operation": "UpdateDatasetEntries",
    "on": 1,
    "code": "CLIENT_ERROR",
    "message": "It is odd.",
}
_COLLEAGUE: Final = {
    "fault": "colleague-update",
    "operation": "UpdateDatasetEntries",
    "on": 2,
    "lines": [labelled(KEY.format(70), "theirs")],
    "seconds": 20,
}
# The story in which a different dataset of the account is busy.
_ELSEWHERE: Final = "busy account"
_STORIES: Final = (
    ("apply", SCENES["apply"], ""),
    ("replace", SCENES["replace"], ""),
    ("mixed", _MIXED, ""),
    ("failed update", SCENES["apply"], plan_text(_FAILED)),
    ("busy", SCENES["apply"], plan_text(_COLLEAGUE)),
    (_ELSEWHERE, SCENES["apply"], ""),
)
# Where the service cannot be brought to what is desired: the words that say why.
_NOT_LIVE: Final = "not live as"
_CANNOT: Final[dict[tuple[str, object], dict[str, str]]] = {
    ("existing_line", "merged"): {"mixed": _NOT_LIVE},
    ("missing_images", "dropped"): dict.fromkeys((story for story, _scene, _faults in _STORIES), _NOT_LIVE),
    ("payload_most", 350): {"mixed": _NOT_LIVE},
    ("update_on_update_failed", "refused"): {"failed update": "refuses every update after a failed one (It is odd.)"},
}


def _values(name: str) -> tuple[object, ...]:
    """All values of a switch but its default, or some where there are many."""
    kind, default = switch_types(Switches)[name], getattr(Switches(), name)
    if get_args(kind):
        return tuple(one for one in get_args(kind) if one != default)
    if kind is bool:
        return (not default,)
    return _TEXTS if kind is str else _NUMBERS[name]


VALUES: Final = [(one.name, value) for one in fields(Switches) for value in _values(one.name)]


def test_every_switch_has_a_value_to_try() -> None:
    """A switch that the emulator learns is tried too."""
    assert {name for name, _value in VALUES} == {one.name for one in fields(Switches)}


def test_a_sample_of_the_answers_that_aws_leaves_open_is_met_alike() -> None:
    """Fifteen values, drawn from a seed."""
    for name, value in random.Random(_SEED).sample(VALUES, _SAMPLE):  # noqa: S311 - repeatable on purpose
        _try(name, value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), VALUES, ids=[f"{name}={value!r}" for name, value in VALUES])
def test_every_answer_that_aws_leaves_open_is_met_alike(name: str, value: object) -> None:
    """Every value of every switch."""
    _try(name, value)


def _try(name: str, value: object) -> None:
    """All stories under one value of a switch."""
    chosen: dict[str, Any] = {name: value}
    cannot = _CANNOT.get((name, value), {})
    with serve(
        clock=Clock(START), latency="real", limits=Limits(projects=10**6), switches=Switches(**chosen)
    ) as emulator:
        for story, scene, faults in _STORIES:
            trial = Trial(emulator, scene)
            where = f"{name}={value!r}, {story}"
            if story == _ELSEWHERE:
                _keep_busy(Desk(emulator, "elsewhere"))
            _first(trial, faults, where)
            _next(trial, where, cannot.get(story, ""))


def _keep_busy(desk: Desk) -> None:
    """Start an update of a dataset in a project of its own."""
    arn = desk.create()
    desk.emulator.clock.advance(5)
    payload = json.dumps(labelled(KEY.format(1), "a")).encode()
    desk.emulator.service.call("UpdateDatasetEntries", {"DatasetArn": arn, "Changes": {"GroundTruth": payload}})


def _first(trial: Trial, faults: str, where: str) -> None:
    """A run under faults tells no lie and loses nothing."""
    kept = _kept(trial)
    trial.emulator.load_faults(faults or "faults: []")
    ran = trial.run()
    trial.emulator.load_faults("faults: []")
    assert not [*trial.lies(ran)], (where, ran)
    assert _kept(trial).keys() >= kept.keys() - _replaced(trial), where


def _next(trial: Trial, where: str, cannot: str) -> None:
    """The next run converges, and one more sends nothing; or each says why not."""
    ran = trial.run()
    assert not [*trial.lies(ran)], (where, ran)
    if cannot:
        assert cannot in _said(ran), (where, _said(ran))
        return
    assert not _said(ran), where
    assert not trial.wrong(), where
    again = trial.run()
    assert not isinstance(again, ReconcilerError), (where, again)
    assert (again.plan.action, again.calls["UpdateDatasetEntries"]) == (Action.NOTHING, 0), where


def _said(ran: Ran | ReconcilerError) -> str:
    return str(ran if isinstance(ran, ReconcilerError) else ran.outcome.error or "")


def _kept(trial: Trial) -> Mapping[str, object]:
    return trial.desk.live()


def _replaced(trial: Trial) -> set[str]:
    """What a replace may take away: the snapshot has it."""
    return set(trial.before) if trial.scene.policy.extra is Extra.REPLACE else set()
