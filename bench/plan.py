"""The rows: which server, which messages, how many connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STATIONS = 500
MANY = 10_000
PACED = 1_000
RATE = 8_000
CALM = 1_000
"""Heartbeats a second that leave most of a core free: what a wait costs is seen, not the queue."""
MIDDLE = 5_000
MOST = 19_000
CEILING_PART = 0.6
"""A row with a `ceiling` is paced at this part of the messages a second that the other row reached in the same run."""
FLOOD_RATE = 10_000
STEADY = 3_000
"""Messages a second of rows that are compared with one another by latency or by CPU time, far from the ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. `many`: connecting and memory are told too; `is_quick`: part of `--quick`; `ceiling`: the row
    whose rate this one's is a part of; `flood`: what one station more says without waiting; `commands`: so many go to
    the stations a second; `sign_ins`: so many people sign in meanwhile; `longer`: measured so many times as long as
    others, where a p99 or a difference needs it.
    """

    key: str
    server: str
    mode: str
    connections: int = STATIONS
    rate: int = 0
    ceiling: str = ""
    flood: str = ""
    commands: int = 0
    longer: int = 1
    is_many: bool = False
    is_tls: bool = False
    is_quick: bool = True
    sign_ins: int = 0


ROWS = (
    Row(key="c-heartbeat", server="c", mode="heartbeat"),
    Row(key="heartbeat", server="sqlite", mode="heartbeat"),
    Row(key="package-heartbeat", server="package", mode="heartbeat"),
    Row(key="tuned-heartbeat", server="tuned", mode="heartbeat", is_quick=False),
    Row(key="c-meter", server="c", mode="meter", is_quick=False),
    Row(key="memory-meter", server="memory", mode="meter"),
    Row(key="meter", server="sqlite", mode="meter"),
    Row(key="package-meter", server="package", mode="meter"),
    Row(key="tuned-meter", server="tuned", mode="meter", is_quick=False),
    Row(key="postgres-meter", server="postgres", mode="meter"),
    Row(key="tx", server="sqlite", mode="tx"),
    Row(key="package-tx", server="package", mode="tx", is_quick=False),
    Row(key="postgres-tx", server="postgres", mode="tx"),
    Row(key="status", server="sqlite", mode="status"),
    Row(key="mix", server="sqlite", mode="mix"),
    Row(key="paced", server="sqlite", mode="meter", connections=PACED, rate=RATE),
    Row(key="memory-paced", server="memory", mode="meter", connections=PACED, rate=RATE),
    Row(key="calm", server="sqlite", mode="heartbeat", rate=CALM, longer=3),
    Row(key="signing-in", server="sqlite", mode="heartbeat", rate=CALM, longer=3, sign_ins=100),
    Row(key="thousand", server="sqlite", mode="mix", connections=PACED, is_many=True, is_quick=False),
    Row(key="middle", server="sqlite", mode="mix", connections=MIDDLE, is_many=True),
    Row(key="many", server="sqlite", mode="mix", connections=MANY, is_many=True),
    Row(key="most", server="sqlite", mode="mix", connections=MOST, is_many=True, is_quick=False),
    Row(key="middle-paced", server="sqlite", mode="mix", connections=MIDDLE, ceiling="middle", longer=3),
    Row(key="unflooded", server="sqlite", mode="mix", connections=PACED, rate=STEADY, longer=3),
    Row(key="flooded", server="sqlite", mode="mix", connections=PACED, rate=STEADY, longer=3, flood="heartbeat"),
    Row(key="flooded-meter", server="sqlite", mode="mix", connections=PACED, rate=STEADY, longer=3, flood="meter"),
    Row(key="gateway", server="gateway", mode="mix", connections=PACED, rate=STEADY, longer=3),
    Row(key="gateways", server="gateways", mode="mix", connections=PACED, rate=STEADY, longer=3),
    Row(key="commands", server="nodes", mode="mix", rate=1_000, longer=5, commands=100),
    Row(key="many-heartbeat", server="sqlite", mode="heartbeat", connections=MANY, is_many=True, is_quick=False),
    Row(key="package-many", server="package", mode="mix", connections=MANY, is_many=True, is_quick=False),
    Row(key="many-tls", server="sqlite", mode="mix", connections=MANY, is_many=True, is_tls=True),
)

GROUPS = {
    "connections": (("thousand", "middle", "many", "most"), "the same figures at 1,000 to 19,000 connections"),
    "ceiling": (("middle", "middle-paced"), "5,000 stations as fast as can be, then at 60 % of that"),
    "sign-ins": (("calm", "signing-in"), "Heartbeats while 100 people sign in"),
    "flood": (("unflooded", "flooded", "flooded-meter"), "one station floods while 1,000 say their part"),
    "processes": (("gateway", "gateways"), "the same load on one gateway and on two, over PostgreSQL and NATS"),
    "nodes": (("commands",), "commands over REST of one node to stations on another"),
}
"""Rows that say something together, by a name that stands for them on the command line; what they show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and for how long; `connections` replaces the number of each row."""

    rows: tuple[Row, ...]
    seconds: float
    warm_up_s: float
    connections: int | None = None
    generator_in_c: bool = True

    def connections_of(self, row: Row) -> int:
        """How many stations the row has."""
        return self.connections or row.connections

    @property
    def stations(self) -> int:
        """How many stations and tokens must be there."""
        return max(self.connections_of(row) + bool(row.flood) for row in self.rows)

    def seconds_of(self, row: Row) -> float:
        """How long the row is measured."""
        return self.seconds * row.longer


def choose(names: Sequence[str], *, is_quick: bool) -> tuple[Row, ...]:
    """The rows of these names and groups, or all; KeyError with the name that is none.

    The row that another one needs for its rate comes with it.
    """
    by_key = {row.key: row for row in ROWS}
    if not names:
        return tuple(row for row in ROWS if row.is_quick or not is_quick)
    rows = [by_key[key] for name in names for key in keys_of(name)]
    return tuple(dict.fromkeys(one for row in rows for one in (*_before(row, by_key), row)))


def keys_of(name: str) -> tuple[str, ...]:
    """The rows of a group; any other name is one row's."""
    return GROUPS[name][0] if name in GROUPS else (name,)


def _before(row: Row, by_key: Mapping[str, Row]) -> tuple[Row, ...]:
    return (by_key[row.ceiling],) if row.ceiling else ()
