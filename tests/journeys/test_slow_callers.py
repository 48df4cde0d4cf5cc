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


async def answer_of(url: str, sent: bytes) -> bytes:
    """What the other side says before it ends the connection, nothing where the rest of `sent` was not taken."""
    host, port = url.split("//")[1].split("/", maxsplit=1)[0].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


def head(*lines: str, target: str = "/health/live") -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()


@pytest.mark.trust("A19")
async def test_a_head_without_end_or_with_two_meanings_is_refused(service: Service) -> None:
    many = [f"X-{number}: y" for number in range(deadlines.MAX_HEADERS)]
    cases = {
        head(*many[:-2]): b"200",
        head(*many): b"431",
        head(*(many * 40)): b"431",
        head(f"X: {'y' * (60 << 10)}"): b"200",
        head(f"X: {'y' * (1 << 20)}"): b"431",
        head(target="/health/live?" + "x" * 8000): b"200",
        head(target="/health/live?" + "x" * 8200): b"414",
        head("Host: y"): b"400",
        head("Authorization: Basic eDp4", "Authorization: Basic eTp5"): b"400",
        head("Content-Length: 1", "Content-Length: 2"): b"400",
        head("Content-Length: 1", "Transfer-Encoding: chunked"): b"400",
    }
    for sent, status in cases.items():
        answer = await answer_of(service.web_url, sent)
        is_cut_off = not answer and len(sent) > deadlines.MAX_HEAD_BYTES
        assert is_cut_off or answer.startswith(b"HTTP/1.1 " + status), (sent[:100], answer[:100])
    async with await api_of(service) as api:
        # One connection, many requests: each head counts by itself.
        for _ in range(3):
            assert (await api.get("/ping", headers={f"X-{n}": "y" * 300 for n in range(100)})).status_code == 200


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
