"""The same message again and again, over many connections and restarts: one effect, one answer (TRUST R13)."""

import asyncio
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.torture.town import Town, town
from tests.torture.witness import scaled

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-4"), pytest.mark.trust("R13")]
PATIENCE_S = 10.0


@dataclass
class Parrot:
    """One station that says all it has to say many times, on whichever connection it has at that moment."""

    urls: list[str]
    identity: str
    answers: dict[str, set[str]] = field(default_factory=dict)
    replays: int = 0
    connections: int = 0
    errors: list[Any] = field(default_factory=list)
    number: int | None = None
    _socket: websockets.ClientConnection | None = None
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def talk(self, charges: int, times: int) -> None:
        """So many charges, each message of each so many times."""
        for charge in range(charges):
            at = f"2026-11-01T{charge // 60:02d}:{charge % 60:02d}:00Z"
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": at}
            await self._repeat(f"start {charge}", "StartTransaction", start, times)
            assert self.number is not None
            stop = {"transactionId": self.number, "meterStop": 1100, "timestamp": at}
            await self._repeat(f"stop {charge}", "StopTransaction", stop, times)

    async def _repeat(self, meaning: str, action: str, payload: dict[str, Any], times: int) -> None:
        for _ in range(times):
            self.replays += 1
            answer = await self._ask(action, payload)
            self.answers.setdefault(meaning, set()).add(json.dumps(answer))
            self.number = answer.get("transactionId", self.number)

    async def _ask(self, action: str, payload: dict[str, Any]) -> Any:
        """An answer, in as many tries as it takes; now and then on a new connection without a need."""
        while True:
            try:
                if self._socket is None or random.random() < 0.01:
                    await self._connect()
                assert self._socket is not None
                message_id = f"{self.connections}-{next(self._ids)}"
                await self._socket.send(json.dumps([2, message_id, action, payload]))
                async with asyncio.timeout(PATIENCE_S):
                    answer = json.loads(await self._socket.recv())
            except (OSError, TimeoutError, websockets.WebSocketException):
                self._socket = None
                await asyncio.sleep(0.1)
                continue
            if answer[0] == 3:
                return answer[2]
            if answer[2] != "InternalError":
                self.errors.append(answer)

    async def _connect(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        self._socket = await websockets.connect(
            f"{random.choice(self.urls)}/{self.identity}", subprotocols=[websockets.Subprotocol("ocpp1.6")],
            compression=None,
        )  # fmt: skip
        self.connections += 1
        boot = {"chargePointVendor": "W", "chargePointModel": "W"}
        await self._socket.send(json.dumps([2, f"b{self.connections}", "BootNotification", boot]))
        async with asyncio.timeout(PATIENCE_S):
            await self._socket.recv()


async def keyed(found: Town, keys: int, parallel: int) -> tuple[int, Counter[int]]:
    """The same keyed request so many times at once, again until each was answered: how many, and the effects."""
    total = 0
    effects: Counter[int] = Counter()
    for key in range(keys):
        body = {"identity": f"K{key}"}
        answers: set[bytes] = set()

        async def one(key: int = key, body: dict[str, str] = body, answers: set[bytes] = answers) -> None:
            while True:
                headers = {"Idempotency-Key": f"key-{key}"}
                answer = await found.api.post("/stations", json=body, headers=headers)
                if answer.status_code != 409:
                    assert answer.status_code == 201, answer.text
                    answers.add(answer.content)
                    return
                await asyncio.sleep(0.05)

        await asyncio.gather(*(one() for _ in range(parallel)))
        total += parallel
        effects[len(answers)] += 1
    return total, effects


async def campaign(data: Path, stations: int, charges: int, times: int, kills: int) -> str:
    """Parrots talk while gateways are killed."""
    async with town(data, gateways=2, has_worker=False) as found:
        names = [f"P{number}" for number in range(stations)]
        made = await found.api.post("/stations/import", json=[{"identity": name} for name in names])
        assert made.json()["created"] == stations
        parrots = [Parrot(found.urls, name) for name in names]
        talking = [asyncio.create_task(parrot.talk(charges, times)) for parrot in parrots]
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0.5, 2))
            gateway = random.choice(found.gateways)
            await gateway.kill()
            await gateway.start()
        requests, effects = await keyed(found, 10, random.randint(2, 50))
        await asyncio.gather(*talking)
        items = await all_transactions(found)
        differing = [
            (parrot.identity, what) for parrot in parrots for what, said in parrot.answers.items() if len(said) != 1
        ]
        assert [parrot.errors for parrot in parrots if parrot.errors] == []
        assert differing == []
        assert set(effects) == {1}
        assert Counter((one["state"], one["energy_wh"]) for one in items) == {("ended", 1000): stations * charges}
        replays = sum(parrot.replays for parrot in parrots)
        connections = sum(parrot.connections for parrot in parrots)
        return (
            f"{replays} billing messages of {stations * charges} charges on {connections} connections, {kills} kills, "
            f"{requests} keyed requests: 0 doubled effects, equal answers"
        )


async def all_transactions(found: Town) -> list[Any]:
    """Every transaction of the account."""
    items: list[Any] = []
    cursor: str | None = None
    while True:
        query = {"limit": "500", **({"cursor": cursor} if cursor else {})}
        page = (await found.api.get("/transactions", params=query)).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return items


@pytest.mark.timeout(240)
async def test_what_is_said_again_has_one_effect_and_one_answer(tmp_path: Path) -> None:
    sys.stdout.write(f"\n{await campaign(tmp_path / 'data', stations=10, charges=4, times=20, kills=1)}\n")


@pytest.mark.slow
@pytest.mark.timeout(36_000)
async def test_what_is_said_very_often_has_one_effect_and_one_answer(tmp_path: Path) -> None:
    told = await campaign(tmp_path / "data", stations=50, charges=10, times=scaled(50, 1_000), kills=scaled(20, 200))
    sys.stdout.write(f"\nR13: {told}\n")
