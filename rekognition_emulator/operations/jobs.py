"""The end of asynchronous work: what a create, update or distribution does when its time has come.

Sources: API Reference, UpdateDatasetEntries, DistributeDatasetEntries, DatasetDescription; Custom Labels Developer
Guide, Debugging datasets. That a failed update applies nothing is inferred.

What the notes in a job do to its end: a judged batch, its outcome and the timestamp are bent.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from rekognition_emulator.lines import payload as manifest
from rekognition_emulator.lines.codes import Dropped, Terminal
from rekognition_emulator.lines.lines import LineJudge, compact, without_service_fields
from rekognition_emulator.lines.payload import Batch
from rekognition_emulator.state import statuses
from rekognition_emulator.state.backend import Backend, ManifestError
from rekognition_emulator.state.statuses import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.state.records import Dataset, Job
    from rekognition_emulator.switches.table import Switches

_LOG = logging.getLogger("rekognition_emulator")

DISTRIBUTED_SHARE = 5
"""One entry in five goes to the TEST dataset: the documented 20 %. Which ones is a switch."""


def all_entries(backend: Backend, arn: str) -> Iterator[tuple[int, Entry]]:
    """Every entry of a dataset with its position, in order, read in pieces."""
    position = 0
    while rows := backend.store.entries_after(arn, position, 1000):
        yield from rows
        position = rows[-1][0]


def apply(backend: Backend, dataset: Dataset, batch: Batch) -> Terminal | None:
    """Upsert a judged batch, or answer why the dataset may not become that; then nothing is changed.

    With the switch `failed_update` the entries that fit, taken one by one, are applied then.
    """
    live = partial(backend.store.entry, dataset.arn)
    after = manifest.outcome(dataset.tally, batch, live, backend.switches)
    refused = manifest.refused_outcome(after, backend.limits, backend.switches)
    if refused is None:
        _put(backend, dataset, list(batch.entries.values()))
        dataset.tally = after
    elif backend.switches.failed_update == "what fits":
        for key, entry in batch.entries.items():
            alone = manifest.outcome(dataset.tally, Batch({key: entry}), live, backend.switches)
            if manifest.refused_outcome(alone, backend.limits, backend.switches) is None:
                _put(backend, dataset, [entry])
                dataset.tally = alone
    return refused


def _put(backend: Backend, dataset: Dataset, entries: list[Entry]) -> None:
    if backend.switches.entry_order == "last update":
        backend.store.remove_entries(dataset.arn, [entry.key for entry in entries])
    backend.store.put_entries(dataset.arn, entries)


def _without_missing_images(backend: Backend, batch: Batch) -> None:
    """Drop, in place, the entries whose image is not in a known bucket."""
    for key, entry in list(batch.entries.items()):
        s3_object = {"Bucket": entry.bucket, "Name": key.partition(f"//{entry.bucket}/")[2]}
        try:
            backend.manifests.lines(s3_object, sys.maxsize)
        except ManifestError:
            del batch.entries[key]
            batch.dropped.append((0, Dropped.MISSING_IMAGE))


def load(backend: Backend, dataset: Dataset, lines: Iterable[bytes], job: Job) -> Terminal | None:
    """Judge and apply the lines of a manifest or payload."""
    batch = manifest.read(lines, backend.judge)
    if backend.switches.missing_images == "dropped":
        _without_missing_images(backend, batch)
    imported = job.work is Work.CREATE
    live = dataset.tally.total
    refused = manifest.refusal(batch, backend.limits, backend.switches, imported=imported, live=live)
    twist = job.twist | ({"merge": {}} if backend.switches.existing_line == "merged" else {})
    if refused is None and twist:
        bend(batch, twist, backend.judge, lambda key: backend.store.entry(dataset.arn, key))
    return refused or apply(backend, dataset, batch)


def _import(backend: Backend, dataset: Dataset, job: Job) -> Terminal | None:
    try:
        lines = backend.manifests.lines(job.source["manifest"], backend.limits.manifest_bytes)
        return load(backend, dataset, lines, job)
    except ManifestError as error:
        _LOG.warning("%s cannot be read: %s", job.source["manifest"], error)  # AWS does not tell clients
        if error.too_large:
            return Terminal.SIZE_TOO_LARGE
        return Terminal.NO_PERMISSION if error.forbidden else Terminal.INACCESSIBLE


def begin_copy(backend: Backend, source: str, copy: str) -> None:
    """Take the entries of a dataset as they are when the copy is asked for; they count when the copy is done."""
    backend.store.put_entries(copy, [entry for _, entry in all_entries(backend, source)])


def _end_copy(backend: Backend, dataset: Dataset, job: Job) -> None:
    entries = [entry for _, entry in all_entries(backend, dataset.arn)]
    kept = round(len(entries) * job.twist["fail"]["share"]) if "fail" in job.twist else len(entries)
    backend.store.remove_entries(dataset.arn, [entry.key for entry in entries[kept:]])
    for entry in entries[:kept]:
        dataset.tally.add(entry)


def _create(backend: Backend, dataset: Dataset, job: Job) -> tuple[Terminal | None, str]:
    if "manifest" in job.source:
        return _import(backend, dataset, job), statuses.CREATED_FROM_MANIFEST
    if "dataset" in job.source:
        _end_copy(backend, dataset, job)
        return None, backend.switches.message_copied
    return None, backend.switches.message_created


def finish(backend: Backend, dataset: Dataset, job: Job) -> None:
    """End a create or update: entries, statistics, status, message and time of the dataset."""
    if job.work is Work.CREATE:
        refused, message = _create(backend, dataset, job)
    else:
        refused = load(backend, dataset, manifest.lines_of(job.payload), job)
        message = backend.switches.message_updated
    close(dataset, job, refused, statuses.failure_message(refused, backend.switches) if refused else message)


def close(dataset: Dataset, job: Job, refused: Terminal | None, message: str) -> None:
    """Write the end of a job and its message into the dataset.

    LastUpdatedTimestamp moves on failure too, and always forward.
    """
    done = refused is None
    dataset.status = (statuses.COMPLETE if done else statuses.FAILED)[job.work]
    dataset.message = message
    dataset.message_code = statuses.SUCCESS if done else statuses.CLIENT_ERROR
    before = dataset.updated
    dataset.updated = max(round(job.due, 3), round(dataset.updated + 0.001, 3))
    dataset.job = None
    end(dataset, job.twist, before)


def distribute(backend: Backend, train: Dataset, test: Dataset, job: Job) -> None:
    """Move every fifth entry from TRAIN to TEST, or fail both when TRAIN has too few labelled images."""
    entries = [entry for _, entry in all_entries(backend, train.arn)]
    refused = Terminal.TOO_FEW_IMAGES if train.tally.labeled < backend.switches.distribute_minimum else None
    if refused is None:
        moved = _chosen(entries, backend.switches)
        if "fail" in job.twist:
            moved = moved[: round(len(moved) * job.twist["fail"]["share"])]
        backend.store.remove_entries(train.arn, [entry.key for entry in moved])
        backend.store.put_entries(test.arn, moved)
        for entry in moved:
            train.tally.remove(entry)
            test.tally.add(entry)
        train.tally.settle(keep_labels=backend.switches.unused_labels == "kept")
    message = statuses.failure_message(refused, backend.switches) if refused else backend.switches.message_updated
    for dataset in (train, test):
        close(dataset, job, refused, message)


def _chosen(entries: list[Entry], switches: Switches) -> list[Entry]:
    """The 20 % of TRAIN that are moved, at least one."""
    moved = entries[DISTRIBUTED_SHARE - 1 :: DISTRIBUTED_SHARE]
    if not moved or (switches.distributed_rounding == "up" and len(moved) * DISTRIBUTED_SHARE < len(entries)):
        moved = [*moved, *entries[-1:]]
    return entries[: len(moved)] if switches.distributed_entries == "first fifth" else moved


def bend(batch: Batch, twist: dict[str, Any], judge: LineJudge, live: Callable[[str], Entry | None]) -> None:
    """Change a judged batch, in place, as the notes of its job say."""
    if "lose" in twist:
        for key in _lost(list(batch.entries), **twist["lose"]):
            del batch.entries[key]
    if "merge" in twist:
        batch.entries = {key: _merged(entry, live(key), judge) for key, entry in batch.entries.items()}
    if "fail" in twist:
        kept = round(len(batch.entries) * twist["fail"]["share"])
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


def end(dataset: Dataset, twist: dict[str, Any], updated_before: float) -> None:
    """Change, in place, how a finished job left its dataset."""
    if "fail" in twist:
        failed = {status: statuses.FAILED[work] for work, status in statuses.COMPLETE.items()}
        dataset.status = failed.get(dataset.status, dataset.status)
        dataset.message, dataset.message_code = twist["fail"]["message"], twist["fail"]["code"]
    if "still-timestamp" in twist:
        dataset.updated = updated_before
