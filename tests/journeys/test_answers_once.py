"""A write that is sent again with its key happens once: in parallel, after a restart, killed at any moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.serving import Served, serving
from tests.running import api_of, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.edge.replies import KEPT_FOR, KEPT_REPLIES, StoredReplies
from ocpp_css.storage import Outcome, Unit

pytestmark = [pytest.mark.anyio, pytest.mark.trust("R13"), pytest.mark.requirement("CS-11")]


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def as_sent(answer: httpx.Response) -> tuple[int, str, bytes]:
    return answer.status_code, answer.headers["content-type"], answer.content


async def identities(api: httpx.AsyncClient) -> list[str]:
    return [found["identity"] for found in (await api.get("/stations", params={"limit": 500})).json()["items"]]


@contextlib.asynccontextmanager
async def one_run(data: Path, database_url: str) -> AsyncIterator[tuple[Service, str]]:
    """The service on the same data, with the key of its first run."""
    database = None if database_url.startswith("sqlite") else database_url
    async with whole_service(data, database=database) as service:
        kept = data / "test.key"
        if not kept.exists():
            async with await api_of(service) as api:
                kept.write_text(api.headers["Authorization"])
        yield service, kept.read_text()


def client(run: tuple[Service, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{run[0].web_url}/api/v1", headers={"Authorization": run[1]}, timeout=10)


async def test_fifty_at_once_happen_once_and_a_restart_gives_the_same_bytes(tmp_path: Path, database_url: str) -> None:
    body = {"identity": "CP1", "name": "Müller & Söhne"}
    async with one_run(tmp_path, database_url) as run, client(run) as api:
        answers = await asyncio.gather(*(api.post("/stations", json=body, headers=keyed("one")) for _ in range(50)))
        made = [answer for answer in answers if answer.status_code == 201]
        (first,) = [answer for answer in made if "idempotent-replayed" not in answer.headers]
        refused = [answer for answer in answers if answer.status_code == 409]
        assert {answer.json()["code"] for answer in refused} <= {"idempotency_key_in_progress"}
        assert {as_sent(answer) for answer in made} == {as_sent(first)}
        assert len(made) + len(refused) == len(answers)
    async with one_run(tmp_path, database_url) as run, client(run) as api:
        assert await api.delete("/stations/CP1") is not None
        again = await api.post("/stations", json=body, headers=keyed("one"))
        assert as_sent(again) == as_sent(first)
        assert again.headers["idempotent-replayed"] == "true"
        assert await identities(api) == []
        other = await api.post("/stations", json={"identity": "CP2"}, headers=keyed("one"))
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_refused_request_may_be_mended_and_sent_with_its_key(service: Service, api: httpx.AsyncClient) -> None:
    assert (await api.post("/stations", json={"identity": "no/good"}, headers=keyed("k"))).status_code == 422
    assert (await api.post("/stations", json={"identity": "CP1"}, headers=keyed("k"))).status_code == 201
    assert (await api.post("/stations", json={"identity": "CP1"}, headers=keyed("l"))).status_code == 409
    await api.delete("/stations/CP1")
    assert (await api.post("/stations", json={"identity": "CP1"}, headers=keyed("l"))).status_code == 201


@pytest.mark.trust("A46")
async def test_a_command_with_a_key_reaches_the_station_once(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    reset = {"action": "Reset", "payload": {"type": "Soft"}}
    async with station(service, "CP1") as wire:
        await wire.boot()
        sending = asyncio.create_task(api.post("/stations/CP1/commands", json=reset, headers=keyed("r")))
        kind, number, action, _ = await wire.receive()
        assert (kind, action) == (2, "Reset")
        meanwhile = await api.post("/stations/CP1/commands", json=reset, headers=keyed("r"))
        assert meanwhile.json()["code"] == "idempotency_key_in_progress"
        await wire.send([3, number, {"status": "Accepted"}])
        first = await sending
        again = await api.post("/stations/CP1/commands", json=reset, headers=keyed("r"))
        assert as_sent(again) == as_sent(first)
        await wire.ask("Heartbeat", {})


class Campaign:
    """Keyed writes to a process that is killed while they run, repeated until each is answered."""

    def __init__(self) -> None:
        self.answers: dict[str, set[bytes]] = {}

    async def write(self, served: Served, name: str) -> None:
        async with served.client() as api:
            with contextlib.suppress(httpx.HTTPError):
                answer = await api.post("/tokens", json={"id_token": name}, headers=keyed(name))
                assert answer.status_code in {201, 409}, answer.text
                if answer.status_code == 201:
                    self.answers.setdefault(name, set()).add(answer.content)

    async def kill_amid(self, served: Served, names: list[str]) -> None:
        """Each is sent twice at once; the process is killed when the first was answered."""
        writing = [asyncio.create_task(self.write(served, name)) for name in names * 2]
        await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
        await served.kill()
        await asyncio.gather(*writing)

    async def check(self, served: Served, names: list[str]) -> None:
        for name in names:
            await self.write(served, name)
        found = [token["id_token"] for token in (await served.get("/tokens", limit=500))["items"]]
        assert sorted(found) == sorted(names)
        assert all(len(self.answers[name]) == 1 for name in names)


async def test_killed_amid_writes_every_key_has_one_effect(tmp_path: Path) -> None:
    reset = {"action": "Reset", "payload": {"type": "Soft"}}
    campaign, names = Campaign(), [f"T{number}" for number in range(20)]
    async with serving(tmp_path) as served:
        await served.register("CP1")
        async with station(served, "CP1") as wire, served.client() as api:
            await wire.boot()
            sending = asyncio.create_task(api.post("/stations/CP1/commands", json=reset, headers=keyed("r")))
            assert (await wire.receive())[2] == "Reset"
            await campaign.kill_amid(served, names)
            with pytest.raises(httpx.HTTPError):
                await sending
    async with serving(tmp_path) as served:
        async with station(served, "CP1") as wire, served.client() as api:
            await wire.boot()
            again = await api.post("/stations/CP1/commands", json=reset, headers=keyed("r"))
            assert (again.status_code, again.json()["code"]) == (409, "idempotency_key_answer_lost")
            await wire.ask("Heartbeat", {})
        await campaign.check(served, names)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_killed_again_and_again_every_key_has_one_effect(tmp_path: Path) -> None:
    campaign, names = Campaign(), []
    for round_ in range(20):
        new = [f"T{round_}-{number}" for number in range(20)]
        names += new
        async with serving(tmp_path) as served:
            await campaign.kill_amid(served, new)
    async with serving(tmp_path) as served:
        await campaign.check(served, names)


async def test_old_replies_are_swept_and_their_keys_free(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/tokens", json={"id_token": "TAG"}, headers=keyed("k"))
    await api.delete("/tokens/TAG")
    db = service.wiring.db
    replies = StoredReplies(db, b"0" * 32)
    assert await replies.sweep() == 0
    today = db.clock
    db.clock = lambda: today() + KEPT_FOR + timedelta(minutes=1)
    assert (await api.post("/tokens", json={"id_token": "TAG"}, headers=keyed("k"))).headers.get(
        "idempotent-replayed"
    ) is None
    db.clock = lambda: today() + 3 * KEPT_FOR
    assert await replies.sweep() == 1
    assert await db.across_tenants(KEPT_REPLIES.select()) == []


async def test_what_is_kept_cannot_be_read_in_the_database(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/tokens", json={"id_token": "READABLE"}, headers=keyed("READABLE"))
    (row,) = await service.wiring.db.across_tenants(KEPT_REPLIES.select())
    assert "READABLE" not in repr(row)
    assert row.reply


async def test_of_two_processes_that_hold_a_key_one_commits(service: Service) -> None:
    """The first was paused so long that the second took the key over: its commit is refused, not doubled."""
    db = service.wiring.db
    paused, other = StoredReplies(db, b"0" * 32), StoredReplies(db, b"0" * 32)
    units: list[Unit] = []
    for store in (paused, other):
        claim: Any = await store.begin(1, "k", b"f")
        unit = db.unit(1)
        claim.bind(unit)
        units.append(unit)
    ended: list[Outcome | None] = []
    for unit in units:
        unit.submit(lambda done: ended.append(done.outcome))

    async def both() -> bool:
        return len(ended) == 2

    await until(both)
    assert ended == [Outcome.STALE, Outcome.COMMITTED]
