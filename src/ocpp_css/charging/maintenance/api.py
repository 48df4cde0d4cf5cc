"""Progress of firmware updates and uploads over REST."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocpp_css.charging import stations
from ocpp_css.charging.maintenance import store
from ocpp_css.edge import needs
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.storage import Unit


class ProgressShown(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a station."""

    id: str
    kind: str
    status: str
    request_id: int | None
    at: datetime


async def _page(
    unit: Unit, identity: str, kinds: Sequence[str], limit: int | None, cursor: str | None
) -> Page[ProgressShown]:
    asked = page_request(limit, cursor, sorts=("-at",))
    station = await stations.get(unit, identity)
    rows = await store.page(unit, station.station_id, kinds, asked.after, asked.limit)
    return page_of(rows, asked, lambda row: (None, row.id)).map(
        lambda row: ProgressShown(
            id=public(row.id), kind=row.kind, status=row.status, request_id=row.request_id, at=row.at
        )
    )


@get("/api/v1/stations/{identity:str}/firmware", opt=needs("stations:read"))
async def list_firmware(
    unit: NamedDependency[Unit],
    identity: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[ProgressShown]:
    """List what the station told of firmware updates, the newest first."""
    return await _page(unit, identity, ("firmware", "published firmware"), limit, cursor)


@get("/api/v1/stations/{identity:str}/logs", opt=needs("stations:read"))
async def list_logs(
    unit: NamedDependency[Unit],
    identity: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[ProgressShown]:
    """List what the station told of uploads of logs and diagnostics, the newest first."""
    return await _page(unit, identity, ("log", "diagnostics"), limit, cursor)


HANDLERS = (list_firmware, list_logs)
