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
    presence,
    seen,
)
from ocpp_css.charging.stations.service.registration import get
from ocpp_css.charging.stations.service.reports import learn

__all__ = [
    "Doors",
    "MemoryDirectory",
    "Presence",
    "Seen",
    "Station",
    "StationUnknown",
    "by_number",
    "get",
    "has_any",
    "identities",
    "learn",
    "listed",
    "numbers_matching",
    "owners",
    "presence",
    "seen",
]
