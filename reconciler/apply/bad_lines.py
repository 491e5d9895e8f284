"""Find the lines at fault in a batch that the service failed as a whole, with few updates.

AWS gives a failed update one message without a line number (`StatusMessage`; the messages are those of the Custom
Labels Developer Guide, "Debugging datasets" and "Terminal manifest content errors"). Some messages name the fault so
well that the lines are known; some concern all lines, so that no part of the batch would succeed; for all others the
lines at fault are searched. Every part that succeeds is live from then on, so the search also delivers the rest.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from reconciler.entries import entry_of, parse_live
from reconciler.limits import DATASET_LABELS
from reconciler.model import Change

Item = TypeVar("Item")


def bisect(failed: Sequence[Item], succeeds: Callable[[Sequence[Item]], bool], *, sent: bool = True) -> list[Item]:
    """The lines at fault of a part that failed, in order; `succeeds` sends a part and returns whether it succeeded.

    When one half of a failed part succeeds, the other half has a fault and is split without being sent whole (`sent` is
    False). For n lines with k at fault this takes at most about 2 k log2(n / k) + 2 k updates. Only a line that failed
    alone is at fault: a temporary failure does not reject a line.
    """
    if not failed or (len(failed) == 1 and not sent and succeeds(failed)):
        return []
    if len(failed) == 1:
        return list(failed)
    middle = len(failed) // 2
    first, second = failed[:middle], failed[middle:]
    if succeeds(first):
        return bisect(second, succeeds, sent=False)
    faults = bisect(first, succeeds)
    return faults if succeeds(second) else faults + bisect(second, succeeds)


_SEVERAL_BUCKETS: Final = "images from multiple S3 buckets"
_TOO_MANY_LABELS: Final = "too many labels"
# No subset of the lines would succeed. [ERROR_INVALID_PERMISSIONS_*, ERROR_INVALID_IMAGES_S3_BUCKET_OWNER,
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
    """Whether no part of the batch would succeed either."""
    return any(words.lower() in message.lower() for words in _EVERYTHING)


def named_lines(
    message: str, changes: Sequence[Change], live_keys: Sequence[str], live_labels: set[str]
) -> list[Change]:
    """The changes that the message identifies; none when it identifies none, or all of them.

    `live_keys` are some keys that are live (their bucket is the dataset's), `live_labels` the labels in use.
    """
    if _SEVERAL_BUCKETS.lower() in message.lower():
        named = _in_other_buckets(changes, live_keys)
    elif _TOO_MANY_LABELS in message.lower():
        named = _with_labels_too_many(changes, live_labels)
    else:
        named = []
    return named if len(named) < len(changes) else []


def _in_other_buckets(changes: Sequence[Change], live_keys: Sequence[str]) -> list[Change]:
    """Lines outside of the dataset's bucket, which is that of the live entries, or else of most lines."""
    keys = live_keys or [change.key for change in changes]
    bucket = Counter(_bucket(key) for key in keys).most_common(1)[0][0]
    return [change for change in changes if _bucket(change.key) != bucket]


def _with_labels_too_many(changes: Sequence[Change], live_labels: set[str]) -> list[Change]:
    """Lines that would bring the dataset over its limit of labels, after those of the lines before them."""
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
