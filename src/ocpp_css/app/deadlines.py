"""The web port cuts whoever sends a request too slowly; uvicorn would wait for ever (TRUST A18)."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0
BODY_S = 120.0


class PunctualProtocol(HttpToolsProtocol):
    """A connection whose request line and headers come within `HEADERS_S`, and the body within `BODY_S`.

    Each socket of the web port is one that no station can have, since a process may only have so many.
    """

    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio."""
        super().connection_made(transport)
        self._within(HEADERS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._in_time()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._within(BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools; what follows an answer that came early is the next request's."""
        super().on_message_complete()
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self._within(HEADERS_S)
        else:
            self._in_time()

    def on_response_complete(self) -> None:
        """See uvicorn; what is next in the pipeline has its headers already."""
        if not self.pipeline:
            self._within(HEADERS_S)
        super().on_response_complete()

    def _within(self, seconds: float) -> None:
        self._in_time()
        self._deadline = self.loop.call_later(seconds, self._cut)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self.transport.abort()
