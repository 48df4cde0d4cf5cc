"""A whole run: rows, progress, table, files."""

import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import generator, machine
from bench.document import page
from bench.faults import CannotMeasure
from bench.measuring import Measured, measure
from bench.plan import GROUPS, ROWS, Plan, choose
from bench.report import Report, cells
from bench.servers import Servers

RESULTS = machine.CHECKOUT / "bench" / "results" / "latest.json"
PAGE = machine.CHECKOUT / "docs" / "benchmarks.md"
FAULTS = (CannotMeasure, OSError, subprocess.SubprocessError, ImportError, httpx.HTTPError)
"""What ends a row, and not the run."""
QUICK_S = 2.0
FULL_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says; see `ocpp-css bench --help`."""

    rows: tuple[str, ...] = ()
    quick: bool = False
    seconds: float | None = None
    connections: int | None = None
    write_docs: bool = False
    results: Path = RESULTS
    python_generator: bool = False


def run(options: Options, console: Console | None = None) -> int:
    """Measure, show, write; the exit code: 0 when every row was measured, 1 when one could not be, 2 for bad names."""
    console = console or Console(width=None if sys.stdout.isatty() else 140)
    try:
        plan = _plan(options)
    except KeyError as unknown:
        keys = ", ".join(row.key for row in ROWS)
        console.print(f"There is no row {unknown}. Rows: {keys}. Groups: {', '.join(GROUPS)}", markup=False)
        return 2
    with _ended_by_signal(), _workplace() as folder:
        about = machine.describe(folder)
        servers = Servers(folder, plan.stations)
        try:
            lines, failures = _measure_all(plan, servers, folder, console)
        finally:
            servers.close()
    report = Report(
        commit=machine.commit(),
        machine=about,
        command=_command(options),
        generator=generator.name(in_c=plan.generator_in_c),
        postgres=servers.postgres_version,
        seconds=plan.seconds,
        lines=lines,
        failures=failures,
    )
    report.write(options.results)
    report.show(console)
    if options.write_docs:
        PAGE.write_text(page(report), encoding="utf-8")
    return 1 if failures else 0


def _plan(options: Options) -> Plan:
    seconds = options.seconds or (QUICK_S if options.quick else FULL_S)
    return Plan(
        rows=choose(options.rows, is_quick=options.quick),
        seconds=seconds,
        warm_up_s=min(2.0, seconds / 4),
        connections=options.connections,
        generator_in_c=not options.python_generator,
    )


def _measure_all(plan: Plan, servers: Servers, folder: Path, console: Console) -> tuple[list[Measured], list[str]]:
    """The lines of all rows, and why those that are missing could not be measured."""
    lines: list[Measured] = []
    failures: list[str] = []
    with _progress(console) as progress:
        task = progress.add_task("", total=len(plan.rows))

        def say(text: str) -> None:
            progress.update(task, description=text)

        for row in plan.rows:
            say(f"{row.key}: preparing")
            try:
                found = measure(row, plan, servers, folder, say, before=lines)
            except FAULTS as fault:
                failures.append(f"{row.key} could not be measured: {fault}")
                progress.console.print(failures[-1], style="red", markup=False, highlight=False)
            else:
                lines += found
                for line in found:
                    progress.console.print(_line(line), markup=False, highlight=False)
            progress.advance(task)
    return lines, failures


def _progress(console: Console) -> Progress:
    columns: list[Any] = [SpinnerColumn(), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn()]
    return Progress(*columns, TextColumn("{task.description}"), console=console, refresh_per_second=2, transient=True)


def _line(line: Measured) -> str:
    name, mode, connections, rate, cpu, p50, p99, memory = cells(line)
    kept = f"  {memory} KiB a connection" if memory else ""
    took = f"  in {line.connect_s:.2f} s" if line.connect_s is not None else ""
    return f"{name:28} {mode:22} {connections:>6} {rate:>8}/s {cpu:>7} µs  p50 {p50} ms  p99 {p99} ms{kept}{took}"


def _command(options: Options) -> str:
    """What repeats this run."""
    words = ["ocpp-css", "bench", *options.rows]
    words += ["--quick"] if options.quick else []
    words += ["--seconds", f"{options.seconds:g}"] if options.seconds else []
    words += ["--connections", str(options.connections)] if options.connections else []
    words += ["--python-generator"] if options.python_generator else []
    words += ["--write-docs"] if options.write_docs else []
    return "make bench" if words == ["ocpp-css", "bench", "--write-docs"] else shlex.join(words)


@contextmanager
def _workplace() -> Iterator[Path]:
    folder = machine.workplace()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: servers are stopped, directories removed."""

    def leave(*_: Any) -> None:
        sys.exit(1)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
