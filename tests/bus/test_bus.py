"""One contract, two buses: of one process, and of several over NATS."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.nats_server import NatsServer
from tests.running import until

from ocpp_css.bus import Bus, InProcessBus, Message, NobodyAnswers
from ocpp_css.bus.nats import NatsBus

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-15")]
_names = itertools.count(1)
Seats = tuple[Bus, Bus]
"""Two places on one bus: the same one of a process, or two processes' of NATS."""


@pytest.fixture(params=["in process", "nats"])
async def seats(request: pytest.FixtureRequest) -> AsyncIterator[Seats]:
    if request.param == "in process":
        bus = InProcessBus()
        yield bus, bus
        return
    server: NatsServer = request.getfixturevalue("nats_server")
    async with AsyncExitStack() as stack:
        yield await two(server, stack)


async def two(server: NatsServer, stack: AsyncExitStack) -> tuple[NatsBus, NatsBus]:
    name = f"test{next(_names)}"
    found = []
    for _ in range(2):
        found.append(await NatsBus.open(server.url, name))
        stack.push_async_callback(found[-1].close)
    await until(lambda: met(*found))
    return found[0], found[1]


async def met(*buses: NatsBus) -> bool:
    return all(len(bus._peers) == len(buses) - 1 for bus in buses)


def answering(value: Any) -> Callable[[Message], Awaitable[Message]]:
    async def answer(message: Message) -> Message:
        return {"value": value, "asked": message}

    return answer


async def test_a_message_reaches_who_listens_to_its_topic_or_its_kind_anywhere(seats: Seats) -> None:
    here, there = seats
    heard: list[tuple[str, str, Message]] = []
    for pattern in ("log.1.7", "log.*", "log.1.8", "facts.*"):
        there.subscribe(pattern, lambda *told, pattern=pattern: heard.append((pattern, *told)))
    here.publish("log.1.7", {"n": [1, {"é": None}]})
    await here.settle(5)
    assert heard == [("log.1.7", "log.1.7", {"n": [1, {"é": None}]}), ("log.*", "log.1.7", {"n": [1, {"é": None}]})]


async def test_who_tells_hears_it_once(seats: Seats) -> None:
    here, _ = seats
    heard: list[Message] = []
    here.subscribe("log.*", lambda _topic, message: heard.append(message))
    here.publish("log.1.7", {"n": 1})
    await here.settle(5)
    assert heard == [{"n": 1}]


async def test_messages_of_many_tenants_and_kinds_come_in_the_order_in_which_they_were_told(seats: Seats) -> None:
    here, there = seats
    heard: list[int] = []
    for kind in ("a.*", "b.*"):
        there.subscribe(kind, lambda _topic, message: heard.append(message["n"]))
    for number in range(2_000):
        here.publish(f"{'ab'[number % 2]}.7", {"n": number})
        if number % 100 == 0:
            await asyncio.sleep(0)
    await here.settle(5)
    assert heard == list(range(2_000))


async def test_after_settling_everybody_has_what_was_told_whatever_the_tenant(seats: Seats) -> None:
    here, there = seats
    heard: list[str] = []
    there.subscribe("a.*", lambda topic, _message: heard.append(topic))
    for tenant in range(50):
        here.publish(f"a.{tenant}", {})
    await here.settle(5)
    assert len(heard) == 50


async def test_what_is_listened_to_is_known_elsewhere_and_its_end_too(seats: Seats) -> None:
    here, there = seats

    async def watched() -> bool:
        return here.is_watched("log.1.7")

    async def unwatched() -> bool:
        return not here.is_watched("log.1.7")

    assert not here.is_watched("log.1.7")
    cancel = there.subscribe("log.1.7", lambda _topic, _message: None)
    await until(watched)
    assert not here.is_watched("log.1.8")
    cancel()
    await until(unwatched)
    there.subscribe("log.*", lambda _topic, _message: None)
    await until(watched)


