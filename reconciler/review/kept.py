"""The riskiest changes of one dataset: few are held, many are in a temporary file, so that memory stays flat.

The file has no name and goes with the last object that reads it, so the views of a review can be made as long as the
review is there, whatever became of the ledger.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload
from weakref import finalize

import msgspec
from msgspec import structs

from reconciler.analysis.groups import Groups
from reconciler.analysis.patterns import Pattern
from reconciler.review.model import EntryChange

# How many changes are held: some kilobytes each.
_HELD: Final = 500
_RISKS: Final = 10
# The groups of a change before they are known, and how its JSON has them: in a text, the quotes would be escaped.
_UNKNOWN: Final = (-1,)
_UNKNOWN_TEXT: Final = b',"groups":[-1]'

_Held = tuple[EntryChange, tuple[Pattern, ...]]
_About = tuple[str, tuple[Pattern, ...]]  # the key of a change, and its patterns
_ABOUT: Final[msgspec.json.Decoder[_About]] = msgspec.json.Decoder(_About)
_CHANGE: Final = msgspec.json.Decoder(EntryChange)


class _Texts:
    """The temporary file: two lines of JSON for each change, itself and what tells its groups."""

    def __init__(self) -> None:
        from tempfile import TemporaryFile  # noqa: PLC0415 - most reviews have few changes, and need no file

        self._file = TemporaryFile()  # noqa: SIM115 - closed below
        self._end = 0
        finalize(self, self._file.close)

    def add(self, change: bytes, about: bytes) -> int:
        """Write them, and give their place."""
        place = self._end
        self._end += self._file.write(b"%b\n%b\n" % (change, about))
        return place

    def at(self, place: int) -> tuple[bytes, bytes]:
        """Read them."""
        self._file.seek(place)
        return self._file.readline(), self._file.readline()


class StoredChanges(Sequence[EntryChange]):
    """Changes in the order to show them, most of them in a file: each is read when it is asked for.

    `places` are places in the file, or minus the number of a change that is `held`.
    """

    def __init__(self, texts: _Texts, places: Sequence[int], held: dict[int, _Held], groups: Groups) -> None:
        self._texts, self._places, self._held, self._groups = texts, places, held, groups

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> EntryChange: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[EntryChange, ...]: ...
    def __getitem__(self, at: int | slice) -> EntryChange | tuple[EntryChange, ...]:
        if isinstance(at, slice):
            return tuple(map(self._read, self._places[at]))
        return self._read(self._places[at])

    def __iter__(self) -> Iterator[EntryChange]:
        return map(self._read, self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def documents(self) -> Iterator[EntryChange | bytes]:
        """The changes in order; those of the file as the JSON that they are in a document."""
        for place in self._places:
            yield _grouped(self._held[-place], self._groups) if place < 0 else self._text(place)

    def _read(self, place: int) -> EntryChange:
        return _grouped(self._held[-place], self._groups) if place < 0 else _CHANGE.decode(self._text(place))

    def _text(self, place: int) -> bytes:
        text, about = self._texts.at(place)
        numbers = self._groups.of(*_ABOUT.decode(about))
        groups = b',"groups":%b' % msgspec.json.encode(numbers) if numbers else b""
        return text[:-1].replace(_UNKNOWN_TEXT, groups, 1)


def _grouped(held: _Held, groups: Groups) -> EntryChange:
    change, patterns = held
    return structs.replace(change, groups=numbers) if (numbers := groups.of(change.key, patterns)) else change


class Kept:
    """Keeps the riskiest of the changes that it is given in the manifest's order, of equal ones the first."""

    def __init__(self, most: int | None) -> None:
        self._most, self._many = most, 0
        self._places = [array("q") for _risk in range(_RISKS)]  # as `StoredChanges` has them
        self._held: dict[int, _Held] = {}
        self._texts: _Texts | None = None

    def is_full(self, risk: int) -> bool:
        """Whether there is no room for a change of this risk or a smaller one."""
        return self._most is not None and self._many >= self._most and not any(self._places[:risk])

    def add(self, change: EntryChange, patterns: tuple[Pattern, ...]) -> None:
        """Keep a change for which there is room; where that is all taken, it is that of the least risky one."""
        if self._most is not None and self._many >= self._most:
            self._held.pop(-next(filter(None, self._places)).pop(), None)
            self._many -= 1
        self._many += 1
        self._places[change.risk].append(self._place(change, patterns))

    def changes(self, groups: Groups) -> Sequence[EntryChange]:
        """All that were kept, the riskiest first, with the groups they belong to."""
        places = array("q")
        for some in reversed(self._places):
            places.extend(some)
        if self._texts is None:
            return tuple(_grouped(self._held[-place], groups) for place in places)
        return StoredChanges(self._texts, places, self._held, groups)

    def _place(self, change: EntryChange, patterns: tuple[Pattern, ...]) -> int:
        if len(self._held) >= _HELD:
            try:
                text = msgspec.json.encode(structs.replace(change, groups=_UNKNOWN))
                about = msgspec.json.encode((change.key, patterns))
            except UnicodeEncodeError:  # a lone surrogate, which must stay what it is
                pass
            else:
                self._texts = self._texts or _Texts()
                return self._texts.add(text, about)
        self._held[change.number] = change, patterns
        return -change.number
