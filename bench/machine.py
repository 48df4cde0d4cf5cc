"""The machine: what is written beside the figures, which cores are used, where the data lies."""

import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where; PostgreSQL has what is left, or all of a machine with two cores."""

    server: set[int]
    generator: set[int]
    rest: set[int]


def cores() -> Cores:
    """The first core for the server, the last for the generator; with one core they share it."""
    usable = sorted(os.sched_getaffinity(0))
    rest = set(usable[1:-1]) or set(usable)
    return Cores({usable[0]}, {usable[-1]}, rest)


def most_connections() -> int:
    """So many connections the limit on open files allows one process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 1_000_000 if hard == resource.RLIM_INFINITY else hard - 500


def describe(place: Path) -> dict[str, Any]:
    """What stands beside the figures; `place` is where the databases are made."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(_memory_kb() / (1 << 20), 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "file_system": file_system(place),
        "fsync_ms": _fsync_ms(place),
        "load_before": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """The commit that is measured, with `+` where files differ from it."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", CHECKOUT, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _cpu() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_kb() -> int:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return int(line.split()[1])
    return 0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def workplace() -> Path:
    """A new directory for databases, on a disk where there is one: in memory a commit would cost nothing."""
    given = tempfile.gettempdir()
    choices = [given, *(["/var/tmp"] if "TMPDIR" not in os.environ else [])]
    disk = next((path for path in choices if Path(path).is_dir() and file_system(Path(path)) != "tmpfs"), given)
    folder = Path(tempfile.mkdtemp(prefix="ocpp-css-bench-", dir=disk))
    folder.chmod(0o755)
    return folder


def file_system(place: Path) -> str:
    """The type of the file system at `place`."""
    best, kind = "", "unknown"
    for line in _lines("/proc/mounts"):
        _, mount, found, *_ = line.split()
        if place.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, found
    return kind


def _fsync_ms(place: Path) -> float:
    """The median time to make 4 KiB durable."""
    took = []
    with tempfile.NamedTemporaryFile(dir=place) as file:
        for _ in range(50):
            os.write(file.fileno(), bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(statistics.median(took) * 1000, 3)
