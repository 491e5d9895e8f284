"""Overriding guards: by name and with a reason, for one run or for one manifest; and how an override is written."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.errors import BadInput
from reconciler.guards.names import CAUSES, THEIRS, WITH_THING, head_of
from reconciler.guards.rules import GUARDS
from reconciler.model import Allowance, Override
from reconciler.text import did_you_mean, inert

# The environment variable with overrides for one run; it reaches Pulumi's provider process and is stored nowhere.
VARIABLE: Final = "RECONCILER_ALLOW"
# Overrides are separated by semicolons; a reason may contain semicolons too.
_BETWEEN: Final = re.compile(rf";\s*(?=[A-Za-z-]+\s*=|(?:{'|'.join(WITH_THING)}):)")
_SAFE: Final = r"[a-z-]+"
# For `train` and `test`: the guards that block it, by their names in overrides, and the digest of its manifest.
Blocked = Mapping[str, tuple[Sequence[str], str]]


def parse_allow(items: Iterable[str], source: str) -> dict[str, str]:
    """Overrides written as `guard=why` or `guard:thing=why` (quotes around the reason are dropped).

    `source` is named in errors. The names in the result have things as `names.thing_of` writes them.

    Raises:
        BadInput: a guard is unknown, a thing is missing or not possible, or no reason is given.
    """
    allowed: dict[str, str] = {}
    for item in items:
        guard, thing, end = head_of(item)
        reason = item[end:].strip().strip("\"'").strip() if end else ""
        name = _name(guard or item.partition("=")[0].strip(), thing, source)
        if not reason:
            raise BadInput(f'{source}: the guard {inert(name)} needs a reason: {inert(name)}="why"')
        allowed[name] = reason
    return allowed


def _name(guard: str, thing: str, source: str) -> str:
    if guard not in {*GUARDS, *CAUSES, THEIRS}:
        known = ", ".join((*GUARDS, THEIRS, *(f"{cause}:WHAT" for cause in CAUSES)))
        hint = did_you_mean(guard, (*GUARDS, *CAUSES, THEIRS))
        raise BadInput(f"{source}: there is no guard {inert(guard)!r}{hint}; there are {known}")
    if thing and guard not in WITH_THING:
        raise BadInput(f"{source}: the guard {guard} is overridden as a whole: {guard}=why")
    if guard in CAUSES and not thing:
        raise BadInput(
            f"{source}: the guard {guard} needs what it is about, as the plan shows it: {guard}:OLD->NEW=why"
        )
    return f"{guard}:{thing}" if thing else guard


def read_variable(environ: Mapping[str, str]) -> dict[str, str]:
    """The overrides in RECONCILER_ALLOW: `updates=why; rename:RBC->Red cell=why`.

    Raises:
        BadInput: a guard is unknown, or no reason is given.
    """
    return parse_allow(_items(environ.get(VARIABLE, "").rstrip("; ")), VARIABLE)


def _items(written: str) -> Iterable[str]:
    """The overrides of a text; a semicolon inside the JSON string of a name separates none."""
    start = 0
    while start < len(written):
        end = _BETWEEN.search(written, head_of(written, start)[2] or start)
        if item := written[start : end.start() if end else None].strip():
            yield item
        start = end.end() if end else len(written)


def override_of(guards: Sequence[str], digest: str, dataset: str = "train") -> Override:
    """What to type, ready to be pasted in a shell: for one run, or while the manifest has this digest.

    `guards` are names of overrides: a guard, or a guard and what it is about. `dataset` is `train` or `test`.
    """
    options = " ".join(f"--allow {_option(guard)}" for guard in guards)
    variable = shlex.quote("; ".join(f"{guard}=why" for guard in guards))
    variable = variable if variable.startswith("'") else f"'{variable}'"
    blocked = {dataset: (guards, digest)}
    return Override(options, f"{VARIABLE}={variable}", configuration_of(blocked), declaration_of(blocked))


def configuration_of(blocked: Blocked) -> str:
    """What overrides guards in the configuration of a stack, while the manifests have these digests."""
    items = [
        f"{{guard: {_scalar(guard)}, reason: why, manifest: {digest}}}"
        for guards, digest in blocked.values()
        for guard in guards
    ]
    return f"reconciler:allow: [{', '.join(items)}]"


def declaration_of(blocked: Blocked, before: Iterable[Allowance] = ()) -> str:
    """`allow` of project.yaml, on one line: what is in it `before`, and these guards for manifests of these digests."""
    rows: dict[tuple[str, str], dict[str, str]] = {(one.guard, one.reason): {**one.manifests} for one in before}
    for dataset, (guards, digest) in blocked.items():
        for guard in guards:
            rows.setdefault((guard, "why"), {})[dataset] = digest
    items = [_item(guard, reason, manifests) for (guard, reason), manifests in rows.items()]
    return f"allow: [{', '.join(items)}]"


def _item(guard: str, reason: str, manifests: Mapping[str, str]) -> str:
    digests = ", ".join(f"{dataset}: {digest}" for dataset, digest in manifests.items())
    why = reason if reason == "why" else json.dumps(reason)
    return f"{{guard: {_scalar(guard)}, reason: {why}, manifests: {{{digests}}}}}"


def _scalar(text: str) -> str:
    return text if re.fullmatch(_SAFE, text) else json.dumps(text)


def _option(guard: str) -> str:
    return f'{guard}="why"' if re.fullmatch(_SAFE, guard) else shlex.quote(f"{guard}=why")
