"""A real NATS out of its wheel."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


class NatsServer:
    """A server on a free port, which it keeps when it is started again."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when it answers."""
        program = Path(sys.executable).with_name("nats-server")
        self._process = subprocess.Popen(
            [program, "-a", "127.0.0.1", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(2_000):
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as answering:
                    if answering.recv(4) == b"INFO":
                        return
            except OSError:
                time.sleep(0.005)
        raise RuntimeError("NATS does not start")

    def pause(self) -> None:
        """Hold it: connections stay open, and nothing is carried."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a held one go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(20)
