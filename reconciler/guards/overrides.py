"""Overriding guards: by name and with a reason, for one run or for one manifest; and how an override is written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.errors import BadInput
from reconciler.guards.rules import GUARDS
from reconciler.model import Override
from reconciler.text import did_you_mean, inert

# The environment variable with overrides for one run; it reaches Pulumi's provider process and is stored nowhere.
VARIABLE: Final = "RECONCILER_ALLOW"
# Overrides are separated by semicolons; a reason may contain semicolons too.
_BETWEEN: Final = re.compile(r";\s*(?=[A-Za-z-]+\s*=)")


def parse_allow(items: Iterable[str], source: str) -> dict[str, str]:
    """Overrides written as `guard=why` (quotes around the reason are dropped); `source` is named in errors.

    Raises:
        BadInput: a guard is unknown, or no reason is given.
    """
    allowed: dict[str, str] = {}
    for item in items:
        name, _, reason = item.partition("=")
        name, reason = name.strip(), reason.strip().strip("\"'").strip()
        if name not in GUARDS:
            hint = did_you_mean(name, GUARDS)
            raise BadInput(f"{source}: there is no guard {inert(name)!r}{hint}; there are {', '.join(GUARDS)}")
        if not reason:
            raise BadInput(f'{source}: the guard {name} needs a reason: {name}="why"')
        allowed[name] = reason
    return allowed


def read_variable(environ: Mapping[str, str]) -> dict[str, str]:
    """The overrides in RECONCILER_ALLOW: `updates=why; shrink=why`.

    Raises:
        BadInput: a guard is unknown, or no reason is given.
    """
    written = environ.get(VARIABLE, "")
    return parse_allow((item for item in _BETWEEN.split(written.rstrip("; ")) if item.strip()), VARIABLE)


def override_of(guards: Sequence[str], digest: str) -> Override:
    """What to type, ready to be pasted: for one run, or while the manifest has this digest."""
    options = " ".join(f'--allow {guard}="why"' for guard in guards)
    variable = "; ".join(f"{guard}=why" for guard in guards)
    blocks = ", ".join(f"{{guard: {guard}, reason: why, manifest: {digest}}}" for guard in guards)
    return Override(options, f"{VARIABLE}='{variable}'", f"reconciler:allow: [{blocks}]")
