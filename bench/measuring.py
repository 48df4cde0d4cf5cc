"""One row after the other: start the server, put the load on it, write down what was seen."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench import generator
from bench.commanding import Commanded, Commander
from bench.faults import CannotMeasure
from bench.generator import Load
from bench.machine import cores, most_connections
from bench.plan import CEILING_PART, FLOOD_RATE, Plan, Row
from bench.servers import NAMES, Server, Servers
from bench.signing_in import Count, signing_in

Say = Callable[[str], None]
MUCH_WARM_UP_S = 5.0
_EXPECTED = "sign_in_refused"
"""What the log says of people with names that nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line of the results; what a row does not tell is None.

    `us_cpu_per_msg` is the server's CPU time, that of its PostgreSQL and NATS with it, `us_cpu_of` each one's part.
    `rss_kb_per_connection` is in KiB, all that the process grew by from before the first connection until after the
    traffic. `beside` says in words what went on meanwhile.
    """

    key: str
    name: str
    version: str
    mode: str
    connections: int
    msg_per_s: float | None = None
    us_cpu_per_msg: float | None = None
    us_cpu_of: dict[str, float] = field(default_factory=dict)
    p50_ms: float | None = None
    p99_ms: float | None = None
    rss_kb_per_connection: float | None = None
    grown_kb: float | None = None
    connect_s: float | None = None
    rate: int | None = None
    sign_ins: int | None = None
    sign_ins_per_s: float | None = None
    is_pace_kept: bool = True
    wrong_answers: int = 0
    lost_connections: int = 0
    cpu_percent: float | None = None
    generator_cpu_percent: float | None = None
    beside: str = ""
    remark: str = ""

    def told(self) -> dict[str, Any]:
        """As it is written to the file of results."""
        return asdict(self)


def measure(
    row: Row, plan: Plan, servers: Servers, folder: Path, say: Say, *, before: Sequence[Measured] = ()
) -> list[Measured]:
    """The lines of one row; `before` are those of the same run so far."""
    row = replace(row, rate=_rate(row, before))
    say(f"{row.key}: starting {NAMES[row.server]}")
    with servers.running(row.server, is_tls=row.is_tls, has_proxy=bool(row.sign_ins)) as server:
        load = _load(row, plan, server)
        say(f"{row.key}: {load.connections:,} stations, {load.seconds:g} s")
        commanded: list[Commanded] = []
        commander = _commander(row, load, server)
        beside = (lambda: commanded.append(commander.send())) if commander else None
        with signing_in(server.web_url, row.sign_ins) as signed:
            told = generator.run(load, folder, cores().generator, in_c=plan.generator_in_c, beside=beside)
        faults = _faults(told, server, plan.connections_of(row), is_paced=bool(row.rate))
    lines = _lines(row, told, faults, server, signed)
    return [_command_line(line, row, one) for line, one in zip(lines, commanded, strict=True)] if commanded else lines


def _rate(row: Row, before: Sequence[Measured]) -> int:
    """Messages a second of all stations together; 0 where each sends when it is answered."""
    if not row.ceiling:
        return row.rate
    ceiling = next((line.msg_per_s for line in before if line.key == row.ceiling), None)
    if not ceiling:
        raise CannotMeasure(f"its rate is a part of that of {row.ceiling}, which was not measured")
    return max(int(CEILING_PART * ceiling), 1)


def _load(row: Row, plan: Plan, server: Server) -> Load:
    return Load(
        port=server.port,
        path=server.path,
        mode=row.mode,
        connections=min(plan.connections_of(row), most_connections()),
        seconds=plan.seconds_of(row),
        warm_up_s=plan.warm_up_s,
        pid=server.program.pid,
        other_pids=tuple(server.others.values()),
        rate=row.rate,
        boots=server.is_booting,
        is_tls=row.is_tls,
        flood=row.flood,
        flood_rate=FLOOD_RATE,
    )


def _commander(row: Row, load: Load, server: Server) -> Commander | None:
    if not row.commands:
        return None
    return Commander(
        url=server.web_url,
        api_key=server.api_key,
        stations=load.connections,
        rate=row.commands,
        seconds=load.seconds,
    )


def _command_line(line: Measured, row: Row, commanded: Commanded) -> Measured:
    """The commands instead of the messages that the stations sent meanwhile."""
    return replace(
        line,
        mode="commands",
        msg_per_s=round(commanded.per_s, 1),
        us_cpu_per_msg=None,
        us_cpu_of={},
        p50_ms=round(commanded.quantile_ms(0.5), 2),
        p99_ms=round(commanded.quantile_ms(0.99), 2),
        rate=row.commands,
        beside=f"the stations sent {line.msg_per_s:,.0f} messages a second meanwhile",
        remark="; ".join(filter(None, (line.remark, commanded.faults))),
    )


def _faults(told: dict[str, Any], server: Server, wanted: int, *, is_paced: bool) -> str:
    """What went wrong, in a line; empty when nothing did. A pace says itself how long the first answers take."""
    found = []
    if told["warm_up_s"] > MUCH_WARM_UP_S and not is_paced:
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


def _lines(row: Row, told: dict[str, Any], faults: str, server: Server, signed: Count) -> list[Measured]:
    who = {"name": NAMES[row.server], "version": Servers.version(row.server), "connections": told["connections"]}
    secure = "-tls" if row.is_tls else ""
    grown = told["rss_kb"] - told["rss_before_kb"]
    traffic = Measured(
        key=row.key,
        mode=row.mode + secure + ("-paced" if row.rate else "") + ("-flooded" if row.flood else ""),
        msg_per_s=told["msg_per_s"],
        us_cpu_per_msg=told["us_cpu_per_msg"],
        us_cpu_of=_parts(told, server),
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        rss_kb_per_connection=round(grown / told["connections"], 2) if row.is_many else None,
        grown_kb=grown,
        rate=row.rate or None,
        sign_ins=row.sign_ins or None,
        sign_ins_per_s=signed.per_s,
        is_pace_kept=not told["missed"],
        wrong_answers=told["wrong"],
        lost_connections=told["lost"],
        cpu_percent=told["cpu_percent"],
        generator_cpu_percent=told["generator_cpu_percent"],
        beside=_flood(row, told),
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


def _parts(told: dict[str, Any], server: Server) -> dict[str, float]:
    """Microseconds of CPU a message by who used them; nothing where one process did all."""
    others = dict(zip(server.others, told["others_us_per_msg"], strict=True))
    return {"ocpp-css": round(told["us_cpu_per_msg"] - sum(others.values()), 2), **others} if others else {}


def _flood(row: Row, told: dict[str, Any]) -> str:
    if not row.flood:
        return ""
    sent, answered = told["flood_per_s"], told["flood_answered_per_s"]
    return (
        f"one station more was to send {FLOOD_RATE:,} {row.flood} calls a second without waiting: "
        f"{sent:,.0f} a second left it, {answered:,.0f} were answered"
    )
