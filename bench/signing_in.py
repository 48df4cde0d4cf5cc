"""People who sign in while stations are measured: each try is hashed, and none may hold the stations up (TRUST I3)."""

import asyncio
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

PATIENCE_S = 60.0
_FIRST = 0x0A000000
"""10.0.0.0: every try comes from an address of its own, or the limits on tries would answer before the hash."""


@dataclass(slots=True)
class Count:
    """What was answered: `hashed` are tries that took the whole way, to the refusal of a name that nobody has."""

    hashed: int = 0
    others: int = 0
    seconds: float = 0.0

    @property
    def per_s(self) -> float | None:
        """Tries a second."""
        return round(self.hashed / self.seconds, 1) if self.seconds else None


@contextmanager
def signing_in(url: str, at_once: int) -> Iterator[Count]:
    """So many people try without a pause, as long as the block runs; nobody does for 0.

    They have names that nobody has: such a try costs the same hash as a right one.
    """
    count, stopped = Count(), threading.Event()
    if not at_once:
        yield count
        return
    thread = threading.Thread(target=_try, args=(url, at_once, count, stopped), name="sign-ins")
    begun = time.monotonic()
    thread.start()
    try:
        yield count
    finally:
        stopped.set()
        count.seconds = time.monotonic() - begun
        thread.join()


def _try(url: str, at_once: int, count: Count, stopped: threading.Event) -> None:
    """On the generator's core, behind the generator: what holds its clock up would be told as the server's delay."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    asyncio.run(_all(url, at_once, count, stopped))


async def _all(url: str, at_once: int, count: Count, stopped: threading.Event) -> None:
    numbers = itertools.count(1)
    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, limits=limits, headers={"Origin": url}) as client:
        await asyncio.gather(*(_one(client, numbers, count, stopped) for _ in range(at_once)))


async def _one(client: httpx.AsyncClient, numbers: Iterator[int], count: Count, stopped: threading.Event) -> None:
    while not stopped.is_set():
        number = next(numbers)
        form = {"login": f"nobody{number}@example.com", "password": "a lamp beside nine quiet harbours"}
        answer = await client.post("/console/sign-in", data=form, headers={"X-Forwarded-For": _address(number)})
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            count.hashed += 1
        else:
            count.others += 1


def _address(number: int) -> str:
    return ".".join(str(part) for part in (_FIRST + number).to_bytes(4))
