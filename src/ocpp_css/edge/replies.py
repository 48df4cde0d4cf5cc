"""Answers under idempotency keys, kept in the database: across restarts, for two days (TRUST R13)."""

import asyncio
import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Boolean, Column, Row, Text, select

from ocpp_css.edge.idempotency import AnswerLost, Claim, KeyReused, Reply, StillRunning
from ocpp_css.edge.units import UnitLike
from ocpp_css.kit.errors import Conflict
from ocpp_css.storage import Database, Unit, UtcTime, tenant_table, version_column

KEPT_FOR = timedelta(days=2)
SWEEP_S = 3600.0
_AT_ONCE = 1_000
_NONCE = 12
_log = structlog.get_logger(__name__)

KEPT_REPLIES = tenant_table(
    "kept_replies",
    Column("key_hash", Text),
    Column("fingerprint", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("has_effect", Boolean, nullable=False),
    Column("reply", Text),
    version_column(),
    key=("key_hash",),
    indexes=[("at",)],
)
"""One row a key: who holds it (by version), whether the request had an effect, the reply once there is one.

The reply is encrypted with a key that is not in the database, since it may show what a person did; caller, key and
request are there as keyed hashes only.
"""


class StoredReplies:
    """See `IdempotencyStore`. What is promised, also when the process is killed at any moment:

    - a change of the request's unit and its reply are one commit, so both are there or neither;
    - a handler that commits earlier (a command on its way to a station) leaves the mark of its effect in that commit:
      the key is never carried out again, and `AnswerLost` tells that the reply is missing;
    - a key without effect, its process ended, can be used again; should that process still live, the version guard of
      the row lets one of both commit.
    """

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._key = key
        self._running: dict[tuple[int, str], str] = {}

    async def begin(self, tenant: int, key: str, fingerprint: bytes) -> Reply | Claim:
        """See `IdempotencyStore`."""
        place = (tenant, self._hash(key.encode()))
        request = self._hash(fingerprint)
        if place in self._running:
            raise StillRunning if self._running[place] == request else KeyReused
        self._running[place] = request
        try:
            found = await self._claim(place, request)
        except BaseException:
            del self._running[place]
            raise
        if isinstance(found, Reply):
            del self._running[place]
        return found

    async def _claim(self, place: tuple[int, str], request: str) -> Reply | Claim:
        tenant, key = place
        unit = self._db.unit(tenant)
        row = await unit.first(select(KEPT_REPLIES).where(KEPT_REPLIES.c.key_hash == key))
        seen = 0
        if row is None:
            unit.require_absent(KEPT_REPLIES, key_hash=key)
            unit.insert(KEPT_REPLIES, key_hash=key, fingerprint=request, at=unit.now, has_effect=False, reply=None)
        else:
            if row.at >= unit.now - KEPT_FOR and (reply := self._found(place, row, request)):
                return reply
            seen = row.version
            unit.update(KEPT_REPLIES, (key,), seen=seen, fingerprint=request, at=unit.now, has_effect=False, reply=None)
        try:
            await unit.commit()
        except Conflict:
            raise StillRunning from None
        return _Stored(self, place, seen + 1)

    def _found(self, place: tuple[int, str], row: Row[Any], request: str) -> Reply | None:
        """The kept reply; None of a request that had no effect, its process being gone."""
        if row.fingerprint != request:
            raise KeyReused
        reply = None if row.reply is None else self.opened(place, row.reply)
        if reply is None and row.has_effect:
            raise AnswerLost
        return reply

    def ended(self, place: tuple[int, str]) -> None:
        """The request that held the key is over."""
        self._running.pop(place, None)

    async def free(self, place: tuple[int, str], version: int) -> None:
        """Take the claim back, unless it is another's by now."""
        unit = self._db.unit(place[0])
        unit.update(KEPT_REPLIES, (place[1],), seen=version, at=unit.now - 2 * KEPT_FOR)
        try:
            await unit.commit()
        except Exception as fault:  # noqa: BLE001 - it had no effect, so whoever finds it takes it over
            _log.info("idempotency key not freed", exc_info=fault)

    def new_unit(self, tenant: int) -> Unit:
        """A unit for a reply alone."""
        return self._db.unit(tenant)

    # --- what is kept is not readable ----------------------------------------------------------------------------

    def _hash(self, text: bytes) -> str:
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def sealed(self, place: tuple[int, str], reply: Reply) -> str:
        """The reply as it is kept."""
        nonce = os.urandom(_NONCE)
        plain = msgspec.msgpack.encode((reply.status, reply.headers, reply.body))
        return b64encode(nonce + AESGCM(self._key).encrypt(nonce, plain, _bound_to(place))).decode()

    def opened(self, place: tuple[int, str], text: str) -> Reply | None:
        """A kept reply; None where it was kept with another secret."""
        sealed = b64decode(text)
        try:
            plain = AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(place))
        except InvalidTag:
            return None
        return Reply(*msgspec.msgpack.decode(plain, type=tuple[int, tuple[tuple[bytes, bytes], ...], bytes]))

    # --- what is old -----------------------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Remove what is older than it is kept; how many rows there were."""
        removed = 0
        query = select(KEPT_REPLIES.c.tenant_id, KEPT_REPLIES.c.key_hash)
        old = query.where(KEPT_REPLIES.c.at < self._db.clock() - KEPT_FOR).limit(_AT_ONCE)
        while rows := await self._db.across_tenants(old):
            units: dict[int, Unit] = {}
            for row in rows:
                unit = units.setdefault(row.tenant_id, self._db.unit(row.tenant_id))
                unit.delete(KEPT_REPLIES, (row.key_hash,))
            for unit in units.values():
                await unit.commit()
            removed += len(rows)
        return removed

    @asynccontextmanager
    async def sweeping(self, _app: Any) -> AsyncIterator[None]:
        """Sweep each hour, as long as the application lives."""
        task = asyncio.create_task(self._sweep_regularly(), name="sweep-kept-replies")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _sweep_regularly(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001 - whatever the fault, the next hour tries again
                await _log.aexception("sweeping_failed")


class _Stored:
    """See `Claim`; `version` is that of the row while the key is held."""

    def __init__(self, store: StoredReplies, place: tuple[int, str], version: int) -> None:
        self._store = store
        self._place = place
        self._version = version
        self._unit: Unit | None = None
        self._recorded: list[Any] = []
        self._is_kept = False

    def bind(self, unit: UnitLike) -> None:
        """See `Claim`."""
        assert isinstance(unit, Unit)
        self._mark(unit)
        self._unit, self._recorded = unit, unit.writes

    def _mark(self, unit: Unit) -> None:
        unit.update(KEPT_REPLIES, (self._place[1],), seen=self._version, has_effect=True)

    @property
    def has_effect(self) -> bool:
        """A unit begins a new list of writes when what it held is committed."""
        return self._unit is not None and self._unit.writes is not self._recorded

    async def keep(self, reply: Reply, unit: UnitLike | None) -> None:
        """See `Claim`."""
        if unit is None:
            unit = self._store.new_unit(self._place[0])
            if not self.has_effect:
                self._mark(unit)
        assert isinstance(unit, Unit)
        unit.update(KEPT_REPLIES, (self._place[1],), reply=self._store.sealed(self._place, reply))
        await unit.commit()
        self._is_kept = True

    async def release(self) -> None:
        """See `Claim`."""
        if not self._is_kept and not self.has_effect:
            await self._store.free(self._place, self._version)
        self._store.ended(self._place)


def _bound_to(place: tuple[int, str]) -> bytes:
    return f"{place[0]}:{place[1]}".encode()
