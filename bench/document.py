"""`docs/benchmarks.md`, made of a run."""

from collections.abc import Sequence

from bench.plan import GROUPS
from bench.report import CHECK_HEADS, HEADS, Report, cells, check_cells, remarks

INTRODUCTION = """\
# Benchmarks

Messages per second, latency and memory of ocpp-css on one machine, beside the PyPI package `ocpp` used as a central
system, and beside a server in C as the limit of the machine. This page is made by a run; the next run replaces it:

```
{command}
```

| | |
|---|---|
| commit | `{commit}` |
| date | {date} |
| machine | {cpu}, {cores} cores, {memory_gib} GiB, {system}, {file_system}, fsync of 4 KiB in {fsync_ms} ms |
| programs | Python {python}, SQLite {sqlite}{postgres}, load generator in {generator} |
| measured | {seconds:g} s a row |
"""

REPEATING = """\
## Repeat a part

`ocpp-css bench` with the names of rows or groups measures these alone; `--seconds 60` measures each for a minute, some
rows three or five times as long. Without names `--quick` leaves some rows out.

"""
STEPS = (
    (
        "no task and no queue for a connection or a message; handlers take their first step in the loop's own turn",
        "30 to 65 % of the CPU time, in prototypes",
        "a handler that waits gets its task only then (`gateway/dispatch.py`)",
    ),
    (
        "one typed decoding of the raw payload, no parsed JSON in between",
        "a MeterValues is validated in 2.6 µs instead of 48 to 521",
        "the name of a fault is found by reading once more",
    ),
    ("commits of many units, 2 ms apart at least", "half of the CPU time of storing", "1.5 ms of p50"),
    (
        "SQLite's rows are written by the loop, its commits by a thread (decision 11)",
        "as much as the rows cost",
        "the loop is busy for 2 ms with 300 rows",
    ),
    (
        "the log's index by station is written late (decision 12)",
        "17 of 100 µs of a MeterValues on SQLite",
        "a tenth of a second at the first look after a start",
    ),
    (
        "answers go out together at the end of the loop's turn",
        "not measured alone",
        "none seen",
    ),
    ("the second of a Heartbeat's answer is made once a second", "0.6 µs a Heartbeat", "none seen"),
    ("headers of handshakes that are over are forgotten", "2.6 KiB a connection", "none seen"),
    (
        "over TLS, OpenSSL reads and writes the socket itself (decision 80)",
        "12 KiB a connection",
        "two system calls more for a message that comes in",
    ),
    (
        "while the next commit is full, requests wait as they came",
        "1.1 KiB a connection at 10,000 in flight",
        "they are decoded later",
    ),
    (
        "the state of many stations is loaded by one statement whose text does not grow",
        "2.9 KiB a connection, half of the CPU time of 10,000 boots (9.1 s to 4.7 s)",
        "none seen",
    ),
    (
        (
            "who waits for a block of numbers waits for one taking, begun early "
            "(no lock: it lets one go in a turn of the loop)"
        ),
        "first answers of 5,000 stations after 5.3 s instead of 16.9, p99 0.8 s instead of 10 and more (load 7)",
        "half a block of numbers more is skipped when a process is lost",
    ),
    (
        "a message's context is its row in the log, what memory holds is not awaited (decision 82)",
        "a quarter of the instructions of a MeterValues in memory (callgrind)",
        "none seen",
    ),
    (
        "tried and taken back: twelve modules of the hot path compiled (Cython; mypyc)",
        "mypyc: 8 % of a MeterValues in memory, 16 % of a Heartbeat; Cython: nothing, 30 % slower",
        "a compiler on every machine, and a second form of the program",
    ),
    ("tried and taken back: remembered answers packed into one text", "0.1 KiB a connection", "0.7 µs a message"),
    (
        "tried and taken back: over TLS no session tickets; one arena of malloc for all threads; trimming it later",
        "nothing; nothing; 0.5 KiB a connection of 3,000",
        "whole handshakes at each reconnect; none seen; a pause",
    ),
)
TLS_PARTS = (
    ("OpenSSL: the object of the connection", "7.4"),
    ("OpenSSL: the ciphers of both directions", "2.2"),
    ("OpenSSL: session, keys of the exchange, digests, certificate, parameters", "3.6"),
    ("Python: transport, futures, handles, what is told of the socket", "1.7"),
    ("buffers between OpenSSL and the socket (12 before decision 80)", "0"),
)
TLS_HEADS = ("what a connection over TLS keeps beside what every connection does", "KiB")
STEP_HEADS = ("step", "gained", "cost")

