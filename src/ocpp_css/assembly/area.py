"""The manifest of an area: everything the rest of the house may know of it (HOUSE 1)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from ocpp_css.bus import Bus
from ocpp_css.edge.navigation import NavEntry
from ocpp_css.edge.panels import Panel
from ocpp_css.gateway.context import Context
from ocpp_css.gateway.link import StationLink
from ocpp_css.kit.secrets import Secrets
from ocpp_css.ocpp.routing import Routes
from ocpp_css.storage import Database, StateKey
from ocpp_css.storage.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Which columns hold data about a person, why, and for how long (REQUIREMENTS USE-1)."""

    columns: Sequence[str]
    """`table.column`."""
    purpose: str
    basis: str
    keep_for: str


@dataclass(frozen=True, slots=True)
class Wiring:
    """The parts of the running service an area may be given."""

    db: Database
    bus: Bus
    link: StationLink
    secrets: Secrets
    pseudonyms: Pseudonyms
    settings: Any
    services: dict[str, Any] = field(default_factory=dict)
    """What areas provide to others through a port, by the port's name; filled in the order of the floors."""
    renewals: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Each reads anew what a part remembers: called where messages of other processes may have been missed."""
    does_timed_work: bool = True
    """Whether this process does what is done by the clock: other processes of the same database may do it instead."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Call `receive(topic, message)` for every message of a bus pattern."""

    pattern: str
    receive: Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What an area offers, needs, and stores about people."""

    name: str
    """`floor/folder`, as in the house plan."""
    after: Sequence[str] = ()
    """Areas of the same floor whose `start` comes first."""
    tables: Sequence[Table] = ()
    routes: Sequence[Any] = ()
    """Litestar handlers and controllers, REST and pages."""
    nav: Sequence[NavEntry] = ()
    panels: Sequence[Panel] = ()
    templates: Path | None = None
    actions: Sequence[Routes[Context]] = ()
    states: Sequence[StateKey[Any]] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    """Permission and what it lets one do, in plain words."""
    personal_data: Sequence[PersonalData] = ()
    start: Callable[[Wiring], Awaitable[Callable[[], Awaitable[None]] | None]] | None = None
    """Called once before the ports open; what it returns is called at the end."""
    dependencies: Mapping[str, Callable[[Wiring], Any]] = field(default_factory=dict)
    """Names that handlers of any area may ask for, and how each is made."""
