"""The connection of a ledger, which adds rows in batches and sorts their keys at the end.

Whoever asks it sees all rows, and finds them by an index that is made before the first question: keys that come in no
order, as images named by digests do, would each have its place looked for in an index on disk.
"""

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final, Self

# For each value of another type than int, float and str the module searches how it is adapted, and makes the text of
# two exceptions where it finds nothing: a third of the time that a row takes.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)

_BATCH: Final = 500
# Rows of one statement: a quarter less than one by one.
_TOGETHER: Final = 50
# What names the rows of `add` among those that are loading.
_ADDED: Final = "added"
# Rows with lines that are read at once.
_FETCHED: Final = 50
# The first keys that are remembered are in a set, more in a table of at least twice as many places.
_FEW: Final = 10_000
_63_BITS: Final = 2**63 - 1


class Database(sqlite3.Connection):
    """SQLite's connection; rows of `add` are inserted together, at the latest before the next statement.

    `added` is called before the first statement after rows of `add`; a `scan` does not wait for it.
    `cause` is why a function of ours failed, of which SQLite says only that it did; the statement raises it. `closing`
    closes what such a function uses. `failure` is why rows were lost: every later statement raises it, so that nobody
    who goes on after an error works on less than was added.
    """

    cause: Exception | None = None
    closing: Callable[[], None] | None = None
    failure: sqlite3.Error | None = None
    added: Callable[[], None] | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of `sqlite3.connect`
        super().__init__(*arguments, **options)
        self._insert, self._rows = "", list[tuple[Any, ...]]()
        self._unfinished: dict[str, Callable[[], None]] = {}
        self._loading = ""

    def add(self, insert: str, row: tuple[Any, ...]) -> None:
        """Insert a row by this statement, which ends before the values, soon."""
        if insert is not self._insert or len(self._rows) >= _BATCH:
            self._insert_rows()
            self._insert = insert
        self._rows.append(row)

    def load(self, table: str, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Add rows to a table that `is_loading`, and count them; the statement finds rows of other tables alone."""
        with self._loading_of(table), self._losing(), self.saying_why():
            return super().executemany(statement, rows).rowcount

    def load_rows(self, table: str, query: str, values: tuple[Any, ...]) -> set[tuple[Any, ...]]:
        """The rows of a query about a table that `is_loading`, by anything but its index."""
        with self._loading_of(table):
            return set(super().execute(query, values))

    def is_loading(self, table: str, finish: Callable[[], None]) -> None:
        """Have `finish` called before the next statement that is not `load` for this table."""
        self._unfinished[table] = finish

    def insert_waiting(self) -> None:
        """Insert the rows that wait, and finish what is loading."""
        self._insert_rows()
        while (table := next((one for one in self._unfinished if one != self._loading), None)) is not None:
            with self._losing():
                self._unfinished.pop(table)()

    @contextmanager
    def _loading_of(self, table: str) -> Iterator[None]:
        """Leave this table unfinished, and finish all others."""
        self._loading = table
        try:
            self.insert_waiting()
            yield
        finally:
            self._loading = ""

    def _insert_rows(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self._rows:
            rows, self._rows = self._rows, []
            one = f"({', '.join('?' * len(rows[0]))})"
            many = f"{self._insert} {', '.join([one] * _TOGETHER)}"
            whole = len(rows) - len(rows) % _TOGETHER
            if self.added is not None:
                self._unfinished[_ADDED] = self.added
            with self._losing():
                for at in range(0, whole, _TOGETHER):
                    super().execute(many, list(chain.from_iterable(rows[at : at + _TOGETHER])))
                super().executemany(f"{self._insert} {one}", rows[whole:])

    def settle(self) -> None:
        """Insert the rows that wait, and end the transaction."""
        self.insert_waiting()
        with self._losing():
            super().execute("COMMIT")

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Remember an error: there is no journal by which SQLite could go back to what was there."""
        try:
            yield
        except sqlite3.Error as error:
            self.failure = error
            raise

    def execute(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401 - those of a connection
        """Execute one statement, which sees the rows added before."""
        self.insert_waiting()
        # Only what reads lines calls a function of ours; for every other row Python would be asked in vain.
        return (self.cursor(_Cursor) if "line" in arguments[0] else self.cursor()).execute(*arguments)

    def scan(self, query: str) -> sqlite3.Cursor:
        """Execute a query that reads all rows of `add` or none of them, and finds none by its key."""
        with self._loading_of(_ADDED):
            return super().execute(query)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401 - likewise
        """Execute a statement for many rows, which sees the rows added before."""
        self.insert_waiting()
        with self.saying_why():
            return super().executemany(*arguments)

    def close(self) -> None:
        """Close the database, and what its functions use."""
        if self.closing is not None:
            self.closing()
        super().close()

    @contextmanager
    def saying_why(self) -> Iterator[None]:
        """Raise the cause where a function of ours failed."""
        try:
            yield
        except sqlite3.OperationalError as error:
            cause, self.cause = self.cause, None
            raise cause or error from None


class _Cursor(sqlite3.Cursor):
    """A cursor over rows that a function of ours has a part in."""

    connection: Database

    def execute(self, *arguments: Any) -> Self:  # noqa: ANN401 - those of a cursor
        """Execute one statement."""
        with self.connection.saying_why():
            return super().execute(*arguments)

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # some rows at once, as for each a call costs more
        while rows := self.fetchmany(_FETCHED):
            yield from rows

    def fetchmany(self, size: int = _FETCHED, /) -> list[Any]:  # type: ignore[override] # the size has no name
        """The next rows."""
        with self.connection.saying_why():
            return super().fetchmany(size)

    def __next__(self) -> Any:  # noqa: ANN401 - a row of any columns
        try:
            return super().__next__()
        except sqlite3.OperationalError:
            with self.connection.saying_why():
                raise

    def fetchone(self) -> Any:  # noqa: ANN401 - likewise
        """The next row."""
        with self.connection.saying_why():
            return super().fetchone()


class Seen:
    """Keys that were added, in little memory: a key that is not new is never called new, and a new one hardly ever not.

    A key is remembered by 63 bits of its hash, which differs from process to process.
    """

    def __init__(self) -> None:
        self._few, self._places, self._many = set[int](), array("Q"), 0

    def is_new(self, key: bytes) -> bool:
        """Whether this key was surely not asked for before."""
        number, places = hash(key) & _63_BITS or 1, self._places
        if not places:
            if number in self._few:
                return False
            self._few.add(number)
            if len(self._few) > _FEW:
                self._rehash(self._few, 4 * _FEW)
                self._few = set()
            return True
        last = len(places) - 1
        at = number & last
        while known := places[at]:
            if known == number:
                return False
            at = (at + 1) & last
        places[at] = number
        self._many += 1
        if 2 * self._many > last:
            self._rehash(filter(None, places), 2 * last)
        return True

    def _rehash(self, numbers: Iterable[int], least: int) -> None:
        """Have more places for the same numbers; as many as a power of two."""
        places = array("Q", [0]) * (1 << least.bit_length())
        last, self._many = len(places) - 1, 0
        for number in numbers:
            at = number & last
            while places[at]:
                at = (at + 1) & last
            places[at] = number
            self._many += 1
        self._places = places
