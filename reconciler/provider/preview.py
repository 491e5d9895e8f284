"""What a preview shows of one dataset: the plan as properties and as one message.

The desired side of a resource: its manifest, read into a ledger, and what the inputs say of it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.apply import Target, observe, plan_against_live
from reconciler.aws.arns import ProjectArn
from reconciler.guards import Asked
from reconciler.ledger import Facts, Ledger
from reconciler.manifest import Findings, read_manifest
from reconciler.model import Compare, DatasetDeclaration, ProjectDeclaration
from reconciler.plan import Plan, Request, plan
from reconciler.provider.process import LiveSeen, Runtime
from reconciler.provider.state import STATE_FORMAT, BadProperty, Inputs, resource_id
from reconciler.review.build import review_of
from reconciler.review.model import Review
from reconciler.run import DatasetRun
from reconciler.views.preview import Preview, preview_of


def fill_desired(inputs: Inputs, ledger: Ledger, *, is_training_too: bool = False) -> Findings:
    """Read the manifest that the inputs name, relative to the program, into the ledger.

    `is_training_too`: the project's other dataset has the same manifest, which is worth a note.

    Raises:
        BadProperty: no manifest is named, or by an absolute path, which would differ from machine to machine.
    """
    path = Path(inputs.manifest)
    if not inputs.manifest or path.is_absolute():
        raise BadProperty(
            "manifest", f"manifest must be a path relative to the Pulumi program, not {inputs.manifest!r}"
        )
    return read_manifest(declaration_of(inputs, is_training_too=is_training_too), inputs.labels, ledger.accept)


def declaration_of(inputs: Inputs, *, is_training_too: bool = False) -> DatasetDeclaration:
    """The dataset as the program declares it."""
    return DatasetDeclaration(
        inputs.dataset_type, Path(inputs.manifest), inputs.manifest, inputs.policy, is_training_too
    )


def with_digests(inputs: Inputs, ledger: Ledger) -> Inputs:
    """The inputs with what the ledger's desired side holds: both digests and the number of entries."""
    facts = ledger.desired_facts(inputs.policy.compare)
    return replace(
        inputs,
        desired_digest=facts.digest,
        content_digest=ledger.desired_facts(Compare.STRICT).digest,
        entries=facts.entries,
        state_format=STATE_FORMAT,
    )


# So many changes are kept of which a preview shows the riskiest that no group tells of.
_KEPT: Final = 2_000


def list_and_plan(  # noqa: PLR0913 - what is planned, each by name
    runtime: Runtime,
    inputs: Inputs,
    ledger: Ledger,
    findings: Findings,
    settled: frozenset[str] = frozenset(),
    *,
    at_rest: bool = False,
) -> Plan:
    """Plan against live, or from the file alone while the project does not exist yet. What was listed is remembered.

    `at_rest`: nothing moved since the last apply, so an up sends nothing; then whatever is stored differently was so
    already, also beyond the number of pairs that are remembered.
    """
    if inputs.project_arn is None:
        request = Request(inputs.dataset_type.word, inputs.policy, Asked(inputs.dataset_type), findings.bucket)
        return plan(ledger, request, exists=False)

    def more_settled(made: Plan) -> frozenset[str]:
        return stored_differently(ledger, inputs.policy.compare) if at_rest and made.update else settled

    context = runtime.context(inputs.project_arn, inputs.policy, inputs)
    target = Target(inputs.project_arn, inputs.dataset_type)
    seen = observe(context, target)
    made = plan_against_live(
        context, ledger, seen, target, bucket=findings.bucket, settled=settled, more_settled=more_settled
    )
    name = resource_id(inputs.project_arn, inputs.dataset_type)
    runtime.remember(name, LiveSeen(seen.arn, both_modes(ledger) if seen.arn else {}))
    return made


def planned_again(runtime: Runtime, inputs: Inputs, settled: frozenset[str], *, at_rest: bool) -> Preview:
    """The preview of a resource whose outputs remember pairs that are stored differently: Check does not see outputs.

    `at_rest` as for `list_and_plan`.

    Raises:
        InvalidDeclaration: the manifest does not pass. ServiceError: a call failed.
    """
    with Ledger() as ledger:
        findings = fill_desired(inputs, ledger)
        findings.raise_if_refused()
        made = list_and_plan(runtime, inputs, ledger, findings, settled, at_rest=at_rest)
        return preview_of(reviewed(inputs, ledger, made, findings))


def stored_differently(ledger: Ledger, mode: Compare) -> frozenset[str]:
    """The pairs that mean the same and are not the same: what an apply has sent and the service stored its own way."""
    return frozenset(row.pair for row in ledger.differing(mode) if row.in_live and row.same_meaning)


def both_modes(ledger: Ledger) -> dict[Compare, Facts]:
    """Live's facts in each mode of comparing."""
    return {mode: ledger.live_facts(mode) for mode in Compare}


def reviewed(inputs: Inputs, ledger: Ledger, plan: Plan, findings: Findings) -> Review:
    """The review of one resource's plan: what a run of the command would say of this dataset by itself."""
    arn, folder = inputs.project_arn, Path(inputs.manifest).parent
    name, dataset = ProjectArn.parse(arn).name if arn else "", declaration_of(inputs)
    project = ProjectDeclaration(folder, str(folder), name, managed=False, project_arn=arn, datasets=(dataset,))
    return review_of([DatasetRun(project, dataset, ledger, findings, arn, plan=plan)], keep=_KEPT)
