"""Stations that charge through crashes, and an outside witness of what was acknowledged (TRUST R1)."""

import asyncio
import itertools
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import websockets

PATIENCE_S = 15.0
_BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Witness:
    """What the service acknowledged, by meaning; `ids` holds the transaction id each start was answered with."""

    acknowledged: Counter[tuple[str, ...]] = field(default_factory=Counter)
    ids: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    retries: int = 0
    errors: list[str] = field(default_factory=list)


class Charger:
    """One station: it repeats each message under new ids until it is answered, over as many connections as it takes."""

    def __init__(self, url: str, identity: str, witness: Witness) -> None:
        self.url = f"{url}/{identity}"
        self.identity = identity
        self.witness = witness
        self.is_v2 = identity.startswith("V2")
        self._ids = itertools.count(1)
        self._moments = (_BEGINNING + timedelta(seconds=n) for n in itertools.count())
        self._socket: websockets.ClientConnection | None = None
        self._stopping = False

    async def run(self) -> None:
        """Charge again and again until `stop`, then finish the charge under way."""
        await self.deliver("BootNotification", self._boot(), ("boot",))
        for number in itertools.count(1):
            if self._stopping:
                break
            await (self._charge_2x(number) if self.is_v2 else self._charge_16())
        if self._socket is not None:
            await self._socket.close()

    def stop(self) -> None:
        """Begin no further charge."""
        self._stopping = True

    def _boot(self) -> dict[str, Any]:
        if self.is_v2:
            return {"reason": "PowerUp", "chargingStation": {"vendorName": "W", "model": "W"}}
        return {"chargePointVendor": "W", "chargePointModel": "W"}

    async def _charge_16(self) -> None:
        at, meter = self._now(), random.randrange(10**6)
        start = {"connectorId": 1, "idTag": "TAG", "meterStart": meter, "timestamp": at}
        answer = await self.deliver("StartTransaction", start, ("start", self.identity, at))
        number = answer["transactionId"]
        self.witness.ids.setdefault((self.identity, at), set()).add(number)
        for step in range(1, 4):
            moment = self._now()
            value = {"timestamp": moment, "sampledValue": [{"value": str(meter + step * 100)}]}
            values = {"connectorId": 1, "transactionId": number, "meterValue": [value]}
            await self.deliver("MeterValues", values, ("meter", self.identity, moment))
        stop = {"transactionId": number, "meterStop": meter + 500, "timestamp": self._now()}
        await self.deliver("StopTransaction", stop, ("stop", self.identity, str(number)))

    async def _charge_2x(self, number: int) -> None:
        transaction = f"{self.identity}-{number}"
        for seq, kind in enumerate(("Started", "Updated", "Updated", "Ended")):
            event = {
                "eventType": kind,
                "timestamp": self._now(),
                "triggerReason": "MeterValuePeriodic",
                "seqNo": seq,
                "transactionInfo": {"transactionId": transaction},
                "evse": {"id": 1, "connectorId": 1},
                "meterValue": [{"timestamp": self._now(), "sampledValue": [{"value": 1000 + 100 * seq}]}],
            }
            await self.deliver("TransactionEvent", event, ("event", transaction, str(seq)))

    def _now(self) -> str:
        return next(self._moments).isoformat().replace("+00:00", "Z")

    async def deliver(self, action: str, payload: dict[str, Any], meaning: tuple[str, ...]) -> Any:
        """The answer, after as many tries as it takes; only then is it acknowledged."""
        for attempt in itertools.count():
            try:
                answer = await self._try(action, payload)
            except (OSError, TimeoutError, websockets.WebSocketException):
                self._socket = None
                self.witness.retries += attempt > 0
                await asyncio.sleep(0.02 + random.random() * 0.1)
                continue
            if answer[0] == 3:
                self.witness.acknowledged[meaning] += 1
                return answer[2]
            if answer[2] != "InternalError":
                self.witness.errors.append(f"{self.identity} {action}: {answer}")
        raise AssertionError("unreachable")

    async def _try(self, action: str, payload: dict[str, Any]) -> Any:
        if self._socket is None:
            protocol = websockets.Subprotocol("ocpp2.0.1" if self.is_v2 else "ocpp1.6")
            self._socket = await websockets.connect(
                self.url, subprotocols=[protocol], open_timeout=PATIENCE_S, compression=None
            )
        message_id = f"{next(self._ids)}"
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE_S))
            if answer[1] == message_id:
                return answer


class Program:
    """`ocpp-css serve` as a real process that can be killed and started again."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self.printed: list[str] = []

    async def start(self) -> None:
        """Return when it says `ready`."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        while line := await asyncio.wait_for(self._process.stdout.readline(), 30):
            self.printed.append(line.decode().strip())
            if self.printed[-1] == "ready":
                return
        raise AssertionError("\n".join(self.printed))

    async def kill(self) -> None:
        """SIGKILL: no chance to say anything."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def end(self) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 30)


@dataclass
class Ledger:
    """What is on disk afterwards."""

    starts: Counter[tuple[str, str]] = field(default_factory=Counter)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    stops: Counter[tuple[str, str]] = field(default_factory=Counter)
    log: Counter[tuple[str, ...]] = field(default_factory=Counter)


def read(path: Path) -> Ledger:
    """Transactions and log of an embedded database."""
    ledger = Ledger()
    connection = sqlite3.connect(path)
    names = dict(connection.execute("SELECT station_id, identity FROM stations"))
    rows = connection.execute("SELECT station_id, wire_id, started_at, stopped_at, ocpp_version FROM transactions")
    for station, wire_id, started, stopped, version in rows:
        if version == "1.6":
            at = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=started)).isoformat().replace("+00:00", "Z")
            ledger.starts[names[station], at] += 1
            ledger.ids[names[station], at] = int(wire_id)
        else:
            ledger.starts[names[station], wire_id] += 1
        if stopped is not None:
            ledger.stops[names[station], wire_id] += 1
    for station, action, payload in connection.execute(
        "SELECT station_id, action, payload FROM messages WHERE error IS NULL"
    ):
        ledger.log.update(_meanings(names[station], action, json.loads(payload)))
    connection.close()
    return ledger


def _meanings(identity: str, action: str, payload: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    match action:
        case "StartTransaction":
            yield ("start", identity, payload["timestamp"])
        case "MeterValues":
            yield ("meter", identity, payload["meterValue"][0]["timestamp"])
        case "StopTransaction":
            yield ("stop", identity, str(payload["transactionId"]))
        case "TransactionEvent":
            yield ("event", payload["transactionInfo"]["transactionId"], str(payload["seqNo"]))
        case _:
            return
