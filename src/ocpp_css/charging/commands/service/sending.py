"""The rules of commands: checked before they go out, unchanged on the wire, in order, each with exactly one end."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from ocpp_css.charging import stations
from ocpp_css.charging.commands import store
from ocpp_css.charging.commands.errors import (
    ActionRefused,
    CommandFinished,
    CommandUnknown,
    PayloadRefused,
    SecretMayNotWait,
)
from ocpp_css.charging.commands.events import CommandFinished as Finished
from ocpp_css.charging.commands.model import Command
from ocpp_css.charging.commands.service.kinds import KINDS, LOOK, PERMISSION_OF, RIGHT_LOST, RIGHT_LOST_TEXT
from ocpp_css.edge.principal import Principal
from ocpp_css.gateway.link import GRACE_S, CallResult, StationLink
from ocpp_css.gateway.links import Link, link_of
from ocpp_css.gateway.messages import masked
from ocpp_css.gateway.redaction import holds_secret, redacted
from ocpp_css.kit.errors import Conflict, Fault
from ocpp_css.kit.ids import public
from ocpp_css.ocpp.faults import READ_ERRORS, classify
from ocpp_css.ocpp.messages import Action, encode
from ocpp_css.ocpp.versions import BY_NAME, V16
from ocpp_css.people import access, audit
from ocpp_css.storage import Database, Unit
from ocpp_css.storage.pseudonyms import Pseudonyms, references_in, resolve

_log = structlog.get_logger(__name__)

DEFAULT_TIMEOUT_S = 30.0
LONGEST_TIMEOUT_S = 300.0
DEFAULT_WAIT = timedelta(days=1)
MARGIN = timedelta(seconds=10)
MOST_TRIES = 3
NOT_TAKEN = frozenset({"offline", "busy"})
HARMLESS = KINDS[LOOK]
"""Of commands that wait, these are repeated when their end is not known."""

LOST = "The service was stopped while the command was on its way; whether the station did it is not known."

DELIVERY = Principal("anonymous", name="delivery of commands")
"""The actor where a command that waits is not delivered."""


class Commands:
    """Sends commands to stations, wherever they are connected, and those that waited when a station comes."""

    def __init__(self, db: Database, link: StationLink, pseudonyms: Pseudonyms) -> None:
        self._db = db
        self._link = link
        self._pseudonyms = pseudonyms
        self._busy: dict[tuple[int, int], bool] = {}
        self._awaited: set[tuple[int, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(
        self, unit: Unit, station: stations.Station, action: str, payload: Any, *, by: Principal, **how: Any
    ) -> Command:
        """Send an action and wait for its end; `how`: timeout_s, queue, expires_at.

        ActionRefused, PermissionMissing or PayloadRefused before anything is kept; whatever the station says is a
        normal end. `unit` is committed before the command leaves, with the entry of who sent it, so that a request with
        an idempotency key sends it once.
        """
        link = await link_of(unit, station.station_id)
        found = _action(_version(station, link), action)
        by.demand(PERMISSION_OF[found.name])
        wire = check(found, payload)
        timeout_s = min(max(float(how.get("timeout_s") or DEFAULT_TIMEOUT_S), 1.0), LONGEST_TIMEOUT_S)
        expires_at: datetime | None = (how.get("expires_at") or unit.now + DEFAULT_WAIT) if how.get("queue") else None
        if expires_at is not None and holds_secret(found.name, wire):
            raise SecretMayNotWait
        waits = bool(how.get("queue")) and (not link.is_online or await store.has_queued(unit, station.station_id))
        command = Command(
            id=unit.new_id(),
            station_id=station.station_id,
            action=action,
            payload=msgspec.json.decode(masked(redacted(found.name, wire), found.token_paths, unit, self._pseudonyms)),
            status="queued" if waits else "sent",
            timeout_s=timeout_s,
            created_by=by.name,
            person_id=by.person,
            key_id=by.id if by.kind == "key" else None,
            created_at=unit.now,
            expires_at=expires_at,
            sent_at=None if waits else unit.now,
            tries=0 if waits else 1,
        )
        store.add(unit, command)
        told = {"action": action, "command": public(command.id)}
        audit.record(unit, by, "command.send", "station", station.identity, after=told)
        if waits:
            unit.tell(f"queued.{unit.tenant}", {"station": station.station_id})
        await unit.commit()
        return command if waits else await self._deliver(unit.tenant, station, found, command, wire, link)

    async def action_of(self, unit: Unit, station: stations.Station, action: str) -> Action[Any, Any]:
        """The action in the version that the station speaks, or spoke last."""
        return _action(await self.version_of(unit, station), action)

    async def version_of(self, unit: Unit, station: stations.Station) -> str:
        """The version that the station speaks, or spoke last; 1.6 of one that never came."""
        return _version(station, await link_of(unit, station.station_id))

    async def actions_of(self, unit: Unit, station: stations.Station) -> list[Action[Any, Any]]:
        """What the station's version takes, in the order of the names."""
        actions = BY_NAME[await self.version_of(unit, station)].actions
        return [actions[name] for name in sorted(actions) if actions[name].origin != "station"]

    async def _deliver(
        self,
        tenant: int,
        station: stations.Station,
        action: Action[Any, Any],
        command: Command,
        wire: bytes,
        link: Link | None = None,
    ) -> Command:
        result = await self._link.call(tenant, station.station_id, action.name, wire, command.timeout_s, link)
        try:
            if command.expires_at is not None and _may_go_again(command, result):
                return await self._wait_again(tenant, command, went_out=result.status not in NOT_TAKEN)
            return await self._finish(tenant, station, action, command, result)
        except Conflict:
            return await self.get(self._db.unit(tenant), command.id)

    async def _wait_again(self, tenant: int, command: Command, *, went_out: bool) -> Command:
        """It may wait: it is delivered when the station comes."""
        unit = self._db.unit(tenant)
        unit.is_patient = True
        tries = command.tries if went_out else command.tries - 1
        waiting = store.change(unit, command, status="queued", sent_at=None, tries=tries)
        if went_out:
            unit.tell(f"queued.{tenant}", {"station": command.station_id})
        else:
            unit.tell(f"queued.{tenant}", {"station": command.station_id, "is_away": True})
        await unit.commit()
        return waiting

    async def _finish(
        self, tenant: int, station: stations.Station, action: Action[Any, Any], command: Command, result: CallResult
    ) -> Command:
        """Its end, kept whatever happens to the database meanwhile; Conflict where it was given up before."""
        unit = self._db.unit(tenant)
        unit.is_patient = True
        response = result.response
        if response is not None:
            text = masked(
                redacted(action.name, msgspec.json.encode(response)),
                action.response_token_paths,
                unit,
                self._pseudonyms,
            )
            stations.learn(unit, station.station_id, action.name, command.payload, response)
            response = msgspec.json.decode(text)
        ended = store.change(
            unit,
            command,
            status=result.status,
            response=response,
            error_code=result.error_code,
            error_description=result.error_description,
            error_details=result.error_details,
            latency_us=result.latency_us,
            finished_at=unit.now,
        )
        _tell_the_next(unit, command)
        unit.emit(Finished(station.station_id, station.identity, public(command.id), action.name, result.status))
        await unit.commit()
        return msgspec.structs.replace(ended, response=result.response)

    # --- what waits ---------------------------------------------------------------------------------------------

    def queued(self, tenant: int, station_id: int) -> None:
        """Something waits for a station; told by whichever process took it."""
        self._awaited.add((tenant, station_id))

    def station_came(self, tenant: int, station_id: int) -> None:
        """A station is connected: its process delivers what waits for it, if anything does, one after the other."""
        key = (tenant, station_id)
        if not self._link.holds(tenant, station_id):
            return
        if key in self._busy:
            self._busy[key] = True
            return
        if key not in self._awaited:
            return
        self._busy[key] = False
        self._awaited.discard(key)
        task = asyncio.get_running_loop().create_task(self._deliver_queued(tenant, station_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: self._delivered(tenant, station_id))

    def _delivered(self, tenant: int, station_id: int) -> None:
        """It came once more while the delivery was under way: what still waits is delivered now."""
        if self._busy.pop((tenant, station_id)):
            self.station_came(tenant, station_id)

    async def _deliver_queued(self, tenant: int, station_id: int) -> None:
        """One after the other; behind one that is on its way, though its station has come elsewhere, the rest waits
        until whoever sent it tells its end.
        """
        try:
            unit = self._db.unit(tenant)
            station = await stations.by_number(unit, station_id)
            for command in await store.without_end(unit, station_id) if station is not None else ():
                assert station is not None
                if command.status == "sent" or not await self._deliver_one(tenant, station, command):
                    self.queued(tenant, station_id)
                    return
        except Exception as fault:  # noqa: BLE001 - they go on waiting and are tried when the station comes again
            self.queued(tenant, station_id)
            _log.error("waiting commands were not delivered", station=station_id, exc_info=fault)

    async def _deliver_one(self, tenant: int, station: stations.Station, command: Command) -> bool:
        """False when the station is gone again."""
        unit = self._db.unit(tenant)
        if command.expires_at is not None and command.expires_at < unit.now:
            await self._expire(tenant, command)
            return True
        if not await self._may_still(tenant, command):
            await self._end(tenant, command, "cancelled", RIGHT_LOST, RIGHT_LOST_TEXT)
            return True
        try:
            action = await self.action_of(unit, station, command.action)
            wire = check(action, await plain(unit, command.payload))
        except (ActionRefused, PayloadRefused) as refusal:
            await self._end(tenant, command, "error", refusal.code, refusal.detail)
            return True
        sent = store.change(unit, command, status="sent", sent_at=unit.now, tries=command.tries + 1)
        try:
            await unit.commit()
        except Conflict:
            return True
        ended = await self._deliver(tenant, station, action, sent, wire)
        return ended.status not in {"queued", "lost"}

    async def _may_still(self, tenant: int, command: Command) -> bool:
        """Whether who sent it may send it now; what the service itself sent is nobody's to lose (decision 72)."""
        person, key = command.person_id or 0, command.key_id or 0
        if not (person or key):
            return True
        held = await access.permissions_now(self._db, tenant, person=person, key_id=key)
        return Principal("user", permissions=held).may(PERMISSION_OF[command.action])

    async def cancel(self, unit: Unit, number: int | None, *, by: Principal) -> Command:
        """Take back a command that waits; PermissionMissing for one who could not have sent it."""
        command = await self.get(unit, number)
        by.demand(PERMISSION_OF[command.action])
        if command.status != "queued":
            raise CommandFinished
        return store.change(unit, command, status="cancelled", finished_at=unit.now)

    async def get(self, unit: Unit, number: int | None) -> Command:
        """One command; CommandUnknown where there is none."""
        command = None if number is None else await store.read(unit, number)
        if command is None:
            raise CommandUnknown
        return command

    # --- what others left -----------------------------------------------------------------------------------------

    async def renew(self) -> None:
        """What waits, as the database has it: at start, and where something may have been missed."""
        for tenant, station_id in await store.awaited(self._db):
            self.queued(tenant, station_id)
            self.station_came(tenant, station_id)

    async def settle_lost(self, *, alone: bool) -> None:
        """What was on its way in a process that is no more has an end too; the only process knows it at its start."""
        now = self._db.clock()
        for tenant, command in await store.unfinished(self._db, now):
            assert command.sent_at is not None
            if alone or now - command.sent_at > longest_way(command):
                await self._end(tenant, command, "lost", "lost", LOST)

    async def expire_overdue(self) -> None:
        """Waiting commands whose time is over."""
        for tenant, command in await store.overdue(self._db):
            await self._expire(tenant, command)

    async def _expire(self, tenant: int, command: Command) -> None:
        await self._end(tenant, command, "expired", "expired", "The station did not come in time.")

    async def _end(self, tenant: int, command: Command, status: str, code: str, text: str) -> None:
        unit = self._db.unit(tenant)
        store.change(unit, command, status=status, error_code=code, error_description=text, finished_at=unit.now)
        if code == RIGHT_LOST:
            told = {"action": command.action, "sent_by": command.created_by}
            audit.record(unit, DELIVERY, "command.cancel", "command", public(command.id), None, told, reason=text)
        _tell_the_next(unit, command)
        try:
            await unit.commit()
        except Conflict:
            _log.info("command ended elsewhere", command=public(command.id))


def _tell_the_next(unit: Unit, command: Command) -> None:
    """What waits behind one that might have waited too may go on."""
    if command.expires_at is not None:
        unit.tell(f"queued.{unit.tenant}", {"station": command.station_id})


def _version(station: stations.Station, link: Link) -> str:
    version = link.ocpp_version or station.ocpp_version
    return version if version is not None and version in BY_NAME else V16.name


def _action(version: str, action: str) -> Action[Any, Any]:
    found = BY_NAME[version].actions.get(action)
    if found is None or found.origin == "station":
        raise ActionRefused(
            "{action} is not an action that a station of OCPP {version} takes.",
            errors=[Fault("action", "unknown")],
            action=action[:50],
            version=version,
        )
    return found


def longest_way(command: Command) -> timedelta:
    """After so long a command that is on its way belongs to a process that is no more."""
    return timedelta(seconds=2 * command.timeout_s + GRACE_S) + MARGIN


def _may_go_again(command: Command, result: CallResult) -> bool:
    """It was certainly not taken, or it went out and nothing is known, and doing it twice does no harm."""
    if result.status in NOT_TAKEN:
        return True
    return result.status in {"lost", "timeout"} and command.action in HARMLESS and command.tries < MOST_TRIES


def check(action: Action[Any, Any], payload: Any) -> bytes:
    """The payload as it goes out: compact, members in the order of the schema; PayloadRefused where it breaks it."""
    raw = msgspec.json.encode(payload)
    try:
        return encode(action.decode_request(raw))
    except READ_ERRORS as broken:
        fault = classify(broken)
        raise PayloadRefused(
            "The payload breaks the schema of {action} at {path}: {problem}",
            errors=[Fault(fault.path, fault.detail)],
            action=action.name,
            path=fault.path,
            problem=fault.detail,
        ) from None


async def plain(unit: Unit, document: Any) -> Any:
    """A kept payload with the id tokens themselves."""
    text = msgspec.json.encode(document).decode()
    for reference, value in (await resolve(unit, references_in(text))).items():
        text = text.replace(msgspec.json.encode(reference).decode(), msgspec.json.encode(value).decode())
    return msgspec.json.decode(text)
