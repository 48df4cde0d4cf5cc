"""The servers that are measured; each row gets a fresh process, and a fresh copy of the prepared database."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from bench import certificates, preparing
from bench.building import program
from bench.faults import CannotMeasure
from bench.machine import cores
from bench.postgres import Postgres
from bench.programs import Program, free_port

NAMES = {
    "sqlite": "ocpp-css",
    "postgres": "ocpp-css, PostgreSQL",
    "memory": "ocpp-css, in memory",
    "package": "ocpp",
    "tuned": "ocpp, tuned",
    "c": "C server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where stations knock, and whose CPU time counts."""

    program: Program
    port: int
    path: str
    web_url: str = ""
    is_booting: bool = True
    others: list[int] = field(default_factory=list)


class Servers:
    """Starts them; keeps the prepared databases of a run in `folder`."""

    def __init__(self, folder: Path, stations: int) -> None:
        self._folder = folder
        self._stations = stations
        self._code = ""
        self._postgres: Postgres | None = None
        self._postgres_code = ""
        self._count = 0

    @property
    def postgres_version(self) -> str:
        """Of the PostgreSQL that was used, if one was."""
        return self._postgres.version if self._postgres is not None else ""

    @staticmethod
    def version(kind: str) -> str:
        """What is written beside the name."""
        if kind == "c":
            return "-"
        return version("ocpp" if kind in {"package", "tuned"} else "ocpp-css")

    def prepare(self, kind: str) -> None:
        """Make the database of this kind of server, once."""
        if kind in {"sqlite", "memory"} and not self._code:
            everywhere = cores().server | cores().generator
            logs, data = self._folder / "logs", self._folder / "prepared"
            shutil.rmtree(data, ignore_errors=True)  # of a try that failed
            self._code = preparing.prepare(data, logs, everywhere, self._stations)
        if kind == "postgres" and not self._postgres_code:
            self.close()
            self._postgres = Postgres(self._folder / "postgres", cores().rest)
            url = self._postgres.copy("prepared")
            everywhere = cores().server | cores().generator
            logs, data = self._folder / "postgres-logs", self._folder / "postgres-data"
            self._postgres_code = preparing.prepare(data, logs, everywhere, self._stations, url)

    @contextmanager
    def running(self, kind: str, *, is_tls: bool = False, has_proxy: bool = False) -> Iterator[Server]:
        """A fresh server on its own core; its files are removed at the end. `has_proxy`: who calls it may say that
        others do.
        """
        self.prepare(kind)
        self._count += 1
        folder = self._folder / f"run-{self._count}"
        folder.mkdir()
        server = self._start(kind, folder, is_tls=is_tls, has_proxy=has_proxy)
        try:
            server.program.settle()
            yield server
        finally:
            server.program.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _start(self, kind: str, folder: Path, *, is_tls: bool, has_proxy: bool) -> Server:
        match kind:
            case "c":
                return self._c_server(folder)
            case "package" | "tuned":
                return self._package(folder, is_tuned=kind == "tuned")
            case _:
                return self._service(kind, folder, is_tls=is_tls, has_proxy=has_proxy)

    def _service(self, kind: str, folder: Path, *, is_tls: bool, has_proxy: bool) -> Server:
        data, plain, secure, web = folder / "data", free_port(), free_port(), free_port()
        command = [sys.executable, "-m", "bench.memory_service"] if kind == "memory" else preparing.service()
        command += ["serve", "--data", str(data), "--host", "127.0.0.1"]
        command += ["--web-port", str(web), "--station-port", str(plain)]
        command += ["--trusted-proxy", "127.0.0.1"] if has_proxy else []
        code = self._code
        if self._postgres is not None and kind == "postgres":
            shutil.copytree(self._folder / "postgres-data", data)
            command += ["--database", self._postgres.copy(f"run{self._count}", "prepared")]
            code = self._postgres_code
        else:
            shutil.copytree(self._folder / "prepared", data)
        if is_tls:
            certificate, key = certificates.make(self._folder)
            command += ["--station-tls-cert", str(certificate), "--station-tls-key", str(key)]
            command += ["--station-tls-port", str(secure)]
        running = _started(Program(command, folder, cores().server, "ocpp-css"), "ready")
        others = self._postgres.pids() if self._postgres is not None and kind == "postgres" else []
        path = f"/ocpp/{code}/{preparing.PREFIX}"
        web_url = f"http://127.0.0.1:{web}"
        return Server(program=running, port=secure if is_tls else plain, path=path, web_url=web_url, others=others)

    @staticmethod
    def _package(folder: Path, *, is_tuned: bool) -> Server:
        port = free_port()
        command = [sys.executable, "-m", "bench.package_central", str(port), *(["--tuned"] if is_tuned else [])]
        running = _started(Program(command, folder, cores().server, "ocpp"), "READY")
        return Server(program=running, port=port, path=f"/{preparing.PREFIX}")

    @staticmethod
    def _c_server(folder: Path) -> Server:
        compiled, port = program("echo"), free_port()
        if compiled is None:
            raise CannotMeasure("there is no C compiler, or no headers of OpenSSL")
        running = _started(Program([compiled, str(port), "hb"], folder, cores().server, "echo"), "READY")
        return Server(program=running, port=port, path="/", is_booting=False)

    def close(self) -> None:
        """End PostgreSQL; the caller removes the folder."""
        if self._postgres is not None:
            self._postgres.stop()


def _started(program: Program, word: str) -> Program:
    try:
        program.wait_for(word)
    except BaseException:
        program.stop()
        raise
    return program
