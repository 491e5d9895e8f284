"""The engine's Create, Update and Delete: an apply, and what of it the state keeps.

The records that ups and destroys leave, in `.reconciler/audit` beside the program and where the stack says.

The environment variable RECONCILER_PLAN: the id of the plan that was reviewed, and nothing else is applied.

It is the id that `reconciler plan` and its views show for a run, in which every dataset finds its part; or the ids that
previews show for each dataset, joined by `-`.
"""

import os
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from pulumi.dynamic import CreateResult, UpdateResult

from reconciler.apply import Outcome, Target, destroy, observe, plan_against_live
from reconciler.apply import apply as carry_out
from reconciler.aws.arns import ProjectArn
from reconciler.errors import BadInput, Refused
from reconciler.ledger import Ledger
from reconciler.model import Destroy
from reconciler.plan import Plan, ids_in, moved
from reconciler.provider import process as runtime
from reconciler.provider.preview import fill_desired, stored_differently, with_digests
from reconciler.provider.process import Runtime
from reconciler.provider.sdk.cancel import DEAF
from reconciler.provider.sdk.failure import fail_keeping
from reconciler.provider.state import Inputs, LiveRecord, Outputs, resource_id, split_id
from reconciler.records import Attempt
from reconciler.shell.faults import USER_CAUSED
from reconciler.views.apply_lines import outcome_lines
from reconciler.views.words import outcome_words, snapshot_line


def recording(
    process: Runtime, action: str, target: Target, manifest: str | None = None
) -> AbstractContextManager[Attempt]:
    """A block that is one apply or destroy of a dataset: however it ends, a record of it is written."""
    project = ProjectArn.parse(target.project_arn)
    path = Path(manifest) if manifest else None
    files = (path, path.parent / "project.yaml") if path else ()
    attempt = Attempt(action, project.name, target.project_arn, target.dataset_type, manifest, files)
    return process.account.recording(attempt, process.calls_of_this_thread, project.region)


_VARIABLE: Final = "RECONCILER_PLAN"


def refuse_unreviewed(plan: Plan) -> None:
    """Stop an apply of anything else than what was reviewed; without the variable everything may be applied.

    Raises:
        Refused: saying what moved.
    """
    reviewed = os.environ.get(_VARIABLE, "").strip()
    if not reviewed:
        return
    if not ids_in(reviewed):
        raise Refused(
            f"{_VARIABLE} is no plan id: give the one that `reconciler plan` shows, or those of the previews joined by "
            "`-`; nothing was sent"
        )
    if words := moved(reviewed, plan.id):
        raise Refused(
            f"{words}: it is not the plan that {_VARIABLE} names; nothing was sent, review the plan as it is now"
        )


_PROVIDER = "__provider"


def create(props: dict[str, Any]) -> CreateResult:
    """Adopt the dataset of this project and type, or create it, and make it equal to the manifest."""
    with runtime.in_sentences():
        inputs = Inputs.parse(props)
        name = resource_id(inputs.project_arn or "", inputs.dataset_type)
        return CreateResult(name, _applied(inputs, None, name, props.get(_PROVIDER)).properties())


