"""The policy among a Dataset's properties.

Knows how settings are written and stored. Refuses to know what they do.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.manifest.guard_settings import GUARD_NAMES, guard_value
from reconciler.manifest.policies import parse_patience
from reconciler.model import Compare, Destroy, Extra, Guards, Marked, Policy, Rejection
from reconciler.provider.values import BadProperty, shown, whole

__all__ = ["parse_policy", "policy_properties"]

_SETTINGS: Final = ("extra", "marked", "compare", "patience", "destroy", "rejected", "guards")


def parse_policy(value: object) -> Policy:
    """Read a policy as a program or `project.yaml` writes it.

    Raises:
        BadProperty: a setting is unknown or has a wrong value.
    """
    if not isinstance(value, Mapping):
        raise BadProperty("policy", f"policy must be a mapping, not {shown(value)}")
    unknown = sorted(set(value) - set(_SETTINGS))
    if unknown:
        raise BadProperty("policy", f"policy has no setting {shown(unknown[0])}; it has {', '.join(_SETTINGS)}")
    default = Policy()
    return Policy(
        extra=Extra(_choice("extra", value, Extra, default.extra)),
        marked=Marked(_choice("marked", value, Marked, default.marked)),
        compare=Compare(_choice("compare", value, Compare, default.compare)),
        patience=_patience(value.get("patience", default.patience)),
        destroy=Destroy(_choice("destroy", value, Destroy, default.destroy)),
        rejected=Rejection(_choice("rejected", value, Rejection, default.rejected)),
        guards=_guards(value.get("guards") or {}),
    )


def _guards(value: object) -> Guards:
    """Guards as `project.yaml` writes them: percentages, `on` or `off`."""
    if not isinstance(value, Mapping):
        raise BadProperty("policy", f"policy.guards must be a mapping, not {shown(value)}")
    members: dict[str, Any] = {}
    for name, text in value.items():
        try:
            members[str(name).replace("-", "_")] = guard_value(str(name), str(text))
        except ValueError:
            raise BadProperty(
                "policy",
                f"policy.guards cannot have {shown(name)}: {shown(text)}; it has {', '.join(GUARD_NAMES)}, each on, "
                "off or a percentage such as 50%",
            ) from None
    return replace(Guards(), **members)


def _choice(
    name: str, policy: Mapping[str, Any], choices: type[Extra | Marked | Compare | Destroy | Rejection], default: str
) -> str:
    value = policy.get(name, default)
    allowed = [str(choice.value) for choice in choices]
    if value not in allowed:
        raise BadProperty("policy", f"policy.{name} must be one of {', '.join(allowed)}, not {shown(value)}")
    return str(value)


def _patience(value: object) -> int:
    """Seconds, from a number of seconds or a text such as `30m` or `1h30m`."""
    seconds = parse_patience(value) if isinstance(value, str) else whole(value)
    if not seconds or seconds < 0:
        raise BadProperty("policy", f"policy.patience must be a time such as 90s, 30m or 1h30m, not {shown(value)}")
    return seconds


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
    written = {}
    for name in GUARD_NAMES:
        member = name.replace("-", "_")
        value = getattr(guards, member)
        if value != getattr(Guards(), member):
            written[name] = "on" if value is True else f"{value * 100:g}%"
    return written
