"""The engine's Read and Diff: whether an update is due.

One rule serves program runs and refresh, because Diff cannot tell them apart: an update is due when

- the digest of what the desired entries mean, or a setting, differs from what the last apply recorded,
- live has drifted: it differs from live as that apply read it back, or that apply did not finish,
- in a program run: a retired image is still labelled live,
- the service marked entries and any field of the manifest changed since (a repair may lie in a field that labels mode
  ignores),
- or a dataset that this resource replaced is not deleted yet.

The answer is always yes or no: "unknown" would let the engine compare properties for itself. A drift run that has the
applied manifest at hand also names the entries that moved since the last apply.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from pulumi.dynamic import DiffResult, ReadResult

from reconciler.apply import Target, known_live, observe_recorded
from reconciler.entries.image_names import Images
from reconciler.errors import ReconcilerError
from reconciler.ledger import Ledger
from reconciler.manifest.project.folders import retired_beside
from reconciler.policy import SETTINGS, Theirs
from reconciler.provider import process as runtime
from reconciler.provider.left_over import remembered, still_there
from reconciler.provider.preview import (
    LEFT_TO_DIFF,
    list_and_plan,
    plan_again,
    read_desired,
    seen_in,
    seen_without_listing,
    shown,
    with_digests,
)
from reconciler.provider.process import LiveSeen, Runtime
from reconciler.provider.replacement import judge
from reconciler.provider.state import STATE_FORMAT, Inputs, Outputs, split_id
from reconciler.review.dangers import pull_command
from reconciler.review.declaration import policy_changes
from reconciler.shell.drift import drift
from reconciler.text import safe
from reconciler.views.lines import marked_line
from reconciler.views.words import not_listed_words

# At most this many marked entries are named.
_MARKED: Final = 30


def read(name: str, props: dict[str, Any]) -> ReadResult:
    """Live in figures, beside what the last apply recorded, which is carried through unchanged.

    A dataset (or project) that is proven to be gone gives an empty id. A dataset that somebody else made in its place
    is read, but not recorded: the next `pulumi up` takes it over, and no delete takes it for the recorded one.
    """
    with runtime.failing_call():
        outputs, process = Outputs.parse(props), runtime.current()
        process.refreshing()
        seen = _listed(process, name, outputs, outputs.applied)
        if seen.dataset_arn is None:
            gone = f"the dataset {outputs.dataset_arn} no longer exists in AWS" if outputs.dataset_arn else "no dataset"
            process.console.log_once(f"{gone}; it leaves the state, and `pulumi up` creates it again", warning=True)
            return ReadResult("", {})
        # Without the manifest, how many entries are live only is unknown: the number stays that of the last apply.
        live = seen.facts[outputs.applied.policy.compare]
        if not outputs.applied_live.labels_digest:
            live = replace(live, labels_digest="")  # a state of 0.1.0 gets no new member before an apply
        fresh = replace(outputs, live=live, replaced=remembered(process, outputs))
        return ReadResult(name, fresh.properties())


def diff(name: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
    """Whether an update is due, and whether it must be a replacement (project or type changed)."""
    with runtime.failing_call():
        outputs, inputs = Outputs.parse(olds), Inputs.parse(news)
        replaces = _replaces(outputs, inputs)
        if replaces:
            deletes_first = judge(runtime.current(), name, outputs, inputs)
            return DiffResult(changes=True, replaces=replaces, delete_before_replace=deletes_first)
        changed = bool(inputs.unknown) or _is_due(runtime.current(), name, outputs, inputs)
        return DiffResult(changes=changed, replaces=[], delete_before_replace=False)


def _replaces(outputs: Outputs, inputs: Inputs) -> list[str]:
    """The properties that force a replacement; one that is not known yet comes from what is being replaced itself."""
    replaces = ["projectArn"] if inputs.project_arn != outputs.applied.project_arn else []
    if inputs.dataset_type is not outputs.applied.dataset_type or "datasetType" in inputs.unknown:
        replaces.append("datasetType")
    return replaces


def _is_due(process: Runtime, name: str, outputs: Outputs, inputs: Inputs) -> bool:
    reasons = list(_reasons(process, name, outputs, inputs))
    words = [reason for reason in reasons if reason]
    preview = process.preview()
    moved = _is_moved(process, name, outputs)
    keeps = moved and process.is_program_run() and _is_drift_alone(process, name, outputs, reasons)
    keeps = keeps and inputs.policy.theirs is Theirs.KEEP
    left = preview is LEFT_TO_DIFF and (bool(reasons) or not _is_as_declared(process, name, inputs))
    if keeps or left or (preview is not None and (outputs.settled or moved) and not preview.is_quiet):
        again, sends = plan_again(process, inputs, outputs, at_rest=not reasons)
        preview = again if preview else None
        if keeps and not sends:  # what only live changed is kept, and an update would send nothing
            reasons = words = []
    if preview is not None and not (preview.is_quiet and not reasons):
        process.console.log_once(preview.message(*words))
    elif reasons and not process.is_program_run():
        process.console.log_once("\n".join((*words, *_entries(process, outputs, inputs))), warning=True)
    else:
        process.console.at_rest("up to date")
    return bool(reasons)


def _is_drift_alone(process: Runtime, name: str, outputs: Outputs, reasons: list[str]) -> bool:
    """Whether an update is due for nothing but what somebody made of live."""
    now = process.seen[name].facts.get(outputs.applied.policy.compare) if name in process.seen else None
    return not outputs.unfinished and reasons == list(drift(outputs.read_back, now))


def _is_as_declared(process: Runtime, name: str, inputs: Inputs) -> bool:
    """Whether live, as it was just seen, is what the manifest says, entry by entry and without marks."""
    now = process.seen[name].facts.get(inputs.policy.compare) if name in process.seen else None
    return bool(now and now.digest == inputs.desired_digest and not now.marked)


def _is_moved(process: Runtime, name: str, outputs: Outputs) -> bool:
    """Whether live, as it was just listed, is not as the last apply left it."""
    seen, left = process.seen.get(name), outputs.left
    now = seen.facts.get(left.compare) if seen and left else None
    return bool(now and left and now.digest != left.digest)


def _entries(process: Runtime, outputs: Outputs, inputs: Inputs) -> tuple[str, ...]:
    """Lines that name the entries; none where the manifest that was applied is not the one that is checked out."""
    if not Path(inputs.manifest).exists():
        return ()
    try:
        with Ledger() as ledger:
            run, findings = read_desired(inputs, ledger)
            if findings.refused or with_digests(inputs, ledger).desired_digest != outputs.applied.desired_digest:
                return ()
            plan = list_and_plan(process, inputs, run, outputs)
            preview = shown(run)
            marked = list(map(marked_line, islice(ledger.marked(), _MARKED)))
    except ReconcilerError:
        return ()
    if plan.marked > _MARKED:
        marked.append(f"... and {plan.marked - _MARKED:,} more marked entries")
    command = pull_command(run.project.name, (), 1).text
    keep = (f"to keep what is live in git: {command}",) if plan.has_changes or plan.live_only else ()
    if plan.has_changes:
        return preview.summary, *preview.entries, *marked, *keep
    # After a failure the stored inputs are the earlier ones: under the program's policy `pulumi up` may refuse again.
    ending = () if outputs.unfinished else ("`pulumi up` sends nothing and records live as it is",)
    return *preview.entries, *marked, *ending, *keep


def _reasons(process: Runtime, name: str, outputs: Outputs, inputs: Inputs) -> Iterator[str]:
    """Why an update is due, one sentence each; an empty one where the plan says it better."""
    seen = process.seen.get(name) or _listed(process, name, outputs, inputs)
    is_old = outputs.applied.state_format < STATE_FORMAT
    now = seen.facts.get(outputs.applied.policy.compare)
    if now and outputs.dataset_arn and seen.dataset_arn != outputs.dataset_arn:
        yield (
            f"the dataset {outputs.dataset_arn} was deleted, and somebody else made {seen.dataset_arn} in its place; "
            "`pulumi up` takes it over"
        )
    # The digests of an older format are of no use: live counts as it was.
    yield from drift(outputs.read_back, outputs.applied_live if now and is_old else now)
    if now and is_old:
        yield from _due_by_looking(process, outputs, inputs)
    elif now:
        # After a failure the engine keeps the old inputs beside the new outputs: a refresh would take that for an edit.
        edited = process.is_program_run() or not outputs.unfinished
        yield from _changed(outputs, inputs, edited=edited)
    if process.is_program_run() and seen.retiring - outputs.settled:
        yield ""
    yield from still_there(process, outputs)


def _changed(outputs: Outputs, inputs: Inputs, *, edited: bool) -> Iterator[str]:
    """What the program changed since the last apply."""
    applied = outputs.applied
    if inputs.desired_digest != applied.desired_digest:
        yield ""
    if edited:
        yield from _settings_changed(applied, inputs)
    if outputs.applied_live.marked and inputs.content_digest != applied.content_digest:
        yield (
            "live entries are marked with errors and the manifest changed since: `pulumi up` sends the changed lines, "
            "which may fix them"
        )


def _settings_changed(applied: Inputs, inputs: Inputs) -> Iterator[str]:
    """Which settings differ from the applied ones, and what `pulumi up` does about it: their rows know."""
    before, rows = applied.settings(), SETTINGS
    changed = [name for name, value in inputs.settings().items() if value != before[name]]
    if changed:
        sends = " and may send entries" if any(name in rows and rows[name].sends for name in changed) else ""
        yield f"settings changed since the last apply ({', '.join(changed)}); `pulumi up` records them{sends}"
        for change in policy_changes(applied.policy, inputs.policy):
            yield f"{'' if change.level == 'note' else f'{change.level}: '}{safe(change.words)}"


def _due_by_looking(process: Runtime, outputs: Outputs, inputs: Inputs) -> Iterator[str]:
    """For a state of an older format, whose digests are of no use: a program run compares desired and live again.

    A refresh, which checks nothing and may run without the manifest, never finds drift in it.
    """
    if not process.is_program_run():
        return
    yield from _settings_changed(outputs.applied, inputs)
    with Ledger() as ledger:
        run, findings = read_desired(inputs, ledger)
        findings.raise_if_refused()
        if list_and_plan(process, inputs, run).has_changes:
            yield ""


def _listed(process: Runtime, name: str, outputs: Outputs, inputs: Inputs) -> LiveSeen:
    """List live now, and remember it for this process; the inputs name the role and which entries are retired."""
    project_arn, dataset_type = split_id(name)
    policy = replace(outputs.applied.policy, probe=inputs.policy.probe, full_read=inputs.policy.full_read)
    context = process.context(project_arn, replace(outputs.applied, assume_role=inputs.assume_role, policy=policy))
    together = process.claims.beside(project_arn)
    there = observe_recorded(context, Target(project_arn, dataset_type), outputs.dataset_arn, together)
    arn = there.arn or there.leftover
    if arn is None:
        return LiveSeen(None)
    retired = retired_beside(Path(inputs.manifest), inputs.dataset_type)
    if not retired and (known := seen_without_listing(context, outputs, arn, there.description)):
        process.console.status(not_listed_words(known.listed), at_once=True)
        process.seen[name] = known
        return known
    with Ledger() as ledger:
        ledger.retired = Images((one.image for one in retired), inputs.stage.images)
        # A dataset whose creation failed has nothing that can be listed.
        counted = known_live(context, ledger, there.arn, there.description)[1] if there.arn else None
        process.says_listed(counted)
        process.seen[name] = listed = seen_in(ledger, arn, counted)
    return listed
