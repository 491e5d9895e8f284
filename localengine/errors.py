"""The errors of the engine, and Pulumi's exit codes for them.

Exit codes: pulumi/pulumi pkg/cmd/pulumi/cmd/exit_codes.go.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localengine.protocol.properties import Properties


class Exit(IntEnum):
    """Every exit status of `python -m localengine`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_SUCH_STACK = 6
    CHANGES_NOT_EXPECTED = 7
    TERMINATED = 8


class EngineError(Exception):
    """A failure that ends the command with one sentence on stderr."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class RefusedError(EngineError):
    """A feature of Pulumi that this engine does not have; the message names it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"localengine does not support {what}; run this program with the Pulumi CLI")


class ProviderError(Exception):
    """A provider's call failed; the message is the provider's own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InitFailedError(ProviderError):
    """A create, update or read that failed part of the way: the resource exists, with errors.

    `reasons` are stored with the resource (errors.proto, ErrorResourceInitFailed).
    """

    def __init__(self, resource_id: str, properties: Properties, inputs: Properties | None, reasons: list[str]) -> None:
        noun = "error" if len(reasons) == 1 else "errors"
        lines = [f"{len(reasons)} {noun} occurred:", *(f"\t* {reason}" for reason in reasons)]
        super().__init__("\n".join(lines))
        self.resource_id = resource_id
        self.properties = properties
        self.inputs = inputs
        self.reasons = reasons


class TerminatedError(Exception):
    """The command starts nothing new: a step failed, or the user interrupted it."""
