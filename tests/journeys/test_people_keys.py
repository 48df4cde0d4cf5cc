"""Nothing of a person stands readable on the disk; and once their key is destroyed, no copy of the database helps."""

import asyncio
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.running import default_account, whole_service

from ocpp_css.app.cli import care, keys
from ocpp_css.app.cli.care import CareRefused, Where
from ocpp_css.app.running import Service
from ocpp_css.app.settings import DATABASE_FILE, KEK_FILE, PEOPLE_FILE
from ocpp_css.people import accounts
from ocpp_css.people.access.commands import create_account
from ocpp_css.storage import METADATA, PROVIDER
from ocpp_css.storage.keys import OtherPeopleKeys
from ocpp_css.storage.sealing import MARK

pytestmark = [pytest.mark.anyio, pytest.mark.trust("P11"), pytest.mark.requirement("SEC-1")]

ZEB, BOB = "zebediah.quux@example.org", "bob@example.org"
PASSWORD = "seven purple herons quarrel"
TOLD = {
    "phone": "+371 20 987 654", "birth_date": "1971-03-05", "street": "Quince Lane 77", "postal_code": "LV-99817",
    "city": "Xanadu upon Sea", "country": "LV",
}  # fmt: skip
PROFILE = {"display_name": "Zebediah Quux", "username": "zebquux", "time_zone": "Pacific/Kiritimati"}
PHRASES = {ZEB, *PROFILE.values(), *(value for name, value in TOLD.items() if name != "country"), "Quuxbrowser"}
"""What must not be found on the disk."""


async def live(service: Service) -> None:
    """A person lives through what the service keeps of people."""
    db = service.wiring.db
    for email in (ZEB, BOB):
        await create_account(db, f"Account of {email[:3]}", email, PASSWORD)
    async with browser(service) as zeb:
        assert (await sign_in(zeb, service, ZEB)).headers["location"] == "/console"
        token = await csrf(zeb)
        form = {
            "name": PROFILE["display_name"],
            "username": PROFILE["username"],
            "time_zone": PROFILE["time_zone"],
            "language": "ru",
            **TOLD,
        }
        answer = await zeb.post("/console/me", data={**form, **token}, headers=origin(service))
        assert answer.status_code in {200, 303}, answer.text
        made = await zeb.post(
            "/api/v1/stations", json={"identity": "CP1"}, headers={**origin(service), "X-CSRF-Token": token["_csrf"]}
        )
        assert made.status_code == 201, made.text
    async with browser(service) as zeb:
        assert (await sign_in(zeb, service, ZEB, "wrong")).status_code == 422


def browser(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.web_url, headers={"User-Agent": "Quuxbrowser/1.0"})


def origin(service: Service) -> dict[str, str]:
    return {"Origin": service.web_url}


