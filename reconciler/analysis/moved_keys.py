"""Entries that moved to another bucket or prefix: keys out, keys in, the same content.

An old and a new key are paired if their paths without the bucket are equal, else if the last two parts of the path are,
else if the file name is, each only if that is unambiguous on both sides. The two prefixes are what remains without the
longest common end of the two keys. At least two entries of the same content make a move.

Memory: the keys that live does not have and those that only live has.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.ledger import Ledger

_LEAST: Final = 2

Keys = Mapping[str, bytes]  # key -> digest of what the line means


@dataclass(slots=True)
class Repoint:
    """A move from one prefix to another: pairs (old key, new key) of the same content, and those of another content."""

    old: str
    new: str
    same: list[tuple[str, str]] = field(default_factory=list)
    differing: list[tuple[str, str]] = field(default_factory=list)


def repoints(ledger: Ledger) -> list[Repoint]:
    """The moves of a dataset, the largest first."""
    gone = {key: meaning for key, meaning, _labelled in ledger.only_live()}
    if len(gone) < _LEAST:
        return []
    new = dict(ledger.only_desired())
    found: dict[tuple[str, str], Repoint] = {}
    for old_key, new_key in _paired(gone, new):
        prefixes = _prefixes(old_key, new_key)
        move = found.setdefault(prefixes, Repoint(*prefixes))
        same = gone[old_key] == new[new_key]
        (move.same if same else move.differing).append((old_key, new_key))
    moves = [move for move in found.values() if len(move.same) >= _LEAST]
    return sorted(moves, key=lambda move: (-len(move.same), move.old, move.new))


def _paired(gone: Keys, new: Keys) -> Iterable[tuple[str, str]]:
    """Pairs of keys, in the order of the new ones."""
    ways: tuple[Callable[[str], str], ...] = (_path, lambda key: _end(key, 2), lambda key: _end(key, 1))
    pairs: dict[str, str] = {}
    taken = set[str]()
    for way in ways:
        ours = _unambiguous((key for key in gone if key not in taken), way)
        for name, new_key in _unambiguous((key for key in new if key not in pairs), way).items():
            if name in ours:
                pairs[new_key] = ours[name]
                taken.add(ours[name])
    return ((pairs[key], key) for key in new if key in pairs)


def _unambiguous(keys: Iterable[str], way: Callable[[str], str]) -> dict[str, str]:
    """Keys by the name that `way` gives them, without those that share a name."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_name[way(key)].append(key)
    return {name: same[0] for name, same in by_name.items() if len(same) == 1}


def _path(key: str) -> str:
    """The key without scheme and bucket."""
    return key.removeprefix("s3://").partition("/")[2]


def _end(key: str, parts: int) -> str:
    return "/".join(_path(key).split("/")[-parts:])


def _prefixes(old: str, new: str) -> tuple[str, str]:
    """Two keys without the parts at the end of their paths that are equal."""
    ours, theirs = _path(old).split("/"), _path(new).split("/")
    common = 0
    while common < min(len(ours), len(theirs)) and ours[-1 - common] == theirs[-1 - common]:
        common += 1
    end = len("/".join(ours[len(ours) - common :]))
    return old[: len(old) - end], new[: len(new) - end]
