"""The bus of one process: topics, patterns, requests."""

import asyncio
from typing import Any

import pytest

from ocpp_css.bus import InProcessBus, NobodyAnswers

pytestmark = pytest.mark.anyio


async def test_a_message_reaches_who_listens_to_its_topic_or_its_kind() -> None:
    bus = InProcessBus()
    heard: list[tuple[str, str]] = []
    for pattern in ("log.1.7", "log.*", "log.1.8", "facts.*"):
        bus.subscribe(pattern, lambda topic, _message, pattern=pattern: heard.append((pattern, topic)))
    bus.publish("log.1.7", {})
    assert heard == [("log.1.7", "log.1.7"), ("log.*", "log.1.7")]


async def test_nobody_hears_after_the_end_and_nobody_is_left_behind() -> None:
    bus = InProcessBus()
    heard: list[Any] = []
    cancels = [bus.subscribe("a.1", lambda _topic, message: heard.append(message)) for _ in range(2)]
    assert bus.is_watched("a.1")
    cancels[0]()
    cancels[0]()
    bus.publish("a.1", {"n": 1})
    assert heard == [{"n": 1}]
    cancels[1]()
    assert not bus.is_watched("a.1")
    assert not bus._receivers


async def test_a_topic_is_watched_by_its_kind_too() -> None:
    bus = InProcessBus()
    assert not bus.is_watched("a.1.2")
    bus.subscribe("a.*", lambda _topic, _message: None)
    assert bus.is_watched("a.1.2")
    assert not bus.is_watched("b.1")


async def test_who_ends_while_a_message_is_told_disturbs_nobody() -> None:
    bus = InProcessBus()
    heard: list[int] = []

    def first(_topic: str, _message: Any) -> None:
        heard.append(1)
        cancel()

    cancel = bus.subscribe("a.1", first)
    bus.subscribe("a.1", lambda _topic, _message: heard.append(2))
    bus.publish("a.1", {})
    bus.publish("a.1", {})
    assert heard == [1, 2, 2]


async def test_the_newest_server_is_asked_and_an_old_ones_end_does_not_matter() -> None:
    bus = InProcessBus()

    async def answer(number: int) -> dict[str, Any]:
        return {"n": number}

    end_first = bus.serve("call.1.7", lambda _message: answer(1))
    end_second = bus.serve("call.1.7", lambda _message: answer(2))
    end_first()
    assert await bus.request("call.1.7", {}, 1.0) == {"n": 2}
    end_second()
    with pytest.raises(NobodyAnswers):
        await bus.request("call.1.7", {}, 1.0)


async def test_a_request_that_takes_too_long_is_given_up() -> None:
    bus = InProcessBus()
    given_up = asyncio.Event()

    async def never(_message: Any) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return {}

    bus.serve("call.1.7", never)
    with pytest.raises(TimeoutError):
        await bus.request("call.1.7", {}, 0.01)
    assert given_up.is_set()
