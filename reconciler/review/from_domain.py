"""The product's nouns in the review's forms: places, policies, findings, errors."""

from reconciler.errors import InvalidDeclaration, ReconcilerError, ServiceError
from reconciler.manifest import Findings
from reconciler.review.model import (
    Content,
    Failure,
    FindingCounts,
)


def content(findings: Findings | None) -> Content | None:
    """What a manifest holds, where it was read."""
    if findings is None:
        return None
    return Content(entries=findings.entries, boxes=findings.boxes, labels=findings.labels)


def finding_counts(findings: Findings | None) -> FindingCounts:
    """What was found in a manifest."""
    if findings is None:
        return FindingCounts()
    return FindingCounts(
        errors=findings.error_count,
        marked=findings.marked_count,
        notes=findings.note_count,
        shown=(*findings.errors, *findings.marked, *findings.notes),
    )


def declaration_findings(error: ReconcilerError | None) -> FindingCounts:
    """What was found in project.yaml files, where that ended the run."""
    if not isinstance(error, InvalidDeclaration):
        return FindingCounts()
    return FindingCounts(errors=error.total, shown=error.findings)


def failure(error: ReconcilerError | None) -> Failure | None:
    """Why something ended badly."""
    if error is None:
        return None
    service = error if isinstance(error, ServiceError) else ServiceError("")
    return Failure(
        kind=type(error).__name__,
        message=str(error),
        code=service.code,
        operation=service.operation,
        request_id=service.request_id,
    )


def region_and_account(arn: str | None) -> tuple[str | None, str | None]:
    """What an ARN says of where it is: arn:partition:service:region:account:resource."""
    parts = (arn or "").split(":", 5)
    return (parts[3] or None, parts[4] or None) if len(parts) == 6 else (None, None)
