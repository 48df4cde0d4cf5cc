"""Processes of the benchmark: on their own core, their output in files, ended by their pid."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from bench.faults import CannotMeasure
from bench.machine import CHECKOUT

PATIENCE_S = 60.0


class Program:
    """A running process. `folder` is where it works and where its output goes."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, cores: Collection[int], name: str = "program"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        self.name = name
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, env=environment()
            )
        os.sched_setaffinity(self.pid, cores)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (hard, hard))

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_for(self, word: str, patience_s: float = PATIENCE_S) -> None:
        """Return when it prints a line that begins with `word`."""
        ends = time.monotonic() + patience_s
        while not any(line.startswith(word) for line in self.output().splitlines()):
            if not self.is_running or time.monotonic() > ends:
                raise CannotMeasure(f"{self.name} did not start: {last_line(self.complaints())}")
            time.sleep(0.02)

    def output(self) -> str:
        """What it printed."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    def complaints(self) -> str:
        """What it printed as errors."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    def wait(self, patience_s: float) -> int:
        """Its exit code; it is ended when it takes longer."""
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.stop()
            raise CannotMeasure(f"{self.name} did not end within {patience_s:.0f} s") from None

    def stop(self, patience_s: float = 30.0) -> int:
        """End it, gently first; its exit code."""
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def settle(self, patience_s: float = 15.0) -> None:
        """Return when it has nothing more to do."""
        ends, before = time.monotonic() + patience_s, self._cpu_ticks()
        while time.monotonic() < ends:
            time.sleep(0.3)
            now = self._cpu_ticks()
            if now - before <= 1:
                return
            before = now

    def _cpu_ticks(self) -> int:
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


def started(program: Program, word: str) -> Program:
    """The program, when it has printed the word; ended where it does not."""
    try:
        program.wait_for(word)
    except BaseException:
        program.stop()
        raise
    return program


def environment() -> dict[str, str]:
    """The surroundings of each process: no settings of the person who started it, the checkout importable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OCPP_CSS_")}
    return {**kept, "PYTHONPATH": str(CHECKOUT)}


def run(command: Sequence[str | Path], folder: Path, given: str = "") -> str:
    """What a short program printed; CannotMeasure with its complaints when it failed."""
    done: Any = subprocess.run(
        command, input=given, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = " ".join(str(word) for word in command[1:3])
        raise CannotMeasure(f"{Path(command[0]).name} {words}: {last_line(done.stderr)}")
    return str(done.stdout)


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def descendants(pid: int) -> list[int]:
    """The process and all that it started."""
    found = [pid]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text(encoding="utf-8")
        except OSError:
            continue
        found += [int(child) for child in children.split()]
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
