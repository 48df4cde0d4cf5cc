"""What is shown and written of a run: the table, the file of results, the page of the documentation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.checks import TIMES, Check, check
from bench.measuring import Measured
from bench.plan import STATIONS

HEADS = ("server", "messages", "connections", "messages/s", "µs CPU a message", "p50 ms", "p99 ms", "KiB a connection")
CHECK_HEADS = ("figure", "measured", "by CPU time", "required", "aim", "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run."""

    commit: str
    machine: dict[str, Any]
    command: str
    generator: str
    postgres: str
    seconds: float
    lines: Sequence[Measured]
    failures: Sequence[str] = ()
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def checks(self) -> list[Check]:
        """The figures that have to reach something."""
        return check(self.lines)

    def told(self) -> dict[str, Any]:
        """As it is written to the file of results."""
        return {
            "commit": self.commit,
            "at": self.at.isoformat(timespec="seconds"),
            "command": self.command,
            "machine": self.machine | {"generator": self.generator, "postgresql": self.postgres},
            "rows": [line.told() for line in self.lines],
            "checks": [
                {
                    "title": found.title, "measured": round(found.measured, 3), "unit": found.unit,
                    "by_cpu": None if found.by_cpu is None else round(found.by_cpu, 3),
                    "required": found.required, "aim": found.aim, "verdict": found.verdict,
                }
                for found in self.checks
            ],
            "failures": list(self.failures),
        }  # fmt: skip

    def write(self, path: Path) -> None:
        """The file of results."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.told(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """The tables."""
        for title, heads, rows in (
            (f"ocpp-css {self.commit} on {self.machine['cpu']}", HEADS, [cells(line) for line in self.lines]),
            ("In this run", CHECK_HEADS, [check_cells(found) for found in self.checks]),
        ):
            if rows:
                console.print(_table(title, heads, rows))
        for remark in remarks(self):
            console.print(f"• {remark}", markup=False, highlight=False)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place in {0, len(heads)} else "right")
    for row in rows:
        style = "red" if row[-1] == "below" else None
        table.add_row(*(cell.replace("`", "") for cell in row), style=style)
    return table


def cells(line: Measured) -> list[str]:
    """A line as text."""
    name = f"{line.name} {line.version}" if line.version not in {"", "-"} else line.name
    what = f"{line.mode} {line.rate:,}/s" if line.rate else line.mode
    what += f", {line.sign_ins} signing in" if line.sign_ins else ""
    return [
        name, what, f"{line.connections:,}", number(line.msg_per_s, 0), number(line.us_cpu_per_msg, 1),
        number(line.p50_ms, 1), number(line.p99_ms, 1), number(line.rss_kb_per_connection, 1),
    ]  # fmt: skip


def check_cells(found: Check) -> list[str]:
    """A check as text."""
    sign = "≥" if found.better == "more" else "≤"
    space = "" if found.unit == TIMES else " "
    bounds = ["" if b is None else f"{sign} {b:g}{space}{found.unit}" for b in (found.required, found.aim)]
    digits = 2 if found.measured < 2 else 1
    cpu = "" if found.by_cpu is None else f"{found.by_cpu:.{2 if found.by_cpu < 2 else 1}f}{TIMES}"
    return [found.title, f"{found.measured:.{digits}f}{space}{found.unit}", cpu, *bounds, found.verdict]


def number(value: float | None, digits: int) -> str:
    """With thousands marked; nothing where there is none."""
    return "" if value is None else f"{value:,.{digits}f}"


def is_slowed(line: Measured) -> bool:
    """Neither server nor generator was busy, though every station had something to say."""
    busy = max(line.cpu_percent or 100, line.generator_cpu_percent or 0)
    return not line.rate and line.connections >= STATIONS and busy < 80


def _parts(line: Measured) -> str:
    return ", ".join(f"{name} {number(part, 1)} µs" for name, part in line.us_cpu_of.items())


def remarks(report: Report) -> list[str]:
    """What has to be known to read the figures rightly."""
    machine = report.machine
    found = [f"{line.key}: {line.remark}" for line in report.lines if line.remark]
    found += [f"{line.key}: {line.beside}" for line in report.lines if line.beside]
    found += [f"{line.key}: CPU a message, {_parts(line)}" for line in report.lines if len(line.us_cpu_of) > 1]
    found += report.failures
    found += [
        f"{line.key}: {line.sign_ins} people at once signed in, {line.sign_ins_per_s:g} a second, beside the stations."
        for line in report.lines
        if line.sign_ins and line.sign_ins_per_s is not None
    ]
    if machine["load_before"] > 0.5:
        found.append(f"The machine was not idle before (load {machine['load_before']}): read the ratios by CPU time.")
    if report.generator != "C":
        found.append("The load came from the generator in Python, which is slower than the servers it measures.")
    full = [line.key for line in report.lines if (line.generator_cpu_percent or 0) >= 93]
    if full:
        found.append(f"The generator was full in {', '.join(full)}: the server could do more.")
    idle = [line.key for line in report.lines if is_slowed(line)]
    if idle:
        found.append(f"The server had not all of its core in {', '.join(idle)}: others used it, or the disk was slow.")
    if machine["cores"] < 2:
        found.append("Server and generator share one core.")
    if machine["file_system"] == "tmpfs":
        found.append("The databases lay in memory (tmpfs): commits cost less than on a disk.")
    return found
