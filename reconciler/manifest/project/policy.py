"""Settings of a policy, from project.yaml and from programs: every setting of `reconciler.model.Policy` by its type."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.guards import GUARDS, read_threshold, threshold_forms, written
from reconciler.manifest.rules import yaml as rules
from reconciler.manifest.yaml.nodes import Fields, Node
from reconciler.policy import SETTINGS, Choice, Policy, Theirs, Threshold, value_of, with_values
from reconciler.rule import Rule
from reconciler.text import did_you_mean, inert

_PATIENCE: Final = r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?"
# What each of two settings must be where the other deletes what this one keeps.
_NOT_TOGETHER: Final = {
    "theirs": "refuse or overwrite with `extra: replace`",
    "extra": "report, unlabel or fail with `theirs: keep`",
}
_MOST_SECONDS: Final = 10**9


class WrongSetting(Struct, frozen=True):
    """A setting that is unknown or has a wrong value; as text what a program is told.

    `path` is the setting's name, and below `guards` the guard's. `expected` is what the value must be; for an unknown
    name, the names that there are.
    """

    rule: Rule
    path: tuple[str, ...]
    value: object
    expected: str
    guess: str = ""

    def __str__(self) -> str:
        value = f"{inert(repr(self.value), 100)}{self.guess}"
        if self.rule is rules.UNKNOWN_KEY:
            return f"{'.'.join(('policy', *self.path[:-1]))} has no setting {value}; it has {self.expected}"
        return f"{'.'.join(('policy', *self.path))} must be {self.expected}, not {value}"


def parse_settings(given: Mapping[str, object], over: Policy) -> tuple[Policy, list[WrongSetting]]:
    """The settings that are given, those of `over` for the rest and for wrong ones; and what is wrong.

    Values are text as project.yaml has it; from the engine also seconds, which come back as floats.
    """
    wrong = list(_unknown(given, SETTINGS))
    read: dict[str, Any] = {}
    for name in filter(given.__contains__, SETTINGS):
        value, default = given[name], value_of(over, name)
        if isinstance(default, Mapping):
            read[name] = _guards(name, value or {}, default, wrong)
        elif isinstance(default, Choice):
            read[name] = _word(name, value, default, wrong)
        else:
            read[name] = _seconds(name, value, default, wrong)
    policy = with_values(over, read)
    name = next((name for name in _NOT_TOGETHER if name in read), "")
    if name and policy.extra.replaces and policy.theirs is Theirs.KEEP:
        wrong.append(WrongSetting(rules.KEEP_AND_REPLACE, (name,), given[name], _NOT_TOGETHER[name]))
    return policy, wrong


def _unknown(given: Collection[str], known: Collection[str], *above: str) -> Iterator[WrongSetting]:
    for name in sorted(map(str, set(given) - set(known))):
        yield WrongSetting(rules.UNKNOWN_KEY, (*above, name), name, ", ".join(known), did_you_mean(name, known))


def _word(name: str, value: object, default: Choice, wrong: list[WrongSetting]) -> Choice:
    words = {choice.value: choice for choice in type(default)}
    if isinstance(value, str) and value in words:
        return words[value]
    guess = did_you_mean(value, words) if isinstance(value, str) else ""
    wrong.append(WrongSetting(rules.CHOICE, (name,), value, f"one of {', '.join(words)}", guess))
    return default


def _seconds(name: str, value: object, default: object, wrong: list[WrongSetting]) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < _MOST_SECONDS:
        return int(value)
    seconds = parse_patience(value) if isinstance(value, str) else None
    if seconds is None:
        wrong.append(WrongSetting(rules.PATIENCE, (name,), value, "a time such as 90s, 30m or 1h30m"))
    return seconds or default


def _guards(
    name: str, given: object, default: Mapping[str, Threshold], wrong: list[WrongSetting]
) -> Mapping[str, Threshold]:
    if not isinstance(given, Mapping):
        wrong.append(WrongSetting(rules.MAPPING_EXPECTED, (name,), given, "a mapping"))
        return default
    wrong += _unknown(given, GUARDS, name)
    read = dict(default)
    for guard in filter(given.__contains__, GUARDS):
        try:
            read[guard] = read_threshold(guard, str(given[guard]))
        except ValueError:
            wrong.append(WrongSetting(rules.GUARD, (name, guard), given[guard], threshold_forms(guard)))
    return {name: read[name] for name, row in GUARDS.items() if read.get(name, row.default) != row.default}


def read_policy(node: Node, over: Policy, fields: Fields) -> Policy:
    """The settings that project.yaml has, and those of `over` for the rest; what is wrong is reported and left out."""
    nodes: dict[tuple[str, ...], Node] = {}
    given = dict(_given(node, "`policy`", SETTINGS, fields, nodes))
    policy, wrong = parse_settings(given, over)
    for one in wrong:
        details = {"name": one.path[-1], "text": one.value, "guess": one.guess, "expected": one.expected}
        fields.wrong(one.rule, nodes[one.path], **details)
    return policy


def _given(
    node: Node, what: str, known: Collection[str], fields: Fields, nodes: dict[tuple[str, ...], Node], *above: str
) -> Iterator[tuple[str, object]]:
    """The known members of a mapping as text, those of `guards` as a mapping; `nodes` gets where each is written."""
    mapping = fields.mapping(node, what, known, "write settings such as {extra: report, guards: {updates: 50%}}")
    for name, value in mapping.members.items() if mapping else ():
        if name == "guards" and not above:
            yield name, dict(_given(value, "`guards`", GUARDS, fields, nodes, name))
        elif name in known and (text := fields.text(value, f"`{name}`")) is not None:
            nodes[*above, name] = value
            yield name, text


def as_written(value: object) -> object:
    """A setting as the engine stores it: a word, seconds, or thresholds as project.yaml has them."""
    if isinstance(value, Mapping):
        return {name: written(threshold) for name, threshold in value.items()}
    return value.value if isinstance(value, Choice) else value


def parse_patience(text: str) -> int | None:
    """Seconds of a duration like 30m, 90s, 1h30m or 7d; None for anything else and for zero."""
    match = re.fullmatch(_PATIENCE, text, re.ASCII)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds or None
