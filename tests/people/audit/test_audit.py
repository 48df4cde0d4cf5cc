"""The audit log: entries, filters, pages, the file."""

import csv
import io

import pytest

from ocpp_css.edge import Principal
from ocpp_css.edge.exports import cell
from ocpp_css.people import audit
from ocpp_css.people.audit.store import AUDIT
from ocpp_css.storage import PROVIDER

pytestmark = pytest.mark.anyio


async def fill(db, account, count, name="=cmd|' /C calc'!A0", number=9):
    unit = db.unit(account.account_id)
    for n in range(count):
        audit.record(
            unit,
            Principal("user", number, name, account.account_id),
            "thing.changed",
            "thing",
            f"t{n}",
            {"n": n},
            {"n": n + 1},
        )
    await unit.commit()


async def test_what_people_do_is_entered(ann, other, db):
    await other.sign_in(password="wrong")
    await other.sign_in()
    entries = (await ann.get("/api/v1/audit")).json()["items"]
    actions = [entry["action"] for entry in entries]
    assert {"member.joined", "session.began", "sign_in.refused"} <= set(actions)
    refused = next(entry for entry in entries if entry["action"] == "sign_in.refused")
    assert refused["actor_kind"] == "anonymous"
    assert refused["actor_id"] is None
    assert refused["address"]


async def test_the_log_is_narrowed_and_turned_page_by_page(ann, db, account, clock):
    await fill(db, account, 3)
    clock.go(hours=1)
    await fill(db, account, 2, "Bea", 10)
    assert len((await ann.get("/api/v1/audit?actor=Bea")).json()["items"]) == 2
    assert len((await ann.get("/api/v1/audit?subject=t0")).json()["items"]) == 2
    assert len((await ann.get("/api/v1/audit?action=thing.changed&until=2026-03-01T12:30:00Z")).json()["items"]) == 3
    assert len((await ann.get("/api/v1/audit?action=thing.changed&since=2026-03-01T12:30:00")).json()["items"]) == 2
    seen, cursor = [], ""
    while True:
        page = (await ann.get(f"/api/v1/audit?action=thing.changed&limit=2{cursor}")).json()
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5


async def test_the_page_shows_the_log_and_finds_in_it(ann, db, account):
    await fill(db, account, 2, "Bea")
    assert "thing.changed" in (await ann.get("/console/settings/audit")).text
    found = await ann.get("/console/settings/audit?q=bea&actor_kind=user")
    assert "Bea" in found.text
    assert "session.began" not in found.text


async def test_the_file_holds_everything_and_runs_no_formula(ann, db, account):
    await fill(db, account, 1200)
    answer = await ann.get("/console/settings/audit/export.csv?q=thing")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) == 1201
    assert rows[1][3].startswith("'=cmd")
    assert rows[1][7] == '{"n":1199}'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_is_never_a_formula(text):
    assert cell(text) == f"'{text}"
    assert cell(f"a{text}") == f"a{text}"


async def test_a_unit_of_one_account_writes_into_no_other_log(db):
    unit = db.unit(5)
    audit.record(unit, Principal("user", 1, "Ann", 6), "a.b", "a", "b")
    ((_, table, _, values),) = unit.writes
    assert table is AUDIT
    assert values[0] == 5
    from ocpp_css.people.audit import store

    with pytest.raises(ValueError, match="another"):
        store.add(unit, 6, None)


async def test_the_machine_itself_is_an_actor(db):
    unit = db.unit(PROVIDER)
    audit.record(unit, audit.COMMAND_LINE, "a.b", "a", "b")
    assert "service" in unit.writes[0][3]
