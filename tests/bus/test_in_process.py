"""What the bus of one process does beyond the contract (`test_bus.py`)."""

from typing import Any

import pytest

from ocpp_css.bus import InProcessBus, NobodyAnswers

pytestmark = pytest.mark.anyio


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
