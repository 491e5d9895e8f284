"""Failing in a sentence: a clean status in place of the traceback that the dynamic provider's server would send.

The server of `python -m pulumi.dynamic` aborts every call that raises with the whole traceback as the message. gRPC
lets a handler attach its status as the trailer `grpc-status-details-bin`, which grpc-go (the engine) prefers
when its code is the same; the code is UNKNOWN (2). With `ErrorResourceInitFailed` among the details the engine keeps
the resource, with its outputs and the reasons.

A provider does not get the handler's context: it is found on the call stack. That is not a public interface;
everything that depends on it is in this module, and a test fails when the SDK changes. Without a context the plain
exception is raised, as before.

The status is a google.rpc.Status (google/rpc/status.proto). An SDK of 3.216 does not bring its module, so that its
three fields are written here.
"""

import sys
from collections.abc import Mapping, Sequence
from traceback import walk_stack
from types import FrameType
from typing import Any, Final, NoReturn

from google.protobuf import any_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2

from reconciler.text import inert_lines

# Field 1, a number: UNKNOWN (2).
_CODE: Final = b"\x08\x02"
_TRAILER: Final = "grpc-status-details-bin"


class CallFailed(Exception):
    """The call ends in failure; its status holds the message for the engine already."""


def call_frame() -> FrameType | None:
    """The server's frame that handles this call: its locals have `request` and `context`; None outside of a call."""
    for frame, _line in walk_stack(sys._getframe()):  # noqa: SLF001 - see the module docstring
        if "request" in frame.f_locals and hasattr(frame.f_locals.get("context"), "set_trailing_metadata"):
            return frame
    return None


def call_urn() -> str:
    """The URN of the resource that this call is about; empty outside of a call."""
    frame = call_frame()
    return str(getattr(frame.f_locals["request"], "urn", "")) if frame else ""


def call_is_open() -> bool:
    """Whether the engine still waits for the answer to this call; True outside of a call."""
    frame = call_frame()
    return frame is None or bool(frame.f_locals["context"].is_active())


def fail(message: str) -> NoReturn:
    """End the call with this message and nothing else.

    Raises:
        CallFailed: always.
    """
    _end(inert_lines(message))


def fail_keeping(message: str, reasons: Sequence[str], resource_id: str, properties: Mapping[str, Any]) -> NoReturn:
    """End a create or update with reasons, and have the engine keep the resource with these outputs.

    `properties` must contain what the SDK keeps under `__provider`.

    Raises:
        CallFailed: always.
    """
    stored = struct_pb2.Struct()
    stored.update(dict(properties))
    detail = any_pb2.Any()
    shown = list(map(inert_lines, reasons))
    detail.Pack(provider_pb2.ErrorResourceInitFailed(id=resource_id, properties=stored, reasons=shown))
    _end(inert_lines(message), detail)


def _end(message: str, *details: any_pb2.Any) -> NoReturn:
    """Attach the status. A later status of the same call would take its place, details and all."""
    frame = call_frame()
    if frame is None:
        raise CallFailed(message) from None
    fields = (_field(2, message.encode()), *(_field(3, detail.SerializeToString()) for detail in details))
    frame.f_locals["context"].set_trailing_metadata(((_TRAILER, b"".join((_CODE, *fields))),))
    # The server sends the traceback along, for a log that few read; it leaves out what was raised before.
    raise CallFailed("the call's status says why") from None


def _field(number: int, value: bytes) -> bytes:
    """A field of bytes, text or a message, as protobuf's wire format has it."""
    left, size = len(value), bytearray()
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes((number << 3 | 2, *size, left)) + value
