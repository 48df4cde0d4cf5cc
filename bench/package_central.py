# mypy: disable-error-code="import-untyped, misc, untyped-decorator"
"""The package `ocpp` as a central system, the way its documentation shows: its validation on, nothing stored.

    python -m bench.package_central PORT [--tuned]

As it comes it validates in a thread. Tuned: it validates in the loop, which costs less here, and the loop is uvloop.
"""

import asyncio
import contextlib
import itertools
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import ocpp.messages
import uvloop
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus

ACCEPTED = IdTagInfo(status=AuthorizationStatus.accepted)
_numbers = itertools.count(1)


def now() -> str:
    """The present moment."""
    return datetime.now(UTC).isoformat()


class Station(ChargePoint):
    """What the central system says to a station: yes."""

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return call_result.BootNotification(current_time=now(), interval=300, status=RegistrationStatus.accepted)

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return call_result.Heartbeat(current_time=now())

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return call_result.StatusNotification()

    @on("MeterValues")
    def meter_values(self, **_: Any) -> Any:
        return call_result.MeterValues()

    @on("StartTransaction")
    def start_transaction(self, **_: Any) -> Any:
        return call_result.StartTransaction(transaction_id=next(_numbers), id_tag_info=ACCEPTED)

    @on("StopTransaction")
    def stop_transaction(self, **_: Any) -> Any:
        return call_result.StopTransaction(id_tag_info=ACCEPTED)


async def serve_station(socket: websockets.ServerConnection) -> None:
    """One station, until it goes."""
    assert socket.request is not None
    station = Station(socket.request.path.rpartition("/")[2], socket)
    with contextlib.suppress(websockets.ConnectionClosed):
        await station.start()


async def main(port: int) -> None:
    """Serve for ever."""
    subprotocol = websockets.Subprotocol("ocpp1.6")
    async with websockets.serve(serve_station, "127.0.0.1", port, subprotocols=[subprotocol], backlog=4096):
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)
    if "--tuned" in sys.argv:
        ocpp.messages.ASYNC_VALIDATION = False
        uvloop.run(main(int(sys.argv[1])))
    else:
        asyncio.run(main(int(sys.argv[1])))
