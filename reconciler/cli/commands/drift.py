"""`reconciler drift`: whether live is still what the last apply read back; changes nothing.

What that apply read back is in its record. Without one, every difference from the manifest counts. With `--base`, a
difference counts only if an apply would undo it and no revision of the base has it.
"""

from collections.abc import Iterator

from msgspec import Struct

from reconciler.changes import shown_changes
from reconciler.cli.commands.plan import made_plans, refuse_failed, show_plan
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.errors import Exit
from reconciler.model import Verb
from reconciler.plan import Basis, Plan
from reconciler.review.changes import OriginCount
from reconciler.review.dangers import pull_command
from reconciler.run import Base, DatasetRun
from reconciler.shell.drift import drift as drifted_since
from reconciler.shell.drift import read_back
from reconciler.text import counted, figures, for_shell


def drift(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Compare every dataset with live, show what differs, and say which datasets have drifted.

    Raises:
        BadInput: the manifests or the connection are wrong. ReconcilerError: a dataset could not be compared.
    """
    live = LiveSide(run, screen, signals)
    made_plans(run, screen, live)
    for one in run.datasets:
        if one.plan:
            judged = _judged(one, one.plan, live)
            one.drift = tuple(judged.reasons)
            words = f"drift: {'; '.join(one.drift)}" if one.drift else "no drift"
            one.remark = "; ".join(filter(None, (f"{words} ({judged.since})", one.remark)))
    show_plan(run, screen)
    refuse_failed(run)
    drifted = [one for one in run.datasets if one.drift]
    many = len(drifted)
    for name, moved in _projects(drifted).items():
        finish = f"to finish the last apply: reconciler apply --project {for_shell(name, 'NAME')}"
        screen.line(f"to keep what is live in git: {pull_command(name, (), 1).text}" if moved else finish)
    screen.line(f"drift in {many:,} of {counted(len(run.datasets), 'dataset', 'datasets')}" if many else "no drift")
    return Exit.CHANGES if many else Exit.DONE


def _projects(drifted: list[DatasetRun]) -> dict[str, bool]:
    """Of each project that has drifted, whether live moved since the last apply; else that apply did not finish."""
    moved: dict[str, bool] = {}
    for one in drifted:
        is_same = one.plan is not None and one.plan.judged.basis is Basis.SAME
        moved[one.project.name] = moved.get(one.project.name, False) or not is_same
    return moved


class _Judged(Struct, frozen=True):
    """Why a dataset has drifted (no reason: it has not), and since when, or by what else that was judged."""

    reasons: list[str]
    since: str


def _judged(one: DatasetRun, plan: Plan, live: LiveSide) -> _Judged:
    record = live.last_record(one)
    before = read_back(record, plan.policy.compare) if record else None
    base = one.base if one.base and not one.base.unread else None
    if before is None or record is None:
        why = "the record of the last apply does not hold live" if record else "no record of an apply is at hand"
        if base:
            return _Judged(list(_undone(one, plan, base)), f"{why}, so it is judged by {base.revision}")
        return _Judged(list(_differences(one, plan)), f"{why}, so every difference counts as drift")
    reasons = list(drifted_since(before, plan.live))
    if base and plan.live and reasons and not before.unfinished:
        reasons = [*reasons, *undone] if (undone := list(_undone(one, plan, base))) else []
    return _Judged(reasons, f"since the apply of {record['at'][:16].replace('T', ' ')} UTC")


def _differences(one: DatasetRun, plan: Plan) -> Iterator[str]:
    """What differs from the manifest, live-only entries with labels included, retired ones not."""
    unlabel = plan.unlabel - plan.retiring
    extra = sum(1 for row in one.ledger.live_only() if row.live_labelled and not row.retired) - unlabel
    parts = ((plan.add, "to add"), (plan.update, "to update"), (unlabel, "to unlabel"), (extra, "live only"))
    if figures(parts) or plan.loads_all:
        yield f"live differs from the manifest: {figures(parts) or plan.action.value}"


def _undone(one: DatasetRun, plan: Plan, base: Base) -> Iterator[str]:
    """Changes of live that an apply would undo; where it is not known whose a change is, it counts."""
    origins = OriginCount(base, one.ledger, plan)
    for change in (one for one in shown_changes(one.ledger, plan) if not one.retired):
        if change.verb is not Verb.LIVE_ONLY or plan.loads_all:  # else it stays: nothing undoes it
            origins.see(change.key)
    found = origins.counts()
    if found and (many := found.theirs + found.both + found.unknown):
        yield f"an apply would undo {counted(many, 'edit', 'edits')} made outside git"
    if found and (many := found.drift + found.base_or_drift):
        yield f"an apply would undo {counted(many, 'live change', 'live changes')} that {base.revision} does not have"
