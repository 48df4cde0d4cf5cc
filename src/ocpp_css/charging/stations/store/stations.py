"""Stations: rows, lists with their presence, claims of bare identities."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    Row,
    Select,
    Text,
    case,
    func,
    or_,
    select,
)

from ocpp_css.charging.stations.model import Presence, Refusal, Station
from ocpp_css.charging.stations.store.connectors import CONNECTORS, to_connector
from ocpp_css.gateway.refusals import REFUSALS
from ocpp_css.gateway.seen import SEEN
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.paging import BadCursor, Cursor
from ocpp_css.model.station import Connector
from ocpp_css.storage import (
    OF_STATION,
    PROVIDER,
    Database,
    Document,
    Unit,
    UtcTime,
    joined,
    personal,
    tenant_table,
    version_column,
)
from ocpp_css.storage.tables import LINKS

STATIONS = tenant_table(
    "stations",
    Column("station_id", BigInteger),
    Column("identity", Text, nullable=False),
    Column("identity_key", Text),
    Column("name", Text),
    Column("security_profile", Integer, nullable=False),
    Column("passwords", Document, nullable=False),
    Column("next_passwords", Document),
    Column("is_weak", Boolean, nullable=False),
    Column("versions", Document, nullable=False),
    Column("registration_status", Text, nullable=False),
    Column("accepted_at", UtcTime),
    Column("quirks", Document, nullable=False),
    Column("max_message_bytes", Integer, nullable=False),
    Column("logs_heartbeats", Boolean, nullable=False),
    Column("heartbeat_interval_s", Integer, nullable=False),
    Column("limits", Document, nullable=False),
    Column("is_bare", Boolean, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("address", Text, info=personal("location", clear=OF_STATION)),
    Column("site_id", Text),
    Column("vendor", Text),
    Column("model", Text),
    Column("serial_number", Text),
    Column("firmware_version", Text),
    Column("iccid", Text, info=personal("device identifier", clear=OF_STATION)),
    Column("imsi", Text, info=personal("device identifier", clear=OF_STATION)),
    Column("meter_serial_number", Text),
    Column("meter_type", Text),
    Column("ocpp_version", Text),
    Column("last_boot_at", UtcTime),
    Column("last_boot_reason", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    version_column(),
    key=("station_id",),
    unique=[("identity_key",)],
)
"""`identity_key` is the identity while the station is registered, null afterwards: its history stays."""

BARE_IDENTITIES = tenant_table(
    "bare_identities",
    Column("identity", Text),
    Column("owner", BigInteger, nullable=False),
    Column("station_id", BigInteger, nullable=False),
    key=("identity",),
)
"""Who may be reached at `/ocpp/{identity}` without a code: the first account that registers it (RULES 1.1)."""


async def read(unit: Unit, identity: str) -> Station | None:
    """A registered station by its identity."""
    row = await unit.first(select(STATIONS).where(STATIONS.c.identity_key == identity))
    return None if row is None else to_station(row)


async def read_id(unit: Unit, station_id: int) -> Station | None:
    """A station by its number, registered or removed."""
    row = await unit.first(select(STATIONS).where(STATIONS.c.station_id == station_id))
    return None if row is None else to_station(row)


async def presence_of(unit: Unit, station_id: int) -> Presence:
    """A station's presence; of one that never came, nothing."""
    source = joined(LINKS, SEEN, LINKS.c.station_id == SEEN.c.station_id)
    row = await unit.first(_presence_columns().select_from(source).where(LINKS.c.station_id == station_id))
    return Presence() if row is None else to_presence(row)


async def refusal_of(unit: Unit, station_id: int) -> Refusal | None:
    """The newest refusal at the door, if there was one."""
    row = await unit.first(select(REFUSALS).where(REFUSALS.c.station_id == station_id))
    return None if row is None else Refusal(at=row.at, reason=row.reason, address=row.address, times=row.times)


def _presence_columns() -> Select[Any]:
    return select(
        LINKS.c.is_online,
        LINKS.c.ocpp_version.label("link_version"),
        LINKS.c.address.label("link_address"),
        LINKS.c.security_profile.label("link_profile"),
        LINKS.c.changed_at,
        SEEN.c.last_seen_at,
    )


def _listed(status: str | None) -> Select[Any]:
    """Registered stations with their presence; with `status` only those that have a connector in that state."""
    source = joined(
        joined(STATIONS, LINKS, STATIONS.c.station_id == LINKS.c.station_id),
        SEEN,
        STATIONS.c.station_id == SEEN.c.station_id,
    )
    columns = (*STATIONS.c, *_presence_columns().selected_columns)
    if status is None:
        return select(*columns).select_from(source).where(STATIONS.c.removed_at.is_(None))
    query = select(*columns).select_from(source.join(CONNECTORS, _SAME_STATION))
    query = query.where(STATIONS.c.removed_at.is_(None), CONNECTORS.c.status == status)
    return query.group_by(*(table.c[name] for table in (STATIONS, LINKS, SEEN) for name in ("tenant_id", "station_id")))


