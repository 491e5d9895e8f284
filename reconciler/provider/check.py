"""The engine's Check: inputs and manifest validated, digests added, and in a preview the pending changes."""

from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.errors import InvalidDeclaration
from reconciler.ledger import Ledger
from reconciler.provider import process as runtime
from reconciler.provider.preview import fill_desired, list_and_plan, reviewed, with_digests
from reconciler.provider.state import PENDING_CHANGES, PREVIEW_PLAN, BadProperty, Inputs, resource_id
from reconciler.views.preview import preview_of


def check(olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
    """Check a resource's inputs; `olds` are the inputs of before, empty for a resource that is to be created.

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
            _refuse_twins(inputs)
            return CheckResult(given | _checked(inputs, preview=preview, is_new=not olds), [])
        except BadProperty as error:
            return CheckResult(given, [CheckFailure(error.name, str(error))])
        except InvalidDeclaration as error:
            return CheckResult(given, [CheckFailure("manifest", str(error))])


def _refuse_twins(inputs: Inputs) -> None:
    """Two resources for one dataset would overwrite each other for ever.

    Raises:
        BadProperty: another resource of this program is for the same project and type.
    """
    if inputs.project_arn is None:
        return
    other = runtime.current().claimed_by_another(resource_id(inputs.project_arn, inputs.dataset_type))
    if other:
        raise BadProperty(
            "datasetType",
            f"another resource of this program, {other}, is for the {inputs.dataset_type.value} dataset of the same "
            "project; a project has one of each type: remove one of the two, or name another project",
        )


def _checked(inputs: Inputs, *, preview: bool, is_new: bool) -> dict[str, Any]:
    """The complete inputs. The plan of a resource that exists is told by Diff, which knows more and follows at once."""
    process = runtime.current()
    shared = inputs.project_arn is not None and process.shares_manifest(inputs.project_arn, inputs.manifest)
    with Ledger() as ledger:
        findings = fill_desired(inputs, ledger, is_training_too=shared)
        findings.raise_if_refused()
        complete = with_digests(inputs, ledger)
        properties = complete.properties()
        if not preview:
            process.checked(None)
            return properties
        plan = list_and_plan(process, complete, ledger, findings)
        shown = preview_of(reviewed(complete, ledger, plan, findings))
        process.checked(shown)
        if not shown.is_quiet:
            properties[PENDING_CHANGES] = shown.properties()
            if is_new:
                process.console.tell_once(shown.message())
        return properties
