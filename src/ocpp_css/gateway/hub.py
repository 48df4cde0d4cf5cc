"""All connections of this process: who is newest, loading of state, pings, deadlines, drain (RULES 1.4, 1.7, 3.3)."""

import asyncio
import secrets
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from picows import WSCloseCode
from sqlalchemy import Row

from ocpp_css.bus import Bus, Message
from ocpp_css.gateway import seen
from ocpp_css.gateway.connection import Connection
from ocpp_css.gateway.directory import Directory, StationEntry
from ocpp_css.gateway.dispatch import Dispatcher
from ocpp_css.gateway.events import ConnectionRefused, StationConnected, StationDisconnected
from ocpp_css.gateway.links import links_of, profile_in_use
from ocpp_css.gateway.outbox import Outbox
from ocpp_css.storage import Database, Outcome, StateKey, Unit
from ocpp_css.storage.tables import LINKS

_log = structlog.get_logger(__name__)

PING_S: Final = 60.0
LOAD_DELAY_S: Final = 0.002
SWAPS_ALLOWED: Final = 5
SWAP_WINDOW_S: Final = 60.0
QUARANTINE_S: Final = 300.0

Key = tuple[int, int]


class Hub:
    """See the module. `states` are the state keys of all areas."""

    def __init__(
        self, *, db: Database, bus: Bus, directory: Directory, dispatcher: Dispatcher, states: Sequence[StateKey[Any]]
    ) -> None:
        self.db = db
        self.bus = bus
        self.directory = directory
        self.dispatcher = dispatcher
        self.states = states
        self.loop = asyncio.get_running_loop()
        self.connections: dict[Key, Connection] = {}
        self.outbox = Outbox(self.loop)
        self.resting: set[Connection] = set()
        self.counts: Counter[str] = Counter()
        self.handshakes: Counter[str] = Counter()
        self.replaced = 0
        self.is_draining = False
        self._prefixes = 0
        self._salt = secrets.token_hex(3)
        self._loading: list[Connection] = []
        self._loader: asyncio.Task[None] | None = None
        self._swaps: dict[Key, deque[float]] = {}
        self._quarantined: dict[Key, float] = {}
        self._deadlines: set[Connection] = set()
        self._beats = [self.loop.create_task(self._each_second(), name="gateway-seconds")]
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancels = [
            bus.subscribe("changed.*", self._changed),
            bus.subscribe("stations.*", self._station_changed),
            bus.subscribe("claimed.*", self._claimed_elsewhere),
        ]

    def new_prefix(self) -> str:
        """What the ids of a connection's calls begin with."""
        self._prefixes += 1
        return f"{self._salt}-{self._prefixes:x}-"

    @property
    def loading(self) -> int:
        """Connections that wait for their state."""
        return len(self._loading)

    @property
    def quarantined(self) -> int:
        """Identities that nobody gets in with for now."""
        return sum(until > time.monotonic() for until in tuple(self._quarantined.values()))

    def count(self, connection: Connection, reason: str) -> None:
        """One more message that was dropped, refused or repeated."""
        self.counts[reason] += 1
        _log.debug("message set aside", station=connection.station.identity, reason=reason)

    # --- coming and going ---------------------------------------------------------------------------------------

    def is_quarantined(self, station: StationEntry) -> bool:
        """Two peers fight for this identity; nobody gets in until they have calmed down (TRUST A9)."""
        until = self._quarantined.get((station.tenant, station.station_id), 0.0)
        return time.monotonic() < until

    def connected(self, connection: Connection) -> None:
        """A newly authenticated connection: it replaces the one before, then its state is loaded."""
        if self.is_draining:
            connection.close(WSCloseCode.GOING_AWAY, "the service is stopping")
            return
        if connection.station.station_id:
            self._take_over(connection)
        if connection.credential in connection.station.next_passwords:
            self.run(self.directory.proved(connection.station, connection.credential))
        self._load(connection)

    def _load(self, connection: Connection) -> None:
        """Queue for loading; while a load is under way the next one gathers."""
        self._loading.append(connection)
        if self._loader is None or self._loader.done():
            self._loader = self.loop.create_task(self._load_waiting(), name="load-states")

    def _take_over(self, connection: Connection) -> None:
        key = _key(connection)
        old = self.connections.get(key)
        self.connections[key] = connection
        if old is None or old is connection:
            return
        self.replaced += 1
        connection.inherited = old.fence or old.inherited
        self._replace(old, connection)
        if self._is_a_fight(key):
            self._alarm(connection, "quarantined")
            connection.close(WSCloseCode.POLICY_VIOLATION, "too many connections of this identity replace one another")

    def _replace(self, old: Connection, new: Connection | None = None) -> None:
        """Close a connection in favour of a newer one, here or elsewhere."""
        if time.monotonic() - old.last_heard < PING_S:
            self._alarm(new or old, "replaced_while_alive")
        old.close(WSCloseCode.POLICY_VIOLATION, "a newer connection of this identity took over")

    def _is_a_fight(self, key: Key) -> bool:
        """Count one more swap of this station's connections; True where there were too many: nobody gets in then."""
        now = time.monotonic()
        swaps = self._swaps.setdefault(key, deque(maxlen=SWAPS_ALLOWED + 1))
        swaps.append(now)
        is_fight = len(swaps) > SWAPS_ALLOWED and now - swaps[0] < SWAP_WINDOW_S
        if is_fight:
            self._quarantined[key] = now + QUARANTINE_S
        return is_fight

    def _claimed_elsewhere(self, topic: str, message: Message) -> None:
        """Another process holds the station's newest connection: the one here is an old one (TRUST A8)."""
        if message["node"] == self.db.node:
            return
        key = (int(topic.split(".")[1]), message["station"])
        is_fight = message["is_swap"] and self._is_a_fight(key)
        connection = self.connections.get(key)
        if connection is not None and (connection.fence or connection.inherited) < message["fence"]:
            if connection.fence:
                self._replace(connection)
            else:
                connection.outrun = message["fence"]
            if is_fight:
                self._alarm(connection, "quarantined")

    def _alarm(self, connection: Connection, reason: str) -> None:
        self.alarm(connection.station, reason, connection.address)

    def alarm(self, station: StationEntry, reason: str, address: str) -> None:
        """Tell people what happened at a station's door."""
        unit = self.db.unit(station.tenant)
        unit.emit(ConnectionRefused(station.station_id, station.identity, reason, address))
        self.run(unit.commit())

    def refused_size(self, connection: Connection, size: int) -> None:
        """A message over the limit: counted, told, and kept for review (RULES 1.6)."""
        self.count(connection, "too_large")
        self._alarm(connection, f"message_too_large:{size}")

    def disconnected(self, connection: Connection) -> None:
        """The socket is gone; if it was the newest, the station is offline."""
        self.resting.discard(connection)
        self._deadlines.discard(connection)
        key = _key(connection)
        if self.connections.get(key) is not connection:
            return
        del self.connections[key]
        seen.note_last(self.db, key, time.monotonic() - connection.last_heard)
        fence = connection.fence or connection.inherited
        if fence:
            self.run(self._store_offline(connection, fence))

    async def _store_offline(self, connection: Connection, fence: int) -> None:
        """Nothing is written where a newer connection holds the fence."""
        unit = self.db.unit(connection.station.tenant)
        unit.station, unit.fence = connection.station.station_id, fence
        unit.update(LINKS, (unit.station,), is_online=False, changed_at=unit.now)
        unit.emit(StationDisconnected(unit.station, connection.station.identity, connection.close_code))
        await unit.ended()

    # --- state --------------------------------------------------------------------------------------------------

    async def _load_waiting(self) -> None:
        while self._loading:
            await asyncio.sleep(LOAD_DELAY_S)
            loading, self._loading = self._loading, []
            by_tenant: defaultdict[int, list[Connection]] = defaultdict(list)
            for connection in loading:
                if connection.is_wanted:
                    by_tenant[connection.station.tenant].append(connection)
            await asyncio.gather(*(self._admit(tenant, connections) for tenant, connections in by_tenant.items()))

    async def _admit(self, tenant: int, connections: list[Connection]) -> None:
        """Each claims its fence, then one query per state key for all: after the fence nobody else writes them."""
        try:
            for connection in connections:
                await self._enrol(connection)
            unit = self.db.unit(tenant)
            links = await links_of(unit, [connection.station.station_id for connection in connections])
            claims = [self._claim(c, links.get(c.station.station_id)) for c in connections if c.is_wanted]
            claimed = [connection for connection in await asyncio.gather(*claims) if connection is not None]
            await self._load_states(unit, claimed)
            for connection in claimed:
                self._claimed(connection)
        except Exception as fault:  # noqa: BLE001 - the stations come again when storage is back
            _log.error("state could not be loaded", stations=len(connections), exc_info=fault)
            for connection in connections:
                connection.close(WSCloseCode.SERVICE_RESTART, "state could not be loaded")

    async def _load_states(self, unit: Unit, connections: list[Connection]) -> None:
        stations = [connection.station.station_id for connection in connections]
        for key in self.states if stations else ():
            loaded = await key.load(unit, stations)
            for connection in connections:
                station = connection.station.station_id
                connection.memory[key.name] = loaded[station] if station in loaded else key.empty()

    async def _enrol(self, connection: Connection) -> None:
        station = connection.station
        if not station.station_id:
            connection.enrolled(await self.directory.enrol(station.tenant, station.identity))
            newest = self.connections.get(_key(connection))
            if newest is not None and newest.connected_at > connection.connected_at:
                connection.close(WSCloseCode.POLICY_VIOLATION, "a newer connection of this identity took over")
            elif not connection.is_gone:
                self._take_over(connection)

    async def _claim(self, connection: Connection, link: Row[Any] | None) -> Connection | None:
        """Raise the fence; None when it could not be, then the connection is tried again or closed."""
        station = connection.station
        unit = self.db.unit(station.tenant)
        since = unit.now - timedelta(seconds=time.monotonic() - connection.connected_at)
        if link is not None and connection.has_lost and link.is_online and link.changed_at > since:
            connection.close(WSCloseCode.POLICY_VIOLATION, "a newer connection of this identity took over")
            return None
        row = {
            "node": self.db.node, "is_online": True, "ocpp_version": connection.protocol.name,
            "address": connection.address, "security_profile": profile_in_use(connection), "changed_at": since,
        }  # fmt: skip
        fence = 1 if link is None else link.version + 1
        if link is None:
            unit.require_absent(LINKS, station_id=station.station_id)
            unit.insert(LINKS, station_id=station.station_id, version=1, **row)
        else:
            unit.update(LINKS, (station.station_id,), seen=link.version, **row)
        unit.emit(StationConnected(station.station_id, station.identity, connection.protocol.name))
        is_swap = link is not None and link.is_online and link.node != self.db.node
        claim = {"station": station.station_id, "fence": fence, "node": self.db.node, "is_swap": bool(is_swap)}
        unit.tell(f"claimed.{station.tenant}", claim)
        match await unit.ended():
            case Outcome.COMMITTED:
                connection.inherited = fence
                return connection
            case Outcome.STALE | Outcome.DUPLICATE:
                connection.has_lost = True
                self._load(connection)
            case _:
                connection.close(WSCloseCode.SERVICE_RESTART, "the connection could not be stored")
        return None

    def _claimed(self, connection: Connection) -> None:
        """The state is there: begin, also with what a connection brought that went meanwhile."""
        newest = self.connections.get(_key(connection))
        if newest is not None and newest is not connection:
            newest.inherited = max(newest.inherited, connection.inherited)
            return
        if connection.inherited < connection.outrun:
            self._replace(connection)
        if not connection.is_closing:
            connection.claimed(connection.inherited)
        if connection.is_gone:
            self.run(self._store_offline(connection, connection.inherited))

    def _changed(self, topic: str, message: Message) -> None:
        """A row behind a station's state was changed elsewhere: forget it, so that it is read anew (RULES 3.3)."""
        connection = self.connections.get((int(topic.split(".")[1]), message["station"]))
        if connection is not None:
            connection.memory.pop(message["state"], None)

    def _station_changed(self, topic: str, message: Message) -> None:
        """A connection lives no longer than what it came in with; the directory has heard this before."""
        connection = self.connections.get((int(topic.split(".")[1]), message["station_id"]))
        if connection is not None and not connection.station.admits(connection.credential):
            connection.close(WSCloseCode.POLICY_VIOLATION, "the station's password was changed")

    def holds(self, tenant: int, station_id: int) -> bool:
        """Whether the station is connected here."""
        return (tenant, station_id) in self.connections

    async def renew(self) -> None:
        """Something may have been missed: state is read anew, connections that were replaced elsewhere are closed."""
        by_tenant: defaultdict[int, list[Connection]] = defaultdict(list)
        for connection in self.connections.values():
            if connection.fence:
                by_tenant[connection.station.tenant].append(connection)
        for tenant, connections in by_tenant.items():
            links = await links_of(self.db.unit(tenant), [connection.station.station_id for connection in connections])
            for connection in connections:
                link = links.get(connection.station.station_id)
                if link is not None and link.version > connection.fence:
                    self._replace(connection)
                else:
                    connection.memory.clear()

    async def release(self) -> None:
        """Others took this process for dead and its stations for offline: they come again, here or elsewhere."""
        for connection in tuple(self.connections.values()):
            connection.close(WSCloseCode.SERVICE_RESTART, "the connection was given up")

    # --- time ---------------------------------------------------------------------------------------------------

    def watch_deadline(self, connection: Connection) -> None:
        """A call of ours is open there."""
        self._deadlines.add(connection)

    async def _each_second(self) -> None:
        """One wheel for all connections: call deadlines each second, pings and last-seen in turns."""
        turn = 0
        while True:
            await asyncio.sleep(1.0)
            turn += 1
            now = time.monotonic()
            self._expire(now)
            self._ping(now, turn)
            if turn % 10 == 0:
                seen.note_all(self.db, self.connections, now)
            if self.resting and not self.db.is_congested:
                self._wake()

    def _expire(self, now: float) -> None:
        for connection in tuple(self._deadlines):
            connection.expire_calls(now)
            if connection.session.deadline is None:
                self._deadlines.discard(connection)

    def _ping(self, now: float, turn: int) -> None:
        for (_, station), connection in tuple(self.connections.items()):
            if station % int(PING_S) != turn % int(PING_S):
                continue
            if now - connection.last_heard > 2 * PING_S:
                connection.close(WSCloseCode.GOING_AWAY, "not heard of for two pings")
            else:
                connection.ping()

    def _wake(self) -> None:
        for connection in tuple(self.resting):
            if not connection.session.wants_rest:
                connection.resume()

    # --- the end ------------------------------------------------------------------------------------------------

    def run(self, work: Any) -> None:
        """A task of this hub, held until it ends."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    def _ran(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("gateway task failed", exc_info=task.exception())

    async def drain(self, patience_s: float = 10.0) -> None:
        """Take no new messages, let those in work be stored and answered, then close all with 1001."""
        self.is_draining = True
        ends = time.monotonic() + patience_s
        for connection in tuple(self.connections.values()):
            connection.rest()
        await _until(lambda: not self.dispatcher.in_work, ends)
        for connection in tuple(self.connections.values()):
            connection.close(WSCloseCode.GOING_AWAY, "the service is stopping")
        await _until(lambda: not self.connections and not self._tasks, ends)
        for beat in self._beats:
            beat.cancel()
        for cancel in self._cancels:
            cancel()


async def _until(is_so: Callable[[], bool], ends: float) -> None:
    """Wait for a state that the hot path does not signal, so that messages do not pay for the end of the service."""
    while not is_so() and time.monotonic() < ends:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.01)


def _key(connection: Connection) -> Key:
    return connection.station.tenant, connection.station.station_id