_SAME_STATION = (STATIONS.c.tenant_id == CONNECTORS.c.tenant_id) & (STATIONS.c.station_id == CONNECTORS.c.station_id)


async def page(
    unit: Unit, *, filters: Mapping[str, Any], order: str, after: Cursor | None, limit: int
) -> Sequence[Row[Any]]:
    """Stations with their presence, by `order` (identity, name or created_at; `-` descends); one more than `limit`."""
    column = {"identity": STATIONS.c.identity, "name": func.coalesce(STATIONS.c.name, STATIONS.c.identity)}.get(
        order.removeprefix("-"), STATIONS.c.created_at
    )
    query = _filtered(_listed(filters.get("status")), filters)
    falls = order.startswith("-")
    if after is not None:
        if not isinstance(after.value, datetime if column is STATIONS.c.created_at else str):
            raise BadCursor
        beyond = column < after.value if falls else column > after.value
        tied = STATIONS.c.station_id < after.id if falls else STATIONS.c.station_id > after.id
        query = query.where(or_(beyond, (column == after.value) & tied))
    order_by = (column.desc(), STATIONS.c.station_id.desc()) if falls else (column, STATIONS.c.station_id)
    return await unit.all(query.order_by(*order_by).limit(limit + 1))


def _filtered(query: Select[Any], filters: Mapping[str, Any]) -> Select[Any]:
    if (search := filters.get("search")) is not None:
        found = [
            func.lower(column).contains(search.lower(), autoescape=True)
            for column in (
                STATIONS.c.identity,
                STATIONS.c.name,
                STATIONS.c.vendor,
                STATIONS.c.model,
                STATIONS.c.address,
            )
        ]
        query = query.where(or_(*found))
    if (online := filters.get("online")) is not None:
        is_online = func.coalesce(LINKS.c.is_online, False)
        query = query.where(is_online.is_(online))
    for name in ("registration_status", "vendor", "site_id", "ocpp_version"):
        if (value := filters.get(name)) is not None:
            query = query.where(STATIONS.c[name] == value)
    return query if not filters.get("weak") else query.where(_is_weak())


def _is_weak() -> ColumnElement[bool]:
    """No password, a short one, or a connection without encryption now (profile 0 is the one without password)."""
    is_plain = LINKS.c.is_online.is_(True) & (func.coalesce(LINKS.c.security_profile, 0) < 2)
    return or_(STATIONS.c.security_profile == 0, STATIONS.c.is_weak.is_(True), is_plain)


async def count_by_presence(unit: Unit) -> dict[str, int]:
    """How many stations there are, are online, are weakly secured, and wait to be accepted; each once, in one query."""
    source = joined(STATIONS, LINKS, STATIONS.c.station_id == LINKS.c.station_id)
    wanted: dict[str, ColumnElement[bool]] = {
        "online": LINKS.c.is_online.is_(True),
        "weak": _is_weak(),
        "pending": STATIONS.c.registration_status == "Pending",
    }
    columns = [func.coalesce(func.sum(case((found, 1), else_=0)), 0).label(name) for name, found in wanted.items()]
    query = select(func.count().label("stations"), *columns).select_from(source)
    row = (await unit.all(query.where(STATIONS.c.removed_at.is_(None))))[0]
    return {name: int(getattr(row, name)) for name in ("stations", *wanted)}


async def connectors_of_many(unit: Unit, stations: Sequence[int]) -> dict[int, list[Connector]]:
    """The connectors of the listed stations, in one query."""
    found: dict[int, list[Connector]] = {station: [] for station in stations}
    query = select(CONNECTORS).where(CONNECTORS.c.station_id.in_(stations))
    for row in await unit.all(query.order_by(CONNECTORS.c.evse_id, CONNECTORS.c.connector_id)):
        found[row.station_id].append(to_connector(row))
    return found


async def count_by_state(unit: Unit) -> dict[str, int]:
    """How many connectors are in each state, those of the station itself left out."""
    by_status = select(CONNECTORS.c.status, func.count().label("number")).select_from(
        STATIONS.join(CONNECTORS, _SAME_STATION)
    )
    by_status = by_status.where(STATIONS.c.removed_at.is_(None), CONNECTORS.c.evse_id > 0)
    return {str(row.status): int(row.number) for row in await unit.all(by_status.group_by(CONNECTORS.c.status))}


