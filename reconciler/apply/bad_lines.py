"""Finding the lines at fault in a batch that the service failed as a whole, with few updates.

A failed update names no line. Every part that succeeds is live from then on, so the search is also the delivery of the
rest. When one half of a failed part goes through, the other half must hold a fault and is split without being sent
whole. For n lines with k at fault this takes at most about 2 k log2(n / k) + 2 k updates.

What the sentence of a failed update says about its lines.

AWS gives a failed update one sentence without a line number (`StatusMessage`; the sentences are those of the Custom
Labels Developer Guide, "Debugging datasets" and "Terminal manifest content errors"). Some name the fault so well that
the lines can be told without trying; some are about everything and no part would go through; for all others the lines
at fault must be searched.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from typing import Final, TypeVar

from reconciler.entries import entry_of, parse_live
from reconciler.limits import DATASET_LABELS
from reconciler.model import Change

Line = TypeVar("Line")


def bisect(lines: Sequence[Line]) -> Generator[Sequence[Line], bool, list[Line]]:
    """Search the lines of a part that has failed already.

    Yields the next part to send, which must be answered with whether it went through; returns the lines at fault, in
    their order. Only a line that failed alone is at fault: a failure for a passing reason blames nobody.
    """
    faults: list[Line] = []
    yield from _split(lines, faults, sent=True)
    return faults


def _split(failed: Sequence[Line], faults: list[Line], *, sent: bool) -> Generator[Sequence[Line], bool, None]:
    """Narrow down a part that holds a fault: it was `sent` and failed, or all beside it went through."""
    if not failed or (len(failed) == 1 and not sent and (yield failed)):
        return
    if len(failed) == 1:
        faults.extend(failed)
        return
    middle = len(failed) // 2
    first, second = failed[:middle], failed[middle:]
    if (yield first):
        # The fault is in the second half alone; it need not be sent whole to know that.
        yield from _split(second, faults, sent=False)
        return
    yield from _split(first, faults, sent=True)
    if not (yield second):
        yield from _split(second, faults, sent=True)


_SEVERAL_BUCKETS: Final = "images from multiple S3 buckets"
_TOO_MANY_LABELS: Final = "too many labels"
# No subset of the lines would be taken. [ERROR_INVALID_PERMISSIONS_*, ERROR_INVALID_IMAGES_S3_BUCKET_OWNER,
# ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT, ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM, ERROR_FAILED_IMAGES_S3_COPY]
_EVERYTHING: Final = (
    "bucket permissions are incorrect",
    "permissions for the images S3 bucket",
    "Invalid owner id",
    "file extension or contents are invalid",
    "too many rows",
    "Failed to copy images",
)


def concerns_everything(message: str) -> bool:
    """Whether no part of the lines would go through either."""
    return any(words.lower() in message.lower() for words in _EVERYTHING)


def named_lines(
    message: str, changes: Sequence[Change], live_keys: Sequence[str], live_labels: set[str]
) -> list[Change]:
    """The changes that the sentence names by itself; none when it does not, or when it would name all of them.

    `live_keys` are some keys that stay live (their bucket is the dataset's), `live_labels` the labels in use.
    """
    if _SEVERAL_BUCKETS.lower() in message.lower():
        named = _in_other_buckets(changes, live_keys)
    elif _TOO_MANY_LABELS in message.lower():
        named = _with_labels_too_many(changes, live_labels)
    else:
        named = []
    return named if len(named) < len(changes) else []


def _in_other_buckets(changes: Sequence[Change], live_keys: Sequence[str]) -> list[Change]:
    """Lines outside of the dataset's bucket: live's, or that of most lines."""
    keys = live_keys or [change.key for change in changes]
    bucket = Counter(_bucket(key) for key in keys).most_common(1)[0][0]
    return [change for change in changes if _bucket(change.key) != bucket]


def _with_labels_too_many(changes: Sequence[Change], live_labels: set[str]) -> list[Change]:
    """Lines whose labels would be more than a dataset may have, after those of the lines before them."""
    labels, named = set(live_labels), []
    for change in changes:
        new = labels | set(entry_of(parse_live((change.desired or b"{}").decode())).labels)
        if len(new) > DATASET_LABELS:
            named.append(change)
        else:
            labels = new
    return named


def _bucket(key: str) -> str:
    return key.removeprefix("s3://").partition("/")[0]
