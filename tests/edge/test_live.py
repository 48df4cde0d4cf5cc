import asyncio

import anyio
import pytest
from litestar.testing import TestClient

from ocpp_css.edge.live import LiveEvent, Streams, _messages


def test_events_carry_ids_and_resume(client, as_key):
    answer = client.get("/api/v1/things/live", headers={**as_key, "Last-Event-ID": "5", "Accept-Encoding": "gzip"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers
    lines = answer.text.splitlines()
    assert [line for line in lines if line.startswith("id:")] == ["id: 6", "id: 7", "id: 8"]
    assert 'data: {"number":6}' in lines
    assert "event: thing" in lines


def test_a_stream_needs_its_permission(client):
    assert client.get("/api/v1/things/live").status_code == 401


def test_a_draining_server_opens_no_stream(client, as_key):
    client.app.state.streams.drain()
    answer = client.get("/api/v1/things/live", headers=as_key)
    assert (answer.status_code, answer.json()["code"]) == (503, "draining")


def test_a_caller_has_its_share_of_streams(build, as_key):
    with TestClient(build(settings={"streams_per_caller": 0})) as client:
        assert client.get("/api/v1/things/live", headers=as_key).status_code == 429


class Endless:
    def __init__(self):
        self.is_closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(3600)

    async def aclose(self):
        self.is_closed = True


@pytest.mark.anyio
async def test_silence_is_kept_alive_and_the_drain_ends_it():
    streams, events = Streams(9), Endless()
    stream = _messages(streams, "me", events, 0.01)
    with anyio.fail_after(5):
        assert (await anext(stream)).retry
        assert len(streams) == 1
        assert (await anext(stream)).comment == "still here"
        streams.drain()
        assert [message async for message in stream] == []
    assert events.is_closed
    assert len(streams) == 0


@pytest.mark.anyio
async def test_a_leaving_client_closes_the_source():
    streams, events = Streams(9), Endless()
    stream = _messages(streams, "me", events, 60)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert events.is_closed
    assert len(streams) == 0


@pytest.mark.anyio
async def test_a_failing_source_is_not_swallowed():
    async def failing():
        yield LiveEvent("a", "text")
        msg = "bus is gone"
        raise RuntimeError(msg)

    stream = _messages(Streams(9), "me", failing(), 60)
    await anext(stream)
    assert (await anext(stream)).data == "text"
    with pytest.raises(RuntimeError):
        await anext(stream)


@pytest.mark.anyio
async def test_the_source_listens_before_the_stream_is_open():
    """What comes between the answer's first bytes and the first wait is not missed."""
    waiting: asyncio.Queue[str] | None = None

    async def listening():
        nonlocal waiting
        waiting = asyncio.Queue()
        while True:
            yield LiveEvent("a", await waiting.get())

    stream = _messages(Streams(9), "me", listening(), 60)
    assert (await anext(stream)).retry
    assert waiting is not None
    waiting.put_nowait("early")
    assert (await anext(stream)).data == "early"
    await stream.aclose()
