"""`serve --workers N`: so many processes for stations on one port, one for the web, one for timed work."""

import asyncio
import contextlib
import dataclasses
import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Final

from ocpp_css.app.settings import Role, Settings

START_S: Final = 60.0
REST_S: Final = 1.0
"""A process that ended is started again after this, so that one that cannot live does not use up the machine."""
_PROGRAM: Final = (sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "serve")


class Supervised:
    """One process that is started again when it ends, until told to stop."""

    def __init__(self, settings: Settings, role: Role, say: Callable[[str], None]) -> None:
        self._environment = os.environ | environment(settings, role)
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def begin(self) -> None:
        """Return when the process says `ready`; OSError where it ends before."""
        async with asyncio.timeout(START_S):
            await self._start()
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *_PROGRAM, env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode().rstrip()
            if text == "ready":
                return
            self._say(text)
        raise OSError("a process ended before it was ready; see above")

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            if self._is_stopping:
                return
            self._say(f"a process ended ({self._process.returncode}); it is started again")
            await asyncio.sleep(REST_S)
            with contextlib.suppress(OSError):
                await self._start()

    async def end(self) -> None:
        """Let it finish what it has begun."""
        self._is_stopping = True
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def supervise(settings: Settings, stopping: asyncio.Event, say: Callable[[str], None]) -> None:
    """Run all processes until `stopping` is set; `ready` is said when each of them is.

    The first makes or upgrades the database, and says for all where the service is.
    """
    settings.check()
    with ports(settings) as shared:
        said: set[str] = set()

        def once(text: str) -> None:
            if text not in said and not text.startswith("stopping"):
                said.add(text)
                say(text)

        places = enumerate(roles(shared))
        processes = [Supervised(watched_at(shared, place), role, once) for place, role in places]
        try:
            await processes[0].begin()
            await asyncio.gather(*(process.begin() for process in processes[1:]))
            say("ready")
            await stopping.wait()
            say("stopping: answers are finished, stations are told to come again")
        finally:
            await asyncio.gather(*(process.end() for process in processes[1:]))
            await processes[0].end()


def roles(settings: Settings) -> list[Role]:
    """What each process does."""
    gateways: list[Role] = ["gateway"] * settings.workers
    return ["web", "worker", *gateways] if settings.role == "all" else gateways


def watched_at(settings: Settings, place: int) -> Settings:
    """The settings of the process in this place: each has a watch port of its own, one after the other."""
    if not settings.watch_port:
        return settings
    return dataclasses.replace(settings, watch_port=settings.watch_port + place)


@contextlib.contextmanager
def ports(settings: Settings) -> Iterator[Settings]:
    """The settings with a port of stations that is held for all processes where any free one was asked for."""
    if settings.station_port:
        yield settings
        return
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((settings.station_host, 0))
        yield dataclasses.replace(settings, station_port=held.getsockname()[1])


def environment(settings: Settings, role: Role) -> dict[str, str]:
    """The settings of one of the processes as environment variables, which other users of the machine cannot read."""
    web_port = settings.web_port if role == "web" else 0
    own = dataclasses.replace(settings, role=role, workers=1, web_port=web_port)
    found = {}
    for field in dataclasses.fields(own):
        value = getattr(own, field.name)
        if value is not None and value != () and value is not False:
            found[f"OCPP_CSS_{field.name.upper()}"] = " ".join(
                map(str, value if isinstance(value, tuple) else (value,))
            )
    return found
