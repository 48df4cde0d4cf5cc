"""What comes on topics, as a queue of bounded length."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ocpp_css.bus.port import Bus, Message

WAITING = 1_000
"""So many messages wait for a listener that is too slow; after that the oldest are lost, never memory."""


@asynccontextmanager
async def heard(bus: Bus, *topics: str) -> AsyncIterator[asyncio.Queue[tuple[str, Message]]]:
    """What comes on these topics from now on, with the topic; of too much the oldest is lost."""
    waiting: asyncio.Queue[tuple[str, Message]] = asyncio.Queue(WAITING)

    def receive(topic: str, message: Message) -> None:
        if waiting.full():
            waiting.get_nowait()
        waiting.put_nowait((topic, message))

    cancels = [bus.subscribe(topic, receive) for topic in topics]
    try:
        yield waiting
    finally:
        for cancel in cancels:
            cancel()
