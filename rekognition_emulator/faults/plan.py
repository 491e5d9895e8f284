"""A fault plan in the form people write, turned into planned faults; a plan with a mistake is refused as a whole.

faults:
- fault: error
operation: UpdateDatasetEntries   # a name, a pattern, or a list; default: all operations the kind can affect
on: 2                             # the second matching call; also [2, 4] and "2-5"
error: ThrottlingException
- fault: slow
chance: 0.1                       # probability on each matching call, drawn from the seed
seconds: 2
when: {DatasetArn: "*/train/*"}   # condition on the request: member path -> value or pattern
times: 3                          # at most so often
"""

from __future__ import annotations

import inspect
import random
import types
import typing
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from rekognition_emulator.aws_json import model
from rekognition_emulator.faults import concurrent_changes, conditions, job_faults, kinds, plan_text
from rekognition_emulator.faults.triggers import Trigger
from rekognition_emulator.switches.switch import did_you_mean

if typing.TYPE_CHECKING:
    from rekognition_emulator.faults.plan_text import FaultSpec
    from rekognition_emulator.lines.judge import LineJudge

KINDS: dict[str, type[kinds.FaultKind]] = {
    "error": kinds.Error,
    "clock-skew": kinds.ClockSkew,
    "reset": kinds.Reset,
    "truncate": kinds.Truncate,
    "slow": kinds.Slow,
    "kill": kinds.Kill,
    "expire-token": kinds.ExpireToken,
    "stale-status": kinds.StaleStatus,
    "stale-listing": kinds.StaleListing,
    "rewrite": kinds.Rewrite,
    "still-timestamp": job_faults.StillTimestamp,
    "fail": job_faults.Fail,
    "lose": job_faults.Lose,
    "merge": job_faults.Merge,
    "edit": concurrent_changes.Edit,
    "colleague-update": concurrent_changes.ColleagueUpdate,
    "recreate": concurrent_changes.Recreate,
    "distribute": concurrent_changes.Distribute,
}
"""Every kind of fault, by its name in a plan."""

_MAX_NUMBER = 1_000_000  # seconds, calls, bytes, lines: a larger number in a plan is a typing error
_COMMON_KEYS = ("fault", "name", "operation", "on", "every", "chance", "times", "when")


@dataclass
class PlannedFault:
    """One fault of a plan: `kind` is what goes wrong, `trigger` when; `fault` is the name of the kind."""

    name: str
    fault: str
    kind: kinds.FaultKind
    trigger: Trigger


def options_of(kind: type[kinds.FaultKind]) -> dict[str, Any]:
    """The options of a kind in a plan, with their types."""
    hints = typing.get_type_hints(kind)
    return {part.name: hints[part.name] for part in fields(kind)}


def description_of(kind: type[kinds.FaultKind]) -> str:
    """What a kind does, in one line: its docstring."""
    return " ".join((inspect.getdoc(kind) or "").split())


def read_plan(text: str, judge: LineJudge, seed: int = 0, source: str = "") -> list[PlannedFault]:
    """The faults of a plan; each has its own stream of random numbers from `seed`, so that it replays exactly.

    `judge` is that of the emulator that runs the plan: it decides which lines the service would drop.

    Raises:
        PlanError: for the first mistake, with its line in the file `source`.
    """
    return [_planned(spec, judge, seed) for spec in plan_text.read_specs(text, source)]


def _planned(spec: FaultSpec, judge: LineJudge, seed: int) -> PlannedFault:
    content = spec.content
    if not isinstance(content, dict) or not isinstance(content.get("fault"), str):
        raise spec.error(f"the key `fault` with the name of a kind is missing; known kinds: {', '.join(KINDS)}.")
    fault: str = content["fault"]
    if fault not in KINDS:
        raise spec.error(f"there is no kind `{fault}`.{did_you_mean(fault, list(KINDS))}", "fault")
    options = _options(spec, content, fault)
    try:
        kind = KINDS[fault](**options)
        kind.check(judge)
    except ValueError as error:
        raise spec.error(f"{error}.") from error
    chances = random.Random(f"{seed}/{spec.number}")  # noqa: S311 - has to replay
    name = str(content.get("name", f"{spec.number}:{fault}"))
    return PlannedFault(name, fault, kind, _trigger(spec, content, chances))


