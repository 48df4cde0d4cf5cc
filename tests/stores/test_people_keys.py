"""What is known of people stands sealed in both databases, each person's under a key of their own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, select, type_coerce
from tests.secret_key import SECRETS, vault_of

from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.errors import Unavailable
from ocpp_css.kit.wrapping import Keks, KeksUnreadable, keys_in, new_key, write_keys
from ocpp_css.people.accounts import store
from ocpp_css.people.accounts.model import Contact, User
from ocpp_css.people.accounts.store import CONTACTS, USERS
from ocpp_css.people.notices import store as notices
from ocpp_css.people.notices.model import Notice
from ocpp_css.people.notices.store import NOTICES
from ocpp_css.storage import PROVIDER, Database, catching_up
from ocpp_css.storage.keys import OtherPeopleKeys
from ocpp_css.storage.opening import open_database
from ocpp_css.storage.people_keys import KekMissing, PeopleKeys
from ocpp_css.storage.sealing import MARK, SEALS, Vault
from ocpp_css.storage.tables import COUNTERS

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-1")]


def ann(number: int = 3, **other: Any) -> User:
    given = {"email": "Ann@example.org", "username": "ann", "display_name": "Ann Ågård", **other}
    return User(
        **{"created_at": system_clock(), **given}, user_id=number, password_hash="$argon2id$x", language="ru",
        time_zone="Europe/Riga", theme="dark", disabled_at=None, version=1,
    )  # fmt: skip


async def add(db: Database, *people: User) -> None:
    unit = db.unit(PROVIDER)
    for one in people:
        store.add(unit, one)
    await unit.commit()


async def raw(db: Database, table: Any) -> list[dict[str, Any]]:
    """The rows as they stand."""
    columns = [type_coerce(column, String).label(column.name) if "of" in column.info else column for column in table.c]
    return [dict(row._mapping) for row in await db.read(select(*columns).execution_options(every_tenant=True), None)]


async def test_what_is_written_is_sealed_and_what_is_read_is_opened(db: Database) -> None:
    await add(db, ann())
    unit = db.unit(PROVIDER)
    store.keep_contact(unit, Contact(user_id=3, phone="+37120000000", city="Rīga"))
    notices.add_notice(unit, 3, Notice(category="news", title="Hello", text="Ann"))
    await unit.commit()
    (user,), (contact,), (notice,) = [await raw(db, table) for table in (USERS, CONTACTS, NOTICES)]
    for row, table in ((user, USERS), (contact, CONTACTS), (notice, NOTICES)):
        for name in table.info["sealed"]:
            assert MARK in (row[name] or MARK), name
    assert contact["street"] == ""
    assert await store.load_user(db.unit(PROVIDER), 3) == ann(created_at=user["created_at"])
    assert (await store.contact(db.unit(PROVIDER), 3)).city == "Rīga"
    (shown,) = await notices.notices(db.unit(PROVIDER), 3, None, 5)
    assert shown.notice.text == "Ann"


async def test_a_whole_address_is_found_and_nothing_like_it(db: Database) -> None:
    await add(db, ann(), ann(4, email="bob@example.org", username=None))
    unit = db.unit(PROVIDER)
    for login in ("ann@EXAMPLE.org", " Ann ", "ann@example.org"):
        found = await store.by_login(unit, login)
        assert found is not None
        assert found.user_id == 3
    for login in ("ann@example", "nn", "%", ""):
        assert await store.by_login(unit, login) is None
    store.change(unit, ann(), email="new@example.org")
    await unit.commit()
    assert await store.by_login(db.unit(PROVIDER), "ann@example.org") is None
    assert await store.by_login(db.unit(PROVIDER), "new@example.org") is not None


async def test_sealed_columns_are_neither_compared_nor_read_without_their_owner(db: Database) -> None:
    unit = db.unit(PROVIDER)
    for query in (
        select(USERS).where(USERS.c.email == "ann@example.org"),
        select(USERS).where(USERS.c.display_name.icontains("ann")),
        select(USERS.c.user_id).where(USERS.c.email == "ann@example.org"),
        select(USERS).order_by(USERS.c.display_name.desc()),
        select(USERS.c.email),
    ):
        with pytest.raises(TypeError, match="is sealed"):
            await unit.all(query)


async def test_what_was_sealed_for_one_place_opens_at_no_other(db: Database) -> None:
    await add(db, ann(), ann(4, email="bob@example.org", username=None, display_name="Bob"))
    rows = {row["user_id"]: row for row in await raw(db, USERS)}
    unit = db.unit(PROVIDER)
    unit.update(USERS, (3,), email=rows[4]["email"], display_name=rows[3]["email"])
    unit.is_personal = False  # as a stranger would write it
    await unit.commit()
    user = await store.load_user(db.unit(PROVIDER), 3)
    assert user is not None
    assert (user.email, user.display_name) == ("", "")


async def test_a_destroyed_key_takes_one_person_with_it(db: Database) -> None:
    await add(db, ann(), ann(4, email="bob@example.org", username=None, display_name="Bob"))
    assert await db.vault.people.destroy(3)
    assert not await db.vault.people.destroy(3)
    db.caches.forget(SEALS.name, PROVIDER, 3)
    gone, bob = [await store.load_user(db.unit(PROVIDER), number) for number in (3, 4)]
    assert gone is not None
    assert bob is not None
    assert (gone.email, gone.username, gone.display_name, gone.password_hash) == ("", None, "", None)
    assert bob.display_name == "Bob"
    unit = db.unit(PROVIDER)
    store.keep_contact(unit, Contact(user_id=3, phone="+37120000000"))
    await unit.commit()
    assert (await raw(db, CONTACTS))[0]["phone"] == "", "nothing is kept of somebody who was erased"
    assert (await db.vault.people.counts())[""] == 1


async def test_two_processes_at_once_make_one_key(opened: Any) -> None:
    found = [await opened() for _ in range(2)]
    units = [db.unit(PROVIDER) for db in found for _ in range(5)]
    for number, unit in enumerate(units):
        notices.add_notice(unit, 3, Notice(category="news", title="Hello", text=str(number)))
    await asyncio.gather(*(unit.commit() for unit in units))
    shown = await notices.notices(found[0].unit(PROVIDER), 3, None, 50)
    assert sorted(int(one.notice.text) for one in shown) == list(range(10))


async def test_without_the_store_of_keys_nothing_is_stored(db: Database) -> None:
    await db.vault.people.close()
    db.vault = Vault(PeopleKeys("postgresql://127.0.0.1:1/none", Keks.of_text("00" * 32)), SECRETS)
    with pytest.raises(Unavailable):
        await add(db, ann())
    assert await raw(db, USERS) == []


# --- the keys that wrap ---------------------------------------------------------------------------------------------


@pytest.fixture
async def keks(migrated_url: str, tmp_path: Path) -> AsyncIterator[Any]:
    """Opens the database as often as asked, all with the wrapping keys of one file."""
    path, found = tmp_path / "people.kek", []
    write_keys(path, [new_key()])

    async def open_one() -> Database:
        vault = vault_of(migrated_url)
        vault.people.keks = Keks.of_file(path)
        found.append(await open_database(migrated_url, InProcessBus(), system_clock, vault))
        return found[-1]

    open_one.path = path  # type: ignore[attr-defined]
    yield open_one
    for db in found:
        await db.close()


async def test_wrapping_keys_are_turned_while_others_read_and_write(keks: Any) -> None:
    running, tool = await keks(), await keks()
    await add(running, ann())
    assert await tool.vault.people.rewrap() == 0
    old = keys_in(keks.path.read_text())
    write_keys(keks.path, [new_key(), *old])
    assert await tool.vault.people.rewrap() == 1
    running.caches.clear()
    assert (await store.load_user(running.unit(PROVIDER), 3)).email == "Ann@example.org"
    await add(running, ann(4, email="bob@example.org", username=None))
    counts = await tool.vault.people.counts()
    assert list(counts.values()) == [2], "a process that runs wraps by the newest as soon as there is one"
    write_keys(keks.path, keys_in(keks.path.read_text())[:1])
    later = await keks()
    assert (await store.load_user(later.unit(PROVIDER), 3)).email == "Ann@example.org"
    write_keys(keks.path, old)
    with pytest.raises(KekMissing):
        await keks()


@pytest.mark.parametrize("text", ["", "xx", "00", "00" * 32 + ",0g"])
def test_wrapping_keys_that_are_none(text: str) -> None:
    with pytest.raises(KeksUnreadable):
        Keks.of_text(text).newest()


async def test_the_keys_of_another_installation_are_refused(db: Database, migrated_url: str, tmp_path: Path) -> None:
    await add(db, ann())
    other = Vault(PeopleKeys(f"sqlite:///{tmp_path}/other.keys", Keks.of_text("00" * 32)), SECRETS)
    with pytest.raises(OtherPeopleKeys):
        await open_database(migrated_url, InProcessBus(), system_clock, other)


# --- what an older version wrote ------------------------------------------------------------------------------------


async def clear(db: Database, count: int) -> None:
    """People as versions before this one wrote them, and the mark of the end of the work is gone."""
    unit = db.unit(PROVIDER)
    for n in range(count):
        row = {name: getattr(ann(), name) for name in User.__struct_fields__ if name in USERS.c}
        row |= {"user_id": n + 1, "email": f"P{n}@example.org", "email_mark": f"p{n}@example.org", "username": None}
        unit.insert(USERS, **row)
        told = dict.fromkeys(CONTACTS.info["sealed"], "") | {"user_id": n + 1, "city": "Rīga"}
        unit.insert(CONTACTS, **told)
    unit.delete(COUNTERS, (catching_up.NAME,))
    unit.is_personal = False
    await unit.commit()


async def test_what_stood_in_the_clear_is_sealed_at_the_first_start(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "AT_ONCE", 4)
    db, other = await opened(), await opened()
    await clear(db, 10)
    assert (await store.load_user(db.unit(PROVIDER), 1)).email == "P0@example.org", "what is not sealed yet is read"
    both = await asyncio.gather(catching_up.catch_up(db), catching_up.catch_up(other))
    assert sum(both) >= 10
    for row in await raw(db, USERS):
        assert row["email"].startswith(MARK)
        assert (await store.by_login(db.unit(PROVIDER), f"p{row['user_id'] - 1}@EXAMPLE.org")).user_id == row["user_id"]
    assert await catching_up.catch_up(db) == 0


async def test_sealing_that_was_broken_off_goes_on(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "AT_ONCE", 2)
    db = await opened()
    await clear(db, 6)
    seal, turns = catching_up._seal, []

    async def broken(*given: Any) -> int:
        turns.append(1)
        if len(turns) == 3:
            raise Unavailable
        return await seal(*given)

    monkeypatch.setattr(catching_up, "_seal", broken)
    with pytest.raises(Unavailable):
        await catching_up.catch_up(db)
    sealed = [row["city"].startswith(MARK) for row in await raw(db, CONTACTS)]
    assert sum(sealed) == 4
    monkeypatch.setattr(catching_up, "_seal", seal)
    await catching_up.catch_up(db)
    assert all(row["city"].startswith(MARK) for row in await raw(db, CONTACTS))
    assert all(row["email"].startswith(MARK) for row in await raw(db, USERS))


async def test_a_change_says_whose_it_is(db: Database) -> None:
    with pytest.raises(TypeError, match="write user_id with it"):
        db.unit(PROVIDER).update(NOTICES, (1,), notice={"title": "Ann"})
    unit = db.unit(PROVIDER)
    unit.update(NOTICES, (1,), read_at=unit.now)
    assert not unit.is_personal
