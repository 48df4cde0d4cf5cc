"""One row after the other: start the server, put the load on it, write down what was seen."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import generator
from bench.generator import Load
from bench.machine import cores, most_connections
from bench.plan import Plan, Row
from bench.servers import NAMES, Server, Servers
from bench.signing_in import Count, signing_in

Say = Callable[[str], None]
MUCH_WARM_UP_S = 5.0
_EXPECTED = "sign_in_refused"
"""What the log says of people with names that nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of the results; what a row does not tell is None.

    `us_cpu_per_msg` is the server's CPU time, that of its PostgreSQL with it. `rss_kb_per_connection` is in KiB, all
    that the process grew by from before the first connection until after the traffic.
    """

    key: str
    name: str
    version: str
    mode: str
    connections: int
    msg_per_s: float | None = None
    us_cpu_per_msg: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    rss_kb_per_connection: float | None = None
    grown_kb: float | None = None
    connect_s: float | None = None
    rate: int | None = None
    sign_ins: int | None = None
    sign_ins_per_s: float | None = None
    wrong_answers: int = 0
    lost_connections: int = 0
    cpu_percent: float | None = None
    generator_cpu_percent: float | None = None
    remark: str = ""

    def told(self) -> dict[str, Any]:
        """As it is written to the file of results."""
        return asdict(self)


def measure(row: Row, plan: Plan, servers: Servers, folder: Path, say: Say) -> list[Measured]:
    """The lines of one row."""
    say(f"{row.key}: starting {NAMES[row.server]}")
    with servers.running(row.server, is_tls=row.is_tls, has_proxy=bool(row.sign_ins)) as server:
        load = _load(row, plan, server)
        say(f"{row.key}: {load.connections:,} stations, {load.seconds:g} s")
        with signing_in(server.web_url, row.sign_ins) as signed:
            told = generator.run(load, folder, cores().generator, in_c=plan.generator_in_c)
        faults = _faults(told, server, plan.connections_of(row))
    return _lines(row, told, faults, signed)


def _load(row: Row, plan: Plan, server: Server) -> Load:
    return Load(
        port=server.port,
        path=server.path,
        mode=row.mode,
        connections=min(plan.connections_of(row), most_connections()),
        seconds=plan.seconds,
        warm_up_s=plan.warm_up_s,
        pid=server.program.pid,
        other_pids=tuple(server.others),
        rate=row.rate,
        boots=server.is_booting,
        is_tls=row.is_tls,
    )


def _faults(told: dict[str, Any], server: Server, wanted: int) -> str:
    """What went wrong, in a line; empty when nothing did."""
    found = []
    if told["warm_up_s"] > MUCH_WARM_UP_S:
        found.append(f"the first answers of all stations took {told['warm_up_s']:.1f} s, before the measurement")
    if told["connections"] < wanted:
        possible = most_connections()
        why = f": the limit on open files allows {possible:,}" if possible < wanted else ""
        found.append(f"{wanted - told['connections']:,} stations did not get in{why}")
    if told["wrong"] or told["lost"]:
        found.append(f"the generator says: {' / '.join(told['complaints'].split(chr(10))[:2])[:300]}")
    if told["missed"]:
        found.append("all stations were waiting for answers at times, so the rate was not kept")
    lines = [line for line in server.program.complaints().splitlines() if line.strip() and _EXPECTED not in line]
    if lines:
        found.append(f"{len(lines)} lines in the server's log, the first: {_gist(lines[0])}")
    return "; ".join(found)


def _sign_in_faults(row: Row, signed: Count) -> str:
    if not row.sign_ins or (signed.hashed and not signed.others):
        return ""
    return f"{signed.others:,} sign-ins were answered before the hash, {signed.hashed:,} after it"


def _gist(line: str) -> str:
    """A line of the log, of one with an exception its last line."""
    try:
        said = json.loads(line)
    except ValueError:
        return line[:300]
    exception = (said.get("exception") or "").strip().splitlines()
    return f"{said.get('event')}: {exception[-1]}"[:300] if exception else str(said.get("event"))[:300]


def _lines(row: Row, told: dict[str, Any], faults: str, signed: Count) -> list[Measured]:
    who = {"name": NAMES[row.server], "version": Servers.version(row.server), "connections": told["connections"]}
    secure = "-tls" if row.is_tls else ""
    grown = told["rss_kb"] - told["rss_before_kb"]
    traffic = Measured(
        key=row.key,
        mode=row.mode + secure + ("-paced" if row.rate else ""),
        msg_per_s=told["msg_per_s"],
        us_cpu_per_msg=told["us_cpu_per_msg"],
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        rss_kb_per_connection=round(grown / told["connections"], 2) if row.is_many else None,
        grown_kb=grown,
        rate=row.rate or None,
        sign_ins=row.sign_ins or None,
        sign_ins_per_s=signed.per_s,
        wrong_answers=told["wrong"],
        lost_connections=told["lost"],
        cpu_percent=told["cpu_percent"],
        generator_cpu_percent=told["generator_cpu_percent"],
        remark="; ".join(filter(None, (faults, _sign_in_faults(row, signed)))),
        **who,
    )
    if not row.is_many:
        return [traffic]
    boots = Measured(
        key=f"{row.key}-boot",
        mode=f"boot{secure}",
        msg_per_s=round(told["connections"] / told["connect_s"]),
        us_cpu_per_msg=round(told["connect_cpu_s"] * 1e6 / told["connections"], 1),
        p50_ms=told["connect_p50_ms"],
        p99_ms=told["connect_p99_ms"],
        rss_kb_per_connection=round((told["rss_connected_kb"] - told["rss_before_kb"]) / told["connections"], 2),
        connect_s=told["connect_s"],
        **who,
    )
    return [boots, traffic]