def _options(spec: FaultSpec, content: dict[str, Any], fault: str) -> dict[str, Any]:
    """The options that the plan gives to the kind of fault; every other key must be one of _COMMON_KEYS."""
    options = options_of(KINDS[fault])
    for key, value in content.items():
        if key not in options and key not in _COMMON_KEYS:
            hint = did_you_mean(str(key), [*options, *_COMMON_KEYS])
            raise spec.error(f"`{key}` is not a key of `{fault}`.{hint}", str(key))
        if key in options and not _has_type(value, options[key]):
            raise spec.error(f"{value!r} is not a valid value for `{key}`.", key)
    return {key: value for key, value in content.items() if key in options}


def _operations(spec: FaultSpec, named: object, fault: str) -> list[str]:
    """The operations that the names and patterns match, without those that the kind of fault cannot affect."""
    found: list[str] = []
    for pattern in named if isinstance(named, list) else [named]:
        met = [name for name in model.OPERATIONS if fnmatchcase(name, str(pattern))]
        if not met:
            hint = did_you_mean(str(pattern), list(model.OPERATIONS))
            raise spec.error(f"{pattern!r} is not an operation of the emulator.{hint}", "operation")
        found += [name for name in met if any(fnmatchcase(name, meant) for meant in KINDS[fault].operations)]
    if not found:
        raise spec.error(f"`{fault}` can only be used for {', '.join(KINDS[fault].operations)}.", "operation")
    return found


def _trigger(spec: FaultSpec, content: dict[str, Any], chances: random.Random) -> Trigger:
    fault: str = content["fault"]
    operations = _operations(spec, content.get("operation", list(KINDS[fault].operations)), fault)
    chance, every, times = content.get("chance"), content.get("every", 0), content.get("times")
    if chance is not None and not (_has_type(chance, float) and 0 <= chance <= 1):
        raise spec.error("`chance` is a number from 0 to 1.", "chance")
    for key, number in (("every", every), ("times", times or 0)):
        if not _has_type(number, int):
            raise spec.error(f"`{key}` is a whole number.", key)
    when = _when(spec, content.get("when", {}), operations)
    return Trigger(operations, when, _calls(spec, content.get("on")), every, chance, times, chances)


def _when(spec: FaultSpec, when: object, operations: list[str]) -> dict[str, Any]:
    """The conditions; a request can meet each of them."""
    if not isinstance(when, dict) or not all(isinstance(path, str) for path in when):
        raise spec.error("`when` is a mapping from member paths to values.", "when")
    for path, wanted in when.items():
        mistake = conditions.mistake(operations, path, wanted)
        if mistake:
            raise spec.error(mistake, f"when: {path}")
    return when


def _calls(spec: FaultSpec, value: object) -> frozenset[int]:
    """The numbers of matching calls in `on`: a number, a list of numbers, or a range as text; empty for none."""
    if value is None:
        return frozenset()
    listed = value if isinstance(value, list) else [value]
    if listed and all(_has_type(each, int) and each for each in listed):
        return frozenset(listed)
    first, dash, last = str(value).partition("-")
    if dash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= _MAX_NUMBER:
        return frozenset(range(int(first), int(last) + 1))
    raise spec.error('`on` is the number of a call, a list of numbers, or a range such as "2-5".', "on")


def _has_type(value: object, hint: Any) -> bool:  # noqa: ANN401 - a type as typing has it
    """Whether a value of a plan has the type of an option; numbers are from 0 to _MAX_NUMBER."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_has_type(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(_has_type(each, arguments[0]) for each in value)
    if hint is Any:
        return True
    if hint in (int, float) and isinstance(value, bool):
        return False
    if hint is float:
        hint = int | float
    return isinstance(value, hint) and (
        hint in (str, bool) or not isinstance(value, int | float) or 0 <= value <= _MAX_NUMBER
    )
