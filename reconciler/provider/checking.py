"""The engine's Check: inputs and manifest validated, digests added, and in a preview the pending changes."""

from dataclasses import replace
from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.errors import BadInput, InvalidDeclaration
from reconciler.ledger import Ledger
from reconciler.provider import runtime
from reconciler.provider.desired import fill_desired, with_digests
from reconciler.provider.previewing import list_and_plan, preview_of
from reconciler.provider.properties import PENDING_CHANGES, PREVIEW_PLAN, Inputs

__all__ = ["check"]


def check(news: dict[str, Any]) -> CheckResult:
    """Check a resource's inputs.

    A bad manifest is one failure with all complaints in it. Values that are not known yet pass through.
    """
    given = dict(news)
    preview = bool(given.pop(PREVIEW_PLAN, False))
    given.pop(PENDING_CHANGES, None)
    with runtime.in_sentences():
        try:
            inputs = Inputs.parse(given)
            if inputs.unknown:
                return CheckResult(given, [])
            return CheckResult(given | _checked(inputs, preview=preview), [])
        except (BadInput, InvalidDeclaration) as error:
            name = "manifest" if isinstance(error, InvalidDeclaration) else "properties"
            return CheckResult(given, [CheckFailure(name, str(error))])


def _checked(inputs: Inputs, *, preview: bool) -> dict[str, Any]:
    with Ledger() as ledger:
        findings = fill_desired(inputs, ledger)
        findings.raise_if_refused()
        complete = with_digests(inputs, ledger)
        properties = complete.properties()
        if not preview:
            return properties
        process = runtime.current()
        plan = list_and_plan(process, replace(complete), ledger, findings)
        shown = preview_of(ledger, plan, findings)
        if not shown.is_quiet:
            properties[PENDING_CHANGES] = shown.properties()
            process.console.tell_once(shown.message())
        return properties