async def test_a_request_is_answered_wherever_its_topic_is_served(seats: Seats) -> None:
    here, there = seats
    end = there.serve("call.7.*", answering(1))
    there.serve("call.7.1.2", answering(2))

    async def served() -> bool:
        try:
            return bool(await here.request("call.7.1.3", {"x": 1}, 5))
        except NobodyAnswers:
            return False

    await until(served)
    assert await here.request("call.7.1.3", {"x": "ü"}, 5) == {"value": 1, "asked": {"x": "ü"}}
    assert (await here.request("call.7.1.2", {}, 5))["value"] == 2
    assert (await there.request("call.7.1.3", {}, 5))["value"] == 1
    end()

    async def unserved() -> bool:
        return not await served()

    await until(unserved)


async def test_nobody_answers_is_told_at_once(seats: Seats) -> None:
    here, _ = seats
    async with asyncio.timeout(2):
        with pytest.raises(NobodyAnswers):
            await here.request("call.9.1.3", {}, 60)


async def test_a_request_that_takes_too_long_is_given_up_on_both_sides(seats: Seats) -> None:
    here, there = seats
    asked, given_up = asyncio.Event(), asyncio.Event()

    async def never(_message: Message) -> Message:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return {}

    there.serve("call.7.*", never)
    await there.settle(5)
    while not asked.is_set():
        with pytest.raises((TimeoutError, NobodyAnswers)):
            await here.request("call.7.1", {}, 0.1)
    async with asyncio.timeout(5):
        await given_up.wait()


@pytest.mark.trust("A12")
@pytest.mark.parametrize("topic", ["a.*.b", "a.>", "a b", "a.b\r\nPUB x 1", "", "a..b", "ä.1", "a.%2e"])
async def test_a_topic_that_nats_would_read_otherwise_never_goes_out(nats_server: NatsServer, topic: str) -> None:
    async with AsyncExitStack() as stack:
        here, _ = await two(nats_server, stack)
        for use in (lambda: here.subscribe(topic, lambda *_: None), lambda: here.serve(topic, answering(1))):
            with pytest.raises(ValueError, match="not a topic"):
                use()
        with pytest.raises(ValueError, match="not a topic"):
            await here.request(topic, {}, 1)


async def test_installations_on_one_nats_do_not_hear_one_another(nats_server: NatsServer) -> None:
    async with AsyncExitStack() as stack:
        here, there = await two(nats_server, stack)
        strange, _ = await two(nats_server, stack)
        heard: list[str] = []
        for bus in (there, strange):
            bus.subscribe("a.*", lambda topic, _message, bus=bus: heard.append("strange" if bus is strange else topic))
        here.publish("a.1", {})
        await here.settle(5)
        assert heard == ["a.1"]


async def test_many_large_messages_are_carried_and_one_too_large_is_counted(nats_server: NatsServer) -> None:
    async with AsyncExitStack() as stack:
        here, there = await two(nats_server, stack)
        heard: list[int] = []
        there.subscribe("a.*", lambda _topic, message: heard.append(len(message["text"])))
        for _ in range(8):
            here.publish("a.1", {"text": "x" * 300_000})
        here.publish("a.1", {"text": "x" * 2_000_000})
        await here.settle(5)
        assert heard == [300_000] * 8
        assert here.unsent == 1


@pytest.mark.timeout(60)
async def test_a_nats_that_goes_is_noticed_and_found_again(anyio_backend: Any) -> None:
    server = NatsServer()
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        here, there = await two(server, stack)
        there.serve("call.7.*", answering(1))
        server.stop()

        async def lost() -> bool:
            return not here.is_whole and not there.is_whole

        await until(lost)
        here.publish("a.1", {})
        assert here.unsent == 1
        with pytest.raises(NobodyAnswers):
            await here.request("call.7.1", {}, 5)
        await here.settle(0.1)
        server.start()

        async def found() -> bool:
            return here.is_whole and there.is_whole and await met(here, there)

        await until(found)
        assert here.gaps >= 2
        assert (await here.request("call.7.1", {}, 5))["value"] == 1


@pytest.mark.timeout(60)
async def test_a_nats_that_hangs_is_noticed(anyio_backend: Any) -> None:
    server = NatsServer()
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        here, _ = await two(server, stack)
        server.pause()

        async def lost() -> bool:
            return not here.is_whole

        await until(lost, 30)
        server.go_on()

        async def found() -> bool:
            return here.is_whole

        await until(found, 30)


async def test_a_nats_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9") as refused:
        await NatsBus.open("nats://user:secret@127.0.0.1:9", "test")
    assert "secret" not in str(refused.value)