def update(name: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
    """Make the dataset equal to the manifest; a change of settings alone sends nothing and is recorded."""
    with runtime.in_sentences():
        previous = Outputs.parse(olds)
        return UpdateResult(_applied(Inputs.parse(news), previous, name, news.get(_PROVIDER)).properties())


def delete(name: str, props: dict[str, Any]) -> None:
    """Delete the dataset as the policy of the last apply says; one that is gone is fine."""
    with runtime.in_sentences():
        outputs = Outputs.parse(props)
        if outputs.applied.policy.destroy is Destroy.KEEP:
            return
        project_arn, dataset_type = split_id(name)
        process = runtime.current()
        project = process.gateway(project_arn).project(project_arn)
        arn = project.datasets.get(dataset_type) if project else None
        process.forget(name)
        if arn:
            target = Target(project_arn, dataset_type)
            with process.engine.place(), recording(process, "destroy", target) as attempt:
                attempt.dataset_arn = arn
                attempt.snapshots = destroy(process.context(project_arn, outputs.applied.policy), arn)
            for where in attempt.snapshots:
                process.console.tell_once(snapshot_line(where), warning=True)


def _applied(inputs: Inputs, previous: Outputs | None, name: str, provider: object) -> Outputs:
    """Apply, and give what the state keeps; a failed apply ends the call and is kept with its reasons."""
    process = runtime.current()
    project_arn = inputs.project_arn or ""
    context = process.context(project_arn, inputs.policy, inputs)
    target = Target(project_arn, inputs.dataset_type)
    process.forget(name)
    with (
        process.engine.place(),
        recording(process, "apply", target, inputs.manifest) as attempt,
        Ledger() as ledger,
    ):
        bucket = _desired(inputs, ledger)
        seen = observe(context, target)
        settled = previous.settled if previous else frozenset()
        plan = plan_against_live(context, ledger, seen, target, bucket=bucket, settled=settled)
        attempt.planned(ledger, plan)
        if plan.has_changes and not plan.refusals and not process.engine.hears_cancel:
            process.console.tell_once(DEAF, warning=True)
        try:
            refuse_unreviewed(plan)
            outcome = attempt.outcome = carry_out(context, ledger, plan, seen, target)
        except USER_CAUSED as error:
            attempt.error = error
            reason = runtime.sentence(error)
            _keep(name, provider, _not_applied(inputs, previous, seen.arn, plan, reason), [reason])
        recorded = _recorded(inputs, outcome, ledger)
    if recorded.unfinished:
        before = [f"before that: {outcome_words(outcome)}"] if outcome.sent else []
        _keep(name, provider, recorded, [recorded.unfinished, *before, *outcome_lines(outcome)])
    _tell(process, plan, outcome, recorded)
    return recorded


def _desired(inputs: Inputs, ledger: Ledger) -> str | None:
    """Read the manifest again; it must be the one that was checked. Gives the images' bucket."""
    findings = fill_desired(inputs, ledger)
    findings.raise_if_refused()
    if with_digests(inputs, ledger).content_digest != inputs.content_digest:
        raise BadInput(f"{inputs.manifest} changed after it was checked; nothing was sent, run `pulumi up` again")
    return findings.bucket


def _recorded(inputs: Inputs, outcome: Outcome, ledger: Ledger) -> Outputs:
    live, settled = LiveRecord(), outcome.settled
    if outcome.live is not None:
        live = LiveRecord.of(outcome.live, sum(1 for _row in ledger.live_only()))
        # Pairs of lines that were edited since are of no use; they would crowd out those that are.
        settled &= stored_differently(ledger, inputs.policy.compare) if settled else frozenset()
    unfinished = runtime.current().settings.hide(str(outcome.error)) if outcome.error else ""
    return Outputs(inputs, outcome.dataset_arn, live, live, unfinished, settled)


def _not_applied(inputs: Inputs, previous: Outputs | None, arn: str | None, plan: Plan, reason: str) -> Outputs:
    """What is kept of an apply that a policy refused or that broke off: the policy, live, and that it is not done."""
    live = LiveRecord.of(plan.live, plan.live_only) if plan.live else LiveRecord()
    kept = Outputs(inputs, arn or "", live, live, reason)
    return replace(kept, settled=previous.settled) if previous else kept


def _keep(name: str, provider: object, outputs: Outputs, reasons: list[str]) -> NoReturn:
    """End the call in failure and have the state keep these outputs."""
    fail_keeping(reasons[0], reasons, name, outputs.properties() | {_PROVIDER: provider})


def _tell(process: runtime.Runtime, plan: Plan, outcome: Outcome, recorded: Outputs) -> None:
    """Say what went not as wished, then what was done: a row shows the last message."""
    lines = outcome_lines(outcome)
    if not plan.has_changes and recorded.live.live_only:
        extra = recorded.live.live_only
        said = (
            "entry is not in the manifest; recorded as it is"
            if extra == 1
            else "entries are not in the manifest; recorded as they are"
        )
        lines.insert(0, f"{extra:,} live {said}")
    if lines:
        process.console.tell_once("\n".join(lines), warning=True)
    process.console.tell_once(outcome_words(outcome))
