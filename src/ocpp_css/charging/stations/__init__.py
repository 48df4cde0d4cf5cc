"""Stations: who they are, where they are, what they say of themselves."""

from ocpp_css.charging.stations.errors import StationUnknown
from ocpp_css.charging.stations.model import Presence, Seen, Station
from ocpp_css.charging.stations.service.directory import Doors, MemoryDirectory
from ocpp_css.charging.stations.service.lookup import (
    by_number,
    has_any,
    identities,
    listed,
    numbers_matching,
    owners,
    seen,
)
from ocpp_css.charging.stations.service.registration import create, get
from ocpp_css.charging.stations.service.reports import learn
from ocpp_css.charging.stations.service.rotation import Outcome, begin_rotation, new_password, settle_rotation
from ocpp_css.charging.stations.service.shapes import StationAddress

__all__ = [
    "Doors",
    "MemoryDirectory",
    "Outcome",
    "Presence",
    "Seen",
    "Station",
    "StationAddress",
    "StationUnknown",
    "begin_rotation",
    "by_number",
    "create",
    "get",
    "has_any",
    "identities",
    "learn",
    "listed",
    "new_password",
    "numbers_matching",
    "owners",
    "seen",
    "settle_rotation",
]