async def has_any(unit: Unit) -> bool:
    """Whether a station is registered."""
    return await unit.first(select(STATIONS.c.station_id).where(STATIONS.c.removed_at.is_(None))) is not None


async def faulted(unit: Unit, limit: int) -> list[str]:
    """The identities of stations with a faulted connector, in order."""
    query = select(STATIONS.c.identity).select_from(STATIONS.join(CONNECTORS, _SAME_STATION))
    query = query.where(STATIONS.c.removed_at.is_(None), CONNECTORS.c.status == "Faulted")
    return [row.identity for row in await unit.all(query.distinct().order_by(STATIONS.c.identity).limit(limit))]


async def all_stations(unit: Unit) -> list[Station]:
    """Every registered station of a tenant."""
    rows = await unit.all(select(STATIONS).where(STATIONS.c.removed_at.is_(None)).order_by(STATIONS.c.identity))
    return [to_station(row) for row in rows]


async def load_all(db: Database) -> tuple[list[tuple[int, Station]], dict[str, tuple[int, int]]]:
    """Every registered station of every tenant, and who holds which bare identity: what a gateway must know."""
    rows = await db.across_tenants(select(STATIONS).where(STATIONS.c.removed_at.is_(None)))
    claims = await db.across_tenants(select(BARE_IDENTITIES))
    return (
        [(row.tenant_id, to_station(row)) for row in rows],
        {row.identity: (row.owner, row.station_id) for row in claims},
    )


def add(unit: Unit, station: Station) -> None:
    """A new station; its identity must be free within the tenant."""
    unit.require_absent(STATIONS, identity_key=station.identity)
    unit.insert(STATIONS, **msgspec.structs.asdict(station))


def change(unit: Unit, station: Station, **changes: Any) -> Station:
    """Change columns of a station seen at its version; the station as it will be."""
    unit.update(STATIONS, (station.station_id,), seen=station.version, **changes)
    return msgspec.structs.replace(station, **changes, version=station.version + 1)


async def bare_owner(db: Database, identity: str) -> tuple[int, int] | None:
    """(tenant, station) that holds the bare identity."""
    found = await db.unit(PROVIDER).first(select(BARE_IDENTITIES).where(BARE_IDENTITIES.c.identity == identity))
    return None if found is None else (found.owner, found.station_id)


def claim_bare(unit: Unit, owner: int, station: Station) -> None:
    """Claim the bare identity, in a unit of the provider; DUPLICATE where another was first."""
    unit.require_absent(BARE_IDENTITIES, identity=station.identity)
    unit.insert(BARE_IDENTITIES, identity=station.identity, owner=owner, station_id=station.station_id)


def release_bare(unit: Unit, identity: str) -> None:
    """Give the bare identity up, in a unit of the provider."""
    unit.delete(BARE_IDENTITIES, (identity,))


def to_station(row: Row[Any]) -> Station:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Station(**{name: fields[name] for name in Station.__struct_fields__})


def to_presence(row: Row[Any]) -> Presence:
    """The presence columns of a row."""
    heard = [row.last_seen_at, row.changed_at if row.is_online else None]
    return Presence(
        is_online=bool(row.is_online),
        ocpp_version=row.link_version,
        address=row.link_address,
        security_profile=row.link_profile,
        changed_at=row.changed_at,
        last_seen_at=max((moment for moment in heard if moment is not None), default=None),
    )


async def is_committed(unit: Unit) -> bool:
    """Commit where losing is no fault: False when somebody was faster."""
    try:
        await unit.commit()
    except Conflict:
        return False
    return True


def with_code_only(station: Station) -> Station:
    """The station reachable by its account's address only."""
    return msgspec.structs.replace(station, is_bare=False)


async def identities(unit: Unit, numbers: Sequence[int]) -> dict[int, str]:
    """The identities of stations by their numbers."""
    found: dict[int, str] = {}
    for start in range(0, len(numbers), 500):
        query = select(STATIONS.c.station_id, STATIONS.c.identity)
        rows = await unit.all(query.where(STATIONS.c.station_id.in_(numbers[start : start + 500])))
        found.update((row.station_id, row.identity) for row in rows)
    return found


async def numbers_matching(unit: Unit, search: str) -> list[int]:
    """The numbers of up to 500 stations whose identity or name has this text."""
    found = [column.icontains(search, autoescape=True) for column in (STATIONS.c.identity, STATIONS.c.name)]
    rows = await unit.all(select(STATIONS.c.station_id).where(or_(*found)).limit(500))
    return [row.station_id for row in rows]


async def owners(db: Database) -> list[int]:
    """The tenants that have, or had, stations."""
    return [row.tenant_id for row in await db.across_tenants(select(STATIONS.c.tenant_id).distinct())]
