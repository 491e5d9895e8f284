"""The pytest plugin: a fixture with an emulator of its own for every test.

    def test_something(rekognition_emulator):
        client = rekognition_emulator.client()

Loading it imports nothing but this file: the emulator is imported by the first test that asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator.emulator import Emulator


@pytest.fixture(name="rekognition_emulator")
def _rekognition_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A running emulator of the test's own; indirect parametrisation with a dict chooses its settings."""
    from rekognition_emulator.emulator import serve  # noqa: PLC0415 - loading the plugin must cost nothing

    with serve(**getattr(request, "param", {})) as emulator:
        yield emulator