async def sign_in(client: httpx.AsyncClient, service: Service, login: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/console/sign-in", data={"login": login, "password": password}, headers=origin(service))


async def csrf(client: httpx.AsyncClient) -> dict[str, str]:
    text = (await client.get("/console/me")).text
    return {"_csrf": text.partition('name="_csrf" value="')[2].partition('"')[0]}


def readable(folders: Iterable[Path], phrases: Iterable[str] = PHRASES) -> set[str]:
    """Which of the phrases stand in a file of these directories."""
    files = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {phrase for phrase in phrases if any(phrase.encode() in content for content in files)}


def clear_values(path: Path) -> list[str]:
    """Sealed columns, by the declarations of the tables, that hold something in the clear."""
    connection = sqlite3.connect(path)
    found = []
    for table in METADATA.tables.values():
        for column in table.info.get("sealed", {}):
            query = f"SELECT \"{column}\" FROM {table.name} WHERE coalesce(\"{column}\", '') <> ''"
            found += [f"{table.name}.{column}" for (value,) in connection.execute(query) if MARK not in str(value)[:10]]
    connection.close()
    return found


async def test_nothing_of_a_person_stands_readable_on_the_disk(tmp_path: Path) -> None:
    async with whole_service(tmp_path) as service:
        await live(service)
        assert readable([tmp_path]) == set()
    assert readable([tmp_path]) == set()
    assert clear_values(tmp_path / DATABASE_FILE) == []


async def name_of(data: Path, email: str) -> str | None:
    """What a service on this data says of the person with this address."""
    async with whole_service(data) as service:
        unit = service.wiring.db.unit(PROVIDER)
        user = await accounts.find_login(unit, email)
        return (
            None
            if user is None
            else f"{user.display_name} {user.email} {(await accounts.contact_of(unit, user.user_id)).city}"
        )


@pytest.fixture
async def copied(tmp_path: Path) -> Path:
    """Data of a service, and a backup of them."""
    async with whole_service(tmp_path / "data") as service:
        await live(service)
        care.backup(tmp_path / "backups" / "monday", data=tmp_path / "data")
    return tmp_path


async def test_a_backup_with_the_keys_brings_everybody_back(copied: Path) -> None:
    care.restore(copied / "backups" / "monday", data=copied / "new")
    told = await name_of(copied / "new", ZEB)
    assert told == f"Zebediah Quux {ZEB} Xanadu upon Sea"
    assert readable([copied / "backups", copied / "new"]) == set()
    for name in (PEOPLE_FILE, KEK_FILE):
        assert (copied / "backups" / name).stat().st_mode & 0o077 == 0


async def test_after_a_key_is_destroyed_no_copy_of_the_database_tells_of_the_person(copied: Path) -> None:
    data, monday, tuesday = copied / "data", copied / "backups" / "monday", copied / "backups" / "tuesday"
    with pytest.raises(CareRefused, match="cannot be undone"):
        keys.destroy(ZEB, where=Where(data=data))
    await run(keys.destroy, ZEB, yes=True, where=Where(data=data))
    assert await name_of(data, ZEB) is None
    await run(care.backup, tuesday, data=data)
    # Monday's database in the directory whose keys live on: Bob is there, Zebediah is not.
    for old in data.glob(f"{DATABASE_FILE}*"):
        old.unlink()
    await run(care.restore, monday, data=data)
    assert (await name_of(data, ZEB) or "").strip() == ""
    assert BOB in (await name_of(data, BOB) or "")
    # On a new machine with the newest copy of the keys: the same.
    await run(care.restore, monday, data=copied / "new")
    assert (await name_of(copied / "new", ZEB) or "").strip() == ""
    assert BOB in (await name_of(copied / "new", BOB) or "")


async def test_a_database_without_the_keys_tells_of_nobody_and_serves_stations(copied: Path) -> None:
    care.restore(copied / "backups" / "monday", data=copied / "new", keys=copied / "nowhere")
    assert (await name_of(copied / "new", ZEB) or "").strip() == ""
    async with whole_service(copied / "new") as service:
        assert await default_account(service)
        rows = await service.wiring.db.across_tenants(select(METADATA.tables["stations"].c.identity))
        assert [row.identity for row in rows] == ["CP1"]


async def test_a_destroyed_key_leaves_no_trace_in_the_store_once_the_wrapping_key_is_gone(copied: Path) -> None:
    data = copied / "data"
    before = sqlite3.connect(data / PEOPLE_FILE)
    wrapped = dict(before.execute("SELECT user_id, wrapped FROM people_keys").fetchall())
    before.close()
    async with whole_service(data) as service:
        user = await accounts.find_login(service.wiring.db.unit(PROVIDER), ZEB)
        assert user is not None
    where = Where(data=data)
    await run(keys.destroy, ZEB, yes=True, where=where)
    assert wrapped[user.user_id].encode() not in (data / PEOPLE_FILE).read_bytes()
    old = (data / KEK_FILE).read_text()
    await run(keys.rotate, where)
    await run(keys.retire, where)
    await run(keys.status, where)
    assert old.strip() not in (data / KEK_FILE).read_text()
    assert BOB in (await name_of(data, BOB) or "")


async def test_keys_of_another_installation_do_not_serve(copied: Path) -> None:
    (copied / "data" / PEOPLE_FILE).unlink()
    with pytest.raises(OtherPeopleKeys):
        await name_of(copied / "data", ZEB)


async def run(command: Any, *given: Any, **named: Any) -> None:
    """A command has a loop of its own."""
    await asyncio.to_thread(command, *given, **named)
