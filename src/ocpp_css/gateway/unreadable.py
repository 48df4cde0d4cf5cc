"""Messages that are no OCPP-J, in the log without their text, which may hold an id token (decision 13)."""

import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp_css.gateway.messages import Exchange
from ocpp_css.kit.rates import Rate, RateLimiter
from ocpp_css.kit.secrets import Secrets
from ocpp_css.ocpp.errors import code_for
from ocpp_css.ocpp.frames import MAX_MESSAGE_ID, Malformed
from ocpp_css.storage import Database

if TYPE_CHECKING:
    from ocpp_css.gateway.connection import Connection

ACTION: Final = ""
"""Stands for the action in the row of a message that has none."""
KEPT: Final = Rate(20, 600.0)
"""So many of one station are kept at once, and as many again in ten minutes; all are counted."""


class Unreadable:
    """Keeps a row for each, with length, keyed digest and the place of the fault."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self._db = db
        self._key = secrets.key("unreadable messages")
        self._kept = RateLimiter()

    def note(self, connection: "Connection", data: bytes, fault: Malformed, *, is_answered: bool) -> None:
        """Keep one; `is_answered`: the station was sent a CALLERROR."""
        station = connection.station
        if (
            not station.station_id
            or not self._kept.take(f"{station.tenant}.{station.station_id}", KEPT, time.monotonic()).is_allowed
        ):
            return
        unit = self._db.unit(station.tenant)
        told = {
            "length_bytes": len(data),
            "digest": blake2b(data, key=self._key, digest_size=8).hexdigest(),
            "fault": _place(data),
        }
        message_id = (fault.message_id or "").replace("\0", "")[:MAX_MESSAGE_ID]
        exchange = Exchange("in", message_id, ACTION, unit.now)
        exchange.payload = msgspec.json.encode(told).decode()
        code = code_for(fault.kind, connection.protocol.name) if is_answered else ""
        exchange.error = {"code": code, "description": fault.detail, "details": {}}
        exchange.record(unit, station.station_id)
        unit.submit(lambda _: None)
        if self._db.bus.is_watched(connection.topic):
            self._db.bus.publish(connection.topic, exchange.message())


def _place(data: bytes) -> str | None:
    """Where reading as JSON ends, in the parser's words, which quote nothing; None where it is JSON."""
    try:
        msgspec.json.decode(data)
    except UnicodeDecodeError as fault:
        return f"{fault.reason} (byte {fault.start})"
    except RecursionError:
        return "nested too deep"
    except msgspec.DecodeError as fault:
        return str(fault)[:200]
    return None
