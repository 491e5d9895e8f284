"""The engine's Check: inputs and manifest validated, digests added, and in a preview the pending changes."""

from typing import Any

from msgspec.structs import replace
from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.errors import InvalidDeclaration
from reconciler.ledger import Ledger
from reconciler.provider import process as runtime
from reconciler.provider.claims import told_apart
from reconciler.provider.preview import (
    LEFT_TO_DIFF,
    leaves_to_diff,
    list_and_plan,
    read_desired,
    seen_in,
    shown,
    with_digests,
)
from reconciler.provider.sdk.failure import call_urn
from reconciler.provider.state import (
    CLAIMS,
    PENDING_CHANGES,
    PREVIEW_PLAN,
    SIBLING,
    BadProperty,
    Inputs,
    resource_id,
    sibling_path,
)
from reconciler.run import DatasetRun
from reconciler.text import counted
from reconciler.views.preview import Preview


def check(olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
    """Check a resource's inputs; `olds` are its previous inputs, empty for a resource that is to be created.

    An invalid manifest is one failure with all its findings. Values that are not known yet pass through.
    """
    given = dict(news)
    preview, sibling = bool(given.pop(PREVIEW_PLAN, False)), given.pop(SIBLING, None)
    given.pop(PENDING_CHANGES, None)
    if isinstance(program := given.pop(CLAIMS, None), dict):
        runtime.current().claims.hand_over(call_urn(), program)
    with runtime.failing_call():
        try:
            inputs = Inputs.parse(given)
            if inputs.unknown:
                return CheckResult(given, [])
            _refuse_twins(inputs)
            runtime.current().knows(inputs, sibling_path(sibling))
            return CheckResult(given | _checked(inputs, olds, preview=preview), [])
        except BadProperty as error:
            return CheckResult(given, [CheckFailure(error.name, str(error))])
        except InvalidDeclaration as error:
            return CheckResult(given, [CheckFailure("manifest", str(error))])


def _refuse_twins(inputs: Inputs) -> None:
    """Two resources for one dataset would overwrite each other with every apply.

    Raises:
        BadProperty: a different resource of this program is for the same project and type.
    """
    if inputs.project_arn is None:
        return
    claims, urn, wanted = runtime.current().claims, call_urn(), resource_id(inputs.project_arn, inputs.dataset_type)
    claims.claim(urn, wanted)
    if other := claims.holder(wanted, urn):
        raise BadProperty(
            "datasetType",
            f"the resource {told_apart(other, urn)} of this program is for the {inputs.dataset_type.value} dataset of "
            "the same project too; a project has one dataset of each type: remove one of the two resources, or change "
            "its project",
        )


def _checked(inputs: Inputs, olds: dict[str, Any], *, preview: bool) -> dict[str, Any]:
    """The complete inputs. Diff, which follows at once and knows more, shows the plan of a resource that exists."""
    process, arn = runtime.current(), inputs.project_arn
    shared = arn is not None and process.shares_manifest(arn, inputs.manifest)
    with Ledger() as ledger:
        run, findings = read_desired(inputs, ledger, is_training_too=shared)
        findings.raise_if_refused()
        complete = with_digests(inputs, ledger)
        properties = complete.properties()
        if not preview:
            process.checked(None)
            return properties
        if leaves_to_diff(process, olds, complete):
            process.checked(LEFT_TO_DIFF)
            return properties
        plan = list_and_plan(process, complete, run)
        if arn is not None:
            process.seen[resource_id(arn, inputs.dataset_type)] = seen_in(ledger, run.seen.arn, plan.counted)
        pending = _taking_over(run) if not olds and run.seen.arn else shown(run)
        process.checked(pending)
        if not pending.is_quiet:
            properties[PENDING_CHANGES] = pending.properties()
            if not olds:
                process.console.log_once(pending.message())
        return properties


def _taking_over(run: DatasetRun) -> Preview:
    """The preview of a new resource whose dataset exists."""
    pending, live = shown(run), run.plan.live if run.plan else None
    entries = counted(live.entries if live else 0, "entry", "entries")
    return replace(
        pending,
        summary=f"takes over the dataset that is there: {entries}, {pending.summary}",
        remarks=("if this resource was renamed, the old one lets go of the dataset", *pending.remarks),
        is_quiet=False,
    )
