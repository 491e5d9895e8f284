"""What the memory of "not stored as sent" keeps, and what it never does."""

import stat
from pathlib import Path

import pytest

from reconciler.model import DatasetType
from reconciler.stored_differently import PAIRS_KEPT, SettledStore

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/blood-cells/1700000000000"
TWIN = "arn:aws:rekognition:us-east-1:111122223333:project/blood-cells/1800000000000"
TRAIN, TEST = DatasetType.TRAIN, DatasetType.TEST


def pairs(count: int, start: int = 0) -> frozenset[str]:
    """So many digests."""
    return frozenset(f"{number:016x}" for number in range(start, start + count))


@pytest.fixture
def store(tmp_path: Path) -> SettledStore:
    """A store in an empty folder."""
    return SettledStore(tmp_path / ".reconciler" / "settled")


def test_what_was_written_is_read_again(store: SettledStore) -> None:
    """A memory survives the run that made it."""
    store.write(ARN, TRAIN, pairs(3))
    assert store.read(ARN, TRAIN) == pairs(3)


def test_datasets_do_not_share_a_memory(store: SettledStore) -> None:
    """Train and test, and a project created again under the same name, each have their own file."""
    store.write(ARN, TRAIN, pairs(3))
    assert store.read(ARN, TEST) == frozenset()
    assert store.read(TWIN, TRAIN) == frozenset()


def test_nothing_to_remember_leaves_no_file(store: SettledStore) -> None:
    """Who never needs the memory never sees it."""
    store.write(ARN, TRAIN, frozenset())
    assert not store.folder.exists()


def test_pairs_that_no_longer_count_are_forgotten(store: SettledStore) -> None:
    """The file does not grow with time."""
    store.write(ARN, TRAIN, pairs(3))
    store.write(ARN, TRAIN, pairs(1, start=2))
    assert store.read(ARN, TRAIN) == pairs(1, start=2)
    store.write(ARN, TRAIN, frozenset())
    assert store.read(ARN, TRAIN) == frozenset()


def test_the_newest_pairs_are_kept_when_there_are_too_many(store: SettledStore) -> None:
    """At most 10,000 pairs, and those of the last apply among them."""
    store.write(ARN, TRAIN, pairs(PAIRS_KEPT))
    store.write(ARN, TRAIN, pairs(PAIRS_KEPT + 5))
    kept = store.read(ARN, TRAIN)
    assert len(kept) == PAIRS_KEPT
    assert pairs(5, start=PAIRS_KEPT) <= kept


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 2, "settled": []}', b"\xff\xfe", b'{"format": 1, "settled": 7}', b"[" * 9999],
)
def test_a_file_that_cannot_be_read_is_no_memory(store: SettledStore, content: bytes) -> None:
    """A damaged file costs one more sending, never a failure."""
    store.write(ARN, TRAIN, pairs(3))
    store.path(ARN, TRAIN).write_bytes(content)
    assert store.read(ARN, TRAIN) == frozenset()


def test_what_is_no_digest_is_left_out(store: SettledStore) -> None:
    """Foreign content never reaches a plan."""
    store.write(ARN, TRAIN, pairs(2))
    path = store.path(ARN, TRAIN)
    path.write_text(path.read_text().replace(f"{1:016x}", "../../etc/passwd"))
    assert store.read(ARN, TRAIN) == pairs(1)


def test_only_the_owner_may_read_it_and_git_ignores_it(store: SettledStore) -> None:
    """Mode 0600, in a folder that git does not see."""
    store.write(ARN, TRAIN, pairs(1))
    assert stat.S_IMODE(store.path(ARN, TRAIN).stat().st_mode) == 0o600
    assert (store.folder.parent / ".gitignore").read_text() == "*\n"
    assert [path.name for path in store.folder.iterdir()] == [store.path(ARN, TRAIN).name]


def test_a_project_with_the_longest_name_has_a_file(store: SettledStore) -> None:
    """A name of 255 characters fits."""
    arn = f"arn:aws:rekognition:us-east-1:111122223333:project/{'x' * 255}/1700000000000"
    store.write(arn, TEST, pairs(1))
    assert store.read(arn, TEST) == pairs(1)
