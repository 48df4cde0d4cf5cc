"""A station's connection as its row has it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from ocpp_css.gateway.connection import Connection
from ocpp_css.gateway.directory import CERTIFICATE, NO_CREDENTIAL
from ocpp_css.storage import Unit
from ocpp_css.storage.tables import LINKS


class Link(NamedTuple):
    """Whether a station is connected, what it speaks, and which process has it: `fence` tells its newest connection."""

    is_online: bool = False
    ocpp_version: str | None = None
    node: int = 0
    fence: int = 0


async def link_of(unit: Unit, station_id: int) -> Link:
    """The link of one station; of one that never came, none."""
    columns = (LINKS.c.is_online, LINKS.c.ocpp_version, LINKS.c.node, LINKS.c.version)
    row = await unit.first(select(*columns).where(LINKS.c.station_id == station_id))
    return Link() if row is None else Link(bool(row.is_online), row.ocpp_version, row.node, row.version)


def profile_in_use(connection: Connection) -> int:
    """The security profile in use: what the connection is, not what the station should be."""
    if connection.credential == CERTIFICATE:
        return 3
    has_password = connection.credential != NO_CREDENTIAL
    return (2 if has_password else 0) if connection.is_encrypted else int(has_password)


async def links_of(unit: Unit, stations: Sequence[int]) -> dict[int, Row[Any]]:
    """The rows that say who holds these stations, by station."""
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(stations), 500):
        chunk = stations[start : start + 500]
        rows = await unit.all(select(LINKS).where(LINKS.c.station_id.in_(chunk)))
        found.update((row.station_id, row) for row in rows)
    return found
