"""One resource as a run of its dataset: the manifest is read, live is listed and planned, and a preview shows it."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from reconciler.apply import Context, Target, observe, plan_against_live, plan_without_project
from reconciler.aws.arns import ProjectArn
from reconciler.errors import BadInput
from reconciler.git import is_shallow
from reconciler.ledger import Facts, Ledger, Statistics
from reconciler.manifest import Findings
from reconciler.manifest.project.folders import declared_beside
from reconciler.model import DatasetDeclaration, DatasetDescription, ProjectDeclaration
from reconciler.plan import Plan
from reconciler.policy import Compare
from reconciler.provider.process import LiveSeen, Runtime
from reconciler.provider.state import MAX_SETTLED, STATE_FORMAT, BadProperty, Inputs, Outputs, resource_id
from reconciler.review.build import review_of
from reconciler.review.model import NEW_SHOWN, Keep
from reconciler.run import DatasetRun
from reconciler.shell.base import manifest_of
from reconciler.shell.desired import read_once
from reconciler.views.preview import Preview, preview_of

# In the place of a preview: Check leaves it to Diff, which knows what the last apply read back.
LEFT_TO_DIFF: Final = Preview("not compared yet")
# Entries of which a listing takes more calls than the pending changes are worth, which only Check can store.
_MANY: Final = 1_000
# How many changes the review keeps; a preview shows the riskiest of them that no group covers.
_KEPT: Final = Keep(2_000, NEW_SHOWN)


def read_desired(inputs: Inputs, ledger: Ledger, *, is_training_too: bool = False) -> tuple[DatasetRun, Findings]:
    """Read the manifest that the inputs name, relative to the program, into the ledger of a new run.

    `is_training_too`: the project's other dataset has the same manifest, which is reported as a note.

    Raises:
        BadProperty: no manifest is named, or by an absolute path, which would differ from machine to machine.
    """
    path = Path(inputs.manifest)
    if not inputs.manifest or path.is_absolute():
        raise BadProperty(
            "manifest", f"manifest must be a path relative to the Pulumi program, not {inputs.manifest!r}"
        )
    arn, folder = inputs.project_arn, path.parent
    beside = declared_beside(path, inputs.dataset_type)
    dataset = DatasetDeclaration(
        inputs.dataset_type,
        path,
        inputs.manifest,
        inputs.policy,
        is_training_too,
        retired=beside.retired,
        images=inputs.stage.images,
        files=beside.files,
        defaults=beside.defaults,
    )
    name = ProjectArn.parse(arn).name if arn else ""
    project = ProjectDeclaration(folder, str(folder), name, managed=False, project_arn=arn, datasets=(dataset,))
    findings = read_once(dataset, inputs.labels, ledger, Path())
    return DatasetRun(project, dataset, ledger, findings, arn), findings


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


def list_and_plan(
    process: Runtime, inputs: Inputs, run: DatasetRun, outputs: Outputs | None = None, *, at_rest: bool = False
) -> Plan:
    """Plan the run against live, or from the manifest alone while the project does not exist yet.

    `outputs` are what the last apply recorded. `at_rest`: nothing moved since then, so `pulumi up` sends nothing; then
    whatever is stored differently was so already, also beyond the number of pairs that are remembered.

    Raises:
        BadInput: the account of the project is not allowed, or RECONCILER_ALLOW is invalid. ServiceError: a call
        failed.
    """
    ledger, settled = run.ledger, outputs.settled if outputs else frozenset[str]()
    run.rate = process.settings.rate
    if inputs.project_arn is None:
        title, declared, allow = inputs.dataset_type.word, (inputs.policy, run.bucket), process.overrides(inputs)
        sibling = process.sibling(inputs)
        manifests = process.account_of(inputs).places.manifests or ""
        run.plan = plan_without_project(ledger, title, inputs.dataset_type, declared, allow, sibling, manifests)
        return run.plan

    def more_settled(made: Plan) -> frozenset[str]:
        return settled | stored_differently(ledger, inputs.policy.compare) if at_rest and made.update else settled

    context, target = context_of(process, inputs, run, outputs)
    run.seen = observe(context, target, process.claims.beside(target.project_arn))
    run.plan = plan_against_live(
        context, ledger, run.seen, target, bucket=run.bucket, settled=settled, more_settled=more_settled
    )
    process.says_listed(run.plan.counted)
    if run.plan.has_changes:
        said = str(inputs.stage) if inputs.stage.images else ""
        run.remark = "; ".join(filter(None, (said, process.undone_apply(target, inputs))))
    return run.plan


def context_of(process: Runtime, inputs: Inputs, run: DatasetRun, outputs: Outputs | None) -> tuple[Context, Target]:
    """What an apply of a run needs, which judges changes by what the last apply left; and its dataset."""
    target = Target(inputs.project_arn or "", inputs.dataset_type)
    judge = process.judge(target, inputs, run.dataset, outputs.left if outputs else None)
    context = process.context(target.project_arn, inputs, guarded=True)
    seen = process.seen.get(resource_id(target.project_arn, target.dataset_type))
    left = outputs.left if outputs else None
    listings = replace(
        context.listings,
        of_run=seen.listed if seen else "",
        left=lambda: left.probe if left else None,
        applied=manifest_of(left, run.dataset),
    )
    return replace(context, judge=judge, listings=listings), target


def leaves_to_diff(process: Runtime, olds: Mapping[str, Any], inputs: Inputs) -> bool:
    """Whether only a listing could tell Check what is live, and the outputs may tell Diff for one call.

    So it is where no copy of live is at hand, on a new machine, and nothing changed in the program. Where something
    did, the entries that are live may be had from git; that is left to Diff where a listing takes many calls.
    """
    arn, olds = inputs.project_arn, dict(olds)
    if arn is None or not olds or process.account.full or not inputs.policy.probe.probes:
        return False
    try:
        before = Inputs.parse(olds)
    except BadInput:
        return False
    if before != inputs and not _may_be_in_git(before, inputs):
        return False
    context = process.context(arn, inputs)
    project = context.gateway.project_seen(arn) or context.gateway.project(arn, process.claims.beside(arn))
    dataset, copies = project.datasets.get(inputs.dataset_type) if project else None, context.listings.copies
    return bool(dataset and copies and not copies.names(dataset))


def _may_be_in_git(before: Inputs, inputs: Inputs) -> bool:
    """Whether the outputs of this dataset may name its manifest in git, and a listing takes many calls."""
    same = (before.project_arn, before.dataset_type) == (inputs.project_arn, inputs.dataset_type)
    try:
        return same and before.entries > _MANY and not is_shallow(Path(inputs.manifest).absolute().parent)
    except BadInput:  # there is no repository
        return False


def plan_again(process: Runtime, inputs: Inputs, outputs: Outputs, *, at_rest: bool) -> tuple[Preview, bool]:
    """The preview of a resource by its outputs, which Check does not see, and whether its plan sends anything.

    `at_rest` as for `list_and_plan`.

    Raises:
        InvalidDeclaration: the manifest is invalid. ServiceError: a call failed.
    """
    with Ledger() as ledger:
        run, findings = read_desired(inputs, ledger)
        findings.raise_if_refused()
        plan = list_and_plan(process, inputs, run, outputs, at_rest=at_rest)
        return shown(run), plan.has_changes


def stored_differently(ledger: Ledger, mode: Compare) -> frozenset[str]:
    """The pairs that mean the same and are not the same: what an apply has sent and the service stored its own way."""
    return frozenset(row.pair for row in ledger.differing(mode) if row.in_live and row.same_meaning)


def seen_without_listing(
    context: Context, outputs: Outputs, dataset_arn: str, described: DatasetDescription | None
) -> LiveSeen | None:
    """What the last apply read back, where DescribeDataset proves that live still is so; None: it must be looked at."""
    left, applied = outputs.left, outputs.applied_live
    sheet = left.probe if left else None
    if sheet is None or described is None or sheet.digests.get(outputs.applied.policy.compare.value) != applied.digest:
        return None
    listings = replace(context.listings, left=lambda: sheet)
    if listings.left_as(dataset_arn, described) is None:
        return None
    counts = sheet.entries, sheet.labelled, 0, sheet.marked
    facts = {mode: Facts(*counts, sheet.digests.get(mode.value, "")) for mode in Compare}
    return LiveSeen(dataset_arn, facts | {outputs.applied.policy.compare: applied}, listed=sheet.listed)


def seen_in(ledger: Ledger, arn: str | None, counted: Statistics | None) -> LiveSeen:
    """What a listing showed of a dataset, and when it was made; nothing where there is none."""
    if arn is None:
        return LiveSeen(None)
    retiring = (row.let_go for row in ledger.live_only() if row.retired and row.live_labelled)
    facts = {mode: ledger.live_facts(mode) for mode in Compare}
    return LiveSeen(arn, facts, frozenset(islice(retiring, MAX_SETTLED + 1)), counted.listed if counted else "")


def shown(run: DatasetRun) -> Preview:
    """What a preview shows of a planned run."""
    return preview_of(review_of([run], keep=_KEPT))
