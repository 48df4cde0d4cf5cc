"""Transactions: rows, the station's memory of them, lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Row, Text, func, or_, select

from ocpp_css.charging.transactions.model import NOTHING, Charging, Heard, Transaction
from ocpp_css.gateway.messages import MESSAGES, of_stations
from ocpp_css.kit.ids import LARGEST
from ocpp_css.kit.paging import Cursor
from ocpp_css.model.metering import Reading
from ocpp_css.storage import (
    NUMBER,
    REFERENCE,
    STATION_NUMBER,
    Document,
    StateKey,
    Unit,
    UtcTime,
    joined,
    personal,
    tenant_table,
    version_column,
)
from ocpp_css.storage.partitions import bound

TRANSACTIONS = tenant_table(
    "transactions",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("wire_id", Text, nullable=False),
    Column("ocpp_version", Text, nullable=False),
    Column("evse_id", STATION_NUMBER),
    Column("connector_id", STATION_NUMBER),
    Column("token", Text, info=personal("pseudonym", clear=REFERENCE)),
    Column("token_type", Text),
    Column("started_at", UtcTime),
    Column("stopped_at", UtcTime),
    Column("meter_start_wh", BigInteger),
    Column("meter_stop_wh", BigInteger),
    Column("stop_reason", Text),
    Column("state", Text, nullable=False),
    Column("authorization", Text),
    Column("charging_state", Text),
    Column("reservation_id", STATION_NUMBER),
    Column("remote_start_id", STATION_NUMBER),
    Column("dedupe_key", Text, nullable=False),
    Column("answer", Document),
    Column("stop_answer", Document),
    Column("heard", Document, nullable=False),
    Column("doubts", Document, nullable=False),
    Column("is_settled", Boolean, nullable=False),
    Column("review_id", BigInteger),
    Column("received_at", UtcTime, nullable=False),
    Column("stop_received_at", UtcTime),
    Column("person_id", BigInteger, info=personal("account", clear=NUMBER)),
    version_column(),
    key=("id",),
    unique=[("station_id", "dedupe_key")],
    indexes=[("station_id", "id"), ("station_id", "wire_id"), ("received_at",), ("token", "id")],
)
Index(
    "ix_transactions_open",
    TRANSACTIONS.c.tenant_id,
    TRANSACTIONS.c.station_id,
    sqlite_where=TRANSACTIONS.c.stopped_at.is_(None),
    postgresql_where=TRANSACTIONS.c.stopped_at.is_(None),
)
Index(
    "ix_transactions_person",
    TRANSACTIONS.c.tenant_id,
    TRANSACTIONS.c.person_id,
    TRANSACTIONS.c.id,
    sqlite_where=TRANSACTIONS.c.person_id.is_not(None),
    postgresql_where=TRANSACTIONS.c.person_id.is_not(None),
)

READINGS = tenant_table(
    "transaction_readings",
    Column("transaction_id", BigInteger),
    Column("at", UtcTime),
    Column("energy_wh", BigInteger),
    Column("power_w", Integer),
    Column("soc_percent", Integer),
    key=("transaction_id",),
)
"""The newest reading of each transaction, at most ten seconds behind; derived from the log."""

METER_ACTIONS = ("MeterValues", "StartTransaction", "StopTransaction", "TransactionEvent")
_REMEMBERED = 8
_REMEMBERED_FOR = timedelta(days=7)
"""A reading told again after longer is stored twice and shown once; so that no old part of the log is read."""


async def load_charging(unit: Unit, stations: Sequence[int]) -> dict[int, Charging]:
    """The open transactions, newest readings and newest meter values of many stations."""
    found: dict[int, Charging] = {}
    for start in range(0, len(stations), 500):
        chunk = stations[start : start + 500]
        transactions: dict[int, dict[str, Transaction]] = {}
        readings: dict[int, dict[int, Reading]] = {}
        source = joined(TRANSACTIONS, READINGS, TRANSACTIONS.c.id == READINGS.c.transaction_id)
        columns = (READINGS.c.at, READINGS.c.energy_wh, READINGS.c.power_w, READINGS.c.soc_percent)
        query = select(*TRANSACTIONS.c, *columns).select_from(source)
        query = query.where(TRANSACTIONS.c.station_id.in_(chunk), TRANSACTIONS.c.stopped_at.is_(None))
        for row in await unit.all(query):
            transaction = to_transaction(row)
            transactions.setdefault(row.station_id, {})[transaction.wire_id] = transaction
            readings.setdefault(row.station_id, {})[transaction.id] = to_reading(row)
        digests = await _newest_digests(unit, chunk)
        for station in chunk:
            found[station] = Charging(
                transactions.get(station, {}), readings.get(station, {}), digests.get(station, ())
            )
    return found


async def _newest_digests(unit: Unit, stations: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The meaning of the newest meter values of many stations, the oldest first."""
    query = select(MESSAGES.c.id, MESSAGES.c.station_id, MESSAGES.c.digest).where(MESSAGES.c.digest.is_not(None))
    ids = (bound(unit.now - _REMEMBERED_FOR), LARGEST)
    found = await of_stations(unit, query, stations, ids=ids, limit=_REMEMBERED)
    return {station: tuple(row.digest for row in reversed(rows)) for station, rows in found.items()}


