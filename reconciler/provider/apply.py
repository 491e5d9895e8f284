"""The engine's Create, Update and Delete: an apply, its record in `.reconciler/audit`, and what of it the state keeps.

The environment variable RECONCILER_PLAN limits an apply to the plan that was reviewed. It is the id that
`reconciler plan` and its views show for a run, in which every dataset finds its part; or the ids that previews show for
each dataset, joined by `-`.
"""

import os
from contextlib import AbstractContextManager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn

from msgspec.structs import replace
from pulumi.dynamic import CreateResult, UpdateResult

from reconciler.apply import Outcome, Target, destroy
from reconciler.apply import apply as carry_out
from reconciler.aws.arns import ProjectArn
from reconciler.errors import BadInput, ReconcilerError, Refused
from reconciler.ledger import Ledger
from reconciler.manifest.parts import parts_of
from reconciler.plan import Plan, ids_in
from reconciler.policy import Destroy
from reconciler.provider import process as runtime
from reconciler.provider.claims import told_apart
from reconciler.provider.left_over import cure, remembered
from reconciler.provider.preview import context_of, list_and_plan, read_desired, stored_differently, with_digests
from reconciler.provider.process import Runtime
from reconciler.provider.sdk.cancel import CANNOT_CANCEL
from reconciler.provider.sdk.failure import call_urn, fail_keeping
from reconciler.provider.state import NOTHING, Inputs, Outputs, resource_id, split_id
from reconciler.records import Attempt
from reconciler.run import DatasetRun
from reconciler.shell.base import left_by
from reconciler.shell.drift import LeftLive
from reconciler.shell.reviewed import refuse_moved
from reconciler.text import counted
from reconciler.views.lines import outcome_lines
from reconciler.views.words import outcome_words, overwritten_sentence, said, snapshot_sentence

_VARIABLE: Final = "RECONCILER_PLAN"
_PROVIDER: Final = "__provider"


def create(props: dict[str, Any]) -> CreateResult:
    """Adopt the dataset of this project and type, or create it, and make it equal to the manifest."""
    with runtime.failing_call():
        inputs = Inputs.parse(props)
        name = resource_id(inputs.project_arn or "", inputs.dataset_type)
        return CreateResult(name, _applied(inputs, None, name, props.get(_PROVIDER)).properties())


