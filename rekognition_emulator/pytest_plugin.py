"""The pytest plugin: the fixture `rekognition_emulator`, a new emulator for each test.

    def test_something(rekognition_emulator):
        client = rekognition_emulator.client()

Loading the plugin imports only this file; the first test that uses the fixture imports the emulator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator.emulator import Emulator


@pytest.fixture(name="rekognition_emulator")
def _rekognition_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A running emulator for one test; indirect parametrisation with a dict chooses its settings."""
    from rekognition_emulator.emulator import serve  # noqa: PLC0415 - loading the plugin must cost nothing

    with serve(**getattr(request, "param", {})) as emulator:
        yield emulator
