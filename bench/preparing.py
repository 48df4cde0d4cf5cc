"""An account with its stations and tokens, made over the command line and the REST interface as a customer would."""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.faults import CannotMeasure
from bench.programs import Program, free_port, run

PREFIX = "BENCH"
MOST_OF_ONE_IMPORT = 10_000
PATIENCE_S = 300.0


class Account(NamedTuple):
    """What was made: the code in the stations' address, and a key of the REST interface that may do everything."""

    code: str
    api_key: str


def service() -> list[str]:
    """The command `ocpp-css`, of the environment that runs this."""
    script = Path(sys.executable).with_name("ocpp-css")
    return [str(script)] if script.exists() else [sys.executable, "-c", "from ocpp_css.app.cli import main; main()"]


def prepare(data: Path, logs: Path, cores: set[int], count: int, database: str | None = None) -> Account:
    """Make account, `count` stations and as many tokens. Nothing runs afterwards."""
    where = ["--data", str(data), *(["--database", database] if database else [])]
    logs.mkdir(parents=True, exist_ok=True)
    create = [*service(), "admin", "create-account", "Benchmark", "--email", "bench@example.com", "--password-stdin"]
    account = json.loads(run([*create, "--json", *where], logs, "a lamp beside nine quiet harbours\n"))
    port = free_port()
    ports = ["--web-port", str(port), "--station-port", str(free_port()), "--host", "127.0.0.1"]
    running = Program([*service(), "serve", *where, *ports], logs, cores, "prepare")
    try:
        create = [*service(), "admin", "create-api-key", account["account_id"], "--name", "bench", "--scope", "*"]
        key = json.loads(run([*create, "--json", *where], logs))["api_key"]
        running.wait_for("ready")
        _register(f"http://127.0.0.1:{port}/api/v1", key, count)
    finally:
        running.stop()
    return Account(str(account["connection_code"]), str(key))


def _register(url: str, key: str, count: int) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S) as api:
        _wait_until_known(api)
        _import(api, "stations", [{"identity": f"{PREFIX}{number:05}"} for number in range(count)])
        _import(api, "tokens", [{"id_token": f"TAG{number:05}"} for number in range(count)])


def _wait_until_known(api: httpx.Client) -> None:
    """A key made on the command line is known to a running service within a second or so."""
    for _ in range(50):
        answer = api.get("/stations", params={"limit": 1})
        if answer.status_code == httpx.codes.OK:
            return
        time.sleep(0.1)
    raise CannotMeasure(f"the API key is not accepted: {answer.text[:500]}")


def _import(api: httpx.Client, what: str, rows: list[dict[str, str]]) -> None:
    for start in range(0, len(rows), MOST_OF_ONE_IMPORT):
        chunk = rows[start : start + MOST_OF_ONE_IMPORT]
        answer = api.post(f"/{what}/import", json=chunk)
        created = answer.json().get("created") if answer.status_code == httpx.codes.OK else None
        if created != len(chunk):
            raise CannotMeasure(f"{what} were not made: {answer.status_code} {answer.text[:500]}")
