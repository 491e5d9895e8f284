"""A dataset whose project or type changed in the program: what Diff demands before anything is created.

The new dataset is created and loaded first, the old one is deleted at the end of the run. So what would stop either is
looked for in Diff: a project that does not exist, a target that holds entries, an old dataset that its policy keeps
from being deleted. After Create a refusal would be too late: Pulumi would keep an old object that no run can delete.

A project or type that is not known yet comes from something that is itself replaced: then the old dataset is deleted
first, as its project demands, and a refusal of that Delete leaves everything as it is.
"""

from typing import Final

from reconciler.apply import Context, Target, observe
from reconciler.errors import InUse, NotFound, Refused
from reconciler.policy import Destroy
from reconciler.provider.claims import name_of
from reconciler.provider.process import Runtime
from reconciler.provider.sdk.failure import call_urn
from reconciler.provider.state import Inputs, Outputs
from reconciler.shell.declared_twice import undone_apply

_MAYBE: Final = "it may be somebody else's"


def judge(process: Runtime, name: str, outputs: Outputs, inputs: Inputs) -> bool:
    """Whether the old dataset must be deleted first, because the new one is not known yet.

    Raises:
        NotFound: there is no project with the new ARN. Refused: the new project has a dataset with entries that may be
        somebody else's, or the old dataset could not be deleted at the end (a preview only warns of that).
    """
    deletes_first = inputs.project_arn is None or "datasetType" in inputs.unknown
    if not deletes_first and "assumeRole" not in inputs.unknown:
        _refuse_taking_over(process, inputs)
    if outputs.applied.policy.destroy is not Destroy.KEEP:
        old = {outputs.dataset_arn: outputs.applied.project_arn or ""} if outputs.dataset_arn else {}
        process.replaces(name, {**outputs.replaced, **({} if deletes_first else old)})
    reason = "" if process.claims.holder(name, call_urn()) else _kept(process, outputs)
    if reason and process.is_real_up() and not deletes_first:
        raise Refused(f"{reason}; nothing was created")
    if reason:
        process.console.log_once(f"`pulumi up` will be refused: {reason}", warning=True)
    return deletes_first


def _refuse_taking_over(process: Runtime, inputs: Inputs) -> None:
    target = Target(inputs.project_arn or "", inputs.dataset_type)
    entries = _entries(process.context(target.project_arn, inputs), target)
    record = process.last_record(target, inputs) if entries else None
    others, maker = undone_apply(record, call_urn()), name_of(str((record or {}).get("resource") or ""))
    if not entries or (not others and process.claims.knows_others(call_urn(), maker)):
        return  # a dataset of a different resource of the program is refused by Check
    raise Refused(
        f"the dataset {target.title} has {entries:,} entries, and this resource was for a different dataset so far; "
        f"{others or _MAYBE}. So it is not taken over in one step. Do it in two: take the resource out of the program "
        "(its dataset is treated as `destroy` says; `keep` leaves it alone) and run `pulumi up`, then declare it for "
        "the new dataset and run `pulumi up`, whose preview says what it takes over"
    )


def _kept(process: Runtime, outputs: Outputs) -> str:
    """Why the old dataset could not be deleted, with the cure; empty if it can be."""
    applied, policy = outputs.applied, outputs.applied.policy
    if policy.destroy is Destroy.KEEP:
        return ""
    target = Target(applied.project_arn or "", applied.dataset_type)
    context = process.context(target.project_arn, applied)
    try:
        entries = _entries(context, target)
    except NotFound:
        return ""
    if entries and policy.destroy is Destroy.REFUSE:
        return (
            f"the dataset has {entries:,} entries and the policy is `destroy: refuse`, so it cannot be "
            "deleted to be replaced; set `destroy: delete` (or `keep`) and run `pulumi up` before this change"
        )
    refusal = context.keeper.refusal() if entries else ""
    return refusal and f"the dataset is not deleted: {refusal}"


def _entries(context: Context, target: Target) -> int:
    """How many entries a dataset has, at least: it is idle, and one listed entry counts whatever its description says.

    Raises:
        NotFound: there is no such project.
    """
    seen = observe(context, target)
    if seen.arn is None or seen.description is None:
        return 0
    try:
        listed = next(context.gateway.entries(seen.arn), None)
    except (InUse, NotFound):
        listed = None
    return max(seen.description.entries, 0 if listed is None else 1)
