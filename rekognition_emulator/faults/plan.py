"""A fault plan as people write it, turned into rules.

Refuses a plan it does not understand, with a sentence for each mistake.

    faults:
      - fault: error
        operation: UpdateDatasetEntries   # a name, a pattern, or a list; default: every operation the kind is for
        on: 2                             # the second matching call; also [2, 4] and "2-5"
        error: ThrottlingException
      - fault: slow
        chance: 0.1                       # of each matching call, from the seed
        seconds: 2
        when: {DatasetArn: "*/train/*"}   # condition on the request: member path -> value or pattern
        times: 3                          # at most so often

Conditions of a plan held against the service model: one that no request can meet would never fire, in silence.
"""

from __future__ import annotations

import difflib
import inspect
import random
import types
import typing
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from rekognition_emulator.aws_json import model
from rekognition_emulator.faults import colleagues, document, kinds, twists
from rekognition_emulator.faults.triggers import Trigger

if typing.TYPE_CHECKING:
    from rekognition_emulator.faults.document import Spec

KINDS: dict[str, type[kinds.Kind]] = {
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
    "still-timestamp": twists.StillTimestamp,
    "fail": twists.Fail,
    "lose": twists.Lose,
    "merge": twists.Merge,
    "edit": colleagues.Edit,
    "colleague-update": colleagues.ColleagueUpdate,
    "recreate": colleagues.Recreate,
    "distribute": colleagues.Distribute,
}
"""Every kind of fault by its name in a plan."""

_MOST = 1_000_000  # a number of a plan above this is a slip: seconds, calls, bytes, lines
_OWN = ("fault", "name", "operation", "on", "every", "chance", "times", "when")


@dataclass
class Rule:
    """One fault of a plan: what goes wrong, and when."""

    name: str
    fault: str
    kind: kinds.Kind
    trigger: Trigger


def options_of(kind: type[kinds.Kind]) -> dict[str, Any]:
    """The options of a kind with their types."""
    hints = typing.get_type_hints(kind)
    return {part.name: hints[part.name] for part in fields(kind)}


def description_of(kind: type[kinds.Kind]) -> str:
    """What a kind does, in one paragraph."""
    return " ".join((inspect.getdoc(kind) or "").split())


def read(text: str, seed: int = 0, source: str = "") -> list[Rule]:
    """The rules of a plan; each has its own stream of random numbers from `seed`, so that it replays exactly.

    Raises:
        PlanError: for the first rule that is wrong, with its line in the file `source`.
    """
    return [_rule(spec, seed) for spec in document.read(text, source)]


