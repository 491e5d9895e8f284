"""The connection of a ledger, which adds rows in batches: whoever asks it sees all of them."""

import sqlite3
from typing import Any, Final

# For each value of another type than int, float and str the module searches how it is adapted, and makes the text of
# two exceptions where it finds nothing: a third of the time that a row takes.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)

_BATCH: Final = 500
# Bits that remember which keys were added, in 1 MB: of 250,000 one in 60 is looked for in vain. Few keys are numbers.
_BITS: Final = 2**23
_FEW: Final = 10_000


class Database(sqlite3.Connection):
    """SQLite's connection; rows of `add` are inserted together, at the latest before the next statement."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of `sqlite3.connect`
        super().__init__(*arguments, **options)
        self._insert, self._rows = "", list[tuple[Any, ...]]()

    def add(self, insert: str, row: tuple[Any, ...]) -> None:
        """Insert a row by this statement, soon."""
        if insert is not self._insert or len(self._rows) >= _BATCH:
            self.insert_waiting()
            self._insert = insert
        self._rows.append(row)

    def insert_waiting(self) -> None:
        """Insert the rows that wait."""
        if self._rows:
            rows, self._rows = self._rows, []
            super().executemany(self._insert, rows)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401 - those of a connection
        """Execute one statement, which sees the rows added before."""
        self.insert_waiting()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401 - likewise
        """Execute a statement for many rows, which sees the rows added before."""
        self.insert_waiting()
        return super().executemany(*arguments)


class Seen:
    """Keys that were added, in little memory: a key that is not new is never called new; a new one rarely is not."""

    def __init__(self) -> None:
        self._few, self._bits = set[int](), bytearray()

    def is_new(self, key: bytes) -> bool:
        """Whether this key was surely not asked for before."""
        number = hash(key) % _BITS
        if not self._bits:
            if number in self._few:
                return False
            self._few.add(number)
            if len(self._few) > _FEW:
                self._bits = bytearray(_BITS // 8)
                for one in self._few:
                    self._bits[one >> 3] |= 1 << (one & 7)
                self._few.clear()
            return True
        bit = 1 << (number & 7)
        if self._bits[number >> 3] & bit:
            return False
        self._bits[number >> 3] |= bit
        return True
