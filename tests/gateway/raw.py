"""The stations' port byte by byte, for what no library would send."""

import asyncio
import base64
import os
import struct
from collections.abc import Sequence
from typing import Any, ClassVar

from tests.running import basic

from ocpp_css.app.running import Service

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
PATIENCE_S = 10


def port_of(service: Service) -> int:
    return int(service.station_url.rsplit(":", 1)[1].split("/")[0])


def request(path: str, headers: Sequence[tuple[str, str]] = (), *, protocol: str | None = "ocpp1.6") -> bytes:
    """The handshake's text; `headers` stand at its end."""
    given = [
        ("Host", "127.0.0.1"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", base64.b64encode(bytes(16)).decode()),
        ("Sec-WebSocket-Version", "13"),
    ]
    if protocol is not None:
        given.append(("Sec-WebSocket-Protocol", protocol))
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in [*given, *headers])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def authorization(identity: str, password: str | bytes) -> tuple[str, str]:
    return "Authorization", basic(identity, password)["Authorization"]


async def answer_to(service: Service, sent: bytes) -> bytes:
    """All that comes back until the other side ends, or the header of a 101."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(service))
    try:
        writer.write(sent)
        return await asyncio.wait_for(_read(reader), PATIENCE_S)
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    found = b""
    try:
        while chunk := await reader.read(65536):
            found += chunk
            if found.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in found:
                break
    except ConnectionResetError:
        return found
    return found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


class RawWire:
    """A WebSocket whose frames are made by hand; what a test leaves open is cut at its end."""

    opened: ClassVar[list[Any]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.opened.append(self)

    @classmethod
    async def open(cls, service: Service, path: str, *headers: tuple[str, str], **options: Any) -> "RawWire":
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(service))
        writer.write(request(path, headers, **options))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        assert head.startswith(b"HTTP/1.1 101"), head
        return cls(reader, writer)

    def send(self, opcode: int, payload: bytes, *, fin: bool = True, rsv1: bool = False) -> None:
        """One masked frame."""
        first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
        if len(payload) < 126:
            head = struct.pack("!BB", first, 0x80 | len(payload))
        elif len(payload) < 1 << 16:
            head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
        mask = os.urandom(4)
        stream = (mask * (len(payload) // 4 + 1))[: len(payload)]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")
        self.writer.write(head + mask + masked)

    async def receive(self) -> tuple[int, bytes]:
        """One frame of the other side, opcode and payload; the opcode has 64 added where it is compressed."""
        return await asyncio.wait_for(self._receive(), PATIENCE_S)

    async def _receive(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 15 | first & 64, await self.reader.readexactly(length)

    async def closed_with(self) -> int:
        """The code of the close frame that comes, whatever comes before; 0 when the socket ends without one."""
        try:
            while True:
                opcode, payload = await self.receive()
                if opcode == CLOSE:
                    return int(struct.unpack("!H", payload[:2])[0])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0

    async def ended(self) -> None:
        """Wait until the other side has closed the socket."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), PATIENCE_S):
                pass
        except ConnectionError:
            return

    def drop(self) -> None:
        """Cut the cable, as far as the machine can."""
        if self in self.opened:
            self.opened.remove(self)
        self.writer.transport.abort()
