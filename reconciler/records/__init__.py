"""The record that every apply leaves: who, when, what of which revision, what was planned and what came of it.

`attempt` collects it, `record` gives it its form, `log` writes it down.
"""

from reconciler.records.attempt import Attempt
from reconciler.records.log import AuditLog

__all__ = ["Attempt", "AuditLog"]
