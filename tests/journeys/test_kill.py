"""The service is killed while stations charge, again and again: what was acknowledged is kept, each meaning once."""

import asyncio
import contextlib
import itertools
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.journeys.serving import Served
from tests.running import Wire

pytestmark = pytest.mark.anyio
TOKEN = "TAG"
UNHEARD = (websockets.WebSocketException, OSError, TimeoutError, EOFError)
_ids = itertools.count(1)


@dataclass
class Witness:
    """What the stations know: every meaning that was acknowledged, with its answer."""

    acknowledged: dict[tuple[str, ...], Any] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    breaks: int = 0

    def heard(self, meaning: tuple[str, ...], answer: Any) -> None:
        """An answer; a meaning that is answered twice is answered the same."""
        known = self.acknowledged.setdefault(meaning, answer)
        assert known == answer, (meaning, known, answer)


class Moments:
    """A station's clock: no two of its messages have the same time."""

    def __init__(self) -> None:
        self._next = datetime.now(UTC) - timedelta(hours=6)

    def next(self) -> str:
        self._next += timedelta(seconds=1)
        return self._next.isoformat()


@dataclass
class Charger:
    """A station that never gives up: each message is sent under new ids until it is answered."""

    identity: str
    version: str
    witness: Witness
    dice: random.Random
    moments: Moments = field(default_factory=Moments)
    served: Served | None = None
    is_up: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    async def run(self) -> None:
        """Come, work, come again when the line breaks."""
        work = self._work()
        message = next(work)
        while not self.is_over:
            await self.is_up.wait()
            assert self.served is not None
            with contextlib.suppress(*UNHEARD):
                async with websockets.connect(
                    f"{self.served.station_url}/{self.identity}",
                    subprotocols=[websockets.Subprotocol(f"ocpp{self.version}")],
                    ping_interval=None,
                    compression=None,
                ) as socket:
                    wire = Wire(socket)
                    await self._say(wire, *self._boot())
                    while not self.is_over:
                        answer = await self._say(wire, *message)
                        message = work.send(answer)
            self.witness.breaks += 1
            await asyncio.sleep(self.dice.random() * 0.05)

    def _boot(self) -> tuple[str, dict[str, Any], tuple[str, ...] | None]:
        if self.version == "1.6":
            return "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, None
        return "BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}, None

    async def _say(self, wire: Wire, action: str, payload: dict[str, Any], meaning: tuple[str, ...] | None) -> Any:
        self.witness.sent[action] += 1
        message_id = f"{self.identity}-{next(_ids)}"
        await wire.send([2, message_id, action, payload])
        async with asyncio.timeout(30):
            frame = json.loads(await wire.socket.recv())
        assert frame[1] == message_id, frame
        if frame[0] == 4:
            # Only trouble of the service's own is an error here, and then the message is not acknowledged.
            assert frame[2] == "InternalError", frame
            raise TimeoutError
        if meaning is not None:
            self.witness.heard(meaning, frame[2])
        return frame[2]

    def _work(self) -> Iterator[tuple[str, dict[str, Any], tuple[str, ...]]]:
        for count in itertools.count(1):
            yield from self._one_16(count) if self.version == "1.6" else self._one_201(f"{self.identity}-{count}")

    def _one_16(self, count: int) -> Any:
        wh = count * 1000
        start = {"connectorId": 1, "idTag": TOKEN, "meterStart": wh, "timestamp": self.moments.next()}
        meaning = ("start", self.identity, start["timestamp"])
        number = (yield "StartTransaction", start, meaning)["transactionId"]
        for step in range(self.dice.randrange(1, 5)):
            at = self.moments.next()
            values = [{"timestamp": at, "sampledValue": [{"value": str(wh + step + 1)}]}]
            meter = {"connectorId": 1, "transactionId": number, "meterValue": values}
            yield "MeterValues", meter, ("meter", self.identity, at)
        stop = {"transactionId": number, "meterStop": wh + 10, "timestamp": self.moments.next()}
        yield "StopTransaction", stop, ("stop", self.identity, stop["timestamp"])

    def _one_201(self, wire_id: str) -> Any:
        last = self.dice.randrange(2, 6)
        for number in range(last + 1):
            event: dict[str, Any] = {
                "eventType": "Started" if number == 0 else "Ended" if number == last else "Updated",
                "timestamp": self.moments.next(),
                "triggerReason": "MeterValuePeriodic",
                "seqNo": number,
                "transactionInfo": {"transactionId": wire_id},
                "meterValue": [{"timestamp": self.moments.next(), "sampledValue": [{"value": 1000 + number}]}],
            }
            if number == 0:
                event["idToken"] = {"idToken": TOKEN, "type": "ISO14443"}
            yield "TransactionEvent", event, ("event", self.identity, wire_id, str(number))


