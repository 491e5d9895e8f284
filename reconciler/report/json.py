"""Plans, findings and outcomes as one JSON document for programs: the same members on every way out, errors included.

The document, with `format` 1 (raised when a member goes away or changes its meaning; new members may come):

    format, command, exit_code
    error       why the run as a whole ended badly: {kind, message, code, operation, request_id}, or null
    findings    complaints about project.yaml files, like a dataset's
    datasets    one object a dataset, in the order of the run:
        project, type, manifest, project_arn, status
        content    what the manifest holds: {entries, boxes, labels, bucket}, or null
        findings   {errors, marked, notes: counts; shown: [{severity, code, place, message, cure}]}
        plan       {action, figures, policy, refusals, desired, live, changes: {total, shown: [...]}}, or null
        outcome    {dataset_arn, figures, live, statistics: what the service counts {entries, marked, agree}, rejected,
                   marked: {total, new, shown: [{key, place, new, marks: [{code, message, meaning, cure}]}]},
                   snapshots}, or null
        error      like the run's, or null
        skipped    why nothing was done about this dataset, or null
    totals      figures over all datasets
    calls       requests by operation

Knows the form. Refuses to know where it goes. Text of manifests and the service stands in it as it is: whoever shows it
makes it inert; `encode` writes ASCII, so that a terminal is safe.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.codes import cure_of, meaning_of
from reconciler.comparison import describe
from reconciler.errors import Exit, InvalidDeclaration, ReconcilerError, ServiceError
from reconciler.ledger import Facts
from reconciler.manifest import Findings
from reconciler.model import Change, DatasetType, Finding, Place, Policy
from reconciler.outcome import MarkedEntry, Outcome
from reconciler.plan import Plan, shown_total

__all__ = ["FORMAT", "DatasetReport", "RunReport", "change_json", "document", "encode", "status_of"]

FORMAT: Final = 1
_PLAN_FIGURES: Final = (
    "add",
    "update",
    "unlabel",
    "live_only",
    "unchanged",
    "ignored",
    "marked",
    "bytes",
    "batches",
    "by_label",
)
_OUTCOME_FIGURES: Final = ("add", "update", "unlabel", "batches", "rewritten")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a run knows of one dataset; `changes` are those to show (see `change_json`), the plan counts all of them."""

    project: str
    dataset_type: DatasetType
    manifest: str
    project_arn: str | None = None
    findings: Findings | None = None
    plan: Plan | None = None
    changes: Sequence[Json] = ()
    outcome: Outcome | None = None
    error: ReconcilerError | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run of a command did; `command` is None when the arguments name none, `calls` counts by operation."""

    command: str | None
    exit_code: Exit
    datasets: Sequence[DatasetReport] = ()
    error: ReconcilerError | None = None
    calls: Mapping[str, int] = field(default_factory=dict)


def document(run: RunReport) -> Json:
    """The whole document."""
    return {
        "format": FORMAT,
        "command": run.command,
        "exit_code": int(run.exit_code),
        "error": _error(run.error),
        "findings": _declaration_findings(run.error),
        "datasets": [_dataset(one) for one in run.datasets],
        "totals": _totals(run),
        "calls": dict(sorted(run.calls.items())),
    }


def encode(content: Json) -> str:
    """The document as text: ASCII, indented, ending in a newline."""
    return json.dumps(content, indent=1) + "\n"


def change_json(change: Change) -> Json:
    """One change: its verb and sign, the key, what changes in words, where it stands, labels before and after."""
    return {
        "verb": change.verb.name.lower(),
        "sign": change.verb.value,
        "key": change.key,
        "what": describe(change),
        "place": _place(change.place),
        "labels": list(change.labels),
        "live_labels": list(change.live_labels),
    }


def status_of(report: DatasetReport) -> str:
    """How far a dataset came: one word."""
    if report.skipped:
        return "skipped"
    if report.findings and report.findings.refused:
        return "invalid"
    if report.error or (report.outcome and report.outcome.error):
        return "failed"
    if report.outcome:
        return "applied"
    if report.plan:
        return "refused" if report.plan.refusals else "planned"
    return "valid" if report.findings else "unread"


def _dataset(report: DatasetReport) -> Json:
    return {
        "project": report.project,
        "type": report.dataset_type.word,
        "manifest": report.manifest,
        "project_arn": report.project_arn,
        "status": status_of(report),
        "content": _content(report.findings),
        "findings": _findings(report.findings),
        "plan": _plan(report),
        "outcome": _outcome(report.outcome),
        "error": _error(report.error or (report.outcome.error if report.outcome else None)),
        "skipped": report.skipped,
    }


def _content(findings: Findings | None) -> Json | None:
    if findings is None:
        return None
    return {
        "entries": findings.entries,
        "boxes": findings.boxes,
        "labels": list(findings.labels),
        "bucket": findings.bucket,
    }


def _findings(findings: Findings | None) -> Json:
    if findings is None:
        return _counted(0, 0, 0, ())
    return _counted(findings.error_count, findings.marked_count, findings.note_count, findings)


def _declaration_findings(error: ReconcilerError | None) -> Json:
    if not isinstance(error, InvalidDeclaration):
        return _counted(0, 0, 0, ())
    return _counted(error.total, 0, 0, error.findings)


def _counted(errors: int, marked: int, notes: int, findings: Iterable[Finding]) -> Json:
    return {"errors": errors, "marked": marked, "notes": notes, "shown": [_finding(one) for one in findings]}


def _finding(finding: Finding) -> Json:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "place": _place(finding.place),
        "message": finding.message,
        "cure": finding.cure,
    }


def _plan(report: DatasetReport) -> Json | None:
    plan = report.plan
    if plan is None:
        return None
    return {
        "action": plan.action.value,
        "figures": {name: getattr(plan, name) for name in _PLAN_FIGURES},
        "policy": _policy(plan.policy),
        "refusals": list(plan.refusals),
        "desired": _facts(plan.desired),
        "live": _facts(plan.live),
        "changes": {"total": shown_total(plan), "shown": list(report.changes)},
    }


def _policy(policy: Policy) -> Json:
    return {
        "extra": policy.extra.value,
        "marked": policy.marked.value,
        "compare": policy.compare.value,
        "patience_seconds": policy.patience,
        "destroy": policy.destroy.value,
    }


def _outcome(outcome: Outcome | None) -> Json | None:
    if outcome is None:
        return None
    rejected = [{"key": one.key, "place": _place(one.place), "reason": one.reason} for one in outcome.rejected]
    marked = [_marked(entry) for entry in outcome.marked]
    return {
        "dataset_arn": outcome.dataset_arn,
        "figures": {name: getattr(outcome, name) for name in _OUTCOME_FIGURES},
        "live": _facts(outcome.live),
        "statistics": _statistics(outcome),
        "rejected": {"total": outcome.rejected_total, "shown": rejected},
        "marked": {"total": outcome.marked_total, "new": outcome.marked_new, "shown": marked},
        "snapshots": list(outcome.snapshots),
    }


def _marked(entry: MarkedEntry) -> Json:
    marks = [
        {"code": mark.code, "message": mark.message, "meaning": meaning_of(mark.code), "cure": cure_of(mark.code)}
        for mark in entry.marks
    ]
    return {"key": entry.key, "place": _place(entry.place), "new": entry.is_new, "marks": marks}


def _statistics(outcome: Outcome) -> Json | None:
    """The service's own counts at the end, and whether they are those of what was listed."""
    said = outcome.counted
    if said is None or outcome.live is None:
        return None
    return {"entries": said.entries, "marked": said.marked, "agree": said.agree_with(outcome.live)}


