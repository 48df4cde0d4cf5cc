"""`ocpp-css emulate`: emulated stations against any central system."""

import asyncio
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import uvloop
from cyclopts import Parameter
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ocpp_css.simulator.fleet import Fleet, Summary
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.scenario import DEFAULT, IDLE, Scenario, ScenarioError, load
from ocpp_css.simulator.shell import tls

LOOK_S: Final = 1.0
_LINE_EVERY: Final = 5

Chosen = Literal["1.6", "2.0.1", "2.1"]


Url = Annotated[str, Parameter(help="As `ws://host:9220/ocpp`; the identity is appended, or put for `{identity}`.")]
Name = Annotated[str, Parameter(help="The station's identity; above a count of 1 they are `IDENTITY-0001` and so on.")]
Spoken = Annotated[Chosen, Parameter(help="The version of OCPP.")]
Many = Annotated[int, Parameter(help="How many stations.")]
Story = Annotated[str, Parameter(help="A scenario file, `default` for drivers that come and go, `idle` for none.")]
Secret = Annotated[str | None, Parameter(help="For HTTP Basic authentication; without one none is sent.")]
Shown = Annotated[
    tuple[str, ...], Parameter(negative="", help="A token that drivers show; may be given several times.")
]
Evses = Annotated[int, Parameter(help="EVSEs of each station.")]
Power = Annotated[float, Parameter(help="What each EVSE gives; from 44 kW on it is direct current.")]
Scale = Annotated[float, Parameter(help="How much faster than real time vehicles charge and drivers come.")]
Rate = Annotated[float, Parameter(help="New connections a second.")]
Authorities = Annotated[Path | None, Parameter(help="Authorities to trust for wss, in PEM, instead of the system's.")]
Own = Annotated[Path | None, Parameter(help="A client certificate, in PEM (security profile 3).")]
OwnKey = Annotated[Path | None, Parameter(help="The key of the client certificate.")]
Seed = Annotated[int | None, Parameter(help="The same number gives the same behaviour.")]


def emulate(
    *,
    url: Url,
    identity: Name,
    version: Spoken = "1.6",
    count: Many = 1,
    scenario: Story = "default",
    password: Secret = None,
    id_token: Shown = ("EMULATED-1",),
    connectors: Evses = 1,
    power_kw: Power = 11.0,
    time_scale: Scale = 1.0,
    connect_rate: Rate = 100.0,
    ca: Authorities = None,
    certificate: Own = None,
    key: OwnKey = None,
    seed: Seed = None,
) -> int:
    """Emulate charging stations: against any central system, until the scenario is over or Ctrl-C.

    The exit code is 0 at the end, 1 when the central system refused, 2 for bad options.
    """
    try:
        _check(url, count, time_scale)
        play, context = _scenario(scenario), tls(ca, certificate, key)
        options = _options(identity, connectors, power_kw, id_token, seed)
    except (ScenarioError, OSError, ValueError) as error:
        sys.stderr.write(f"ocpp-css emulate: {error}\n")
        return 2

    def fleet() -> Fleet:
        kind: dict[str, Any] = {"version": version, "password": password, "scenario": play, "options": options}
        pace: dict[str, Any] = {"connect_rate": connect_rate, "time_scale": time_scale, "ssl_context": context}
        return Fleet(url, _pattern(identity, count), count, **kind, **pace)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(fleet))


def _scenario(name: str) -> Scenario:
    return {"default": DEFAULT, "idle": IDLE}.get(name) or load(Path(name))


def _options(identity: str, connectors: int, power_kw: float, tokens: tuple[str, ...], seed: int | None) -> Options:
    if connectors < 1 or power_kw <= 0:
        raise ValueError("a station has at least one connector, and power")
    return Options(
        identity=identity, evses=connectors, power_w=round(power_kw * 1000), id_tokens=tokens, seed=seed, kept_frames=0
    )


def _check(url: str, count: int, time_scale: float) -> None:
    if not url.startswith(("ws://", "wss://")):
        raise ValueError("the URL begins with ws:// or wss://")
    if count < 1 or time_scale <= 0:
        raise ValueError("the count is at least 1, and the time scale above 0")


def _pattern(identity: str, count: int) -> str:
    literal = identity.replace("{", "{{").replace("}", "}}")
    return literal if count == 1 else f"{literal}-{{:04d}}"


async def _run(make: Callable[[], Fleet]) -> int:
    """Run until the scenarios are over, somebody stops it, or every station was refused."""
    fleet = make()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    _allow_files(len(fleet.clients))
    await fleet.start()
    waits = [asyncio.ensure_future(wait) for wait in (stopped.wait(), fleet.wait(), _show(fleet))]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        charged = fleet.charged()
        await fleet.stop()
    sys.stdout.write(_closing(fleet, charged) + "\n")
    return _verdict(fleet)


def _closing(fleet: Fleet, charged: int) -> str:
    counts = fleet.counts
    return (
        f"{charged} of {len(fleet.clients)} stations charged, in {counts.transactions} transactions; "
        f"{counts.connects} connections, {counts.errors} errors"
    )


def _allow_files(count: int) -> None:
    """Every station is an open file: raise the soft limit, as far as the hard one goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))


def _verdict(fleet: Fleet) -> int:
    """1 where nobody got in and the central system said no."""
    refusals = list(fleet.refusals.values())
    if not refusals:
        return 0
    sys.stderr.write(f"{refusals[0]}\n")
    if len(refusals) > 1:
        sys.stderr.write(f"{len(refusals)} stations were refused.\n")
    return 0 if fleet.counts.connects else 1


async def _show(fleet: Fleet) -> None:
    """A live table on a terminal, else a line now and then; ends when all are refused."""
    console = Console()
    if console.is_terminal:
        with Live(_table(fleet.summary()), console=console, auto_refresh=False) as live:
            while not _is_hopeless(fleet):
                await asyncio.sleep(LOOK_S)
                live.update(_table(fleet.summary()), refresh=True)
        return
    turn = 0
    while not _is_hopeless(fleet):
        if turn % _LINE_EVERY == 0:
            console.print(_line(fleet.summary()), markup=False, highlight=False, soft_wrap=True)
        turn += 1
        await asyncio.sleep(LOOK_S)


def _is_hopeless(fleet: Fleet) -> bool:
    """Nobody ever got in, and everybody was told no."""
    return len(fleet.refusals) == len(fleet.clients) and not fleet.counts.connects


def _rows(summary: Summary) -> list[tuple[str, str]]:
    counts = summary.counts
    return [
        ("stations", str(summary.stations)),
        ("online", str(summary.online)),
        ("accepted", str(summary.accepted)),
        ("charging", str(summary.charging)),
        ("power", f"{summary.power_w / 1000:.1f} kW"),
        ("transactions", str(counts.transactions)),
        ("sent", str(counts.sent)),
        ("answered", str(counts.answered)),
        ("requests", str(counts.requests)),
        ("errors", str(counts.errors)),
        ("timeouts", str(counts.timeouts)),
        ("reconnects", str(counts.reconnects)),
        ("refused", str(counts.refused)),
    ]


def _table(summary: Summary) -> Table:
    table = Table(title="emulated stations", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right", min_width=10)
    for name, value in _rows(summary):
        table.add_row(name, value)
    if summary.trouble:
        table.add_row("trouble", Text(summary.trouble[:60]))
    return table


def _line(summary: Summary) -> str:
    text = " ".join(f"{name}={value.replace(' ', '')}" for name, value in _rows(summary))
    return f"{text} trouble={summary.trouble!r}" if summary.trouble else text
