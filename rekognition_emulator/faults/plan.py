"""A fault plan as people write it, in YAML or JSON, turned into rules.

Knows the table of kinds and the plan's keys. Refuses a plan it does not understand, with a sentence for each mistake.

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
"""

from __future__ import annotations

import difflib
import inspect
import random
import re
import types
import typing
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

import yaml

from rekognition_emulator import model
from rekognition_emulator.faults import colleagues, kinds, twists
from rekognition_emulator.faults.triggers import Trigger

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

_BOOL = "tag:yaml.org,2002:bool"
_MOST = 1_000_000  # a number of a plan above this is a slip: seconds, calls, bytes, lines
_OWN = ("fault", "name", "operation", "on", "every", "chance", "times", "when")


class _Loader(yaml.SafeLoader):
    """YAML whose only truth values are true and false: the key `on` is a word, and so is the message `No`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("true|false"), list("tf"))


class PlanError(ValueError):
    """A fault plan that cannot be understood; the text names the rule and the cure."""


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


def read(text: str, seed: int = 0) -> list[Rule]:
    """The rules of a plan; each has its own stream of random numbers from `seed`, so that it replays exactly.

    Raises:
        PlanError: for the first rule that is wrong.
    """
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with fewer words
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a word that looks like a date and is none
        raise PlanError(f"The fault plan is not YAML: {error}") from error
    except RecursionError as error:
        raise PlanError("The fault plan is not YAML that can be read: it is nested too deep.") from error
    rules = document.get("faults") if isinstance(document, dict) else document
    if rules is None:
        return []
    if not isinstance(rules, list):
        raise PlanError("A fault plan is a list of faults, or a mapping with the key `faults`.")
    return [_rule(spec, number, seed) for number, spec in enumerate(rules, start=1)]


def _suggestion(word: str, known: typing.Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f" Did you mean `{near[0]}`?" if near else ""


def _rule(spec: object, number: int, seed: int) -> Rule:
    where = f"Fault {number}"
    if not isinstance(spec, dict) or not isinstance(spec.get("fault"), str):
        raise PlanError(f"{where}: the key `fault` with the name of a kind is needed: {', '.join(KINDS)}.")
    if spec["fault"] not in KINDS:
        raise PlanError(f"{where}: there is no kind `{spec['fault']}`.{_suggestion(spec['fault'], KINDS)}")
    kind = KINDS[spec["fault"]]
    options = options_of(kind)
    for key, value in spec.items():
        if key not in options and key not in _OWN:
            raise PlanError(
                f"{where}: `{key}` is no key of `{spec['fault']}`.{_suggestion(str(key), (*options, *_OWN))}"
            )
        if key in options and not _fits(value, options[key]):
            raise PlanError(f"{where}: {value!r} is no value for `{key}`.")
    try:
        made = kind(**{key: value for key, value in spec.items() if key in options})
    except ValueError as error:
        raise PlanError(f"{where}: {error}.") from error
    name = str(spec.get("name", f"{number}:{spec['fault']}"))
    return Rule(name, spec["fault"], made, _trigger(spec, kind, where, random.Random(f"{seed}/{number}")))  # noqa: S311 - has to replay


def _operations(named: object, fault: str, where: str) -> list[str]:
    """The operations that names and patterns stand for, as far as the kind of fault can do anything to them."""
    found: list[str] = []
    for pattern in named if isinstance(named, list) else [named]:
        met = [name for name in model.OPERATIONS if fnmatchcase(name, str(pattern))]
        if not met:
            hint = _suggestion(str(pattern), model.OPERATIONS)
            raise PlanError(f"{where}: {pattern!r} is no operation of the emulator.{hint}")
        found += [name for name in met if any(fnmatchcase(name, meant) for meant in KINDS[fault].operations)]
    if not found:
        raise PlanError(f"{where}: `{fault}` is for {', '.join(KINDS[fault].operations)} only.")
    return found


def _trigger(spec: dict[str, Any], kind: type[kinds.Kind], where: str, chances: random.Random) -> Trigger:
    operations = _operations(spec.get("operation", list(kind.operations)), spec["fault"], where)
    chance, when = spec.get("chance"), spec.get("when", {})
    if chance is not None and not (_fits(chance, float) and 0 <= chance <= 1):
        raise PlanError(f"{where}: `chance` is a number from 0 to 1.")
    if not isinstance(when, dict) or not all(isinstance(path, str) for path in when):
        raise PlanError(f"{where}: `when` is a mapping from member paths to values.")
    every, times = spec.get("every", 0), spec.get("times")
    if not _fits(every, int) or not _fits(times, int | None):
        raise PlanError(f"{where}: `every` and `times` are whole numbers.")
    return Trigger(operations, when, _calls(spec.get("on"), where), every, chance, times, chances)


def _calls(value: object, where: str) -> frozenset[int]:
    """`on` as the set of matching calls: a number, a list of numbers, or a range as text."""
    if value is None:
        return frozenset()
    listed = value if isinstance(value, list) else [value]
    if listed and all(_fits(each, int) and each for each in listed):
        return frozenset(listed)
    first, dash, last = str(value).partition("-")
    if dash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= _MOST:
        return frozenset(range(int(first), int(last) + 1))
    raise PlanError(f'{where}: `on` is the number of a call, a list of numbers, or a range such as "2-5".')


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
