"""Datasets that a resource was for before it was replaced, for as long as AWS has them.

Pulumi deletes the old object last. Where that fails, the old object stays in the state, but previews and refreshes do
not count it (seen with pulumi/pulumi's CLI 3.260: `--expect-no-changes` exits 0). So the new object remembers the old
dataset from its Create on, and an update of it is due until the old dataset is proven to be deleted, a different
resource is for it, or the policy is `destroy: keep`.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from reconciler.aws.arns import DatasetArn, ProjectArn
from reconciler.errors import AccessDenied, BadInput
from reconciler.manifest.project.role import account_of
from reconciler.policy import Destroy
from reconciler.provider.claims import told_apart
from reconciler.provider.process import Runtime
from reconciler.provider.sdk.failure import call_urn
from reconciler.provider.state import Outputs, resource_id
from reconciler.text import inert


def still_there(process: Runtime, outputs: Outputs) -> Iterator[str]:
    """A sentence for each dataset that this resource replaced and that AWS still has, as far as it is known."""
    for arn, project in outputs.replaced.items():
        if holder := _holder(process, arn, project):
            name = told_apart(holder, call_urn())
            yield f"the resource {name} took over the dataset {arn} from this one; `pulumi up` records it"
        elif reason := _left(process, arn, outputs):
            yield f"{reason}: {cure(arn)}"


def remembered(process: Runtime, outputs: Outputs) -> Mapping[str, str]:
    """The datasets that are still to be remembered: ARN -> the ARN of its project."""
    if outputs.applied.policy.destroy is Destroy.KEEP:
        return {}
    return {
        arn: project
        for arn, project in outputs.replaced.items()
        if arn != outputs.dataset_arn and not _holder(process, arn, project) and _left(process, arn, outputs)
    }


def cure(arn: str) -> str:
    """What to do about a dataset that could not be deleted."""
    return (
        f"delete it (`aws rekognition delete-dataset --dataset-arn {arn} --region {DatasetArn.parse(arn).region}`), "
        "allow `pulumi up` to do so, or leave it alone with `destroy: keep` in project.yaml and `pulumi up`"
    )


def _holder(process: Runtime, arn: str, project: str) -> str:
    return process.claims.holder(resource_id(project, DatasetArn.parse(arn).dataset_type), call_urn())


def _left(process: Runtime, arn: str, outputs: Outputs) -> str:
    """What is known of a dataset; empty when it is proven to be deleted."""
    project, role = outputs.replaced[arn], outputs.applied.assume_role
    # The replaced one may be in a different account, which this role is not for.
    own = role if role and account_of(role) == ProjectArn.parse(project).account else ""
    try:
        gateway = process.context(project, replace(outputs.applied, assume_role=own)).gateway
        found = gateway.describe(arn)
        if found is None:
            gateway.prove_account(arn)
            return ""
    except (AccessDenied, BadInput) as error:  # such as an account that the stack's settings forbid by now
        return f"it is not known whether the dataset {arn}, which this resource replaced, was deleted ({error})"
    entries = f"{found.entries:,} entries, {inert(found.status)}"
    return f"the dataset {arn}, which this resource replaced, still exists ({entries})"
