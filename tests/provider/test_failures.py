"""Errors: sentences without tracebacks, and failed applies that the state remembers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.provider.engine import CallError

if TYPE_CHECKING:
    from tests.provider.engine import Resource
    from tests.provider.world import World


def failed(resource: Resource) -> CallError:
    """The error of an up that fails."""
    with pytest.raises(CallError) as caught:
        resource.up()
    assert "Traceback" not in caught.value.message
    assert caught.value.code == 2
    return caught.value


def test_a_batch_that_the_service_fails_keeps_the_new_resource_with_its_reasons(world: World) -> None:
    """After the first request a failed create is kept in the state: id, outputs, reasons, what is unfinished."""
    cells = world.declare({"1.jpg": ["cat"]})
    world.emulator.load_faults("[{fault: fail, operation: UpdateDatasetEntries, message: The disk is full.}]")
    error = failed(cells)
    assert "The disk is full." in error.message
    assert f"{cells.declared['manifest']}:" in error.message
    assert cells.id == f"{cells.declared['projectArn']}#train"
    assert cells.outputs["__provider"]
    assert "The disk is full." in cells.outputs["unfinished"]
    assert cells.init_errors
