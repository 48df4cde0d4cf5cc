"""The load: the generator in C, or one in Python where C cannot be compiled; both speak the same options and JSON."""

import json
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.building import program
from bench.faults import CannotMeasure
from bench.programs import Program, last_line

CONNECT_PATIENCE_S = 250.0
STATIONS_OF_SOURCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the stations do. `rate` 0: each sends when it has its answer. `flood`: what one station more says, so many
    times a second as `flood_rate`. CPU time and memory are those of `pid`, CPU time is also that of each of
    `other_pids`, all with what they started.
    """

    port: int
    path: str
    mode: str
    connections: int
    seconds: float
    warm_up_s: float
    pid: int
    other_pids: tuple[int, ...] = ()
    rate: float = 0
    boots: bool = True
    is_tls: bool = False
    tag: str | None = None
    flood: str = ""
    flood_rate: float = 0

    def options(self) -> list[str]:
        """As the generators read them."""
        given = {
            "-p": self.port, "-u": self.path, "-m": self.mode, "-c": self.connections, "-d": self.seconds,
            "-w": self.warm_up_s, "-P": self.pid, "-C": min(self.connections, 200),
            "-a": 1 + self.connections // STATIONS_OF_SOURCE,
        }  # fmt: skip
        if self.other_pids:
            given["-Q"] = ",".join(map(str, self.other_pids))
        if self.rate:
            given["-r"] = self.rate
        if self.tag:
            given["-g"] = self.tag
        if self.flood:
            given |= {"-F": self.flood, "-f": self.flood_rate}
        flags = [flag for flag, is_set in (("-B", self.boots), ("-T", self.is_tls)) if is_set]
        return [part for name, value in given.items() for part in (name, str(value))] + flags


def name(*, in_c: bool = True) -> str:
    """Which generator is used."""
    return "C" if in_c and program("loadgen") is not None else "Python"


def run(
    load: Load, folder: Path, cores: Collection[int], *, in_c: bool = True, beside: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Put the load on a server; what was measured, as the generator tells it. `beside` is called when the measurement
    begins, and ends before it does.
    """
    compiled = program("loadgen") if in_c else None
    command = [sys.executable, "-m", "bench.python_load"] if compiled is None else [str(compiled)]
    generator = Program([*command, *load.options()], folder, cores, "generator")
    try:
        if beside is not None:
            generator.wait_for("{", CONNECT_PATIENCE_S + load.warm_up_s)
            beside()
        code = generator.wait(CONNECT_PATIENCE_S + load.warm_up_s + load.seconds)
    finally:
        generator.stop()
    try:
        begin, end = map(json.loads, generator.output().splitlines())
    except ValueError:
        raise CannotMeasure(f"the load generator ended with {code}: {last_line(generator.complaints())}") from None
    told: dict[str, Any] = begin | end | {"complaints": generator.complaints()}
    if not told["connections"]:
        raise CannotMeasure(f"no station got in: {_first(told)}")
    if not told["messages"]:
        raise CannotMeasure(f"nothing was answered: {_first(told)}")
    return told


def _first(told: dict[str, Any]) -> str:
    """The first of the generator's complaints."""
    return str(told["complaints"].partition("\n")[0][:300])
