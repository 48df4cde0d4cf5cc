"""The fencing numbers that SQLite's only writer has seen, so that not every batch has to read them again."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from ocpp_css.storage.tables import LINKS

_READ = f"SELECT version FROM {LINKS.name} WHERE tenant_id = ? AND station_id = ?"  # noqa: S608 - a table's name

Fence = tuple[int, int, int]
"""Tenant, station, fencing number."""


class Fences:
    """Inside the writer's transaction this knows what the table says: whatever another connection wrote since the last
    look changes `data_version` (sqlite.org/pragma.html), and what this one writes is forgotten.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._newest: dict[tuple[int, int], Fence] = {}
        self._valid: set[Fence] = set()
        self._seen = -1

    def failed(self, wanted: set[Fence]) -> set[Fence]:
        """Those of the (tenant, station, fence) that are not the newest."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self._newest.clear()
            self._valid.clear()
            self._seen = version
        return {fence for fence in wanted - self._valid if not self._is_newest(fence)}

    def _is_newest(self, fence: Fence) -> bool:
        station = (fence[0], fence[1])
        if station not in self._newest:
            row = self._connection.execute(_READ, station).fetchone()
            newest = self._newest[station] = (*station, -1 if row is None else row[0])
            self._valid.add(newest)
        return self._newest[station] == fence

    def forget(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """These rows of the table, or their keys, are being written."""
        for row in rows:
            newest = self._newest.pop((row[0], row[1]), None)
            if newest is not None:
                self._valid.discard(newest)