def _suggestion(word: str, known: typing.Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f" Did you mean `{near[0]}`?" if near else ""


def _rule(spec: Spec, seed: int) -> Rule:
    says = spec.says
    if not isinstance(says, dict) or not isinstance(says.get("fault"), str):
        raise spec.wrong(f"the key `fault` with the name of a kind is needed: {', '.join(KINDS)}.")
    fault: str = says["fault"]
    if fault not in KINDS:
        raise spec.wrong(f"there is no kind `{fault}`.{_suggestion(fault, KINDS)}", "fault")
    options = options_of(KINDS[fault])
    for key, value in says.items():
        if key not in options and key not in _OWN:
            hint = _suggestion(str(key), (*options, *_OWN))
            raise spec.wrong(f"`{key}` is no key of `{fault}`.{hint}", str(key))
        if key in options and not _fits(value, options[key]):
            raise spec.wrong(f"{value!r} is no value for `{key}`.", key)
    try:
        made = KINDS[fault](**{key: value for key, value in says.items() if key in options})
    except ValueError as error:
        raise spec.wrong(f"{error}.") from error
    chances = random.Random(f"{seed}/{spec.number}")  # noqa: S311 - has to replay
    return Rule(str(says.get("name", f"{spec.number}:{fault}")), fault, made, _trigger(spec, says, chances))


def _operations(spec: Spec, named: object, fault: str) -> list[str]:
    """The operations that names and patterns stand for, as far as the kind of fault can do anything to them."""
    found: list[str] = []
    for pattern in named if isinstance(named, list) else [named]:
        met = [name for name in model.OPERATIONS if fnmatchcase(name, str(pattern))]
        if not met:
            hint = _suggestion(str(pattern), model.OPERATIONS)
            raise spec.wrong(f"{pattern!r} is no operation of the emulator.{hint}", "operation")
        found += [name for name in met if any(fnmatchcase(name, meant) for meant in KINDS[fault].operations)]
    if not found:
        raise spec.wrong(f"`{fault}` is for {', '.join(KINDS[fault].operations)} only.", "operation")
    return found


def _trigger(spec: Spec, says: dict[str, Any], chances: random.Random) -> Trigger:
    fault: str = says["fault"]
    operations = _operations(spec, says.get("operation", list(KINDS[fault].operations)), fault)
    chance, every, times = says.get("chance"), says.get("every", 0), says.get("times")
    if chance is not None and not (_fits(chance, float) and 0 <= chance <= 1):
        raise spec.wrong("`chance` is a number from 0 to 1.", "chance")
    if not _fits(every, int) or not _fits(times, int | None):
        raise spec.wrong("`every` and `times` are whole numbers.", "every" if "every" in says else "times")
    when = _when(spec, says.get("when", {}), operations)
    return Trigger(operations, when, _calls(spec, says.get("on")), every, chance, times, chances)


def _when(spec: Spec, when: object, operations: list[str]) -> dict[str, Any]:
    """The conditions, each of which a request can meet."""
    if not isinstance(when, dict) or not all(isinstance(path, str) for path in when):
        raise spec.wrong("`when` is a mapping from member paths to values.", "when")
    for path, wanted in when.items():
        mistake = impossible(operations, path, wanted)
        if mistake:
            raise spec.wrong(mistake, f"when: {path}")
    return when


def _calls(spec: Spec, value: object) -> frozenset[int]:
    """`on` as the set of matching calls: a number, a list of numbers, or a range as text."""
    if value is None:
        return frozenset()
    listed = value if isinstance(value, list) else [value]
    if listed and all(_fits(each, int) and each for each in listed):
        return frozenset(listed)
    first, dash, last = str(value).partition("-")
    if dash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= _MOST:
        return frozenset(range(int(first), int(last) + 1))
    raise spec.wrong('`on` is the number of a call, a list of numbers, or a range such as "2-5".', "on")


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - a type as typing has it
    """Whether a plan's value has an option's type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(_fits(each, arguments[0]) for each in value)
    if hint is Any:
        return True
    if hint in (int, float) and isinstance(value, bool):
        return False
    if hint is float:
        hint = int | float
    return isinstance(value, hint) and (
        hint in (str, bool) or not isinstance(value, int | float) or 0 <= value <= _MOST
    )


_TYPES = {"boolean": (bool,), "integer": (int,), "long": (int,)}


def _item(shape: str) -> str:
    """The shape that a path goes on from: a list stands for each of its items."""
    found = model.shape(shape)
    return _item(found["member"]["shape"]) if found["type"] == "list" else shape


def _step(shape: str, name: str) -> str | None:
    """The shape of a member, or None when there is none of this name."""
    found = model.shape(shape)
    if found["type"] == "map":
        return _item(found["value"]["shape"])
    member = found.get("members", {}).get(name)
    return _item(member["shape"]) if member else None


def _members(shape: str) -> list[str]:
    return list(model.shape(shape).get("members", {}))


def _walk(operation: str, path: str) -> tuple[str | None, str, list[str]]:
    """Where a path leads in an operation's request: a shape, or None with the name that is wrong and the right ones."""
    shape = model.input_shape(operation)
    for name in path.split("."):
        deeper = _step(shape, name)
        if deeper is None:
            return None, name, _members(shape)
        shape = deeper
    return shape, "", []


def _never(shape: str, wanted: object) -> str | None:
    """Why a value can never be there, or None when it can."""
    found = model.shape(shape)
    if isinstance(wanted, str):
        words = ["true", "false"] if found["type"] == "boolean" else found.get("enum")
        if not words or any(fnmatchcase(word, wanted) for word in words):
            return None
        return f"it is {' or '.join(words)}"
    expected = _TYPES.get(found["type"], (dict, list) if found["type"] in {"structure", "map"} else ())
    if type(wanted) in expected:
        return None
    return {"string": "it is text, in quotes", "blob": "it is text, in quotes", "boolean": "it is true or false"}.get(
        found["type"], "it is a whole number" if expected == (int,) else "it has members of its own"
    )


def impossible(operations: list[str], path: str, wanted: object) -> str | None:
    """What is wrong with a condition, in a sentence; None when a request of one of the operations can meet it."""
    found = [(operation, *_walk(operation, path)) for operation in operations]
    shapes = [shape for _, shape, _, _ in found if shape]
    if not shapes:
        name = found[0][2]
        known = sorted({member for _, _, wrong, members in found if wrong == name for member in members})
        near = difflib.get_close_matches(name, known, 1)
        meant = f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(known)}." if known else ""
        which = operations[0] if len(operations) == 1 else "any of its operations"
        return f"`when: {path}` is in no request of {which}: there is no `{name}`.{meant}"
    reasons = [_never(shape, wanted) for shape in shapes]
    return None if None in reasons else f"`when: {path}` is never {wanted!r}: {reasons[0]}."