def update(name: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
    """Make the dataset equal to the manifest; a change of settings alone sends nothing and is recorded."""
    with runtime.failing_call():
        previous = Outputs.parse(olds)
        return UpdateResult(_applied(Inputs.parse(news), previous, name, news.get(_PROVIDER)).properties())


def delete(name: str, props: dict[str, Any]) -> None:
    """Delete the dataset as the policy of the last apply says; one that does not exist is fine."""
    with runtime.failing_call():
        outputs = Outputs.parse(props)
        if outputs.applied.policy.destroy is Destroy.KEEP:
            return
        process, target = runtime.current(), Target(*split_id(name))
        if _is_held(process, name, target):
            return
        context = process.context(target.project_arn, outputs.applied)
        process.seen.pop(name, None)  # live is about to change
        with process.engine.place(), _recording(process, "destroy", target, outputs.applied) as attempt:
            attempt.dataset_arn = outputs.dataset_arn

            def kept(where: str) -> None:
                attempt.kept(where)
                process.console.log_once(said(snapshot_sentence(where)), warning=True)

            try:
                if remark := destroy(context, target, outputs.dataset_arn, kept):
                    process.console.log_once(remark, warning=True)
            except Refused as refused:
                attempt.error = refused
                _leave_replaced(process, refused, outputs.dataset_arn)
            except Exception:
                _report_replaced(process, outputs.dataset_arn)
                raise


def _is_held(process: Runtime, name: str, target: Target) -> bool:
    """Whether the program is for this dataset, by the same or a different resource, or keeps what it replaced."""
    urn = call_urn()
    holder = process.claims.holder(name, urn)
    if holder:
        process.console.log_once(
            f"the dataset {target.title} is not deleted: {told_apart(urn, holder)} lets go of it, because the resource "
            f"{told_apart(holder, urn)} of this program is for it",
            warning=True,
        )
        return True
    if process.claims.claimed(urn) and process.keeps():
        process.console.log_once(
            f"the dataset {target.title}, which was replaced, is left alone (`destroy: keep`)", warning=True
        )
        return True
    return process.claims.claimed(urn) == name


def _leave_replaced(process: Runtime, refused: Refused, arn: str) -> None:
    """Let go of a replaced dataset that its policy keeps: Diff refuses such a replacement, but it got entries since.

    A Delete that fails would leave an old object in the state that no run can delete. The new one remembers it.

    Raises:
        Refused: the resource was not replaced.
    """
    if not process.claims.claimed(call_urn()):
        raise refused
    said = f"{refused}; the program has replaced it, so it is left in AWS and no longer in the state of this stack"
    process.console.log_once(f"{said}; previews report it until you {cure(arn)}" if arn else said, warning=True)


def _report_replaced(process: Runtime, arn: str) -> None:
    """Say what follows from a Delete that failed after the replacement was made."""
    if arn and process.claims.claimed(call_urn()):
        said = (
            f"the dataset {arn} was replaced and could not be deleted: it stays in the state as an object that each "
            "`pulumi up` tries to delete, and previews and refreshes report it until then"
        )
        process.console.log_once(f"{said}; {cure(arn)}", warning=True)


def _recording(
    process: Runtime, action: str, target: Target, inputs: Inputs, follows: str = ""
) -> AbstractContextManager[Attempt]:
    """A block that is one apply or destroy of a dataset: however it ends, a record of it is written.

    `follows` is the time of the last apply that the state has.
    """
    project, manifest = ProjectArn.parse(target.project_arn), inputs.manifest if action == "apply" else None
    files = (Path(manifest), Path(manifest).parent / "project.yaml") if manifest else ()
    of = project.name, target.project_arn, target.dataset_type
    attempt = Attempt(action, *of, manifest, files, call_urn(), role=inputs.assume_role, follows=follows)
    return process.account_of(inputs).recording(attempt, process.calls_of_this_thread, project.region)


def _applied(inputs: Inputs, previous: Outputs | None, name: str, provider: object) -> Outputs:
    """Apply, and give what the state keeps; a failed apply ends the call and is kept with its reasons."""
    process, target = runtime.current(), Target(inputs.project_arn or "", inputs.dataset_type)
    process.seen.pop(name, None)  # live is about to change
    follows = previous.left.at if previous and previous.left else ""
    recording = _recording(process, "apply", target, inputs, follows)
    with process.engine.place(), recording as attempt, Ledger() as ledger:
        run = _desired(inputs, ledger)
        context, _target = context_of(process, inputs, run, previous)
        context.gateway.forget_project(target.project_arn)  # an apply works on what is there now
        attempt.base = previous.left.stored() if previous and previous.left else None
        plan = list_and_plan(process, inputs, run, previous)
        attempt.planned(ledger, plan)
        if plan.has_changes and not plan.refusals and not process.engine.detects_cancel:
            process.console.log_once(CANNOT_CANCEL, warning=True)

        def so_far(outcome: Outcome) -> None:
            for place in outcome.snapshots[len(attempt.outcome.snapshots if attempt.outcome else ()) :]:
                process.console.log_once(said(snapshot_sentence(place)), warning=True)
            attempt.so_far(outcome)

        try:
            _refuse_unreviewed(run)
            context = replace(context, overwrites=attempt.overwrites, so_far=so_far)
            outcome = attempt.finished(carry_out(context, ledger, plan, run.seen, target))
            recorded = replace(_recorded(inputs, outcome, ledger), base=_left(inputs, run, outcome, previous))
            attempt.base = recorded.base.stored() if recorded.base else None
        except Exception as error:  # noqa: BLE001 - whatever it is, the state keeps what was done
            attempt.error = error
            reason = runtime.failure_text(error)
            kept = _not_applied(inputs, previous, attempt.outcome, plan, reason)
            kept = replace(kept, replaced=previous.replaced if previous else process.replaced())
            _keep(name, provider, kept, [reason, *_before(attempt.outcome)])
    recorded = _with_replaced(process, recorded, previous)
    if recorded.unfinished:
        _keep(name, provider, recorded, [recorded.unfinished, *_before(outcome)])
    if outcome.overwritten:
        process.console.log_once(said(overwritten_sentence(outcome)))
    warnings = outcome_lines(replace(outcome, overwritten=()))
    if not plan.has_changes and (extra := recorded.live_only):
        one, many = "live entry is not in the manifest and was", "live entries are not in the manifest and were"
        warnings.insert(0, f"{counted(extra, one, many)} not changed")
    if warnings:
        process.console.log_once("\n".join(warnings), warning=True)
    if previous is None and run.seen.arn and plan.live:
        entries = counted(plan.live.entries, "entry", "entries")
        process.console.log_once(f"took over the dataset that was there: {entries}")
    process.console.log_once(outcome_words(outcome))  # last, because the resource's row shows the last message
    return recorded


def _with_replaced(process: Runtime, recorded: Outputs, previous: Outputs | None) -> Outputs:
    """The outputs, which remember the datasets that this resource was for and that are not deleted yet."""
    outputs = replace(recorded, replaced=previous.replaced if previous else process.replaced())
    with suppress(ReconcilerError):  # where that is not known, they are remembered
        outputs = replace(outputs, replaced=remembered(process, outputs))
    return outputs


def _before(outcome: Outcome | None) -> list[str]:
    """What was done before an apply failed."""
    if outcome is None:
        return []
    return [*([f"before that: {outcome_words(outcome)}"] if outcome.sent else []), *outcome_lines(outcome)]


def _desired(inputs: Inputs, ledger: Ledger) -> DatasetRun:
    """Read the manifest again; it must be the one that was checked."""
    run, findings = read_desired(inputs, ledger)
    findings.raise_if_refused()
    if with_digests(inputs, ledger).content_digest != inputs.content_digest:
        raise BadInput(f"{inputs.manifest} changed after it was checked; nothing was sent, run `pulumi up` again")
    return run


def _refuse_unreviewed(run: DatasetRun) -> None:
    """Refuse a plan that differs from the one that RECONCILER_PLAN names; without the variable, apply any.

    Raises:
        Refused: the plan differs, with what moved; or the variable is not a plan id.
    """
    reviewed = os.environ.get(_VARIABLE, "").strip()
    if reviewed and not ids_in(reviewed):
        raise Refused(
            f"{_VARIABLE} is not a valid plan id: set it to the id that `reconciler plan` shows, or to the ids of the "
            "previews joined by `-`; nothing was sent"
        )
    if reviewed:
        refuse_moved(reviewed, [run], more=lambda _titles: [f"it is not the plan that {_VARIABLE} names"])


def _recorded(inputs: Inputs, outcome: Outcome, ledger: Ledger) -> Outputs:
    live, applied = outcome.live or NOTHING, outcome.read_back or NOTHING
    settled, live_only = outcome.settled, 0
    if outcome.live:
        live_only = sum(not row.retired for row in ledger.live_only())
        # Pairs of lines that were edited since are of no use; they would crowd out those that are.
        mode = inputs.policy.compare
        rows = chain(ledger.differing(mode), ledger.live_only()) if settled else ()
        let_go = frozenset(row.let_go for row in rows if row.let_go in settled)
        settled &= let_go | (stored_differently(ledger, mode) if settled else frozenset())
    unfinished = runtime.current().settings.hide(str(outcome.error)) if outcome.error else ""
    return Outputs(inputs, outcome.dataset_arn, applied, live, live_only, unfinished, settled)


def _not_applied(inputs: Inputs, previous: Outputs | None, outcome: Outcome | None, plan: Plan, reason: str) -> Outputs:
    """What the state keeps of an apply that was refused or broke off: the inputs, live, and why it did not finish.

    A dataset that was refused was not taken over: the recorded ARN is the one that it was before.
    """
    base = previous.left if previous else None
    if outcome:
        return Outputs(inputs, outcome.dataset_arn, NOTHING, NOTHING, 0, reason, outcome.settled, base)
    live, settled = plan.live or NOTHING, previous.settled if previous else frozenset()
    arn = previous.dataset_arn if previous else ""
    return Outputs(inputs, arn, live, live, plan.live_only, reason, settled, base)


def _left(inputs: Inputs, run: DatasetRun, outcome: Outcome, previous: Outputs | None) -> LeftLive | None:
    """What the apply left live, with a copy of it in the store."""
    region, process = ProjectArn.parse(run.project_arn or "").region, runtime.current()
    manifest = run.dataset.manifest
    paths = [part.path for part in parts_of(run.dataset)]
    files = (*paths, *(path for path in (manifest.parent / "project.yaml",) if path.is_file()))
    return left_by(
        process.account_of(inputs).live_copies(region), run, outcome, files, previous.left if previous else None
    )


def _keep(name: str, provider: object, outputs: Outputs, reasons: list[str]) -> NoReturn:
    """End the call in failure and have the state keep these outputs."""
    fail_keeping(reasons[0], reasons, name, outputs.properties() | {_PROVIDER: provider})
