"""What goes out to stations, sent together at the end of the loop's turn."""

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from ocpp_css.gateway.connection import Connection

_log = structlog.get_logger(__name__)


class Outbox:
    """Frames in the order in which they were given. A turn of the loop first handles what came on all sockets, then
    sends: the code of the one and of the other stay where the processor finds them, and peers are woken once.
    """

    __slots__ = ("_frames", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._frames: list[tuple[Connection, bytes]] = []

    def add(self, connection: "Connection", data: bytes) -> None:
        """Send this soon."""
        if not self._frames:
            self._loop.call_soon(self.flush)
        self._frames.append((connection, data))

    def flush(self) -> None:
        """Send all there is, now."""
        frames, self._frames = self._frames, []
        for connection, data in frames:
            try:
                connection.write(data)
            except Exception as fault:  # noqa: BLE001 - one broken socket takes no answer from the others
                _log.error("frame not sent", station=connection.station.identity, exc_info=fault)
                connection.cut()