def remembered(digests: tuple[int, ...], digest: int) -> tuple[int, ...]:
    """The newest digests with one more."""
    return (*digests[1 - _REMEMBERED :], digest)


CHARGING: StateKey[Charging] = StateKey("charging", load_charging, lambda: NOTHING)


async def by_wire(unit: Unit, station_id: int, wire_id: str) -> Transaction | None:
    """A station's transaction by its id on the wire; of several the newest."""
    query = select(TRANSACTIONS).where(TRANSACTIONS.c.station_id == station_id, TRANSACTIONS.c.wire_id == wire_id)
    row = await unit.first(query.order_by(TRANSACTIONS.c.id.desc()))
    return None if row is None else to_transaction(row)


async def by_key(unit: Unit, station_id: int, dedupe_key: str) -> Transaction | None:
    """A station's transaction by the meaning of its start."""
    query = select(TRANSACTIONS).where(TRANSACTIONS.c.station_id == station_id)
    row = await unit.first(query.where(TRANSACTIONS.c.dedupe_key == dedupe_key))
    return None if row is None else to_transaction(row)


async def read(unit: Unit, number: int) -> Transaction | None:
    """A transaction by its number."""
    row = await unit.first(select(TRANSACTIONS).where(TRANSACTIONS.c.id == number))
    return None if row is None else to_transaction(row)


async def reading_of(unit: Unit, number: int) -> Reading:
    """The newest reading of a transaction."""
    row = await unit.first(select(READINGS).where(READINGS.c.transaction_id == number))
    return Reading() if row is None else to_reading(row)


async def count_open(unit: Unit, token: str) -> int:
    """How many accepted transactions of a token are open."""
    query = select(func.count()).select_from(TRANSACTIONS).where(TRANSACTIONS.c.token == token)
    query = query.where(TRANSACTIONS.c.stopped_at.is_(None), TRANSACTIONS.c.authorization == "Accepted")
    return int((await unit.all(query))[0][0])