def _facts(facts: Facts | None) -> Json | None:
    if facts is None:
        return None
    return {
        "entries": facts.entries,
        "labelled": facts.labelled,
        "boxes": facts.boxes,
        "marked": facts.marked,
        "digest": facts.digest,
    }


def _place(place: Place | None) -> Json | None:
    return None if place is None else {"file": place.file, "line": place.line, "column": place.column}


def _error(error: ReconcilerError | None) -> Json | None:
    if error is None:
        return None
    service = error if isinstance(error, ServiceError) else ServiceError("")
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "code": service.code,
        "operation": service.operation,
        "request_id": service.request_id,
    }


def _totals(run: RunReport) -> Json:
    read = [one.findings for one in run.datasets if one.findings]
    plans = [one.plan for one in run.datasets if one.plan]
    outcomes = [one.outcome for one in run.datasets if one.outcome]
    declarations = _declaration_findings(run.error)
    return {
        "datasets": len(run.datasets),
        "entries": sum(one.entries for one in read),
        "errors": declarations["errors"] + sum(one.error_count for one in read),
        "marked": sum(one.marked_count for one in read),
        "notes": sum(one.note_count for one in read),
        "to_send": sum(plan.lines for plan in plans),
        "live_only": sum(plan.live_only for plan in plans),
        "sent": sum(one.sent for one in outcomes),
        "rejected": sum(one.rejected_total for one in outcomes),
    }
