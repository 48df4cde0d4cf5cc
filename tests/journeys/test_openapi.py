"""The whole REST interface, fuzzed from its own description against a running service."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.running import api_of, whole_service

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]


async def fuzz(data: Path, examples: int) -> str:
    """What schemathesis prints; streams are left out, since they never end."""
    import asyncio

    async with whole_service(data) as service, await api_of(service) as api:
        await api.post("/stations", json={"identity": "CP1"})
        await api.post("/tokens", json={"id_token": "TAG"})
        program = Path(sys.executable).with_name("st")
        ended = await asyncio.to_thread(
            subprocess.run,
            [
                program, "run", f"{service.web_url}/docs/openapi.json", "--url", service.web_url,
                "--header", f"Authorization: {api.headers['Authorization']}", "--checks", "not_a_server_error",
                "--max-examples", str(examples), "--exclude-path-regex", "live$", "--phases", "coverage,fuzzing",
                "--seed", "1", "--no-color",
            ],
            capture_output=True, text=True, check=False, cwd=data,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-1000:]
    return ended.stdout


async def test_no_request_makes_the_service_fail(tmp_path: Path) -> None:
    assert "passed" in await fuzz(tmp_path, examples=3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_no_request_of_many_makes_the_service_fail(tmp_path: Path) -> None:
    told = await fuzz(tmp_path, examples=150)
    sys.stdout.write(told[-600:])
