"""Faults planted in the emulator, each with the test that must fail with it.

test_mutations.py runs it in its own process: `python mutations.py` plants one fault after the other, runs its test and
prints a JSON object: name of the fault -> whether the test failed.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import regex

from rekognition_emulator import errors
from rekognition_emulator.aws_json import requests, wire
from rekognition_emulator.faults import conditions
from rekognition_emulator.lines import manifest
from rekognition_emulator.lines.attributes import AttributeJudge
from rekognition_emulator.lines.entries import Tally
from rekognition_emulator.lines.judge import LineJudge
from rekognition_emulator.operations import jobs, lifecycle, listing, page_tokens
from rekognition_emulator.operations.admission import Denial, Quota
from rekognition_emulator.state.sqlite import SqliteStore
from rekognition_emulator.state.store import MemoryStore
from rekognition_emulator.switches.all_switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
Patch = pytest.MonkeyPatch


def _wrap(patch: Patch, owner: object, name: str, change: Callable[..., Any]) -> None:
    """Replace a function by one that gets the original as its first argument."""
    honest = getattr(owner, name)
    patch.setattr(owner, name, lambda *arguments, **named: change(honest, *arguments, **named))


def dropped_max_check(patch: Patch) -> None:
    """Maximums of the model are not checked."""
    patch.setattr(requests, "_at_most", lambda *_: lambda _value: True)
    requests.shape_judge.cache_clear()


def pattern_anywhere(patch: Patch) -> None:
    """A pattern may match only a part of the value."""
    patch.setattr(
        requests, "_matching", lambda pattern: regex.compile(pattern.removeprefix("^").removesuffix("$")).search
    )
    requests.shape_judge.cache_clear()


def off_by_one_page(patch: Patch) -> None:
    """A page begins one entry too late."""
    _wrap(patch, MemoryStore, "entries_after", lambda honest, self, arn, at, n: honest(self, arn, at + bool(at), n))


def merge_instead_of_replace(patch: Patch) -> None:
    """Attributes that a new line lacks stay."""

    def merged(honest: Any, context: Any, dataset: Any, job: Any) -> None:  # noqa: ANN401 - any function
        job.faults["merge"] = {}
        honest(context, dataset, job)

    _wrap(patch, jobs, "finish_job", merged)


def status_one_step_early(patch: Patch) -> None:
    """Work ends half a second before its time."""

    def early(honest: Any, self: Any, dataset: Any, job: Any) -> None:  # noqa: ANN401 - any function
        job.due -= 0.5
        honest(self, dataset, job)

    _wrap(patch, lifecycle.Lifecycle, "start", early)


def still_timestamp_on_failure(patch: Patch) -> None:
    """LastUpdatedTimestamp moves only on success."""

    def close(honest: Any, dataset: Any, job: Any, refused: Any, message: str) -> None:  # noqa: ANN401 - any function
        before = dataset.updated
        honest(dataset, job, refused, message)
        dataset.updated = before if refused else dataset.updated

    _wrap(patch, jobs, "record_end", close)


def tokens_of_any_listing(patch: Patch) -> None:
    """A token is valid for every dataset and filter."""
    patch.setattr(page_tokens, "listing_id", lambda *_: "x")


def tokens_for_ever(patch: Patch) -> None:
    """A token never expires."""
    _wrap(patch, page_tokens, "read_token", lambda honest, token, name, now, _: honest(token, name, now, float("inf")))


def any_filter(patch: Patch) -> None:
    """An entry must match only one of several filters."""
    _wrap(patch, listing, "entry_filter", lambda honest, request, _: honest(request, Switches(filters="any")))


def boxes_off_the_frame(patch: Patch) -> None:
    """Boxes are not checked."""
    patch.setattr(AttributeJudge, "_box", lambda *_: True)


def no_precedence(patch: Patch) -> None:
    """A code that ends validation does not end it."""
    patch.setattr(AttributeJudge, "_stop", AttributeJudge._report)


def several_buckets(patch: Patch) -> None:
    """Images may be in several buckets."""

    def refused(honest: Any, after: Tally, limits: Any, switches: Any) -> Any:  # noqa: ANN401 - any function
        after.buckets = dict(list(after.buckets.items())[:1])
        return honest(after, limits, switches)

    _wrap(patch, manifest, "dataset_failure", refused)


def a_fifth_is_too_many(patch: Patch) -> None:
    """The 20 % rule fails an update with exactly 20 %."""

    def refusal(honest: Any, batch: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - any function
        batch.dropped += batch.dropped[:1]
        return honest(batch, *rest, **named)

    _wrap(patch, manifest, "batch_failure", refusal)


def replaced_entries_stay_counted(patch: Patch) -> None:
    """Statistics still count replaced entries."""
    patch.setattr(Tally, "remove", lambda *_: None)


def copy_instead_of_move(patch: Patch) -> None:
    """A distribution leaves the entries in TRAIN."""
    patch.setattr(MemoryStore, "remove_entries", lambda *_: None)


def sqlite_forgets_tags(patch: Patch) -> None:
    """Tags are kept in memory only."""
    patch.setattr(SqliteStore, "save_tags", MemoryStore.save_tags)


def sqlite_forgets_the_clock(patch: Patch) -> None:
    """The clock is not kept in the state file."""
    patch.setattr(SqliteStore, "save_clock", MemoryStore.save_clock)


def conditions_that_never_fire(patch: Patch) -> None:
    """An impossible condition of a fault plan is accepted."""
    patch.setattr(conditions, "mistake", lambda *_: None)


def a_part_of_a_failed_update(patch: Patch) -> None:
    """An update that fails applies its first entry."""

    def apply(honest: Any, context: Any, dataset: Any, batch: Any) -> Any:  # noqa: ANN401 - any function
        refused = honest(context, dataset, batch)
        if refused:
            context.store.put_entries(dataset.arn, list(batch.entries.values())[:1])
        return refused

    _wrap(patch, jobs, "apply_batch", apply)


def no_quota(patch: Patch) -> None:
    """Every call is accepted."""
    patch.setattr(Quota, "__call__", lambda *_: None)


def no_server_side(patch: Patch) -> None:
    """ThrottlingException and InternalServerError have HTTP status 400."""
    patch.setattr(errors, "SERVER_SIDE", frozenset())


def deny_everywhere(patch: Patch) -> None:
    """The ARN of a denial is ignored."""
    patch.setattr(Denial, "covers", lambda self, operation, _: operation == self.operation)


def no_logref(patch: Patch) -> None:
    """Error bodies have three members."""

    def failure(honest: Any, *arguments: Any) -> wire.HttpResponse:  # noqa: ANN401 - any function
        answer: wire.HttpResponse = honest(*arguments)
        answer.body = json.dumps({k: v for k, v in json.loads(answer.body).items() if k != "Logref"}).encode()
        return answer

    _wrap(patch, wire, "failure", failure)


def listed_as_sent(patch: Patch) -> None:
    """`cl-metadata` is not added."""

    def entry(honest: Any, *arguments: Any) -> Any:  # noqa: ANN401 - any function
        made = honest(*arguments)
        return made._replace(listed=made.listed.replace(rb",\"cl-metadata\":{\"is_labeled\":true}", b""))

    _wrap(patch, LineJudge, "_entry", entry)


PLANTED: dict[Callable[[Patch], None], str] = {
    dropped_max_check: "test_request_constraints.py::test_every_constraint_is_judged",
    pattern_anywhere: "test_request_constraints.py::test_tag_keys_take_letters_of_every_script",
    off_by_one_page: "test_listing.py::test_pages_have_100_lines_unless_told_otherwise",
    merge_instead_of_replace: "test_operations.py::test_an_update_replaces_whole_lines_and_appends_new_ones",
    status_one_step_early: "test_lifecycle.py::test_creation_ends_when_its_time_has_come",
    still_timestamp_on_failure: "test_lifecycle.py::test_a_failed_update_moves_the_timestamp_and_nothing_else",
    tokens_of_any_listing: "test_listing.py::test_a_token_belongs_to_one_listing",
    tokens_for_ever: "test_listing.py::test_a_token_expires",
    any_filter: "test_listing.py::test_filters",
    boxes_off_the_frame: "test_lines.py::test_marks_of_detection_lines",
    no_precedence: "test_lines.py::test_a_code_that_ends_the_judging_hides_the_rest",
    several_buckets: "test_manifest_rules.py::test_images_of_several_buckets_fail_an_update",
    a_fifth_is_too_many: "test_manifest_rules.py::test_more_than_a_fifth_dropped_lines_fail_an_update",
    replaced_entries_stay_counted: "test_operations.py::test_statistics_follow_every_change",
    copy_instead_of_move: "test_operations.py::test_distribution_moves_a_fifth",
    sqlite_forgets_tags: "test_stores.py::test_everything_is_there_after_a_restart",
    sqlite_forgets_the_clock: "test_control.py::test_the_clock_is_kept_in_the_state_file",
    conditions_that_never_fire: "test_fault_plans.py::test_a_plan_that_is_wrong_is_refused_with_a_sentence",
    a_part_of_a_failed_update: "test_manifest_rules.py::test_images_of_several_buckets_fail_an_update",
    no_quota: "test_admission.py::test_five_calls_a_second_of_each_operation",
    no_server_side: "test_connection_faults.py::test_every_exception_can_be_answered",
    deny_everywhere: "test_admission.py::test_denied_operations",
    no_logref: "test_wire.py::test_an_error_body_has_awss_four_members",
    listed_as_sent: "test_operations.py::test_what_is_listed_is_what_was_sent_and_is_labeled",
}
"""Each planted fault with the test that has to fail."""


class Reasons:
    """Collects the types of the exceptions with which tests failed."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
        """Add the type of the exception."""
        self.found.append(call.excinfo.typename if call.excinfo else "")


def caught(plant: Callable[[Patch], None], test: str) -> bool:
    """Whether the test fails with the fault planted, and only by an assertion.

    An error in the set-up, or a fault that only breaks the emulator, would prove nothing.
    """
    reasons = Reasons()
    with Patch.context() as patch, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        plant(patch)
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--no-header", str(HERE / test)], plugins=[reasons])
    requests.shape_judge.cache_clear()
    return bool(reasons.found) and set(reasons.found) <= {"AssertionError", "Failed"}


def main() -> None:
    """Plant every fault, and print which were caught."""
    json.dump({plant.__name__: caught(plant, test) for plant, test in PLANTED.items()}, sys.stdout)


if __name__ == "__main__":
    main()
