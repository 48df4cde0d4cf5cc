"""What goes out is sent together, in order, and a broken socket harms nobody else."""

import asyncio
from typing import Any

import pytest

from ocpp_css.gateway.outbox import Outbox

pytestmark = pytest.mark.anyio


class Socket:
    """A connection as the outbox sees it."""

    class station:  # noqa: N801 - stands for the attribute
        identity = "CP1"

    def __init__(self, *, is_broken: bool = False) -> None:
        self.written: list[bytes] = []
        self.is_broken = is_broken
        self.is_cut = False

    def write(self, data: bytes) -> None:
        if self.is_broken:
            raise OSError("broken")
        self.written.append(data)

    def cut(self) -> None:
        self.is_cut = True


async def test_frames_go_out_at_the_end_of_the_turn_in_their_order() -> None:
    outbox, first, second = Outbox(asyncio.get_running_loop()), Socket(), Socket()
    for number, socket in enumerate([first, second, first]):
        outbox.add(socket, b"%d" % number)  # type: ignore[arg-type]
    assert first.written == []
    await asyncio.sleep(0)
    assert (first.written, second.written) == ([b"0", b"2"], [b"1"])
    outbox.flush()
    outbox.add(second, b"3")  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert second.written == [b"1", b"3"]


async def test_a_socket_that_cannot_be_written_takes_no_frame_from_the_others() -> None:
    outbox = Outbox(asyncio.get_running_loop())
    sockets: list[Any] = [Socket(), Socket(is_broken=True), Socket()]
    for socket in sockets:
        outbox.add(socket, b"x")
    await asyncio.sleep(0)
    assert [socket.written for socket in sockets] == [[b"x"], [], [b"x"]]
    assert [socket.is_cut for socket in sockets] == [False, True, False]