TLS = """\
Counted once, by the sizes of all that is allocated for a connection of TLS 1.3 with an ECDSA certificate and OpenSSL
3.0, and not with each run. OpenSSL gives its own buffers of 16 KiB back after each message (`SSL_MODE_RELEASE_BUFFERS`,
which Python sets).
"""
GROUP_HEADS = ("command", "rows", "shows")

READING = """\
## How to read it

- Each row is a fresh server process on a core of its own; the load generator has another. So a service with several
  cores does more, and PostgreSQL has to share: on a machine with two cores it runs beside both.
- A station sends its next message when it has the answer to the last (except where a rate is given), so with 500
  stations the latency is mostly the queue of 500 messages: 500 divided by the messages a second.
- **ocpp-css answers MeterValues, StatusNotification and transactions only after the commit** (SQLite in WAL mode with
  synchronous FULL; PostgreSQL with fsync and synchronous_commit on). Heartbeats write nothing. Each message is
  validated, and kept in the message log.
- `ocpp` is the package as a central system over `websockets`, as its documentation shows: its validation on, nothing
  stored. "Tuned" has the validation moved from a thread into the loop, and uvloop.
- The C server answers every message as if it were a Heartbeat, without reading JSON; nothing with a program behind it
  is faster.
- "In memory" is ocpp-css with its writer replaced, in the benchmark only: the difference is what durability costs.
- Stations are registered and tokens exist before, made over the REST interface. No two messages of a station say the
  same: otherwise the recognition of repeated messages would be measured. MeterValues have 8 samples and belong to an
  open transaction. The mix is 40 % Heartbeat, 20 % StatusNotification, 30 % MeterValues, 10 % transactions.
- `boot` is from the first connection attempt until the last BootNotification was accepted; p50 and p99 are those of
  one station.
- KiB a connection is all that the process grew by from before the first connection until after the traffic, divided
  by the connections: the caches of the database are in it, and what 10,000 messages in flight at once took. "One more
  connection" is the difference between the rows with 10,000 and with 500 stations.
- "Signing in" is the same load as the row "calm" above it, while 100 people at once try to sign in without a pause,
  with names that nobody has, each from an address of its own: every try costs an Argon2id hash of 38 MiB, two at a
  time.
- `mix-paced` at 5,000 stations is at 60 % of what the row `mix` with as many reached just before, in the same run.
- `flooded`: one station more has 10,000 calls a second to send and waits for no answer, while the others say the mix at
  their pace; p50 and p99 are those of the others. Of Heartbeats it gets its answers; MeterValues wait for commits one
  after the other, so that most of the flood stays in its socket.
- Two rows are not compared where the first of them did not keep its pace: a machine that is busy hides what is added.
- "1 gateway", "2 gateways" are `serve --role gateway --workers N` on PostgreSQL and NATS, with the same stations and
  the same pace. CPU time is that of all gateways, of PostgreSQL and of NATS together, with all that they started; the
  remarks tell them apart. The gateways share one core, so this is the cost of being two and not what two can do.
- `commands`: DataTransfer over `POST /stations/{identity}/commands` of a web node, 100 a second whatever becomes of
  them; its station is on a gateway node, and the command goes there over NATS. p50 and p99 are those of who sent it,
  from when it was due until the final state was told, with two entries in the database and one in the audit log.
- Measuring begins when each station had the answers to its first messages, or after 30 s.
- Messages a second move by a quarter from run to run where the machine is shared; the ratios of one run less, and
  those of CPU time least.
"""


def page(report: Report) -> str:
    """The whole page."""
    facts = {key: value for key, value in report.machine.items() if key != "postgresql"}
    head = INTRODUCTION.format(
        **facts,
        command=report.command,
        commit=report.commit,
        date=report.at.strftime("%Y-%m-%d %H:%M UTC"),
        postgres=f", PostgreSQL {report.postgres}" if report.postgres else "",
        generator=report.generator,
        seconds=report.seconds,
    )
    parts = [head, "## Measured\n", _table(HEADS, [cells(line) for line in report.lines])]
    parts += ["## Against what it has to be\n", _table(CHECK_HEADS, [check_cells(found) for found in report.checks])]
    noted = remarks(report)
    if noted:
        parts += ["## Remarks on this run\n", "\n".join(f"- {remark}" for remark in noted) + "\n"]
    parts += [REPEATING + _table(GROUP_HEADS, _groups()), READING]
    parts += ["## What TLS costs in memory\n", TLS, _table(TLS_HEADS, TLS_PARTS)]
    return "\n".join([*parts, "## What each step of the hot path gained and cost\n", _table(STEP_HEADS, STEPS)])


def _groups() -> list[list[str]]:
    return [[f"`ocpp-css bench {name}`", ", ".join(keys), shows] for name, (keys, shows) in GROUPS.items()]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
