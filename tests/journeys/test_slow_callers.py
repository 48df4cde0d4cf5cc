"""Whoever sends too slowly is cut, on the stations' port and on the web's; who waits for an answer is not."""

import asyncio
from pathlib import Path

import pytest
from tests.running import PATIENCE_S, api_of, station, whole_service

from ocpp_css.app import deadlines
from ocpp_css.app.running import Service
from ocpp_css.gateway import server

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]
SLOW = (
    b"",
    b"GET /",
    b"GET / HTTP/1.1\r\nHost: x\r\n",
    b"POST /console/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
)


async def is_cut(url: str, sent: bytes) -> bool:
    """Whether the other side ends the connection by itself."""
    host, port = url.split("//")[1].split("/", maxsplit=1)[0].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    try:
        while await asyncio.wait_for(reader.read(65536), PATIENCE_S):
            pass
    except ConnectionError:
        return True
    finally:
        writer.transport.abort()
    return True


@pytest.mark.trust("A18")
async def test_a_socket_that_sends_too_slowly_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in ((server, "HANDSHAKE_S"), (deadlines, "HEADERS_S"), (deadlines, "BODY_S")):
        monkeypatch.setattr(place, name, 0.3)
    async with whole_service(tmp_path) as service:
        cut = [is_cut(service.web_url, sent) for sent in SLOW]
        cut += [is_cut(service.station_url, sent) for sent in SLOW[:3]]
        cut.append(is_cut(service.web_url, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET"))
        assert all(await asyncio.gather(*cut))


async def test_who_waits_for_a_slow_answer_is_not_cut(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HEADERS_S", 0.2)
    monkeypatch.setattr(deadlines, "BODY_S", 0.2)
    reset = {"action": "Reset", "payload": {"type": "Soft"}}
    async with await api_of(service) as api:
        assert (await api.post("/stations", json={"identity": "CP1"})).status_code == 201
        async with station(service, "CP1") as wire:
            await wire.boot()
            for _ in range(2):
                sent = asyncio.create_task(api.post("/stations/CP1/commands", json={**reset, "timeout_s": 1}))
                assert (await sent).json()["status"] == "timeout"
