"""The audit log on both databases: chained by however many write, and every change by a stranger is told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.secret_key import SECRETS, vault_of

from ocpp_css.edge import Principal
from ocpp_css.kit.errors import Unavailable
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import audit
from ocpp_css.people.audit.jobs import adopt_once
from ocpp_css.people.audit.model import Trouble
from ocpp_css.people.audit.service.anchors import Anchor, AnchorBroken
from ocpp_css.people.audit.service.checking import Walk, check
from ocpp_css.people.audit.service.keeping import prune
from ocpp_css.people.audit.store import AUDIT, Stored
from ocpp_css.storage import Database
from ocpp_css.storage.chains import Chains, End, Place
from ocpp_css.storage.policies import EVERY
from ocpp_css.storage.unit import Op

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("ACC-11")]
ACCOUNT = 7
ANN = Principal("user", 3, "Ann", ACCOUNT, address="192.0.2.7")
Sql = Callable[..., Awaitable[Any]]


async def fill(db: Database, count: int, account: int = ACCOUNT) -> None:
    unit = db.unit(account)
    for n in range(count):
        told = {"n": n, "share": 0.1 * n, "words": ["ä", None, True]}
        audit.record(unit, ANN, "thing.changed", "thing", f"t{n}", {"n": n - 1}, told, reason="because")
    await unit.commit()


async def told(db: Database, anchors: dict[int, End] | None = None) -> list[str]:
    return [trouble.text for trouble in await check(db, anchors or {})]


@pytest.fixture
async def stranger(db: Database) -> Sql:
    """Somebody who may do everything to the database, and has no key; first of all the guards go."""

    async def ask(statement: str, **values: Any) -> Any:
        address = db.url.replace("sqlite:", "sqlite+aiosqlite:", 1).replace("postgresql:", "postgresql+asyncpg:", 1)
        given = {} if db.is_embedded else {"connect_args": {"server_settings": {EVERY: "on"}}}
        engine = create_async_engine(address, **given)
        try:
            async with engine.begin() as connection:
                found = await connection.execute(text(statement), values)
                return found.all() if found.returns_rows else None
        finally:
            await engine.dispose()

    return ask


async def unguarded(stranger: Sql, db: Database) -> None:
    for name in ("audit_unchanged", "audit_kept"):
        await stranger(f"DROP TRIGGER {name}" + ("" if db.is_embedded else " ON audit"))


async def test_entries_are_linked_and_whole(db: Database) -> None:
    for _ in range(3):
        await fill(db, 2)
    await fill(db, 1, 8)
    page = await audit.page(db.unit(ACCOUNT), audit.Question(), audit_page())
    assert sorted(entry.number or 0 for entry in page.items) == [1, 2, 3, 4, 5, 6]
    assert page.items[0].reason == "because"
    assert await told(db) == []


def audit_page() -> Any:
    from ocpp_css.kit.paging import page_request

    return page_request(sorts=("-id",))


NUMBERED = "UPDATE audit SET number = {} WHERE tenant_id = 7 AND number = {}"
TAMPERING: dict[str, tuple[Sequence[str], str]] = {
    "changed": (["UPDATE audit SET subject = 't99' WHERE number = 3"], "entry 3 .* was changed"),
    "changed in a document": (["UPDATE audit SET after = '{}' WHERE number = 3"], "entry 3 .* was changed"),
    "changed with its digest": (
        ["UPDATE audit SET subject = 'x', digest = 'ab' WHERE number = 3"], "entry 3 .* was changed",
    ),
    "removed": (["DELETE FROM audit WHERE number IN (3, 4)"], "entries 3 to 4 are missing"),
    "the first removed": (["DELETE FROM audit WHERE number = 1"], "entry 1 is missing"),
    "cut at the end": (["DELETE FROM audit WHERE number = 6"], "entry 6 is missing"),
    "reordered": (
        [NUMBERED.format(100, 2), NUMBERED.format(2, 3), NUMBERED.format(3, 100)],
        "entry 2 .* stands in another place",
    ),
    "put in": (
        [
            ("INSERT INTO audit (tenant_id, id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject,"
            " address) SELECT tenant_id, id + 1000000, at, actor_kind, actor_id, actor_name, action, subject_kind,"
            " subject, address FROM audit WHERE number = 2")
        ],
        "put in from outside",
    ),
    "put in after the end": (
        [
            ("INSERT INTO audit (tenant_id, id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject,"
            " address, number, digest, link) SELECT tenant_id, id + 1000000, at, actor_kind, actor_id, actor_name,"
            " action, subject_kind, subject, address, 7, digest, link FROM audit WHERE number = 2")
        ],
        "entries after 6 were put in",
    ),
    "the end moved": (
        ["DELETE FROM audit WHERE number = 6", "UPDATE chains SET number = 5 WHERE name = 'audit'"],
        "the mark of its end is not",
    ),
    "the end forgotten": (["DELETE FROM chains"], "the mark of its end is not"),
    "said to be pruned": (
        [
            ("INSERT INTO chains (tenant_id, name, number, link, proof) SELECT tenant_id, 'audit.pruned', 2, link,"
            " proof FROM chains WHERE name = 'audit'"),
            "DELETE FROM audit WHERE number <= 2",
        ],
        "the mark up to where it was pruned is not",
    ),
    "all of it gone": (["DELETE FROM audit"], "entries 1 to 6 are missing"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
async def test_what_a_stranger_does_is_told(db: Database, stranger: Sql, what: str) -> None:
    import re

    await fill(db, 6)
    statements, expected = TAMPERING[what]
    await unguarded(stranger, db)
    for statement in statements:
        await stranger(statement)
    found = await told(db)
    assert any(re.search(expected, line) for line in found), found
    assert not any(re.search(r"entry 1 .* was changed", line) for line in found), "what is well is not accused"


async def test_an_end_that_was_cut_with_its_mark_is_told_by_the_note_outside(
    db: Database, stranger: Sql, tmp_path: Path
) -> None:
    await fill(db, 4)
    ((number, link, proof),) = await stranger("SELECT number, link, proof FROM chains WHERE name = 'audit'")
    await fill(db, 2)
    anchor = Anchor(tmp_path, SECRETS)
    assert await anchor.note(db)
    assert not await anchor.note(db)
    await unguarded(stranger, db)
    await stranger("DELETE FROM audit WHERE number > 4")
    await stranger("UPDATE chains SET number = :n, link = :l, proof = :p", n=number, l=link, p=proof)
    assert await told(db) == []
    assert ["its end was cut" in line for line in await told(db, dict(anchor.read()))] == [True]
    await fill(db, 2)
    assert any("another one than was noted" in line for line in await told(db, dict(anchor.read())))
    anchor.path.write_bytes(anchor.path.read_bytes().replace(b"[6,", b"[4,"))
    with pytest.raises(AnchorBroken):
        anchor.read()
    assert Anchor(tmp_path / "none", SECRETS).read() == {}


async def test_the_database_itself_refuses_to_change_or_remove_entries(db: Database, stranger: Sql) -> None:
    await fill(db, 2)
    for statement in ("UPDATE audit SET subject = 'x'", "DELETE FROM audit"):
        with pytest.raises(Exception, match="neither changed nor removed"):
            await stranger(statement)
    if not db.is_embedded:
        with pytest.raises(Exception, match="neither changed nor removed"):
            await stranger("TRUNCATE audit")
    unit = db.unit(ACCOUNT)
    unit.delete(AUDIT, ((await stranger("SELECT id FROM audit WHERE number = 1"))[0][0],))
    with pytest.raises(Unavailable):
        await unit.commit()
    assert await told(db) == []


async def test_several_processes_write_one_chain(opened: Any) -> None:
    found: list[Database] = [await opened() for _ in range(3)]

    async def write(db: Database, turn: int) -> None:
        for n in range(20):
            await fill(db, 1 + n % 3, 7 + (turn + n) % 2)

    await asyncio.gather(*(write(db, turn) for turn, db in enumerate(found)))
    assert await told(found[0]) == []
    ends = await found[0].across_tenants(AUDIT.select().with_only_columns(AUDIT.c.tenant_id, AUDIT.c.number))
    for account in (7, 8):
        numbers = sorted(row.number for row in ends if row.tenant_id == account)
        assert numbers == list(range(1, len(numbers) + 1))
    assert len(ends) == 3 * sum(1 + n % 3 for n in range(20))


async def test_units_that_are_lost_leave_no_gap(db: Database) -> None:
    good, bad = db.unit(ACCOUNT), db.unit(ACCOUNT)
    for unit in (good, bad):
        audit.record(unit, ANN, "a.b", "a", "b")
    bad.writes.append((Op.INSERT, AUDIT, (), (None,) * len(AUDIT.c)))
    await asyncio.gather(good.ended(), bad.ended())
    await fill(db, 1)
    assert await told(db) == []


async def test_what_is_too_old_goes_and_the_rest_is_whole(db: Database, stranger: Sql) -> None:
    clock, now = db.clock, db.clock()
    db.clock = lambda: now - timedelta(days=40)
    await fill(db, 5)
    db.clock = clock
    await fill(db, 3)
    assert await prune(db, ACCOUNT, timedelta(days=30)) == 5
    assert await prune(db, ACCOUNT, timedelta(days=30)) == 0
    assert await told(db) == []
    left = await audit.page(db.unit(ACCOUNT), audit.Question(), audit_page())
    assert next((entry.number, entry.action) for entry in left.items) == (9, "audit.pruned")
    assert len(left.items) == 4
    await unguarded(stranger, db)
    await stranger("DELETE FROM audit WHERE number = 6")
    assert "entry 6 is missing" in await told(db)


async def test_entries_of_earlier_versions_are_taken_into_the_chain_once(db: Database, stranger: Sql) -> None:
    old = (
        "INSERT INTO audit (tenant_id, id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject, after,"
        " address) SELECT 7, :id, at, 'user', 3, 'Ann', 'old.done', 'a', 'b', '{\"n\": 1}', '' FROM audit LIMIT 1"
    )
    await fill(db, 1, 8)
    await stranger(old, id=1)
    await stranger(old, id=2)
    await adopt_once(db)
    assert await told(db) == []
    page = await audit.page(db.unit(ACCOUNT), audit.Question(action="old.done"), audit_page())
    assert [(entry.number, entry.after) for entry in page.items] == [(2, {"n": 1}), (1, {"n": 1})]
    await stranger(old, id=3)
    await adopt_once(db)
    assert any("put in from outside" in line for line in await told(db))


async def test_another_key_proves_nothing(db: Database, opened: Any) -> None:
    await fill(db, 2)
    other = Database(db.url, db.bus, db.clock, vault_of(db.url, secrets=Secrets(b"x" * 32)), 1000)
    assert len(await told(other)) >= 2
    await other.close()


async def test_reading_leaves_one_entry_an_hour(db: Database) -> None:
    for _ in range(3):
        unit = db.unit(ACCOUNT)
        await audit.record_read(unit, ANN, "token.read", "token")
        await unit.commit()
    later = db.unit(ACCOUNT, db.clock() + timedelta(hours=2))
    await audit.record_read(later, ANN, "token.read", "token")
    await later.commit()
    page = await audit.page(db.unit(ACCOUNT), audit.Question(action="token.read"), audit_page())
    assert len(page.items) == 2


# --- the chain by itself --------------------------------------------------------------------------------------------

CHAINS = Chains(SECRETS)
Row = tuple[Any, ...]


def made(subjects: Sequence[str]) -> tuple[list[Stored], End]:
    names = AUDIT.c.keys()
    rows = [
        tuple({"tenant_id": 7, "id": n + 1, "at": None, "subject": subject}.get(name) for name in names)
        for n, subject in enumerate(subjects)
    ]
    ends = {7: End()}
    linked = CHAINS.linked(AUDIT, rows, ends)
    return [Stored(row[1], row[:-3], *row[-3:]) for row in linked], ends[7]


def walked(rows: Sequence[Stored], end: End) -> list[Trouble]:
    kept = {"audit": Place(end, CHAINS.proof(7, "audit", end))} if end.number else {}
    walk = Walk(CHAINS, 7, kept, End())
    for row in rows:
        walk.at(row)
    walk.at_the_end()
    return walk.troubles


@given(st.lists(st.text(max_size=5), max_size=12), st.data())
@settings(max_examples=300, deadline=None)
def test_any_single_change_is_found(subjects: list[str], data: st.DataObject) -> None:
    rows, end = made(subjects)
    assert walked(rows, end) == []
    if not rows:
        return
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    match data.draw(st.sampled_from(["change", "remove", "swap", "move", "copy", "link", "digest"])):
        case "change":
            values = list(row.values)
            values[data.draw(st.integers(0, len(values) - 1))] = "another"
            changed = [*rows[:place], row._replace(values=tuple(values)), *rows[place + 1 :]]
        case "remove":
            changed = rows[:place] + rows[place + 1 :]
        case "swap":
            other = data.draw(st.integers(0, len(rows) - 1).filter(lambda n: n != place or len(rows) == 1))
            changed = list(rows)
            changed[place] = rows[other]._replace(number=row.number)
            changed[other] = row._replace(number=rows[other].number)
        case "move":
            changed = [one._replace(number=n + 1) for n, one in enumerate([*rows[:place], *rows[place + 1 :], row])]
        case "copy":
            changed = [*rows, row._replace(number=len(rows) + 1)]
        case "link":
            changed = [*rows[:place], row._replace(link="0" * 64), *rows[place + 1 :]]
        case _:
            changed = [*rows[:place], row._replace(digest="0" * 64), *rows[place + 1 :]]
    assert changed == rows or walked(changed, end) != []
