"""The web port cuts whoever sends too slowly, or a head without end; uvicorn would take both (TRUST A18, A19)."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0
BODY_S = 120.0
MAX_HEADERS = 128
MAX_TARGET_BYTES = 8 << 10
MAX_HEAD_BYTES = 64 << 10
_ONCE = (b"host", b"authorization", b"content-length")
_REFUSALS = {
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    414: b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


class _Refused(Exception):  # noqa: N818 - it goes through the parser and back
    """The head of the request is not taken."""


class PunctualProtocol(HttpToolsProtocol):
    """A connection whose request line and headers come within `HEADERS_S`, and the body within `BODY_S`.

    Each socket of the web port is one that no station can have, since a process may only have so many.
    """

    _deadline: TimerHandle | None = None
    _is_in_head = True
    _head_bytes = 0
    _refusal = 400

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio."""
        super().connection_made(transport)
        self._within(HEADERS_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio; a head that does not end is not kept until it does."""
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refusal = 431
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """See httptools."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """See httptools; one header twice that stands once could be read as two things by two readers."""
        names = [name for name, _ in self.headers]
        if any(names.count(name) > 1 for name in _ONCE):
            self._refuse(400)
        self._is_in_head = False
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

    def _refuse(self, status: int) -> None:
        self._refusal = status
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        """See uvicorn: what cannot be taken is told so, and the connection closed."""
        if self._refusal in _REFUSALS:
            self.transport.write(_REFUSALS[self._refusal])
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _within(self, seconds: float) -> None:
        self._in_time()
        self._deadline = self.loop.call_later(seconds, self._cut)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self.transport.abort()
