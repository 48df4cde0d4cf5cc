"""Rows kept in memory by key: loaded on demand, forgotten when told, never older than a change."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from ocpp_css.kit.newest import Newest

if TYPE_CHECKING:
    from ocpp_css.storage.unit import CacheKey, Unit

V = TypeVar("V")

GATHER_S = 0.001


class Caches:
    """One bounded, least-recently-used map per `CacheKey`; every entry carries its tenant."""

    def __init__(self) -> None:
        self._maps: dict[str, Newest[tuple[int, Any], Any]] = {}
        self._changes = 0
        self._waiting: dict[tuple[str, int], dict[Any, asyncio.Future[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, unit: "Unit", key: "CacheKey[Any, V]", item: Any) -> V:
        """The value from memory, or loaded; a value loaded while something was forgotten is not kept."""
        entries = self._maps.get(key.name)
        if entries is None:
            entries = self._maps[key.name] = Newest(key.size)
        place = (unit.tenant, item)
        if place in entries:
            entries.move_to_end(place)
            value: V = entries[place]
            return value
        seen = self._changes
        value = await (key.load(unit, item) if key.load_many is None else self._together(unit, key, item))
        if seen == self._changes:
            entries.keep(place, value)
        return value

    async def _together(self, unit: "Unit", key: "CacheKey[Any, V]", item: Any) -> V:
        """Many misses at once are one query: those that come while one is under way make the next."""
        waiting = self._waiting.setdefault((key.name, unit.tenant), {})
        if not waiting:
            task = asyncio.get_running_loop().create_task(self._load(unit, key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if item not in waiting:
            waiting[item] = asyncio.get_running_loop().create_future()
        wanted: asyncio.Future[V] = waiting[item]
        return await asyncio.shield(wanted)

    async def _load(self, unit: "Unit", key: "CacheKey[Any, Any]") -> None:
        assert key.load_many is not None
        await asyncio.sleep(GATHER_S)
        waiting = self._waiting.pop((key.name, unit.tenant))
        try:
            found = await key.load_many(unit, list(waiting))
        except Exception as fault:  # noqa: BLE001 - told to everyone who waits
            for future in waiting.values():
                if not future.done():
                    future.set_exception(fault)
            return
        for item, future in waiting.items():
            if not future.done():
                future.set_result(found.get(item))

    def forget(self, name: str, tenant: int, item: Any) -> None:
        """Drop one entry."""
        self._changes += 1
        self._maps.get(name, {}).pop((tenant, item), None)  # type: ignore[call-overload]

    def clear(self) -> None:
        """Drop everything: changes of others may have been missed."""
        self._changes += 1
        self._maps.clear()
