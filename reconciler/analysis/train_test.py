"""Train and test of one project together, as live will be once both plans are applied.

Memory: the keys and file names of the test set, and the live-only keys of both.
"""

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from reconciler.analysis.results import Balance, NamePair, Splits, Transfer
from reconciler.analysis.sides import keys_after
from reconciler.ledger import Ledger
from reconciler.policy import Leftover

KEYS_SHOWN: Final = 50
# The least share of the training labels that the test set must have for a training to start.
# Source: Custom Labels Developer Guide, "Terminal manifest content errors", ERROR_INSUFFICIENT_LABEL_OVERLAP.
OVERLAP_NEEDED: Final = 0.5

Word = Literal["train", "test"]


class Half(Struct, frozen=True):
    """One of the two datasets: its ledger, what happens to live-only entries, and its balance."""

    ledger: Ledger
    leftover: Leftover
    balance: Balance


def splits_of(train: Half, test: Half) -> Splits:
    """The comparison of the two."""
    shared, same_name, shared_count, name_count = _in_both(train, test)
    moved = [*_moved(train, test, "train", "test"), *_moved(test, train, "test", "train")]
    train_labels = _labels_after(train)
    test_labels = _labels_after(test)
    common = sum(1 for label in train_labels if label in test_labels)
    return Splits(
        train_images=train.balance.after.labelled,
        test_images=test.balance.after.labelled,
        shared_count=shared_count,
        shared=tuple(shared),
        same_name_count=name_count,
        same_name=tuple(same_name),
        moved_count=len(moved),
        moved_danger_count=sum(one.danger for one in moved),
        moved=tuple(sorted(moved, key=lambda one: not one.danger)[:KEYS_SHOWN]),
        train_only=tuple(label for label in train_labels if label not in test_labels),
        test_only=tuple(label for label in test_labels if label not in train_labels),
        overlap=round(common / len(train_labels), 4) if train_labels and test_labels else None,
        overlap_needed=OVERLAP_NEEDED,
    )


def _labels_after(half: Half) -> dict[str, int]:
    return {row.label: row.images_after for row in half.balance.rows if row.images_after}


def _in_both(train: Half, test: Half) -> tuple[list[str], list[NamePair], int, int]:
    """Labelled keys in both sets, and different keys with one file name; the first of each, and how many."""
    theirs = {key for key, labelled in keys_after(test.ledger, test.leftover) if labelled}
    names = {_file_name(key): key for key in theirs}
    shared, same_name = list[str](), list[NamePair]()
    shared_count = name_count = 0
    for key, labelled in keys_after(train.ledger, train.leftover):
        if not labelled:
            continue
        if key in theirs:
            shared_count += 1
            if shared_count <= KEYS_SHOWN:
                shared.append(key)
        elif other := names.get(_file_name(key)):
            name_count += 1
            if name_count <= KEYS_SHOWN:
                same_name.append(NamePair(train=key, test=other))
    return shared, same_name, shared_count, name_count


def _moved(source: Half, target: Half, source_word: Word, target_word: Word) -> Iterator[Transfer]:
    """Images that one manifest no longer has and the other has now."""
    left = {key: labelled for key, _meaning, labelled in source.ledger.only_live()}
    if not left:
        return
    for key, _meaning in target.ledger.only_desired():
        if key in left:
            danger = left[key] and source.leftover is Leftover.STAYS
            yield Transfer(key=key, source=source_word, target=target_word, danger=danger)


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]
