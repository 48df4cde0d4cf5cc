"""Commands to stations over REST, so many a second whatever becomes of them: how long each takes for who sent it."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field

import httpx

from bench.faults import CannotMeasure
from bench.preparing import PREFIX

PART = 0.8
"""Commands are sent in this part of the measurement, so that the last are answered before the stations leave."""
PATIENCE_S = 30.0
BODY = {"action": "DataTransfer", "payload": {"vendorId": "Benchmark"}}


@dataclass(slots=True)
class Commanded:
    """What was seen: how long the answered ones took, from when they were due; how the others ended."""

    took_ms: list[float] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Answered ones a second."""
        return len(self.took_ms) / self.seconds if self.seconds else 0.0

    def quantile_ms(self, part: float) -> float:
        """CannotMeasure where none was answered."""
        if not self.took_ms:
            raise CannotMeasure(f"no command was answered: {self.others}")
        return sorted(self.took_ms)[min(int(part * len(self.took_ms)), len(self.took_ms) - 1)]

    @property
    def faults(self) -> str:
        """The ends that are none; empty where every command was answered."""
        return ", ".join(f"{count:,} commands ended as {end}" for end, count in sorted(self.others.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commander:
    """Who sends them, to one station after the other."""

    url: str
    api_key: str
    stations: int
    rate: float
    seconds: float

    def send(self) -> Commanded:
        """Send all, and wait for the last answer."""
        return asyncio.run(self._send())

    async def _send(self) -> Commanded:
        found = Commanded(seconds=self.seconds * PART)
        headers = {"Authorization": f"Bearer {self.api_key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE_S) as api:
            await api.get("/api/v1/account")
            begun = time.perf_counter()
            async with asyncio.TaskGroup() as sending:
                for number in itertools.count():
                    due = begun + number / self.rate
                    if due - begun >= found.seconds:
                        break
                    await asyncio.sleep(due - time.perf_counter())
                    sending.create_task(self._one(api, number, due, found))
        return found

    async def _one(self, api: httpx.AsyncClient, number: int, due: float, found: Commanded) -> None:
        try:
            answer = await api.post(f"/api/v1/stations/{PREFIX}{number % self.stations:05}/commands", json=BODY)
            end = answer.json()["status"] if answer.status_code == httpx.codes.OK else str(answer.status_code)
        except httpx.HTTPError as fault:
            end = type(fault).__name__
        if end == "answered":
            found.took_ms.append((time.perf_counter() - due) * 1000)
        else:
            found.others[end] = found.others.get(end, 0) + 1
