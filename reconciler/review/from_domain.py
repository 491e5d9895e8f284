"""The product's nouns in the review's forms: places, policies, findings, errors."""

from collections.abc import Iterable

from reconciler.analysis.line_text import holdable
from reconciler.entry_codes import cure_of, meaning_of
from reconciler.errors import InvalidDeclaration, ReconcilerError, ServiceError
from reconciler.manifest import Findings
from reconciler.model import Finding
from reconciler.model import Mark as EntryMark
from reconciler.model import Place as FilePlace
from reconciler.review.model import (
    Content,
    Failure,
    FindingCounts,
    Found,
    Mark,
    Place,
)


def place(where: FilePlace | None) -> Place | None:
    """Where something stands."""
    return None if where is None else Place(file=holdable(where.file), line=where.line, column=where.column)


def content(findings: Findings | None) -> Content | None:
    """What a manifest holds, where it was read."""
    if findings is None:
        return None
    return Content(
        entries=findings.entries, boxes=findings.boxes, labels=tuple(holdable(label) for label in findings.labels)
    )


def finding_counts(findings: Findings | None) -> FindingCounts:
    """What was found in a manifest."""
    if findings is None:
        return FindingCounts()
    return FindingCounts(
        errors=findings.error_count,
        marked=findings.marked_count,
        notes=findings.note_count,
        shown=_found((*findings.errors, *findings.marked, *findings.notes)),
    )


def declaration_findings(error: ReconcilerError | None) -> FindingCounts:
    """What was found in project.yaml files, where that ended the run."""
    if not isinstance(error, InvalidDeclaration):
        return FindingCounts()
    return FindingCounts(errors=error.total, shown=_found(error.findings))


def failure(error: ReconcilerError | None) -> Failure | None:
    """Why something ended badly."""
    if error is None:
        return None
    service = error if isinstance(error, ServiceError) else ServiceError("")
    return Failure(
        kind=type(error).__name__,
        message=holdable(str(error)),
        code=service.code,
        operation=service.operation,
        request_id=service.request_id,
    )


def marks(live: Iterable[EntryMark]) -> tuple[Mark, ...]:
    """The service's errors on a live entry, with what they mean."""
    return tuple(
        Mark(
            code=holdable(mark.code),
            message=holdable(mark.message),
            meaning=meaning_of(mark.code),
            cure=cure_of(mark.code),
        )
        for mark in live
    )


def region_and_account(arn: str | None) -> tuple[str | None, str | None]:
    """What an ARN says of where it is: arn:partition:service:region:account:resource."""
    parts = (arn or "").split(":", 5)
    return (parts[3] or None, parts[4] or None) if len(parts) == 6 else (None, None)


def _found(findings: Iterable[Finding]) -> tuple[Found, ...]:
    return tuple(
        Found(
            severity=finding.severity.value,
            code=finding.code,
            place=Place(file=holdable(finding.place.file), line=finding.place.line, column=finding.place.column),
            message=holdable(finding.message),
            cure=holdable(finding.cure),
        )
        for finding in findings
    )
