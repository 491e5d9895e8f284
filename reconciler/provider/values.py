"""Single values among a Dataset's properties: numbers that the engine made floats of, and wrong ones in messages."""

from reconciler.errors import BadInput
from reconciler.inert import inert

__all__ = ["BadProperty", "shown", "whole"]


class BadProperty(BadInput):
    """An input has a wrong value; `name` is the property's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def shown(value: object) -> str:
    """A wrong value as a message shows it, which is not all of it."""
    return inert(repr(value), 100)


def whole(value: object, default: int = 0) -> int:
    """A whole number, which may have come back from the engine as a float."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
