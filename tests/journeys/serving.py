"""`ocpp-css serve` as a real process, killed and started again on the same data."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 30
START_S = 100
"""Three processes and all migrations take so long on a machine that has other work to do."""


class Served:
    """A running process; `station_url` and `web_url` as `Service` has them."""

    def __init__(self, process: asyncio.subprocess.Process, addresses: dict[str, str], key: str) -> None:
        self.process = process
        self.station_url = addresses["stations"].removesuffix("/{identity}")
        self.web_url = addresses["API"].removesuffix("/api/v1")
        self._headers = {"Authorization": f"Bearer {key}"}

    @classmethod
    async def start(cls, data: Path, *where: str, more: tuple[str, ...] = ()) -> "Served":
        """Start on this data directory, or on the database that `where` names, and wait until both ports answer."""
        options = ["--data", str(data), "--host", "127.0.0.1", "--web-port", "0", "--station-port", "0", *where, *more]
        with (data / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "serve", *options,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            addresses = await asyncio.wait_for(_addresses(process), START_S)
            key = data / "api.key"
            if not key.exists():
                key.write_text(await _new_key(data, *where))
        except BaseException:
            process.terminate()
            raise
        return cls(process, addresses, key.read_text())

    async def kill(self) -> None:
        """End it as a power cut would, as far as a process can be."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """End it in order; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    def client(self) -> httpx.AsyncClient:
        """A client of the API, with every permission."""
        return httpx.AsyncClient(base_url=f"{self.web_url}/api/v1", headers=self._headers, timeout=PATIENCE_S)

    async def get(self, path: str, **query: Any) -> Any:
        """What the API says."""
        async with self.client() as client:
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def register(self, *identities: str, tokens: tuple[str, ...] = ()) -> None:
        """Stations and tokens of the default account."""
        async with self.client() as client:
            body = [{"identity": identity} for identity in identities]
            answer = await client.post("/stations/import", json=body)
            assert answer.json().get("created") == len(identities), answer.text
            for token in tokens:
                answer = await client.post("/tokens", json={"id_token": token})
                assert answer.status_code == 201, answer.text


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Served]:
    """A process that does not outlive the block."""
    served = await Served.start(data)
    try:
        yield served
    finally:
        if served.process.returncode is None:
            await served.kill()


async def _addresses(process: asyncio.subprocess.Process) -> dict[str, str]:
    found: dict[str, str] = {}
    assert process.stdout is not None
    async for line in process.stdout:
        text = line.decode().strip()
        if text == "ready":
            return found
        if parts := re.match(r"(\w+)\s+(\S+)", text):
            found[parts[1]] = parts[2]
    raise AssertionError("the service did not start")


async def _new_key(data: Path, *where: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "admin", "create-api-key", "Main",
        "--name", "tests", "--data", str(data), *where, "--json", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return str(json.loads(out)["api_key"])
