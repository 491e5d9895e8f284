"""The record of every apply: who, when, which revision of the manifest, the plan and the result.

`attempt` collects it, `record` forms it, `log` writes it.
"""

from reconciler.records.log import AuditLog
from reconciler.records.record import Attempt

__all__ = ["Attempt", "AuditLog"]
