"""An installation of many processes that die, sleep and lose what they stand on, with stations that notice."""

import asyncio
import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.nats_server import NatsServer
from tests.postgres import Postgres, looking_at_all
from tests.running import until
from tests.torture.witness import Charger, Ledger, Program, Witness, compare, free_port, read_shared

PROGRAM = str(Path(sys.executable).with_name("ocpp-css"))
FINAL = {"answered", "error", "timeout", "offline", "invalid_response", "lost", "busy", "expired", "cancelled"}


class Town:
    """Three gateways, a web and a worker, each a real process, on one PostgreSQL and one NATS."""

    def __init__(self, data: Path, gateways: int, *, has_worker: bool = True) -> None:
        self.data = data
        self.postgres = Postgres("synchronous_commit=on")
        self.nats = NatsServer()
        self.database = self.postgres.new_database()
        self.ports = [free_port() for _ in range(gateways)]
        self.web_port = free_port()
        self.web = self._program("web", 0, self.web_port)
        self.workers = [self._program("worker", 0, free_port())] if has_worker else []
        self.gateways = [self._program("gateway", port, free_port()) for port in self.ports]
        self.witness = Witness()
        self.chargers: list[Charger] = []
        self.charging: list[asyncio.Task[None]] = []

    def _program(self, role: str, station_port: int, web_port: int) -> Program:
        command = [
            PROGRAM, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--database", self.database,
            "--bus", self.nats.url, "--role", role, "--station-port", str(station_port), "--web-port", str(web_port),
        ]  # fmt: skip
        return Program(command, self.data.parent / f"{role}.log")

    @property
    def urls(self) -> list[str]:
        """Where stations may connect."""
        return [f"ws://127.0.0.1:{port}/ocpp" for port in self.ports]

    async def open(self) -> None:
        """Start all, and make a key of the default account."""
        await self.web.start()
        await asyncio.gather(*(one.start() for one in (*self.workers, *self.gateways)))
        command = [PROGRAM, "admin", "create-api-key", "Main", "--name", "w", "--data", str(self.data), "--json"]
        made = await asyncio.to_thread(
            subprocess.run, [*command, "--database", self.database], capture_output=True, check=True
        )
        self.api = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.web_port}/api/v1",
            headers={"Authorization": f"Bearer {json.loads(made.stdout)['api_key']}"},
            timeout=90,
            limits=httpx.Limits(max_connections=200),
        )
        assert (await self.api.post("/tokens", json={"id_token": "TAG"})).status_code == 201

    async def charge(self, count: int, **how: Any) -> None:
        """So many stations begin to charge."""
        identities = [f"{'V2' if number % 3 == 0 else 'V1'}-{number:05d}" for number in range(count)]
        made = await self.api.post("/stations/import", json=[{"identity": name} for name in identities])
        assert made.json()["created"] == count, made.text
        self.chargers = [Charger(self.urls, name, self.witness, **how) for name in identities]
        self.charging = [asyncio.create_task(charger.run()) for charger in self.chargers]

    async def finish(self) -> Ledger:
        """Let every charge under way come to its end; what is stored then."""
        for charger in self.chargers:
            charger.stop()
        await asyncio.gather(*self.charging)
        return await read_shared(self.database)

    async def close(self) -> None:
        """End all that runs."""
        for task in self.charging:
            task.cancel()
        await asyncio.gather(*self.charging, return_exceptions=True)
        await asyncio.gather(*(one.end_anyhow() for one in (*self.gateways, *self.workers, self.web)))
        if hasattr(self, "api"):
            await self.api.aclose()
        self.nats.stop()
        self.postgres.stop()

    async def judge(self) -> str:
        """Nothing acknowledged is lost, nothing is there twice."""
        return compare(self.witness, await self.finish())


class Commander:
    """Sends commands to random stations all the time, each with a text of its own."""

    def __init__(self, town: Town, *, pace_s: float) -> None:
        self._town = town
        self._pace_s = pace_s
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: asyncio.Task[None] | None = None
        self.told: dict[str, str] = {}
        self.unknown = 0

    def begin(self) -> None:
        """Begin to send."""
        self._sending = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._pace_s)
            task = asyncio.create_task(self._send(random.choice(self._town.chargers).identity))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, identity: str) -> None:
        text = f"command-{next(self._numbers)}"
        payload = {"vendorId": "W", "data": text}
        body = {"action": "DataTransfer", "payload": payload, "timeout_s": 5, "queue": random.random() < 0.3}
        try:
            answer = await self._town.api.post(f"/stations/{identity}/commands", json=body)
            self.told[text] = answer.json()["status"] if answer.status_code == 200 else "?"
        except httpx.HTTPError:
            self.told[text] = "?"

    async def end(self) -> None:
        """Send no more; return when each that was sent was told how it ended."""
        if self._sending is not None:
            self._sending.cancel()
        await asyncio.gather(*self._tasks)

    async def judge(self) -> str:
        """Each command has one end, and reached its station at most once: exactly once where it was answered."""
        found: dict[str, str] = {}

        async def all_ended() -> bool:
            connection = await looking_at_all(self._town.database)
            rows = await connection.fetch("SELECT payload, status FROM commands")
            await connection.close()
            found.update((json.loads(row["payload"])["data"], row["status"]) for row in rows)
            return set(found.values()) <= FINAL | {"queued"}

        await until(all_ended, 60)
        obeyed = self._town.witness.obeyed
        doubled = {text: times for text, times in obeyed.items() if times > 1}
        untrue = {
            text: (told, found.get(text))
            for text, told in self.told.items()
            if told not in {"?", "queued", found.get(text)}
        }
        idle = [text for text, status in found.items() if status == "answered" and not obeyed[text]]
        ghosts = [text for text, status in found.items() if status in {"offline", "expired", "busy"} and obeyed[text]]
        assert (doubled, untrue, idle, ghosts) == ({}, {}, [], [])
        ends = ", ".join(f"{count} {status}" for status, count in sorted(Counter(found.values()).items()))
        return f"{len(found)} commands ({ends}), none reached two sockets"


@asynccontextmanager
async def town(data: Path, gateways: int = 3, *, has_worker: bool = True) -> AsyncIterator[Town]:
    """An open town."""
    found = Town(data, gateways, has_worker=has_worker)
    try:
        await found.open()
        yield found
    finally:
        await found.close()


def slowest(values: list[float], part: float) -> float:
    """The quantile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else 0.0
