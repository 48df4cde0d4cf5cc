"""Thousands of emulated stations in one event loop: one timer wheel, one rate for connecting, one sum of counts."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from ssl import SSLContext
from typing import Final, TypeAlias

from ocpp_css.ocpp.messages import Version
from ocpp_css.simulator import player
from ocpp_css.simulator.effects import Counts
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.scenario import DEFAULT, Scenario
from ocpp_css.simulator.shell import Client, Endpoint, Refused
from ocpp_css.simulator.station import Station

TICK_S: Final = 0.05
"""The wheel turns so often: a deadline is at most so late."""

MAX_DIALLING: Final = 250
"""Handshakes at one time."""

LAST_WORDS_S: Final = 30.0
"""So long what the stations still have to say is waited for when their scenarios are over."""

_GOODBYE_S: Final = 5.0

Password: TypeAlias = str | bytes | Callable[[str], str | bytes | None] | None
"""One for all, or a function of the identity."""


@dataclass(slots=True)
class Summary:
    """How a fleet is doing: counts of all stations together, and how many are where."""

    counts: Counts
    stations: int
    online: int
    accepted: int
    charging: int
    power_w: float
    trouble: str = ""
    """Why the last connection could not be opened, while somebody is offline."""


class Wheel:
    """Deadlines of many clients in slots of `TICK_S`; one timer of the loop for all."""

    __slots__ = ("_done", "_slots")

    def __init__(self, now: float) -> None:
        self._slots: dict[int, set[Client]] = {}
        self._done = int(now / TICK_S)

    def watch(self, client: Client, due: float) -> None:
        """Wake `client` at `due`; a wake-up that comes earlier anyway is enough, since it sets the next."""
        if due == inf:
            return
        slot = max(self._done + 1, -int(-due // TICK_S))
        if client.slot is not None:
            if client.slot <= slot:
                return
            self._slots[client.slot].discard(client)
        client.slot = slot
        self._slots.setdefault(slot, set()).add(client)

    def turn(self, now: float) -> None:
        """Wake all whose slot has come."""
        last = int(now / TICK_S)
        while self._done < last:
            self._done += 1
            for client in self._slots.pop(self._done, ()):
                client.slot = None
                client.wake()


class Fleet:
    """Emulated stations that connect to one central system, in the running event loop.

    `identity_pattern` is formatted with the number of the station, from 1 on (`"EMU-{:04d}"`). An error of the
    emulation stops the station it shows in, and is raised by `wait` and `stop`. `version` may be several, dealt out in
    turn; `options` is the pattern of the stations, its identity ignored; `connect_rate` limits the handshakes a second;
    the scenario's own time scale overrules `time_scale`.
    """

    def __init__(
        self,
        url: str,
        identity_pattern: str,
        count: int = 1,
        *,
        version: Version | Sequence[Version] = "1.6",
        password: Password = None,
        scenario: Scenario = DEFAULT,
        options: Options | None = None,
        connect_rate: float = 200.0,
        ssl_context: SSLContext | None = None,
        time_scale: float | None = None,
    ) -> None:
        """See the class."""
        self.counts = Counts()
        self.refusals: dict[str, Refused] = {}
        self.errors: list[Exception] = []
        self._versions = (version,) if isinstance(version, str) else tuple(version)
        self._pattern = options or Options(identity="", kept_frames=0)
        self._scale = scenario.time_scale or time_scale or self._pattern.time_scale
        self._scenario = scenario
        self._endpoint = Endpoint(url, ssl_context)
        self._rate = connect_rate
        self._loop = asyncio.get_running_loop()
        self._epoch = time.time() - self._loop.time()
        self._wheel = Wheel(self.now())
        self._dialling: deque[Client] = deque()
        self._credit = 0.0
        self._trouble = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._turned = self.now()
        self._over_since = inf
        self._ended = self._loop.create_future()
        self._players: list[player.Player] = []
        self._online: set[Client] = set()
        self._changed = asyncio.Event()
        self.clients = [self._client(identity_pattern, number, password) for number in range(1, count + 1)]

    def _client(self, pattern: str, number: int, password: Password) -> Client:
        options = replace(
            self._pattern,
            identity=pattern.format(number),
            version=self._versions[(number - 1) % len(self._versions)],
            time_scale=self._scale,
            seed=None if self._pattern.seed is None else f"{self._pattern.seed}-{number}",
        )
        secret = password(options.identity) if callable(password) else password
        station = Station(options, password=secret)
        station.machine.link.counts = self.counts
        self._players.extend(player.play(station.machine, self._scenario))
        return Client(station, self._endpoint, self)

    # --- running ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect, at the agreed rate; returns at once."""
        self._turn()
        for client in self.clients:
            client.do(client.station.power_on)

    async def online(self, timeout_s: float = 60.0) -> None:
        """Wait until every station is accepted or was refused; TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not self.errors and not all(self._is_through(client) for client in self.clients):
                self._changed.clear()
                await self._changed.wait()
        self._raise()

    @staticmethod
    def _is_through(client: Client) -> bool:
        return client.station.is_ready or client.refusal is not None

    async def wait(self) -> None:
        """Wait until every scenario is over, for ever where it is endless or empty; errors of the emulation."""
        await self._ended
        self._raise()

    async def stop(self) -> None:
        """Disconnect all, and wait for it; errors of the emulation."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._dialling.clear()
        for client in self.clients:
            client.do(client.station.power_off)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        limit = self._loop.time() + _GOODBYE_S
        while any(client.is_open for client in self.clients) and self._loop.time() < limit:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), limit - self._loop.time())
            except TimeoutError:
                break
        self._raise()

    def _raise(self) -> None:
        errors, self.errors = self.errors, []
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("emulated stations failed", errors[:20])

    def charged(self) -> int:
        """How many stations began a transaction."""
        return sum(client.station.machine.has_charged for client in self.clients)

    def summary(self) -> Summary:
        """How it goes; the charging is counted over all stations, so ask seldom."""
        running = [
            evse for client in self.clients for evse in client.station.evses.values() if evse.transaction is not None
        ]
        accepted = sum(client.station.is_ready for client in self._online)
        power_w = sum(evse.meter.power_w for evse in running)
        trouble = self._trouble if len(self._online) < len(self.clients) else ""
        return Summary(self.counts, len(self.clients), len(self._online), accepted, len(running), power_w, trouble)

    # --- for the clients ----------------------------------------------------------------------------------------

    def now(self) -> float:
        """See `shell.Timing`."""
        return self._loop.time() + self._epoch

    def watch(self, client: Client, due: float) -> None:
        """See `shell.Timing`."""
        self._wheel.watch(client, due)

    def dial(self, client: Client) -> None:
        """See `shell.Timing`: its turn comes at the agreed rate."""
        self._dialling.append(client)

    def changed(self, client: Client) -> None:
        """See `shell.Timing`."""
        identity = client.station.options.identity
        self._trouble = client.trouble or self._trouble
        if client.refusal is not None:
            self.refusals[identity] = client.refusal
        if client.station.is_online:
            self._online.add(client)
            self.refusals.pop(identity, None)
        else:
            self._online.discard(client)
        self._changed.set()

    def failed(self, client: Client, error: Exception) -> None:
        """See `shell.Timing`: the station leaves, the others go on."""
        client.station.machine.is_wanted = False
        self.errors.append(error)
        self._changed.set()
        if not self._ended.done():
            self._ended.set_result(None)

    def _turn(self) -> None:
        self._timer = self._loop.call_later(TICK_S, self._turn)
        now = self.now()
        self._credit = min(self._credit + (now - self._turned) * self._rate, max(1.0, self._rate))
        self._turned = now
        self._dial_some()
        self._wheel.turn(now)
        if self._players and not self._ended.done() and all(one.is_over for one in self._players):
            self._over_since = min(self._over_since, now)
            if now - self._over_since > LAST_WORDS_S or self._has_said_all():
                self._ended.set_result(None)
        self._changed.set()

    def _has_said_all(self) -> bool:
        return all(client.station.machine.link.has_said_all for client in self.clients)

    def _dial_some(self) -> None:
        while self._dialling and self._credit >= 1 and len(self._tasks) < MAX_DIALLING:
            self._credit -= 1
            task = self._loop.create_task(self._dialling.popleft().connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
