"""`reconciler explain CODE`: what a finding with this code says, why, and what to do about it."""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from reconciler import formats
from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.manifest.rules import all_rules, rules_of
from reconciler.model import Severity
from reconciler.rule import Rule
from reconciler.text import did_you_mean, inert

_PLACE: Final = re.compile(r"\{\{|\}\}|\{(\w+)[^}]*\}")
_APPENDED: Final = frozenset({"guess", "detail", "how", "more", "s"})
CLASSES: Final = {
    Severity.ERROR: "The service would drop the line or fail the update, or its meaning is lost. Nothing is sent.",
    Severity.MARKED: "The service keeps the line and marks it. `policy.marked: refuse` makes it an error.",
    Severity.NOTE: "Good to know.",
}


def converter_rules() -> list[Rule]:
    """The rules of converters; those of manifests that they also use are among them."""
    names = [f"{formats.__name__}.{module.name}" for module in iter_modules(formats.__path__)]
    return list(dict.fromkeys(rules_of(*map(import_module, names))))


def explain(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Show every rule with the code in the arguments.

    Raises:
        BadInput: no finding has this code.
    """
    known = list(dict.fromkeys((*all_rules(), *converter_rules())))
    code = run.options.topic
    found = [rule for rule in known if rule.code.casefold() == code.casefold()]
    if not found:
        guess = did_you_mean(code, [rule.code for rule in known])
        raise BadInput(f"no finding has the code {inert(code, 100)!r}{guess}; docs/findings.md has all codes")
    screen.document("".join(f"{line}\n" for rule in found for line in _explained(rule)))
    return Exit.DONE


def _shown(found: re.Match[str]) -> str:
    """A brace as it is, what is only appended left out, and a name for what a finding fills in."""
    if found[0] in {"{{", "}}"}:
        return found[0][0]
    return "" if found[1] in _APPENDED else f"<{found[1]}>"


def _explained(rule: Rule) -> Iterator[str]:
    yield f"{rule.code} ({rule.severity.value})"
    for name, text in (("what is wrong", rule.what), ("cure", rule.cure), ("class", CLASSES[rule.severity])):
        yield f"  {name + ':':<15}{_PLACE.sub(_shown, text)}"
    yield f"  {'source:':<15}{rule.source}"
