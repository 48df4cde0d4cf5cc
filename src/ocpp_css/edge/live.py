"""Live updates: an iterator of events as server-sent events, kept open, resumed by id, ended cleanly."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from ocpp_css.edge.principal import principal_of
from ocpp_css.edge.settings import WebSettings, client_address
from ocpp_css.kit.errors import TooMany, Unavailable

KEEP_ALIVE_S = 15.0
ASKED_ANEW_S = 1.0
"""For so long a stream is not asked again whether it may go on."""
STILL = "may_go_on"
"""Where the gate leaves, in the request's state, what tells whether the caller would be let in now."""
RETRY_MS = 2000


StillIn = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event of a stream: `data` is text, or anything that msgspec can write as JSON."""

    name: str
    data: Any
    id: str | None = None


class Draining(Unavailable):
    """The process is going away; streams begin elsewhere."""

    code = "draining"
    title = "The service is restarting"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


class Streams:
    """The open streams of this process: how many each caller holds, and the end of all when the server drains."""

    def __init__(self, per_caller: int) -> None:
        self._per_caller = per_caller
        self._open: Counter[str] = Counter()
        self._ending = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether the server is going away."""
        return self._ending.is_set()

    def drain(self) -> None:
        """End every stream and open no new one; called before the server stops accepting."""
        self._ending.set()

    def check(self, caller: str) -> None:
        """Refuse a stream that may not begin: the server drains, or `caller` has its share."""
        if self.is_draining:
            raise Draining
        if self._open[caller] >= self._per_caller:
            raise TooMany("Too many live streams are open at once. Close some tabs.", retry_after=10)

    def enter(self, caller: str) -> None:
        """Count a stream that begins."""
        self._open[caller] += 1

    def leave(self, caller: str) -> None:
        """Forget a stream that ended."""
        self._open[caller] -= 1
        if self._open[caller] <= 0:
            del self._open[caller]

    def __len__(self) -> int:
        return self._open.total()

    async def ended(self) -> None:
        """Wait until the server drains."""
        await self._ending.wait()


def last_event_id(request: Request[Any, Any, Any]) -> str | None:
    """The id of the last event that the client has seen; by the standard's header, or as a parameter."""
    return request.headers.get("last-event-id") or request.query_params.get("last_event_id") or None


def live(
    request: Request[Any, Any, Any], events: AsyncIterator[LiveEvent], *, keep_alive_s: float = KEEP_ALIVE_S
) -> ServerSentEvent:
    """Answer with `events` as they come, a comment when nothing came for `keep_alive_s` seconds.

    The iterator begins before the answer does, so that whoever reads what was before once the stream is open
    misses nothing. It is closed when the client leaves or the server drains; it should read
    `last_event_id(request)` itself.
    """
    streams: Streams = request.app.state.streams
    settings: WebSettings = request.app.state.settings
    who = principal_of(request)
    caller = f"{who.kind}:{who.id}" if who.is_known else client_address(request.scope, settings)
    streams.check(caller)
    may_go_on = request.scope["state"].get(STILL) or _always
    return ServerSentEvent(_messages(streams, caller, while_let_in(events, may_go_on), keep_alive_s))


async def _always() -> bool:
    return True


async def while_let_in(
    events: AsyncIterator[LiveEvent], may_go_on: StillIn, each_s: float = ASKED_ANEW_S
) -> AsyncGenerator[LiveEvent, None]:
    """The events until the caller's session, key or permission is no more: nothing is told `each_s` after that."""
    asked = time.monotonic()
    try:
        async for event in events:
            if time.monotonic() - asked >= each_s:
                if not await may_go_on():
                    return
                asked = time.monotonic()
            yield event
    finally:
        if close := getattr(events, "aclose", None):
            await close()


async def _messages(
    streams: Streams, caller: str, events: AsyncIterator[LiveEvent], keep_alive_s: float
) -> AsyncGenerator[ServerSentEventMessage, None]:
    streams.enter(caller)
    try:
        async with aclosing(_until_drained(streams, events, keep_alive_s)) as found:
            await anext(found)
            yield ServerSentEventMessage(data=None, retry=RETRY_MS, comment="open")
            async for event in found:
                yield _message(event)
    finally:
        streams.leave(caller)


async def _until_drained(
    streams: Streams, events: AsyncIterator[LiveEvent], keep_alive_s: float
) -> AsyncGenerator[LiveEvent | None, None]:
    """None once `events` listens, the events, None for each silence; over when they are, or the server drains."""
    ending = asyncio.ensure_future(streams.ended())
    coming = asyncio.ensure_future(anext(events, None))
    try:
        await asyncio.sleep(0)
        yield None
        while True:
            done, _ = await asyncio.wait({ending, coming}, timeout=keep_alive_s, return_when=asyncio.FIRST_COMPLETED)
            if ending in done:
                return
            if not done:
                yield None
                continue
            if (event := coming.result()) is None:
                return
            yield event
            coming = asyncio.ensure_future(anext(events, None))
    finally:
        await _stop(ending, coming)
        if close := getattr(events, "aclose", None):
            await close()


async def _stop(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task


def _message(event: LiveEvent | None) -> ServerSentEventMessage:
    if event is None:
        return ServerSentEventMessage(data=None, comment="still here")
    data = event.data if isinstance(event.data, str) else msgspec.json.encode(event.data).decode()
    return ServerSentEventMessage(data=data, event=event.name, id=event.id)
