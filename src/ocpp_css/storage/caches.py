"""Rows kept in memory by key: loaded on demand, forgotten when told, never older than a change."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ocpp_css.storage.unit import CacheKey, Unit

V = TypeVar("V")


class Caches:
    """One bounded, least-recently-used map per `CacheKey`; every entry carries its tenant."""

    def __init__(self) -> None:
        self._maps: dict[str, OrderedDict[tuple[int, Any], Any]] = {}
        self._changes = 0

    async def get(self, unit: "Unit", key: "CacheKey[Any, V]", item: Any) -> V:
        """The value from memory, or loaded; a value loaded while something was forgotten is not kept."""
        entries = self._maps.setdefault(key.name, OrderedDict())
        place = (unit.tenant, item)
        if place in entries:
            entries.move_to_end(place)
            value: V = entries[place]
            return value
        seen = self._changes
        value = await key.load(unit, item)
        if seen == self._changes:
            entries[place] = value
            if len(entries) > key.size:
                entries.popitem(last=False)
        return value

    def forget(self, name: str, tenant: int, item: Any) -> None:
        """Drop one entry."""
        self._changes += 1
        self._maps.get(name, {}).pop((tenant, item), None)  # type: ignore[call-overload]

    def clear(self) -> None:
        """Drop everything: changes of others may have been missed."""
        self._changes += 1
        self._maps.clear()
