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
from bench.cluster import CLUSTERS, Cluster
from bench.faults import CannotMeasure
from bench.machine import cores
from bench.postgres import Postgres
from bench.preparing import Account
from bench.programs import Program, free_port, started

NAMES = {
    "sqlite": "ocpp-css",
    "postgres": "ocpp-css, PostgreSQL",
    "memory": "ocpp-css, in memory",
    "package": "ocpp",
    "tuned": "ocpp, tuned",
    "c": "C server",
    "gateway": "ocpp-css, 1 gateway",
    "gateways": "ocpp-css, 2 gateways",
    "nodes": "ocpp-css, web and gateway",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where stations knock, and whose CPU time counts, that of `others` by their names.

    `beside` are programs that end with it, `web_url` and `api_key` are for who comes over HTTP.
    """

    program: Program
    port: int
    path: str
    is_booting: bool = True
    others: dict[str, int] = field(default_factory=dict)
    beside: tuple[Program, ...] = ()
    web_url: str = ""
    api_key: str = ""


class Servers:
    """Starts them; keeps the prepared databases of a run in `folder`."""

    def __init__(self, folder: Path, stations: int) -> None:
        self._folder = folder
        self._stations = stations
        self._account: Account | None = None
        self._postgres: Postgres | None = None
        self._shared_account: Account | None = None
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
        if kind in {"sqlite", "memory"} and self._account is None:
            everywhere = cores().server | cores().generator
            logs, data = self._folder / "logs", self._folder / "prepared"
            shutil.rmtree(data, ignore_errors=True)  # of a try that failed
            self._account = preparing.prepare(data, logs, everywhere, self._stations)
        if kind in {"postgres", *CLUSTERS} and self._shared_account is None:
            self.close()
            self._postgres = Postgres(self._folder / "postgres", cores().rest)
            url = self._postgres.copy("prepared")
            everywhere = cores().server | cores().generator
            logs, data = self._folder / "postgres-logs", self._folder / "postgres-data"
            self._shared_account = preparing.prepare(data, logs, everywhere, self._stations, url)

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
            for program in (server.program, *server.beside):
                program.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _start(self, kind: str, folder: Path, *, is_tls: bool, has_proxy: bool) -> Server:
        match kind:
            case "c":
                return self._c_server(folder)
            case "package" | "tuned":
                return self._package(folder, is_tuned=kind == "tuned")
            case _ if kind in CLUSTERS:
                return self._cluster(kind, folder)
            case _:
                return self._service(kind, folder, is_tls=is_tls, has_proxy=has_proxy)

    def _service(self, kind: str, folder: Path, *, is_tls: bool, has_proxy: bool) -> Server:
        data, plain, secure, web = folder / "data", free_port(), free_port(), free_port()
        command = [sys.executable, "-m", "bench.memory_service"] if kind == "memory" else preparing.service()
        command += ["serve", "--data", str(data), "--host", "127.0.0.1"]
        command += ["--web-port", str(web), "--station-port", str(plain)]
        command += ["--trusted-proxy", "127.0.0.1"] if has_proxy else []
        others: dict[str, int] = {}
        account = self._shared_account if kind == "postgres" else self._account
        assert account is not None
        if kind == "postgres":
            database, others["PostgreSQL"] = self._shared(data)
            command += ["--database", database]
        else:
            shutil.copytree(self._folder / "prepared", data)
        if is_tls:
            certificate, key = certificates.make(self._folder)
            command += ["--station-tls-cert", str(certificate), "--station-tls-key", str(key)]
            command += ["--station-tls-port", str(secure)]
        running = started(Program(command, folder, cores().server, "ocpp-css"), "ready")
        path = f"/ocpp/{account.code}/{preparing.PREFIX}"
        web_url = f"http://127.0.0.1:{web}"
        return Server(program=running, port=secure if is_tls else plain, path=path, web_url=web_url, others=others)

    def _shared(self, data: Path) -> tuple[str, int]:
        """A copy of the prepared database with its folder of data; its address, and the process of PostgreSQL."""
        assert self._postgres is not None
        shutil.copytree(self._folder / "postgres-data", data)
        return self._postgres.copy(f"run{self._count}", "prepared"), self._postgres.pid

    def _cluster(self, kind: str, folder: Path) -> Server:
        database, postgres = self._shared(folder / "data")
        assert self._shared_account is not None
        cluster = Cluster(folder, database, CLUSTERS[kind])
        others = {"PostgreSQL": postgres} | {name: one.pid for name, one in cluster.beside.items()}
        return Server(
            program=cluster.gateways, port=cluster.port, path=f"/ocpp/{self._shared_account.code}/{preparing.PREFIX}",
            others=others, beside=tuple(cluster.beside.values()), web_url=cluster.web_url,
            api_key=self._shared_account.api_key,
        )  # fmt: skip

    @staticmethod
    def _package(folder: Path, *, is_tuned: bool) -> Server:
        port = free_port()
        command = [sys.executable, "-m", "bench.package_central", str(port), *(["--tuned"] if is_tuned else [])]
        running = started(Program(command, folder, cores().server, "ocpp"), "READY")
        return Server(program=running, port=port, path=f"/{preparing.PREFIX}")

    @staticmethod
    def _c_server(folder: Path) -> Server:
        compiled, port = program("echo"), free_port()
        if compiled is None:
            raise CannotMeasure("there is no C compiler, or no headers of OpenSSL")
        running = started(Program([compiled, str(port), "hb"], folder, cores().server, "echo"), "READY")
        return Server(program=running, port=port, path="/", is_booting=False)

    def close(self) -> None:
        """End PostgreSQL; the caller removes the folder."""
        if self._postgres is not None:
            self._postgres.stop()