async def page(
    unit: Unit, filters: Mapping[str, Any], after: Cursor | None, limit: int, *, is_rising: bool = False
) -> Sequence[Row[Any]]:
    """Transactions with their newest reading, in order of arrival (the newest first); one more than `limit`."""
    source = joined(TRANSACTIONS, READINGS, TRANSACTIONS.c.id == READINGS.c.transaction_id)
    columns = (READINGS.c.at, READINGS.c.energy_wh, READINGS.c.power_w, READINGS.c.soc_percent)
    query = select(*TRANSACTIONS.c, *columns).select_from(source)
    for name in ("id", "station_id", "state", "token", "person_id", "wire_id", "evse_id"):
        if filters.get(name) is not None:
            query = query.where(TRANSACTIONS.c[name] == filters[name])
    started = func.coalesce(TRANSACTIONS.c.started_at, TRANSACTIONS.c.received_at)
    if filters.get("since") is not None:
        query = query.where(started >= filters["since"])
    if filters.get("until") is not None:
        query = query.where(started < filters["until"])
    if filters.get("open"):
        query = query.where(TRANSACTIONS.c.stopped_at.is_(None))
    if (search := filters.get("search")) is not None:
        found = TRANSACTIONS.c.wire_id.icontains(search, autoescape=True)
        query = query.where(or_(found, TRANSACTIONS.c.station_id.in_(filters["stations"])))
    if after is not None:
        query = query.where(TRANSACTIONS.c.id > after.id if is_rising else TRANSACTIONS.c.id < after.id)
    query = query.order_by(TRANSACTIONS.c.id if is_rising else TRANSACTIONS.c.id.desc())
    return await unit.all(query.limit(limit + 1))


def add(unit: Unit, transaction: Transaction) -> None:
    """A new transaction; the meaning of its start must be new to the station."""
    unit.require_absent(TRANSACTIONS, station_id=transaction.station_id, dedupe_key=transaction.dedupe_key)
    unit.insert(TRANSACTIONS, **_columns(transaction))


def change(unit: Unit, before: Transaction, after: Transaction) -> Transaction:
    """Store what differs, seen at the version of `before`; the transaction as it will be."""
    old, new = _columns(before), _columns(after)
    changes = {name: value for name, value in new.items() if value != old[name] and name != "version"}
    unit.update(TRANSACTIONS, (before.id,), seen=before.version, **changes)
    return msgspec.structs.replace(after, version=before.version + 1)


def note_reading(unit: Unit, transaction_id: int, reading: Reading) -> None:
    """Let the newest reading be stored soon."""
    unit.later(READINGS, (transaction_id,), reading)


def _columns(transaction: Transaction) -> dict[str, Any]:
    return msgspec.structs.asdict(transaction)


def to_transaction(row: Row[Any]) -> Transaction:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    values = {name: fields[name] for name in Transaction.__struct_fields__}
    values["heard"] = msgspec.convert(values["heard"], Heard, str_keys=True)
    return Transaction(**values)


def to_reading(row: Row[Any]) -> Reading:
    """The reading in a row."""
    return Reading(row.at, row.energy_wh, row.power_w, row.soc_percent)


async def figures(unit: Unit) -> dict[str, int]:
    """How many are open, their power in W as last read, energy in Wh of those ended today and up to now a week ago."""
    source = joined(TRANSACTIONS, READINGS, TRANSACTIONS.c.id == READINGS.c.transaction_id)
    power = func.coalesce(func.sum(READINGS.c.power_w), 0).label("power")
    now = select(func.count().label("number"), power).select_from(source).where(TRANSACTIONS.c.stopped_at.is_(None))
    open_ones = (await unit.all(now))[0]
    midnight = unit.now.replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    return {
        "open": int(open_ones.number),
        "power_w": int(open_ones.power),
        "energy_today_wh": await _energy(unit, midnight, unit.now),
        "energy_week_ago_wh": await _energy(unit, midnight - week, unit.now - week),
    }


async def _energy(unit: Unit, since: datetime, until: datetime) -> int:
    spent = TRANSACTIONS.c.meter_stop_wh - TRANSACTIONS.c.meter_start_wh
    query = select(func.coalesce(func.sum(spent), 0).label("energy")).where(spent > 0)
    query = query.where(TRANSACTIONS.c.stop_received_at >= since, TRANSACTIONS.c.stop_received_at < until)
    return int((await unit.all(query))[0].energy)
