"""The policy among a Dataset's properties.

Knows how settings are written and stored. Refuses to know what they do.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from reconciler.manifest.guard_settings import GUARD_NAMES, guard_value
from reconciler.manifest.policies import parse_patience
from reconciler.manifest.suggestions import did_you_mean
from reconciler.model import Compare, Destroy, Extra, Marked, Policy, Rejection
from reconciler.provider.values import BadProperty, shown, whole
from reconciler.thresholds import Guard, Guards

__all__ = ["parse_policy", "policy_properties"]

_SETTINGS: Final = ("extra", "marked", "compare", "patience", "destroy", "rejected", "guards")
_Choice = TypeVar("_Choice", Extra, Marked, Compare, Destroy, Rejection)


def parse_policy(value: object) -> Policy:
    """Read a policy as a program or `project.yaml` writes it.

    Raises:
        BadProperty: settings are unknown or have wrong values; the message has a line for each.
    """
    if not isinstance(value, Mapping):
        raise BadProperty("policy", f"policy must be a mapping, not {shown(value)}")
    reading = _Reading(value)
    policy = reading.policy()
    if reading.wrong:
        raise BadProperty("policy", "\n".join(reading.wrong))
    return policy


class _Reading:
    """One policy on its way in; what is wrong is kept, and the default takes its place."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        self.wrong: list[str] = []
        self._written = written

    def policy(self) -> Policy:
        for name in sorted(set(self._written) - set(_SETTINGS), key=str):
            guess = did_you_mean(str(name), _SETTINGS)
            self.wrong.append(f"policy has no setting {shown(name)}{guess}; it has {', '.join(_SETTINGS)}")
        default = Policy()
        return Policy(
            extra=self._choice("extra", default.extra),
            marked=self._choice("marked", default.marked),
            compare=self._choice("compare", default.compare),
            patience=self._patience(self._written.get("patience", default.patience)),
            destroy=self._choice("destroy", default.destroy),
            rejected=self._choice("rejected", default.rejected),
            guards=self._guards(self._written.get("guards") or {}),
        )

    def _choice(self, name: str, default: _Choice) -> _Choice:
        value = self._written.get(name, default)
        allowed = [choice.value for choice in type(default)]
        if value in allowed:
            return type(default)(value)
        guess = did_you_mean(value, allowed) if isinstance(value, str) else ""
        self.wrong.append(f"policy.{name} must be one of {', '.join(allowed)}, not {shown(value)}{guess}")
        return default

    def _patience(self, value: object) -> int:
        """Seconds, from a number of seconds or a text such as `30m` or `1h30m`."""
        seconds = parse_patience(value) if isinstance(value, str) else whole(value)
        if seconds and seconds > 0:
            return seconds
        self.wrong.append(f"policy.patience must be a time such as 90s, 30m or 1h30m, not {shown(value)}")
        return Policy().patience

    def _guards(self, value: object) -> Guards:
        """Guards as `project.yaml` writes them: percentages, `on` or `off`."""
        if not isinstance(value, Mapping):
            self.wrong.append(f"policy.guards must be a mapping, not {shown(value)}")
            return Guards()
        members: dict[str, Any] = {}
        for name, text in sorted(value.items(), key=lambda item: str(item[0])):
            try:
                members[str(name).replace("-", "_")] = guard_value(str(name), str(text))
            except ValueError:
                guess = "" if name in GUARD_NAMES else did_you_mean(str(name), GUARD_NAMES)
                self.wrong.append(
                    f"policy.guards cannot have {shown(name)}: {shown(text)}{guess}; it has {', '.join(GUARD_NAMES)}, "
                    "each on, off or a percentage such as 50%"
                )
        return replace(Guards(), **members)


def policy_properties(policy: Policy) -> dict[str, Any]:
    """A policy as the engine stores it; settings that came later only where they differ from the default."""
    return {
        "extra": policy.extra.value,
        "marked": policy.marked.value,
        "compare": policy.compare.value,
        "patience": policy.patience,
        "destroy": policy.destroy.value,
        **({"rejected": policy.rejected.value} if policy.rejected is not Rejection.FAIL else {}),
        **({"guards": _guard_properties(policy.guards)} if policy.guards != Guards() else {}),
    }


def _guard_properties(guards: Guards) -> dict[str, str]:
    """The guards that differ from the default, as `project.yaml` writes them."""
    values = {guard: guards.threshold(guard) for guard in Guard}
    return {guard.value: _written(value) for guard, value in values.items() if value != Guards().threshold(guard)}


def _written(value: float | bool | None) -> str:  # noqa: FBT001 - the value of a setting
    if value is None or isinstance(value, bool):
        return "on" if value else "off"
    return f"{value * 100:g}%"
