"""Stations that charge through crashes, and an outside witness of what was acknowledged (TRUST R1)."""

import asyncio
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import websockets
from tests.postgres import looking_at_all

PATIENCE_S = 15.0
START_S = 300.0
"""A start costs seconds of CPU time; how long that takes on a busy machine is not what the campaigns are about."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Witness:
    """What the service acknowledged, by meaning; `ids` holds the transaction id each start was answered with.

    `obeyed` counts how often each command, by its text, reached a station; `homes` how long a station was on its way
    to another connection, in seconds; `moments` when each was acknowledged, by the machine's monotonic nanoseconds.
    """

    acknowledged: Counter[tuple[str, ...]] = field(default_factory=Counter)
    ids: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    obeyed: Counter[str] = field(default_factory=Counter)
    homes: list[float] = field(default_factory=list)
    moments: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    retries: int = 0
    errors: list[str] = field(default_factory=list)


class Charger:
    """One station: it repeats each message under new ids until it is answered, over as many connections as it takes."""

    def __init__(
        self, urls: str | Sequence[str], identity: str, witness: Witness, *, patience_s: float = PATIENCE_S,
        pace_s: float = 0.0,
    ) -> None:  # fmt: skip
        """It connects to any of `urls`, gives a connection up after `patience_s`, rests `pace_s` after each message."""
        self.urls = [urls] if isinstance(urls, str) else list(urls)
        self.identity = identity
        self.witness = witness
        self.patience_s = patience_s
        self.pace_s = pace_s
        self._left = 0.0
        self.answers = 0
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
                await self._leave()
                self.witness.retries += attempt > 0
                await asyncio.sleep(0.02 + random.random() * 0.1)
                continue
            if answer[0] == 3:
                self.witness.acknowledged[meaning] += 1
                self.witness.moments.append((time.monotonic_ns(), meaning))
                self.answers += 1
                await self._rest()
                return answer[2]
            if answer[2] != "InternalError":
                self.witness.errors.append(f"{self.identity} {action}: {answer}")
        raise AssertionError("unreachable")

    async def _try(self, action: str, payload: dict[str, Any]) -> Any:
        if self._socket is None:
            protocol = websockets.Subprotocol("ocpp2.0.1" if self.is_v2 else "ocpp1.6")
            self._socket = await websockets.connect(
                f"{random.choice(self.urls)}/{self.identity}", subprotocols=[protocol], open_timeout=self.patience_s,
                compression=None, ping_interval=None,
            )  # fmt: skip
        message_id = f"{next(self._ids)}"
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(self.patience_s):
            while True:
                answer = json.loads(await self._socket.recv())
                if answer[0] == 2:
                    await self._obey(answer)
                elif answer[1] == message_id:
                    if self._left:
                        self.witness.homes.append(time.monotonic() - self._left)
                        self._left = 0.0
                    return answer

    async def _obey(self, call: list[Any]) -> None:
        """Do what the central system says; its text tells one command from another."""
        assert self._socket is not None
        self.witness.obeyed[call[3]["data"]] += 1
        await self._socket.send(json.dumps([3, call[1], {"status": "Accepted"}]))

    async def _rest(self) -> None:
        """Say nothing for a while, and do what is said."""
        with suppress(OSError, TimeoutError, websockets.WebSocketException):
            async with asyncio.timeout(self.pace_s):
                while self._socket is not None and self.pace_s:
                    await self._obey(json.loads(await self._socket.recv()))

    async def _leave(self) -> None:
        """Give the connection up, as one does whose peer is silent: without a word."""
        self._left = self._left or time.monotonic()
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None


class Program:
    """`ocpp-css serve` as a real process that can be killed and started again."""

    def __init__(self, command: list[str], log: Path | None = None) -> None:
        self._command = command
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.printed: list[str] = []

    async def start(self) -> None:
        """Return when it says `ready`."""
        with (self._log or Path(os.devnull)).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        while line := await asyncio.wait_for(self._process.stdout.readline(), START_S):
            self.printed.append(line.decode().strip())
            if self.printed[-1] == "ready":
                return
        raise AssertionError("\n".join(self.printed))

    async def kill(self) -> None:
        """SIGKILL: no chance to say anything."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def pause(self) -> None:
        """SIGSTOP: its sockets stay open, and nobody is behind them."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def end_anyhow(self) -> None:
        """Whether it runs, sleeps or was never started."""
        if self._process is not None and self._process.returncode is None:
            self.go_on()
            await self.end()

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


STATIONS = "SELECT station_id, identity FROM stations"
TRANSACTIONS = "SELECT station_id, wire_id, started_at, stopped_at, ocpp_version FROM transactions"
MESSAGES = "SELECT station_id, action, payload FROM messages WHERE error IS NULL"


def read(path: Path) -> Ledger:
    """Transactions and log of an embedded database."""
    connection = sqlite3.connect(path)
    try:
        return ledger_of(*(connection.execute(query).fetchall() for query in (STATIONS, TRANSACTIONS, MESSAGES)))
    finally:
        connection.close()


async def read_shared(url: str) -> Ledger:
    """Transactions and log of a PostgreSQL database."""
    connection = await looking_at_all(url)
    try:
        return ledger_of(*[await connection.fetch(query) for query in (STATIONS, TRANSACTIONS, MESSAGES)])
    finally:
        await connection.close()


def ledger_of(stations: Any, transactions: Any, messages: Any) -> Ledger:
    """What the rows say."""
    ledger = Ledger()
    names = dict(map(tuple, stations))
    for station, wire_id, started, stopped, version in transactions:
        if version == "1.6":
            moment = started if isinstance(started, datetime) else _EPOCH + timedelta(microseconds=started)
            at = moment.isoformat().replace("+00:00", "Z")
            ledger.starts[names[station], at] += 1
            ledger.ids[names[station], at] = int(wire_id)
        else:
            ledger.starts[names[station], wire_id] += 1
        if stopped is not None:
            ledger.stops[names[station], wire_id] += 1
    for station, action, payload in messages:
        ledger.log.update(_meanings(names[station], action, json.loads(payload)))
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


def compare(witness: Witness, ledger: Ledger) -> str:
    """Nothing acknowledged is missing, nothing is there twice; the counts."""
    wanted = [meaning for meaning in witness.acknowledged if meaning != ("boot",)]
    lost = [meaning for meaning in wanted if ledger.log[meaning] == 0]
    doubled = [meaning for meaning, times in ledger.log.items() if times > 1]
    twice = [key for key, times in ledger.starts.items() if times > 1]
    wrong = [key for key, ids in witness.ids.items() if ids != {ledger.ids.get(key)}]
    never = [meaning for meaning in wanted if meaning[0] == "stop" and not ledger.stops[meaning[1], meaning[2]]]
    faults = {
        "lost": lost,
        "doubled": doubled,
        "twice": twice,
        "wrong": wrong,
        "never": never,
        "errors": witness.errors,
    }
    assert {name: found[:5] for name, found in faults.items() if found} == {}, faults
    return f"{len(wanted)} messages acknowledged, {witness.retries} retries, 0 lost, 0 doubled"


def scaled(usual: int, full: int) -> int:
    """How much of a campaign: the figures of TRUST.md with SCALE=full."""
    return full if os.environ.get("SCALE") == "full" else usual


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
