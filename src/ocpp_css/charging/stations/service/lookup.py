"""What other areas ask about stations."""

from collections.abc import Iterable, Mapping, Sequence

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Presence, Seen, Station
from ocpp_css.model.station import Connector
from ocpp_css.storage import Database, Unit


async def by_number(unit: Unit, station_id: int) -> Station | None:
    """A station by its number, registered or removed."""
    return await store.read_id(unit, station_id)


async def identities(unit: Unit, numbers: Iterable[int]) -> Mapping[int, str]:
    """The identities of stations by their numbers, of removed ones too."""
    return await store.identities(unit, sorted(set(numbers)))


async def numbers_matching(unit: Unit, search: str) -> Sequence[int]:
    """The numbers of up to 500 stations whose identity or name has this text."""
    return await store.numbers_matching(unit, search)


async def seen(unit: Unit, station: Station) -> Seen:
    """The station with its presence and connectors."""
    presence = await store.presence_of(unit, station.station_id)
    connectors = await store.connectors_of(unit, station.station_id)
    refusal = await store.refusal_of(unit, station.station_id)
    return Seen(station=station, presence=presence, connectors=connectors, refusal=refusal)


async def has_any(unit: Unit) -> bool:
    """Whether a station is registered."""
    return await store.has_any(unit)


async def listed(unit: Unit, limit: int) -> list[tuple[Station, Presence, Sequence[Connector]]]:
    """The first stations by identity, with presence and connectors."""
    rows = await store.page(unit, filters={}, order="identity", after=None, limit=limit)
    connectors = await store.connectors_of_many(unit, [row.station_id for row in rows])
    return [(store.to_station(row), store.to_presence(row), connectors[row.station_id]) for row in rows[:limit]]


async def owners(db: Database) -> list[int]:
    """The tenants that have, or had, stations: for work that goes over all of them."""
    return await store.owners(db)
