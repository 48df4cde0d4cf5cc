"""`ocpp-css doctor` says what is wrong, in words."""

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from bench.certificates import make
from tests.journeys.serving import Served
from tests.postgres import USER, Postgres

from ocpp_css.app.cli.care import CareRefused
from ocpp_css.app.cli.doctor import Remark, certificates_health, doctor
from ocpp_css.app.settings import DATABASE_FILE, SECRET_FILE, Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    found = await Served.start(tmp_path)
    yield found
    if found.process.returncode is None:
        assert await found.stop() == 0


def settings_of(served: Served, data: Path, **more: Any) -> Settings:
    web, stations = urlsplit(served.web_url).port, urlsplit(served.station_url).port
    assert web is not None
    assert stations is not None
    return Settings(**{"data": data, "host": "127.0.0.1", "web_port": web, "station_port": stations, **more})


async def told(capsys: pytest.CaptureFixture[str], settings: Settings) -> Mapping[str, tuple[str, str]]:
    """What the doctor says of each thing: ok, note or WRONG, and the text."""
    try:
        await asyncio.to_thread(doctor, settings)
        is_wrong = False
    except CareRefused:
        is_wrong = True
    lines = [line.partition(": ") for line in capsys.readouterr().out.splitlines()]
    found = {head.split(maxsplit=1)[1]: (head.split()[0], text) for head, _, text in lines}
    assert is_wrong == any(word == "WRONG" for word, _ in found.values())
    return found


def words(found: Mapping[str, tuple[str, str]], *names: str) -> list[str]:
    return [found[name][0] for name in names]


ALL = ("database", "secret key", "keys of people", "audit log", "disk", "ports", "service", "backlog")


async def test_a_service_that_is_well(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = await told(capsys, settings_of(served, tmp_path))
    assert words(found, *ALL) == ["ok"] * len(ALL)
    assert set(found) == {*ALL, "open files", "clock", "certificates"}
    assert found["backlog"][1] == "0 units wait for the database"


async def test_what_can_be_wrong(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = await told(capsys, settings_of(served, tmp_path, station_port=free.getsockname()[1]))
    assert found["ports"][0] == "WRONG"
    (tmp_path / SECRET_FILE).chmod(0o644)
    assert (await told(capsys, settings_of(served, tmp_path)))["secret key"][0] == "WRONG"
    (tmp_path / SECRET_FILE).chmod(0o600)
    assert await served.stop() == 0
    found = await told(capsys, settings_of(served, tmp_path))
    assert words(found, "ports", "service", "backlog") == ["note", "WRONG", "note"]
    with (tmp_path / DATABASE_FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    assert (await told(capsys, settings_of(served, tmp_path)))["database"][0] == "WRONG"


@pytest.mark.requirement("ACC-11")
async def test_an_audit_log_that_somebody_changed(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(served, tmp_path)
    account = await asyncio.to_thread(administer, tmp_path, "create-account", "Nord", "--email", "ann@example.org")
    for name in ("one", "two", "three"):
        await asyncio.to_thread(administer, tmp_path, "create-api-key", "Nord", "--name", name)
    assert (await told(capsys, settings))["audit log"] == ("ok", "5 entries, each in its place")
    assert await served.stop() == 0
    connection = sqlite3.connect(tmp_path / DATABASE_FILE)
    with pytest.raises(sqlite3.IntegrityError, match="neither changed nor removed"):
        connection.execute("DELETE FROM audit WHERE number = 2")
    connection.executescript("DROP TRIGGER audit_kept; DELETE FROM audit WHERE number = 2")
    found = (await told(capsys, settings))["audit log"]
    assert found == ("WRONG", f"account {account}: entry 2 is missing")
    connection.executescript("DELETE FROM audit; DELETE FROM chains")
    connection.close()
    found = (await told(capsys, settings))["audit log"]
    assert found[0] == "WRONG"
    assert "it ended at entry 4 once, as was noted outside of the database" in found[1]
    (tmp_path / "audit.anchor").write_text("{}")
    assert (await told(capsys, settings))["audit log"][0] == "WRONG"


def administer(data: Path, *command: str) -> str:
    """The account that `ocpp-css admin` made or used, beside the running service."""
    program = [
        sys.executable,
        "-c",
        "from ocpp_css.app.cli import main; main()",
        "admin",
        *command,
        "--data",
        str(data),
        "--json",
    ]
    if command[0] == "create-account":
        program.append("--password-stdin")
    done = subprocess.run(program, input="seven purple herons quarrel\n", capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["account_id"])


def test_certificates(tmp_path: Path) -> None:
    for days in (90, 7, -1):
        (tmp_path / str(days)).mkdir()
    pairs = {days: make(tmp_path / str(days), days) for days in (90, 7, -1)}
    well = certificates_health(Settings(station_tls_cert=pairs[90][0], station_tls_key=pairs[90][1]))
    assert not isinstance(well, Remark)
    assert isinstance(certificates_health(Settings(web_tls_cert=pairs[7][0], web_tls_key=pairs[7][1])), Remark)
    with pytest.raises(CareRefused, match="ended on"):
        certificates_health(Settings(web_tls_cert=pairs[-1][0], web_tls_key=pairs[-1][1]))
    with pytest.raises(CareRefused, match="cannot be used"):
        certificates_health(Settings(web_tls_cert=pairs[90][0], web_tls_key=pairs[7][1]))
    with pytest.raises(CareRefused, match="holds no certificate"):
        certificates_health(Settings(station_tls_client_ca=pairs[90][1]))


async def test_postgresql(postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = postgres.new_database()
    served = await Served.start(tmp_path, "--database", url)
    found = await told(capsys, settings_of(served, tmp_path, database=url))
    assert words(found, *ALL) == [{"keys of people": "note"}.get(name, "ok") for name in ALL]
    assert "clock differs by 0.0 s" in found["database"][1]
    unguarded = url.replace(f"//{USER}@", "//postgres@")
    found = await told(capsys, settings_of(served, tmp_path, database=unguarded))
    assert "bypasses row-level security" in found["database"][1]
    away = url.replace(str(postgres.port), "1")
    assert (await told(capsys, settings_of(served, tmp_path, database=away)))["database"][0] == "WRONG"
    assert await served.stop() == 0
