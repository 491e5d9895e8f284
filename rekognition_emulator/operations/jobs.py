"""The end of asynchronous work: what a creation, update or distribution does when it is due.

Sources: API Reference, UpdateDatasetEntries, DistributeDatasetEntries, DatasetDescription; Custom Labels Developer
Guide, Debugging datasets. That a failed update applies nothing is inferred.

A job may carry faults of a fault plan (`Job.faults`); they change the batch, the result or the timestamp here.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from rekognition_emulator.lines import manifest
from rekognition_emulator.lines.codes import DatasetFailure, DropReason
from rekognition_emulator.lines.judge import LineJudge, compact, without_service_fields
from rekognition_emulator.lines.manifest import Batch
from rekognition_emulator.state import statuses
from rekognition_emulator.state.context import ManifestError, ServiceContext
from rekognition_emulator.state.statuses import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.state.records import Dataset, Job
    from rekognition_emulator.switches.all_switches import Switches

_LOG = logging.getLogger("rekognition_emulator")

DISTRIBUTED_SHARE = 5
"""One entry in five goes to the TEST dataset: the documented 20 %. Which ones is a switch."""


def all_entries(context: ServiceContext, arn: str) -> Iterator[tuple[int, Entry]]:
    """Every entry of a dataset with its position, in order, read in chunks."""
    position = 0
    while rows := context.store.entries_after(arn, position, 1000):
        yield from rows
        position = rows[-1][0]


def apply_batch(context: ServiceContext, dataset: Dataset, batch: Batch) -> DatasetFailure | None:
    """Add and replace the entries of a batch. Returns why the dataset may not have them; None when they are applied.

    After a failure nothing is changed, or, by the switch `failed_update`, the entries that fit, taken one by one, are
    applied.
    """
    live = partial(context.store.entry, dataset.arn)
    after = manifest.tally_after(dataset.tally, batch, live, context.switches)
    refused = manifest.dataset_failure(after, context.limits, context.switches)
    if refused is None:
        _put(context, dataset, list(batch.entries.values()))
        dataset.tally = after
    elif context.switches.failed_update == "what fits":
        for key, entry in batch.entries.items():
            alone = manifest.tally_after(dataset.tally, Batch({key: entry}), live, context.switches)
            if manifest.dataset_failure(alone, context.limits, context.switches) is None:
                _put(context, dataset, [entry])
                dataset.tally = alone
    return refused


def _put(context: ServiceContext, dataset: Dataset, entries: list[Entry]) -> None:
    if context.switches.entry_order == "last update":
        context.store.remove_entries(dataset.arn, [entry.key for entry in entries])
    context.store.put_entries(dataset.arn, entries)


def _without_missing_images(context: ServiceContext, batch: Batch) -> None:
    """Drop, in place, the entries whose image is not in a known bucket."""
    for key, entry in list(batch.entries.items()):
        s3_object = {"Bucket": entry.bucket, "Name": key.partition(f"//{entry.bucket}/")[2]}
        try:
            context.manifests.lines(s3_object, sys.maxsize)
        except ManifestError:
            del batch.entries[key]
            batch.dropped.append((0, DropReason.MISSING_IMAGE))


def load_lines(context: ServiceContext, dataset: Dataset, lines: Iterable[bytes], job: Job) -> DatasetFailure | None:
    """Judge and apply the lines of a manifest or payload; returns why they fail as a whole, or None."""
    batch = manifest.read_lines(lines, context.judge)
    if context.switches.missing_images == "dropped":
        _without_missing_images(context, batch)
    imported = job.work is Work.CREATE
    live = dataset.tally.total
    refused = manifest.batch_failure(batch, context.limits, context.switches, imported=imported, live=live)
    faults = job.faults | ({"merge": {}} if context.switches.existing_line == "merged" else {})
    if refused is None and faults:
        _change_batch(batch, faults, context.judge, lambda key: context.store.entry(dataset.arn, key))
    return refused or apply_batch(context, dataset, batch)


def _import(context: ServiceContext, dataset: Dataset, job: Job) -> DatasetFailure | None:
    try:
        lines = context.manifests.lines(job.source["manifest"], context.limits.manifest_bytes)
        return load_lines(context, dataset, lines, job)
    except ManifestError as error:
        _LOG.warning(
            "%s cannot be read: %s", job.source["manifest"], error
        )  # AWS tells clients nothing more than the status
        if error.too_large:
            return DatasetFailure.SIZE_TOO_LARGE
        return DatasetFailure.NO_PERMISSION if error.forbidden else DatasetFailure.INACCESSIBLE


def copy_entries(context: ServiceContext, source: str, copy: str) -> None:
    """Copy the entries of dataset `source` as they are now; the statistics of `copy` count them when its job ends."""
    context.store.put_entries(copy, [entry for _, entry in all_entries(context, source)])


def _finish_copy(context: ServiceContext, dataset: Dataset, job: Job) -> None:
    entries = [entry for _, entry in all_entries(context, dataset.arn)]
    kept = round(len(entries) * job.faults["fail"]["share"]) if "fail" in job.faults else len(entries)
    context.store.remove_entries(dataset.arn, [entry.key for entry in entries[kept:]])
    for entry in entries[:kept]:
        dataset.tally.add(entry)


def _finish_creation(context: ServiceContext, dataset: Dataset, job: Job) -> tuple[DatasetFailure | None, str]:
    if "manifest" in job.source:
        return _import(context, dataset, job), statuses.CREATED_FROM_MANIFEST
    if "dataset" in job.source:
        _finish_copy(context, dataset, job)
        return None, context.switches.message_copied
    return None, context.switches.message_created


def finish_job(context: ServiceContext, dataset: Dataset, job: Job) -> None:
    """End a creation or update: entries, statistics, status, message and time of the dataset."""
    if job.work is Work.CREATE:
        refused, message = _finish_creation(context, dataset, job)
    else:
        refused = load_lines(context, dataset, manifest.lines_of(job.payload), job)
        message = context.switches.message_updated
    record_end(dataset, job, refused, statuses.failure_message(refused, context.switches) if refused else message)


def record_end(dataset: Dataset, job: Job, refused: DatasetFailure | None, message: str) -> None:
    """Set the status and the message of a dataset whose job ended.

    LastUpdatedTimestamp increases on failure too.
    """
    done = refused is None
    dataset.status = (statuses.COMPLETE if done else statuses.FAILED)[job.work]
    dataset.message = message
    dataset.message_code = statuses.SUCCESS if done else statuses.CLIENT_ERROR
    before = dataset.updated
    dataset.updated = max(round(job.due, 3), round(dataset.updated + 0.001, 3))
    dataset.job = None
    _change_end(dataset, job.faults, before)


def finish_distribution(context: ServiceContext, train: Dataset, test: Dataset, job: Job) -> None:
    """Move 20 % of the entries from TRAIN to TEST, or fail both when TRAIN has too few labelled images."""
    entries = [entry for _, entry in all_entries(context, train.arn)]
    refused = DatasetFailure.TOO_FEW_IMAGES if train.tally.labeled < context.switches.distribute_minimum else None
    if refused is None:
        moved = _chosen(entries, context.switches)
        if "fail" in job.faults:
            moved = moved[: round(len(moved) * job.faults["fail"]["share"])]
        context.store.remove_entries(train.arn, [entry.key for entry in moved])
        context.store.put_entries(test.arn, moved)
        for entry in moved:
            train.tally.remove(entry)
            test.tally.add(entry)
        train.tally.forget_unused(keep_labels=context.switches.unused_labels == "kept")
    message = statuses.failure_message(refused, context.switches) if refused else context.switches.message_updated
    for dataset in (train, test):
        record_end(dataset, job, refused, message)


def _chosen(entries: list[Entry], switches: Switches) -> list[Entry]:
    """The 20 % of TRAIN that are moved: at least one entry."""
    moved = entries[DISTRIBUTED_SHARE - 1 :: DISTRIBUTED_SHARE]
    if not moved or (switches.distributed_rounding == "up" and len(moved) * DISTRIBUTED_SHARE < len(entries)):
        moved = [*moved, *entries[-1:]]
    return entries[: len(moved)] if switches.distributed_entries == "first fifth" else moved


def _change_batch(batch: Batch, faults: dict[str, Any], judge: LineJudge, live: Callable[[str], Entry | None]) -> None:
    """Apply the faults of a job to its batch, in place."""
    if "lose" in faults:
        for key in _lost(list(batch.entries), **faults["lose"]):
            del batch.entries[key]
    if "merge" in faults:
        batch.entries = {key: _merged(entry, live(key), judge) for key, entry in batch.entries.items()}
    if "fail" in faults:
        kept = round(len(batch.entries) * faults["fail"]["share"])
        batch.entries = dict(list(batch.entries.items())[:kept])


def _lost(keys: list[str], count: int, each_line: float, draw: str = "") -> list[str]:
    chances = random.Random(draw)  # noqa: S311 - a fault has to be repeatable, not secret
    return [key for key in keys if chances.random() < each_line] if each_line else keys[:count]


def _merged(new: Entry, old: Entry | None, judge: LineJudge) -> Entry:
    if old is None:
        return new
    documents = [without_service_fields(json.loads(entry.line)) for entry in (old, new)]
    judged = judge.judge(compact(documents[0] | documents[1]).encode())
    return judged if isinstance(judged, type(new)) else new


def _change_end(dataset: Dataset, faults: dict[str, Any], updated_before: float) -> None:
    """Apply the faults of a job to the status and the time of its dataset, in place."""
    if "fail" in faults:
        failed = {status: statuses.FAILED[work] for work, status in statuses.COMPLETE.items()}
        dataset.status = failed.get(dataset.status, dataset.status)
        dataset.message, dataset.message_code = faults["fail"]["message"], faults["fail"]["code"]
    if "still-timestamp" in faults:
        dataset.updated = updated_before
