"""Stations, their EVSEs and connectors, in the words of 2.x; connector n of 1.6 is EVSE n, connector 1 (RULES 2.7)."""

from datetime import datetime
from typing import Literal

import msgspec

ConnectorStatus = Literal[
    "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Occupied", "Reserved",
    "Unavailable", "Faulted",
]  # fmt: skip
"""All words a station of any version may use of a connector."""


class Connector(msgspec.Struct, frozen=True):
    """A connector's last reported state; `error_code` is None in 2.x. EVSE 0 is the station itself."""

    evse_id: int
    connector_id: int
    status: ConnectorStatus
    error_code: str | None
    info: str | None
    updated_at: datetime


class Boot(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says of itself at start."""

    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_serial_number: str | None = None
    meter_type: str | None = None
    reason: str | None = None
