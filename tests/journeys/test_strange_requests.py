"""Requests that no page and no client of ours would send: forged cursors, endless nesting, other people's names."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.running import api_of

from ocpp_css.app.cli import remote
from ocpp_css.app.running import Service

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]

LISTS = {
    "/stations": "identity", "/transactions": "-received_at", "/tokens": "-created_at", "/review": "-created_at",
    "/audit": "-id", "/api-keys": "-id", "/stations/CP1/messages": "-at", "/stations/CP1/commands": "-created_at",
    "/stations/CP1/security-events": "-at", "/stations/CP1/firmware": "-at",
}  # fmt: skip


@pytest.fixture
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The API of the default account on either database, with a station."""
    async with await api_of(service) as client:
        assert (await client.post("/stations", json={"identity": "CP1"})).status_code == 201
        yield client


def forged(*parts: Any) -> str:
    """A cursor of one's own making."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.trust("A51")
async def test_a_forged_cursor_is_refused_or_leads_nowhere(api):
    before_all_time = {"t": "0001-01-01T00:00:00+14:00"}
    for path, order in LISTS.items():
        for value, row in [(None, "x"), ("\0", 1), ("\ud800", "\ud800"), (float("inf"), ""), (before_all_time, 1)]:
            answer = await api.get(path, params={"cursor": forged(order, value, row)})
            assert answer.status_code in {200, 422}, (path, value, row, answer.text)


@pytest.mark.trust("A51")
async def test_a_cursor_with_a_value_of_another_column_is_refused(api):
    for order, value in [("identity", 7), ("-name", True), ("created_at", "x")]:
        answer = await api.get("/stations", params={"sort": order, "cursor": forged(order, value, 1)})
        assert answer.status_code == 422
        assert answer.json()["code"] == "invalid_cursor"


@pytest.mark.trust("A66")
async def test_a_character_that_cannot_be_stored_finds_nothing(api):
    for path in ("/stations?search=%00", "/stations/%00", "/tokens/a%00b", "/audit?subject=%00"):
        assert (await api.get(path)).status_code in {200, 404, 422}, path


@pytest.mark.trust("A66")
async def test_json_without_end_is_the_senders_fault(api):
    for body in (b"[" * 100_000, b'{"identity":' * 100_000):
        answer = await api.post("/stations", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["code"] == "malformed_request"


@pytest.mark.trust("A66")
async def test_a_nul_is_refused_wherever_it_stands(api):
    for path, body in [
        ("/account", {"name": "a\0b"}),
        ("/stations/CP1", {"location": {"address": "\0"}}),
        ("/stations/CP1", {"na\0me": "x"}),
    ]:
        answer = await api.patch(path, json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "invalid"
        assert answer.json()["errors"][0]["message"] == "holds the character NUL"
    assert (await api.patch("/account", json={"name": "\\u0000 is only spelled"})).status_code == 200
    assert (await api.get("/account")).json()["name"] == "\\u0000 is only spelled"
    form = await api.post(api.base_url.join("/console/sign-in"), data={"email": "a\0@example.org", "password": "x"})
    assert form.status_code in {403, 422}, form.text


async def test_a_parameter_is_named_as_the_caller_wrote_it(api):
    answer = await api.get("/transactions", params={"state": "wrong"})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == ["state"]
    assert [fault["path"] for fault in (await api.get("/transactions?limit=x")).json()["errors"]] == ["limit"]


async def test_the_command_line_names_its_own_options(service: Service, api):
    key = api.headers["Authorization"].removeprefix("Bearer ")
    with pytest.raises(remote.Refused, match="needs --allow-weak"):
        await asyncio.to_thread(remote.add_station, "CP2", password="short", url=service.web_url, api_key=key)
