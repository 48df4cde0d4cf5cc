"""One emulated station to drive by hand: every step returns when the central system has answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from math import inf
from ssl import SSLContext
from typing import Any, Final

from ocpp_css.simulator import player
from ocpp_css.simulator.effects import Counts, Frame
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.mischief import Trouble
from ocpp_css.simulator.power import Vehicle
from ocpp_css.simulator.scenario import IDLE, Scenario
from ocpp_css.simulator.shell import Client, Endpoint, LoopTiming
from ocpp_css.simulator.station import Station

_GOODBYE_S: Final = 2.0


class LiveStation:
    """A `Station` on a socket.

    A step waits until no message is on its way; offline it returns at once, and what belongs to a transaction waits in
    the queue. TimeoutError when the central system keeps silent; errors of the emulation are raised where they show.
    """

    def __init__(
        self,
        url: str,
        options: Options,
        *,
        password: str | bytes | None = None,
        ssl_context: SSLContext | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self.core = Station(options, password=password)
        self._timing = LoopTiming()
        self._timing.on_change = self._look
        self._client = _Watched(self.core, Endpoint(url, ssl_context), self._timing, self._look)
        self._timeout_s = timeout_s
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    # --- to look at ---------------------------------------------------------------------------------------------

    @property
    def frames(self) -> list[Frame]:
        """All messages so far, oldest first."""
        return self.core.frames

    def sent(self, action: str) -> list[Any]:
        """The payloads of the calls of this action that went out, repeats and all."""
        return [parts[3] for parts in self._calls(is_sent=True) if parts[2] == action]

    def received(self, action: str) -> list[Any]:
        """The payloads of the calls of this action that came in."""
        return [parts[3] for parts in self._calls(is_sent=False) if parts[2] == action]

    def _calls(self, *, is_sent: bool) -> list[Any]:
        rows = [frame.parts for frame in self.core.frames if frame.is_sent == is_sent]
        return [parts for parts in rows if parts[0] == 2]

    @property
    def counts(self) -> Counts:
        """Messages and connections so far."""
        return self.core.counts

    def evse(self, number: int = 1) -> Evse:
        """One EVSE as it is now."""
        return self.core.evse(number)

    # --- the connection -----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect, boot where that is due, and wait until the central system accepts; Refused."""
        self._client.refusal = None
        self._client.do(self.core.power_on)
        await self.wait_until(lambda: self._client.refusal is not None or self.core.is_ready)
        if self._client.refusal is not None:
            self._client.do(self.core.power_off)
            raise self._client.refusal
        await self.settled()

    async def disconnect(self) -> None:
        """Lose the connection, and stay away until `connect`."""
        self._client.do(self.core.power_off)
        await self.wait_until(lambda: not self._client.is_open and not self.core.is_online)

    async def close(self) -> None:
        """Disconnect for good."""
        self._client.do(self.core.power_off)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait_until(lambda: not self._client.is_open), _GOODBYE_S)
        await self._timing.stop()

    async def wait_until(self, is_so: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Wait for something to be so; TimeoutError."""
        self._raise()
        if is_so():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (is_so, future)
        self._waiting.append(entry)
        try:
            limit = self._timeout_s if timeout_s is None else timeout_s
            await asyncio.wait_for(future, None if limit == inf else limit)
        finally:
            self._waiting.remove(entry)
        self._raise()

    async def settled(self) -> None:
        """Wait until no message is on its way."""
        await self.wait_until(lambda: self.core.is_settled)

    def _look(self) -> None:
        for is_so, future in list(self._waiting):
            if not future.done() and (self._timing.error is not None or is_so()):
                future.set_result(None)

    def _raise(self) -> None:
        error, self._timing.error = self._timing.error, None
        if error is not None:
            raise error

    async def _step(self, action: Callable[[float], None]) -> None:
        self._client.do(action)
        await self.settled()

    # --- what people do -----------------------------------------------------------------------------------------

    async def plug_in(self, evse: int = 1, vehicle: Vehicle | None = None) -> None:
        """Connect a vehicle."""
        await self._step(lambda now: self.core.plug_in(evse, now, vehicle))

    async def unplug(self, evse: int = 1) -> None:
        """Pull the cable."""
        await self._step(lambda now: self.core.unplug(evse, now))

    async def authorize(self, token: str) -> None:
        """Show a token, and start nothing."""
        await self._step(lambda now: self.core.authorize(token, now))

    async def start(self, evse: int, token: str) -> str | None:
        """Show a token to start; the reason when it was refused."""
        await self._step(lambda now: self.core.start(evse, token, now))
        return self.core.evse(evse).refusal

    async def stop(self, evse: int = 1, token: str | None = None) -> str | None:
        """Show a token to stop; the reason when it was refused."""
        await self._step(lambda now: self.core.stop(evse, now, token))
        return self.core.evse(evse).refusal

    async def send_meter_values(self, evse: int = 1) -> None:
        """Send a reading now."""
        await self._step(lambda now: self.core.send_meter_values(evse, now))

    async def suspend(self, evse: int = 1, *, is_paused: bool = True) -> None:
        """The vehicle pauses, or goes on."""
        await self._step(lambda now: self.core.suspend(evse, now, is_paused=is_paused))

    async def break_down(self, evse: int = 1, code: str = "OtherError") -> None:
        """A fault."""
        await self._step(lambda now: self.core.break_down(evse, now, code))

    async def repair(self, evse: int = 1) -> None:
        """The fault is over."""
        await self._step(lambda now: self.core.repair(evse, now))

    async def misbehave(self, trouble: Trouble) -> None:
        """Do what no station should."""
        await self._step(lambda now: self.core.misbehave(trouble, now))


class _Watched(Client):
    """A client that lets somebody look after each step."""

    __slots__ = ("_look",)

    def __init__(self, station: Station, endpoint: Endpoint, timing: LoopTiming, look: Callable[[], None]) -> None:
        super().__init__(station, endpoint, timing)
        self._look = look

    def do(self, action: Callable[[float], None]) -> None:
        """As `Client.do`."""
        super().do(action)
        self._look()


@asynccontextmanager
async def live_station(
    url: str,
    options: Options,
    *,
    password: str | bytes | None = None,
    ssl_context: SSLContext | None = None,
    timeout_s: float = 10.0,
) -> AsyncIterator[LiveStation]:
    """A station that is connected and accepted, and leaves at the end; Refused."""
    station = LiveStation(url, options, password=password, ssl_context=ssl_context, timeout_s=timeout_s)
    try:
        await station.connect()
        yield station
    finally:
        await station.close()


async def run_station(
    url: str,
    options: Options,
    *,
    scenario: Scenario = IDLE,
    password: str | bytes | None = None,
    ssl_context: SSLContext | None = None,
) -> Counts:
    """Run one station until its scenario is over, or, with an endless or empty one, until it is cancelled; Refused."""
    station = LiveStation(url, options, password=password, ssl_context=ssl_context)
    players = player.play(station.core.machine, scenario)
    try:
        await station.connect()
        await station.wait_until(lambda: bool(players) and all(one.is_over for one in players), inf)
        await station.settled()
    finally:
        await station.close()
    return station.counts
