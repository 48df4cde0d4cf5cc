"""SQLite: the index of a table that grows by one row a message, written late and in order (decision 12)."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Table

MOST_LATE: Final = 1 << 15
"""Rows that may be in memory only; so many of the newest are read again at the start."""
MOST_OF_ONE: Final = 512
AT_ONCE: Final = 32
"""Rows of one statement."""

Owner = tuple[int, int]
"""Tenant and the row's owner, such as a station."""


class LateIndex:
    """Which rows of `table` belong to which owner: the newest of each in memory, the others in the companion table.

    A row of the companion costs little when its neighbours are written with it, and as much as the message itself
    when each lands on a page of its own. What a crash takes from memory stands in the table: the newest rows are read
    again, in the order in which they were written.
    """

    def __init__(self, connection: sqlite3.Connection, table: Table) -> None:
        names = table.c.keys()
        companion: Table = table.info["late"]
        self._connection = connection
        self._table = table
        self._places = [names.index(name) for name in companion.c.keys()]  # noqa: SIM118
        self._columns = ", ".join(companion.c.keys())
        self._name = companion.name
        self._rows: dict[Owner, list[int]] = {}
        self._full: list[Owner] = []
        self._count = 0
        self._is_loaded = False

    def of(self, owner: Owner) -> Sequence[int]:
        """The rows of an owner that may be missing in the companion table."""
        self._load()
        return tuple(self._rows.get(owner, ()))

    def note(self, rows: Iterable[Sequence[Any]]) -> None:
        """These rows are being written; one that is not, after all, is found nowhere and does no harm."""
        self._load()
        tenant, owner, number = self._places
        known = self._rows
        for row in rows:
            numbers = known.get((row[tenant], row[owner]))
            if numbers is None or len(numbers) == MOST_OF_ONE - 1:
                self._add((row[tenant], row[owner]), row[number])
            else:
                numbers.append(row[number])
                self._count += 1

    def write(self) -> list[tuple[int, int, int]]:
        """Write what there is too much of, whole owners; give it to `put_back` where the transaction fails."""
        taken: list[tuple[int, int, int]] = []
        while self._full or self._count > MOST_LATE:
            owner = self._full.pop() if self._full else next(iter(self._rows))
            numbers = self._rows.pop(owner, [])
            self._count -= len(numbers)
            taken += [(*owner, number) for number in numbers]
        waiting = iter(taken)
        while chunk := list(islice(waiting, AT_ONCE)):
            values = ", ".join(["(?, ?, ?)"] * len(chunk))
            text = f"INSERT OR IGNORE INTO {self._name} ({self._columns}) VALUES {values}"  # noqa: S608 - our own names
            self._connection.execute(text, [value for row in chunk for value in row])
        return taken

    def put_back(self, taken: Iterable[tuple[int, int, int]]) -> None:
        """What was written is not there: the transaction failed."""
        for tenant, owner, number in taken:
            self._add((tenant, owner), number)

    def _add(self, owner: Owner, number: int) -> None:
        numbers = self._rows.get(owner)
        if numbers is None:
            self._rows[owner] = [number]
        else:
            numbers.append(number)
            if len(numbers) == MOST_OF_ONE:
                self._full.append(owner)
        self._count += 1

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        text = f"SELECT {self._columns} FROM {self._table.name} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - our own names
        for tenant, owner, number in reversed(self._connection.execute(text, (2 * MOST_LATE,)).fetchall()):
            self._add((tenant, owner), number)
