"""The groups of the second recording about replacements, aliases and options of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.localengine.second_recording import (  # noqa: F401 - pytest collects the tests and the fixture
    REPLACEMENTS,
    parametrize,
    replayed,
    test_a_program_that_nobody_waits_for_is_interrupted,
    test_exit_codes_are_those_of_pulumi,
    test_one_process_serves_what_one_process_served,
    test_requests_come_in_the_same_order,
    test_the_provider_is_asked_the_same_with_the_same_properties,
    test_the_same_objects_exist,
    test_the_screen_reads_like_that_of_pulumi,
    test_the_state_is_that_of_pulumi,
    test_what_was_replaced_is_deleted_when_pulumi_deletes_it,
    test_what_writes_no_state_with_pulumi_writes_none,
)

if TYPE_CHECKING:
    import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Replay the groups of this file."""
    parametrize(metafunc, REPLACEMENTS)