async def campaign(data: Path, *, stations: int, kills: int, seed: int) -> Witness:
    """Charge, kill, start again; at the end the witness and the data of the last run."""
    served = await Served.start(data)
    try:
        names = [f"K{number:03d}" for number in range(stations)]
        await served.register(*names, tokens=(TOKEN,))
        witness = Witness()
        chargers = [
            Charger(name, "1.6" if number % 2 else "2.0.1", witness, random.Random(seed * 1000 + number))
            for number, name in enumerate(names)
        ]
        async with asyncio.TaskGroup() as group:
            for charger in chargers:
                group.create_task(charger.run())
            dice = random.Random(seed)
            for _ in range(kills):
                _open(chargers, served)
                await _acknowledged(witness, stations * dice.randrange(2, 6) + dice.randrange(stations))
                for charger in chargers:
                    charger.is_up.clear()
                await served.kill()
                served = await Served.start(data)
            _open(chargers, served)
            await _acknowledged(witness, stations * 2)
            for charger in chargers:
                charger.is_over = True
        assert await served.stop() == 0
    finally:
        if served.process.returncode is None:
            await served.kill()
    return witness


def _open(chargers: list[Charger], served: Served) -> None:
    for charger in chargers:
        charger.served = served
        charger.is_up.set()


async def _acknowledged(witness: Witness, more: int) -> None:
    goal = len(witness.acknowledged) + more
    async with asyncio.timeout(300):
        while len(witness.acknowledged) < goal:
            await asyncio.sleep(0.002)


def meaning_of(identity: str, action: str, payload: dict[str, Any]) -> tuple[str, ...] | None:
    """The same meaning that the witness wrote down, out of the log."""
    match action:
        case "StartTransaction":
            return ("start", identity, payload["timestamp"])
        case "StopTransaction":
            return ("stop", identity, payload["timestamp"])
        case "MeterValues":
            return ("meter", identity, payload["meterValue"][0]["timestamp"])
        case "TransactionEvent":
            return ("event", identity, payload["transactionInfo"]["transactionId"], str(payload["seqNo"]))
    return None


def check(data: Path, witness: Witness) -> dict[str, int]:
    """What the database says, against what the stations were told."""
    database = sqlite3.connect(data / "ocpp-css.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    names = dict(database.execute("SELECT station_id, identity FROM stations"))
    logged: Counter[tuple[str, ...]] = Counter()
    rows = database.execute("SELECT station_id, action, payload, answer, error FROM messages WHERE direction = 'in'")
    for station, action, payload, _answer, error in rows:
        meaning = meaning_of(names[station], action, json.loads(payload))
        if meaning is not None and error is None:
            logged[meaning] += 1
    missing = set(witness.acknowledged) - set(logged)
    doubled = [meaning for meaning, number in logged.items() if number > 1]
    assert not missing, (len(missing), sorted(missing)[:5])
    assert not doubled, (len(doubled), doubled[:5])
    transactions = database.execute(
        "SELECT station_id, wire_id, started_at, stopped_at, state, doubts FROM transactions"
    ).fetchall()
    database.close()
    starts = Counter((station, started) for station, _, started, *_ in transactions if started is not None)
    assert max(starts.values()) == 1
    assert len({(station, wire_id) for station, wire_id, *_ in transactions}) == len(transactions)
    doubtful = [row for row in transactions if row[4] == "suspect"]
    assert not doubtful, doubtful[:5]
    numbers = {answer["transactionId"] for meaning, answer in witness.acknowledged.items() if meaning[0] == "start"}
    assert {str(number) for number in numbers} <= {wire_id for _, wire_id, *_ in transactions}
    return {
        "acknowledged": len(witness.acknowledged),
        "logged": sum(logged.values()),
        "sent": sum(witness.sent.values()),
        "line breaks": witness.breaks,
        "transactions": len(transactions),
        "ended": sum(row[4] == "ended" for row in transactions),
    }


@pytest.mark.requirement("CS-4")
@pytest.mark.timeout(120)
async def test_no_acknowledged_message_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    witness = await campaign(tmp_path, stations=40, kills=3, seed=1)
    counts = check(tmp_path, witness)
    print(counts)  # noqa: T201 - the figures of the campaign
    assert counts["acknowledged"] >= 40 * 2 * 4
    assert counts["ended"] > 40


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(20))
async def test_no_acknowledged_message_is_lost_or_doubled_by_many_kills(tmp_path: Path, seed: int) -> None:
    witness = await campaign(tmp_path, stations=500, kills=20, seed=seed)
    print(seed, check(tmp_path, witness))  # noqa: T201 - the figures of the campaign
