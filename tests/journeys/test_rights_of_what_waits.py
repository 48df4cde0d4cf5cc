"""A command that waited for its station is sent only if whoever sent it may send it still (decision 72)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.isolation import member, signed_in
from tests.running import api_of, default_account, station, until

from ocpp_css.app.running import Service

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-1"), pytest.mark.requirement("CS-11")]
WAITING = {"action": "Reset", "payload": {"type": "Soft"}, "queue": True}


@pytest.fixture
async def owner(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A key with every permission."""
    async with await api_of(service) as client:
        yield client


@pytest.fixture
async def technician(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A technician's browser."""
    account = (await default_account(service)).account_id
    user = await member(service, account, "technician", "Tess")
    async with (await signed_in(service, user, account, "technician")).client as browser:
        browser.base_url = httpx.URL(f"{service.web_url}/api/v1/")
        yield browser


async def waits(sender: httpx.AsyncClient) -> str:
    answer = await sender.post("stations/CP1/commands", json=WAITING)
    assert answer.json()["status"] == "queued", answer.text
    return str(answer.json()["command_id"])


async def ended(owner: httpx.AsyncClient, command: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = (await owner.get(f"/commands/{command}")).json()
        return found if "finished_at" in found else None

    return dict(await until(look))


async def was_not_sent(owner: httpx.AsyncClient, command: str, sender: str) -> None:
    """It has its one end, the audit log tells of it once, and the station never sees it."""
    end = await ended(owner, command)
    assert (end["status"], end["error_code"], end.get("sent_at")) == ("cancelled", "permission_lost", None)
    told = (await owner.get("/audit?action=command.cancel")).json()["items"]
    assert [(one["subject"], one["after"]) for one in told] == [(command, {"action": "Reset", "sent_by": sender})]


async def comes(service: Service, owner: httpx.AsyncClient) -> str:
    """The station comes: what was sent last by one who may all of it is the first that reaches it."""
    last = await waits(owner)
    async with station(service, "CP1") as wire:
        assert (await wire.answer({"status": "Accepted"}))[0] == "Reset"
        assert (await ended(owner, last))["status"] == "answered"
    return last


@pytest.mark.parametrize("loss", ["another role", "taken out"])
async def test_nothing_is_sent_for_somebody_who_lost_the_right(
    service: Service, owner: httpx.AsyncClient, technician: httpx.AsyncClient, loss: str
) -> None:
    await owner.post("/stations", json={"identity": "CP1"})
    command, person = await waits(technician), (await technician.get("me")).json()["id"]
    if loss == "taken out":
        assert (await owner.delete(f"/users/{person}")).status_code == 204
    else:
        assert (await owner.patch(f"/users/{person}", json={"role": "viewer"})).status_code == 200
    await comes(service, owner)
    await was_not_sent(owner, command, "Tess")


async def test_nothing_is_sent_for_a_key_that_was_revoked(service: Service, owner: httpx.AsyncClient) -> None:
    await owner.post("/stations", json={"identity": "CP1"})
    async with await api_of(service, scopes=("commands:restart", "keys:read")) as key:
        command = await waits(key)
        (number,) = [
            one["id"] for one in (await owner.get("/api-keys")).json()["items"] if "commands:restart" in one["scopes"]
        ]
    assert (await owner.delete(f"/api-keys/{number}")).status_code == 204
    await comes(service, owner)
    sender = (await owner.get(f"/commands/{command}")).json()["created_by"]
    await was_not_sent(owner, command, sender)


async def test_what_may_be_sent_still_is_sent(
    service: Service, owner: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    await owner.post("/stations", json={"identity": "CP1"})
    command, person = await waits(technician), (await technician.get("me")).json()["id"]
    assert (await owner.patch(f"/users/{person}", json={"role": "operator"})).status_code == 200
    async with station(service, "CP1") as wire:
        assert (await wire.answer({"status": "Accepted"}))[0] == "Reset"
        assert (await ended(owner, command))["status"] == "answered"
