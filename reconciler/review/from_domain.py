"""The product's nouns in the review's forms: places, policies, findings, errors."""

from collections.abc import Iterable

from reconciler.errors import InvalidDeclaration, ReconcilerError, ServiceError
from reconciler.manifest import Findings
from reconciler.model import GuardCheck, Override, Policy
from reconciler.review.model import (
    Content,
    Failure,
    FindingCounts,
    GuardView,
    OverrideView,
    PolicyView,
)


def policy_view(policy: Policy) -> PolicyView:
    """The settings of a dataset."""
    return PolicyView(
        extra=policy.extra.value,
        marked=policy.marked.value,
        compare=policy.compare.value,
        patience=policy.patience,
        destroy=policy.destroy.value,
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


def guard_views(checks: Iterable[GuardCheck]) -> tuple[GuardView, ...]:
    """What the guards said."""
    return tuple(
        GuardView(
            name=check.guard.value,
            state=check.state.value,
            words=check.words,
            count=check.count,
            of=check.of,
            share=None if check.share is None else round(check.share, 6),
            threshold=check.threshold,
            reason=check.reason,
        )
        for check in checks
    )


def override_view(override: Override | None) -> OverrideView | None:
    """How guards are overridden."""
    if override is None:
        return None
    return OverrideView(
        words=str(override),
        options=override.options,
        variable=override.variable,
        configuration=override.configuration,
    )


def region_and_account(arn: str | None) -> tuple[str | None, str | None]:
    """What an ARN says of where it is: arn:partition:service:region:account:resource."""
    parts = (arn or "").split(":", 5)
    return (parts[3] or None, parts[4] or None) if len(parts) == 6 else (None, None)
