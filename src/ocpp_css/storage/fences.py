"""The fencing numbers that SQLite's only writer has seen, so that not every batch has to read them again."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from ocpp_css.storage.tables import LINKS

_READ = f"SELECT version FROM {LINKS.name} WHERE tenant_id = ? AND station_id = ?"  # noqa: S608 - a table's name


class Fences:
    """Inside the writer's transaction this knows what the table says: whatever another connection wrote since the last
    look changes `data_version` (sqlite.org/pragma.html), and what this one writes is forgotten.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[int, int], int | None] = {}
        self._seen = -1

    def failed(self, wanted: Iterable[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Those of the (tenant, station, fence) that are not the newest."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self._known.clear()
            self._seen = version
        known = self._known
        return {fence for fence in wanted if known.get(fence[:2]) != fence[2] and self._read(fence[:2]) != fence[2]}

    def _read(self, station: tuple[int, int]) -> int | None:
        row = self._connection.execute(_READ, station).fetchone()
        newest = self._known[station] = None if row is None else row[0]
        return newest

    def forget(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """These rows of the table, or their keys, are being written."""
        for row in rows:
            self._known.pop(row[:2], None)
