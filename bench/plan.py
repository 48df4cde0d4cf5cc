"""The rows: which server, which messages, how many connections."""

from collections.abc import Sequence
from dataclasses import dataclass

STATIONS = 500
MANY = 10_000
PACED = 1_000
RATE = 8_000
CALM = 1_000
"""Heartbeats a second that leave most of a core free: what a wait costs is seen, not the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. `many`: connecting and memory are told too; `is_quick`: part of `--quick`; `sign_ins`: so many
    people sign in meanwhile.
    """

    key: str
    server: str
    mode: str
    connections: int = STATIONS
    rate: int = 0
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
    Row(key="calm", server="sqlite", mode="heartbeat", rate=CALM),
    Row(key="signing-in", server="sqlite", mode="heartbeat", rate=CALM, sign_ins=100),
    Row(key="many", server="sqlite", mode="mix", connections=MANY, is_many=True),
    Row(key="many-heartbeat", server="sqlite", mode="heartbeat", connections=MANY, is_many=True, is_quick=False),
    Row(key="package-many", server="package", mode="mix", connections=MANY, is_many=True, is_quick=False),
    Row(key="many-tls", server="sqlite", mode="mix", connections=MANY, is_many=True, is_tls=True),
)


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
        return max(self.connections_of(row) for row in self.rows)


def choose(names: Sequence[str], *, is_quick: bool) -> tuple[Row, ...]:
    """The rows of these names, or all; KeyError with the name that is none."""
    by_key = {row.key: row for row in ROWS}
    if names:
        return tuple(by_key[name] for name in names)
    return tuple(row for row in ROWS if row.is_quick or not is_quick)
