"""What moved: all boxes of an image by one amount, and entries to another bucket or prefix.

Boxes: mirrored, shifted by one amount, or scaled by one pair of factors. A mirroring (y counted from the other end: a
common error of converters) must fit exactly, and so must a shift. A scaling may be off by half a pixel at every edge,
because tools round to whole pixels; its factors are those of the image's size if that changed, else they are fitted and
rounded to thousandths. Labels may change at the same time. Shifts and scalings must fit every box; a mirroring two
thirds of the boxes of either side, because nothing in it is fitted: boxes are not mirrored by chance. A mirroring is
never reported as a shift. A shift of any distance holds for a single box too: same label, same width, same height.

Entries: an old and a new key are paired if their paths without the bucket are equal, else if the last two parts of the
path are, else if the file name is, each only if that is unambiguous on both sides. The two prefixes are what remains
without the longest common end of the two keys. At least two entries of the same content make a move, and no fewer than
those of other content. Memory: the keys that live does not have and those that only live has.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Literal

from msgspec import Struct, field

from reconciler.entries import Box
from reconciler.ledger import Ledger

Sizes = Sequence[tuple[int, int]]
Boxes = Sequence[Box]
Factors = tuple[float, float]
Geometry = tuple[int, int, int, int]
Pairs = tuple[tuple[int, int], ...]

# Half a pixel, and the thousandth to which coordinates are compared.
_ROUNDING: Final = 501
# Two boxes at least: a single one can be explained by almost any factors.
_SCALED_LEAST: Final = 2
# And an edge that moved this far: a pixel more or less can be explained by factors near 1.
_SCALED_FAR: Final = 8_000
_MIRRORED_LEAST: Final = 2 / 3
# Left to right, top to bottom, both.
_MIRRORS: Final[tuple[Factors, ...]] = ((0, 1), (1, 0), (1, 1))


class Transform(Struct, frozen=True):
    """What happened to all boxes: "mirrored" along x or y (1) or not (0), "shifted" by pixels, "scaled" by factors.

    `pairs` are the positions (before, after) of matching boxes.
    """

    kind: Literal["mirrored", "shifted", "scaled"]
    by: Factors
    pairs: Pairs


def transform_of(before: Boxes, after: Boxes, sizes_before: Sizes = (), sizes_after: Sizes = ()) -> Transform | None:
    """The movement that takes the boxes before to the boxes after; None when there is none.

    Sizes and coordinates are in thousandths of a pixel. None also if no box moved.
    """
    if not before or not after:
        return None
    mirrored = (
        _mirrored(before, after, sizes_before) if len(sizes_before) == 1 and sizes_before == sizes_after else None
    )
    if mirrored is not None or len(before) != len(after):
        return mirrored
    rows = sorted(range(len(before)), key=lambda row: _geometry(before[row]))
    columns = sorted(range(len(after)), key=lambda column: _geometry(after[column]))
    boxes = [(before[row], after[column]) for row, column in zip(rows, columns, strict=True)]
    shift = _shift(boxes)
    if shift is not None:
        return _shifted(before, after, shift)
    factors = _factors(boxes, sizes_before, sizes_after)
    if factors is not None and _scales(boxes, factors):
        return Transform("scaled", factors, tuple(zip(rows, columns, strict=True)))
    return None


def _geometry(box: Box) -> Geometry:
    return box.left, box.top, box.width, box.height


def _mirrored(before: Boxes, after: Boxes, sizes: Sizes) -> Transform | None:
    (width, height), least = sizes[0], _MIRRORED_LEAST * min(len(before), len(after))
    places: set[tuple[str | int, ...]] = {box[1:] for box in after}
    for across, down in _MIRRORS:

        def seen(box: Box, across: float = across, down: float = down) -> Geometry:
            left = width - box.left - box.width if across else box.left
            top = height - box.top - box.height if down else box.top
            return left, top, box.width, box.height

        if not _most(before, seen, places, least):
            continue
        pairs = tuple(_pairs(before, after, seen))
        moved = any(_geometry(before[row]) != _geometry(after[column]) for row, column in pairs)
        if moved and len(pairs) >= least:
            return Transform("mirrored", (across, down), pairs)
    return None


def _most(before: Boxes, seen: Callable[[Box], Geometry], places: Container[object], least: float) -> bool:
    """Whether at least this many boxes are seen at one of the places; stops as soon as that is impossible."""
    spare = len(before) - least
    for box in before:
        if seen(box) not in places:
            spare -= 1
            if spare < 0:
                return False
    return True


def _shifted(before: Boxes, after: Boxes, shift: tuple[int, int]) -> Transform | None:
    right, down = shift
    pairs = tuple(_pairs(before, after, lambda box: (box.left + right, box.top + down, box.width, box.height)))
    if len(before) == 1 and before[0].label != after[0].label:
        return None
    return Transform("shifted", (right / 1000, down / 1000), pairs)


def _pairs(before: Boxes, after: Boxes, moved: Callable[[Box], Geometry]) -> Iterator[tuple[int, int]]:
    """Boxes that `moved` brings exactly onto others: first those of one label, then any."""
    alike: defaultdict[Box, deque[int]] = defaultdict(deque)
    for column, box in enumerate(after):
        alike[box].append(column)
    rest = []
    for row, box in enumerate(before):
        if here := alike.get(Box(box.label, *moved(box))):
            yield row, here.popleft()
        else:
            rest.append(row)
    places: defaultdict[Geometry, deque[int]] = defaultdict(deque)
    for column in sorted(chain.from_iterable(alike.values())):
        places[_geometry(after[column])].append(column)
    for row in rest:
        if here := places.get(moved(before[row])):
            yield row, here.popleft()


def _shift(boxes: Sequence[tuple[Box, Box]]) -> tuple[int, int] | None:
    one, other = boxes[0]
    right, down = other.left - one.left, other.top - one.top
    if not right and not down:
        return None
    for one, other in boxes:
        if (one.left + right, one.top + down, one.width, one.height) != _geometry(other):
            return None
    return right, down


def _factors(boxes: Sequence[tuple[Box, Box]], sizes_before: Sizes, sizes_after: Sizes) -> Factors | None:
    if len(sizes_before) == len(sizes_after) == 1 and sizes_before != sizes_after:
        (width, height), (new_width, new_height) = sizes_before[0], sizes_after[0]
        return (new_width / width, new_height / height) if width > 0 and height > 0 else None
    if len(boxes) < _SCALED_LEAST:
        return None
    across = _fitted([(one.left, other.left) for one, other in boxes] + [(a.width, b.width) for a, b in boxes])
    down = _fitted([(one.top, other.top) for one, other in boxes] + [(a.height, b.height) for a, b in boxes])
    sideways = max(abs(one.left + one.width - other.left - other.width) for one, other in boxes)
    downwards = max(abs(one.top + one.height - other.top - other.height) for one, other in boxes)
    return (across, down) if max(sideways, downwards) >= _SCALED_FAR else None


def _fitted(pairs: Sequence[tuple[int, int]]) -> float:
    """The factor with the least squares, in thousandths."""
    weight = sum(one * one for one, _other in pairs)
    return round(sum(one * other for one, other in pairs) / weight, 3) if weight else 1


def _scales(boxes: Sequence[tuple[Box, Box]], factors: Factors) -> bool:
    across, down = factors
    return all(
        abs(one.left * across - other.left) <= _ROUNDING
        and abs((one.left + one.width) * across - other.left - other.width) <= 2 * _ROUNDING
        and abs(one.top * down - other.top) <= _ROUNDING
        and abs((one.top + one.height) * down - other.top - other.height) <= 2 * _ROUNDING
        for one, other in boxes
    )


_LEAST: Final = 2

Keys = Mapping[str, bytes]  # key -> digest of what the line means


class Repoint(Struct):
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
    moves = [move for move in found.values() if len(move.same) >= max(_LEAST, len(move.differing))]
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
