"""Several processes on one PostgreSQL and one NATS: gateways that share a port, with a web where one is asked."""

import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import preparing
from bench.faults import CannotMeasure
from bench.machine import cores
from bench.programs import PATIENCE_S, Program, free_port, started


@dataclass(frozen=True, slots=True)
class Shape:
    """How many processes take stations, and whether one more is for people."""

    gateways: int
    has_web: bool = False


CLUSTERS = {"gateway": Shape(1), "gateways": Shape(2), "nodes": Shape(1, has_web=True)}


class Cluster:
    """What runs in `folder`, its data in `folder / "data"`; all of it is ended where one part does not start.

    The gateways are one program, whose processes have the server's core; everything else has what is left.
    """

    def __init__(self, folder: Path, database: str, shape: Shape) -> None:
        self.beside: dict[str, Program] = {}
        self.port = free_port()
        self.web_url = ""
        shared = ["--data", str(folder / "data"), "--host", "127.0.0.1", "--database", database]
        try:
            shared += ["--bus", self._nats(folder)]
            if shape.has_web:
                self._web(folder, shared)
            command = [*preparing.service(), "serve", *shared, "--role", "gateway", "--workers", str(shape.gateways)]
            command += ["--web-port", str(free_port()), "--station-port", str(self.port)]
            self.gateways = started(Program(command, folder, cores().server, "gateways"), "ready")
        except BaseException:
            for program in self.beside.values():
                program.stop()
            raise

    def _nats(self, folder: Path) -> str:
        port = free_port()
        command = [str(Path(sys.executable).with_name("nats-server")), "-a", "127.0.0.1", "-p", str(port)]
        self.beside["NATS"] = running = Program(command, folder, cores().rest, "nats")
        ends = time.monotonic() + PATIENCE_S
        while not _answers(port):
            if not running.is_running or time.monotonic() > ends:
                raise CannotMeasure("NATS does not start")
            time.sleep(0.02)
        return f"nats://127.0.0.1:{port}"

    def _web(self, folder: Path, shared: list[str]) -> None:
        port = free_port()
        command = [*preparing.service(), "serve", *shared, "--role", "web", "--web-port", str(port)]
        self.beside["web"] = started(Program(command, folder, cores().rest, "web"), "ready")
        self.web_url = f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    """Whether NATS greets who comes to this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as asking:
            return asking.recv(4) == b"INFO"
    except OSError:
        return False
