"""A month of a fleet, written straight into the tables: stations that charge, most for an hour, some for a day."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Table

from bench.postgres import administrators
from ocpp_css.charging.transactions.store import TRANSACTIONS
from ocpp_css.gateway.messages import LATE, MESSAGES
from ocpp_css.kit.clock import rfc3339, to_micros
from ocpp_css.kit.ids import first_id_at
from ocpp_css.storage import Document, UtcTime

DAYS = 30
ROWS_A_STATION = DAYS * 24 * 60
LONG_MIN = 24 * 60
SHORT_MIN = 60
PAUSE_MIN = 15
AT_ONCE = 20_000

Row = tuple[Any, ...]


class Fleet(NamedTuple):
    """Whose rows are made: numbers of the account and its stations, references of its tokens."""

    tenant: int
    stations: Sequence[int]
    tokens: Sequence[str]


def stations_for(rows: int) -> int:
    """How many stations say about so much in a month: each a message a minute while it charges."""
    return max(4, round(rows / ROWS_A_STATION))


def rows(fleet: Fleet, end: datetime) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Everything in the order of time, minute by minute over all stations; every tenth station charges for days."""
    begin = end - timedelta(days=DAYS)
    running: dict[int, dict[str, Any]] = {}
    for minute in range(DAYS * 24 * 60):
        at = begin + timedelta(minutes=minute)
        base = first_id_at(to_micros(at) // 1000)
        for place, station in enumerate(fleet.stations):
            number = base + place
            length = LONG_MIN if place % 10 == 0 else SHORT_MIN
            turn, step = divmod(minute + place * 7, length + PAUSE_MIN)
            shared = {"tenant_id": fleet.tenant, "id": number, "station_id": station, "at": at}
            if step == 0 or (minute == 0 and step < length):
                running[station] = started = _transaction(fleet, shared, turn, place)
                yield MESSAGES, _message(shared, "StartTransaction", {"connectorId": 1}, started["id"])
            elif step < length:
                yield MESSAGES, _message(shared, "MeterValues", _values(at, turn, step), running[station]["id"])
            elif step == length and station in running:
                over = running.pop(station)
                yield MESSAGES, _message(shared, "StopTransaction", {"meterStop": 1}, over["id"])
                over |= {"stopped_at": at, "stop_received_at": at, "meter_stop_wh": length * 180, "state": "ended"}
                yield TRANSACTIONS, over
            else:
                yield MESSAGES, _message(shared, "StatusNotification", {"connectorId": 1, "status": "Available"}, None)
    for open_one in running.values():
        yield TRANSACTIONS, open_one


def _transaction(fleet: Fleet, shared: dict[str, Any], turn: int, place: int) -> dict[str, Any]:
    return {
        "tenant_id": fleet.tenant, "id": shared["id"], "station_id": shared["station_id"],
        "wire_id": str(turn * 10_000 + place), "ocpp_version": "1.6", "evse_id": 1, "connector_id": 1,
        "token": fleet.tokens[(turn + place) % len(fleet.tokens)], "token_type": "RFID", "started_at": shared["at"],
        "meter_start_wh": 0, "state": "active", "authorization": "Accepted", "dedupe_key": str(shared["id"]),
        "heard": {}, "doubts": [], "is_settled": False, "received_at": shared["at"], "version": 1,
    }  # fmt: skip


def _message(shared: dict[str, Any], action: str, payload: Any, transaction: int | None) -> dict[str, Any]:
    return shared | {
        "direction": "in", "message_id": str(shared["id"]), "action": action, "answer": "{}", "latency_us": 900,
        "payload": payload if isinstance(payload, str) else json.dumps(payload), "transaction_id": transaction,
        "digest": shared["id"] & 0xFFFF_FFFF if action == "MeterValues" else None,
    }  # fmt: skip


def _values(at: datetime, turn: int, step: int) -> str:
    return (
        f'{{"connectorId":1,"transactionId":{turn + 1},"meterValue":[{{"timestamp":"{rfc3339(at)}","sampledValue":['
        f'{{"value":"{step * 180}","measurand":"Energy.Active.Import.Register","unit":"Wh"}},'
        f'{{"value":"{10_800 + step % 7}","measurand":"Power.Active.Import","unit":"W"}},'
        '{"value":"16.1","measurand":"Current.Import","phase":"L1","unit":"A"},'
        '{"value":"231.0","measurand":"Voltage","phase":"L1-N","unit":"V"}]}]}'
    )


def _stored(table: Table, row: dict[str, Any], *, is_embedded: bool) -> Row:
    """The values in the order of the columns, as the driver takes them."""
    values = []
    for column in table.c:
        value = row.get(column.name)
        if value is not None and isinstance(column.type, Document):
            value = json.dumps(value)
        elif value is not None and is_embedded and isinstance(column.type, UtcTime):
            value = to_micros(value)
        values.append(value)
    return tuple(values)


def _chunks(fleet: Fleet, end: datetime, *, is_embedded: bool) -> Iterator[tuple[Table, list[Row]]]:
    waiting: dict[Table, list[Row]] = {MESSAGES: [], TRANSACTIONS: []}
    for table, row in rows(fleet, end):
        waiting[table].append(_stored(table, row, is_embedded=is_embedded))
        if len(waiting[table]) == AT_ONCE:
            yield table, waiting[table]
            waiting[table] = []
    yield from waiting.items()


def fill_sqlite(path: Path, fleet: Fleet) -> int:
    """Write into a file that no service has open; the number of messages."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "locking_mode=EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    count = 0
    for table, chunk in _chunks(fleet, datetime.now(UTC), is_embedded=True):
        connection.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.c))})", chunk)
        count += len(chunk) * (table is MESSAGES)
    names = ", ".join(LATE.c.keys())
    connection.execute(f"INSERT INTO {LATE.name} SELECT {names} FROM {MESSAGES.name} ORDER BY {names}")
    connection.execute("COMMIT")
    connection.close()
    return count


async def fill_postgres(url: str, fleet: Fleet) -> int:
    """Copy into the tables; the number of messages."""
    connection = await asyncpg.connect(administrators(url))
    await connection.execute("SET synchronous_commit = off")
    count = 0
    for table, chunk in _chunks(fleet, datetime.now(UTC), is_embedded=False):
        await connection.copy_records_to_table(table.name, records=chunk, columns=list(table.c.keys()))
        count += len(chunk) * (table is MESSAGES)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return count


async def fill_weeks(url: str, fleet: Fleet, begin: datetime, end: datetime) -> None:
    """One message of a transaction for each station in each of these weeks."""
    connection = await asyncpg.connect(administrators(url))
    found = []
    while begin < end:
        base = first_id_at(to_micros(begin) // 1000)
        for place, station in enumerate(fleet.stations):
            shared = {"tenant_id": fleet.tenant, "id": base + place, "station_id": station, "at": begin}
            row = _message(shared, "StopTransaction", {"meterStop": 1}, base + place)
            found.append(_stored(MESSAGES, row, is_embedded=False))
        begin += timedelta(days=7)
    await connection.copy_records_to_table(MESSAGES.name, records=found, columns=list(MESSAGES.c.keys()))
    await connection.close()
