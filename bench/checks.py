"""What the figures must reach, and what they should: ratios within one run, and bounds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.measuring import Measured
from bench.plan import ROWS

Rows = Mapping[str, Measured]
Better = Literal["more", "less"]
TIMES = "\u00d7"
KEPT = 0.97
"""Of the messages that were due, so many have to be answered for a rate to be called kept."""
_STATIONS = {row.key: row.connections for row in ROWS}


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure with what it must reach (`required`), and what the design aims at (`aim`)."""

    title: str
    unit: str
    better: Better
    required: float | None
    aim: float | None
    figure: Callable[[Rows], float | None]
    by_cpu: Callable[[Rows], float | None] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A bound with what was measured; `by_cpu` is the same ratio out of CPU time, which a busy machine moves less."""

    title: str
    unit: str
    better: Better
    measured: float
    required: float | None
    aim: float | None
    by_cpu: float | None

    @property
    def verdict(self) -> str:
        """`ok`, `below` what is required, or what is said of the aim; nothing where there is neither."""
        if self.required is None and self.aim is None:
            return ""
        if self.required is not None and not self._reaches(self.required):
            return "below"
        if self.aim is not None and not self._reaches(self.aim):
            return "ok, below the aim" if self.required is not None else "below the aim"
        return "ok"

    def _reaches(self, bound: float) -> bool:
        return self.measured >= bound if self.better == "more" else self.measured <= bound


def _ratio(ours: str, theirs: str) -> Callable[[Rows], float | None]:
    def figure(rows: Rows) -> float | None:
        mine, other = rows.get(ours), rows.get(theirs)
        if mine is None or other is None or not mine.msg_per_s or not other.msg_per_s:
            return None
        return mine.msg_per_s / other.msg_per_s

    return figure


def _cpu_ratio(ours: str, theirs: str) -> Callable[[Rows], float | None]:
    def figure(rows: Rows) -> float | None:
        mine, other = rows.get(ours), rows.get(theirs)
        if mine is None or other is None or not mine.us_cpu_per_msg or not other.us_cpu_per_msg:
            return None
        return other.us_cpu_per_msg / mine.us_cpu_per_msg

    return figure


def _value(key: str, name: str) -> Callable[[Rows], float | None]:
    """A figure of a row that had as many stations as the bound speaks of."""

    def figure(rows: Rows) -> float | None:
        row = rows.get(key)
        if row is None or row.connections < _STATIONS[key.removesuffix("-boot")]:
            return None
        value = getattr(row, name)
        return None if value is None else float(value)

    return figure


def _added(ours: str, theirs: str, name: str) -> Callable[[Rows], float | None]:
    """What is more of it in our row; all of it counts where theirs did not keep the rate either."""

    def figure(rows: Rows) -> float | None:
        if ours not in rows or theirs not in rows:
            return None
        other = rows[theirs]
        is_kept = (other.msg_per_s or 0) >= KEPT * (other.rate or 0)
        without: float = getattr(other, name) if is_kept else 0.0
        return max(float(getattr(rows[ours], name)) - without, 0.0)

    return figure


def _times(title: str, ours: str, theirs: str, required: float | None, aim: float | None) -> Bound:
    return Bound(title, TIMES, "more", required, aim, _ratio(ours, theirs), _cpu_ratio(ours, theirs))


def _growth(ours: str, theirs: str, name: str) -> Callable[[Rows], float | None]:
    """How many times theirs our figure is, where both rows had as many stations as the bound speaks of.

    Where theirs did not keep its pace the machine was too busy to tell: what is slow already hides what is added.
    """

    def figure(rows: Rows) -> float | None:
        if theirs in rows and not rows[theirs].is_pace_kept:
            return None
        mine, other = _value(ours, name)(rows), _value(theirs, name)(rows)
        return mine / other if mine and other else None

    return figure


def _at_most(title: str, required: float | None, aim: float | None, figure: Callable[[Rows], float | None]) -> Bound:
    return Bound(title, TIMES, "less", required, aim, figure)


def _marginal(many: str, few: str) -> Callable[[Rows], float | None]:
    """Memory of one more connection: what grows with the connections, without the caches that both rows filled."""

    def figure(rows: Rows) -> float | None:
        more, less = rows.get(many), rows.get(few)
        if more is None or less is None or more.connections < _STATIONS[many] or not more.grown_kb or not less.grown_kb:
            return None
        return (more.grown_kb - less.grown_kb) / (more.connections - less.connections)

    return figure


def _most(title: str, unit: str, required: float | None, aim: float | None, of: tuple[str, str]) -> Bound:
    return Bound(title, unit, "less", required, aim, _value(*of))


BOUNDS = (
    _times("Heartbeat : `ocpp` package", "heartbeat", "package-heartbeat", 8, 10),
    _times("Heartbeat : tuned `ocpp` package", "heartbeat", "tuned-heartbeat", None, None),
    _times("Heartbeat : C server", "heartbeat", "c-heartbeat", None, 0.45),
    _times("MeterValues, stored : `ocpp` package that stores nothing", "meter", "package-meter", 10, 20),
    _times("MeterValues, stored : tuned `ocpp` package", "meter", "tuned-meter", None, None),
    _times("MeterValues, PostgreSQL : `ocpp` package", "postgres-meter", "package-meter", None, 20),
    _times("MeterValues, in memory : `ocpp` package", "memory-meter", "package-meter", None, 40),
    _times("MeterValues, in memory : C server", "memory-meter", "c-meter", None, 0.4),
    _times("MeterValues, stored : in memory", "meter", "memory-meter", None, 0.5),
    _times("Transactions, stored : `ocpp` package that stores nothing", "tx", "package-tx", None, 20),
    _times("Mix at 10,000 : `ocpp` package", "many", "package-many", None, 12),
    _most("MeterValues at 500 stations, p99", "ms", 250, None, ("meter", "p99_ms")),
    _most("10,000 stations connect and boot", "s", 10, 5, ("many-boot", "connect_s")),
    _most("10,000 stations connect and boot over TLS", "s", None, 15, ("many-tls-boot", "connect_s")),
    _most("Memory of a connection after traffic", "KiB", 24, 16, ("many", "rss_kb_per_connection")),
    Bound("Memory of one more connection after traffic", "KiB", "less", None, None, _marginal("many", "mix")),
    _most("Memory of a TLS connection after traffic", "KiB", None, 30, ("many-tls", "rss_kb_per_connection")),
    Bound("p50 added by durability at 8,000/s", "ms", "less", None, 3, _added("paced", "memory-paced", "p50_ms")),
    Bound("p99 added by durability at 8,000/s", "ms", "less", None, 25, _added("paced", "memory-paced", "p99_ms")),
    _most("Mix at 5,000 at 60 % of its ceiling, p99", "ms", 100, None, ("middle-paced", "p99_ms")),
    _at_most(
        "p99 of others while one station floods Heartbeats : before", 2, None, _growth("flooded", "unflooded", "p99_ms")
    ),
    _at_most(
        "p99 of others while one station floods MeterValues : before",
        2,
        None,
        _growth("flooded-meter", "unflooded", "p99_ms"),
    ),
    _at_most("p99 of Heartbeats while 100 people sign in : before", None, 1.5, _growth("signing-in", "calm", "p99_ms")),
    _at_most("CPU of a message, two gateways : one", 1.2, None, _growth("gateways", "gateway", "us_cpu_per_msg")),
    _most("A command through NATS, p99 at 100/s", "ms", 50, None, ("commands", "p99_ms")),
    _at_most("CPU of a message, 19,000 connections : 1,000", None, 1.2, _growth("most", "thousand", "us_cpu_per_msg")),
)


def check(lines: Sequence[Measured]) -> list[Check]:
    """Each bound whose rows were measured."""
    rows = {line.key: line for line in lines}
    found = []
    for bound in BOUNDS:
        measured = bound.figure(rows)
        if measured is not None:
            by_cpu = bound.by_cpu(rows) if bound.by_cpu is not None else None
            found.append(Check(bound.title, bound.unit, bound.better, measured, bound.required, bound.aim, by_cpu))
    return found
