"""The records that ups and destroys leave, in `.reconciler/audit` beside the program and where the stack says.

Knows what a call of the engine tells about an apply. Refuses to know the record's form (`reconciler.audit`).
"""

from contextlib import AbstractContextManager
from pathlib import Path

from reconciler.audit import Attempt, AuditLog
from reconciler.aws.arns import ProjectArn
from reconciler.aws.open import open_objects
from reconciler.provider.runtime import Runtime
from reconciler.reconcile import Target
from reconciler.store.folders import FOLDER

__all__ = ["recording"]


def recording(
    process: Runtime, action: str, target: Target, manifest: str | None = None
) -> AbstractContextManager[Attempt]:
    """A block that is one apply or destroy of a dataset: however it ends, a record of it is written."""
    project = ProjectArn.parse(target.project_arn)
    path = Path(manifest) if manifest else None
    files = (path, path.parent / "project.yaml") if path else ()
    attempt = Attempt(action, project.name, target.project_arn, target.dataset_type, manifest, files)
    log = AuditLog(
        Path(FOLDER) / "audit",
        process.settings.audit,
        lambda: open_objects(process.settings.connection, project.region),
        lambda text: process.console.tell_once(text, warning=True),
        hide=process.settings.hide,
    )
    return log.recording(attempt, process.calls_of_this_thread)
