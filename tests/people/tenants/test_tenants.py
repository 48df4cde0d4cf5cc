"""Accounts: the default one, its settings, its door, and changes from outside."""

import asyncio
import re

import pytest
from tests.secret_key import vault_of

from ocpp_css.bus import InProcessBus
from ocpp_css.charging.stations.service.directory import Doors
from ocpp_css.people import tenants
from ocpp_css.people.access.commands import create_account, create_api_key
from ocpp_css.people.tenants.errors import AccountNameAmbiguous, AccountUnknown
from ocpp_css.people.tenants.jobs import OutsideWatch
from ocpp_css.people.tenants.service import new_code
from ocpp_css.storage import PROVIDER, Database

pytestmark = pytest.mark.anyio
PASSWORD = "seven purple herons quarrel"


def patch(ann, body):
    headers = {"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"}
    return ann.client.patch("/api/v1/account", json=body, headers=headers)


async def test_the_default_account_is_made_once(db, wiring, account):
    await tenants.ensure_default(db)
    assert (await tenants.default(db.unit(PROVIDER))).account_id == account.account_id
    assert account.is_default
    assert account.unknown_stations == "refuse"


async def test_two_processes_that_start_at_once_make_one_default_account(db):
    await asyncio.gather(*(tenants.ensure_default(db) for _ in range(5)))
    assert (await tenants.default(db.unit(PROVIDER))).name == "Main"
    assert (await tenants.find(db.unit(PROVIDER), "Main")).is_default


def test_a_connection_code_has_a_shape_no_identity_takes():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"a-[a-z2-7]{12}", code) for code in codes)


async def test_the_account_is_shown_and_changed(ann, account):
    shown = (await ann.get("/api/v1/account")).json()
    assert set(shown) == {"account_id", "name", "connection_code", "region", "unknown_stations", "created_at"}
    changed = (await patch(ann, {"name": "Harbour", "region": "north"})).json()
    assert (changed["name"], changed["region"], changed["connection_code"]) == (
        "Harbour",
        "north",
        account.connection_code,
    )
    assert (await ann.get("/api/v1/me")).json()["account"] == "Harbour"
    entry = (await ann.get("/api/v1/audit?action=account.changed")).json()["items"][0]
    assert entry["before"] == {"name": "Main", "region": None}
    assert entry["after"] == {"name": "Harbour", "region": "north"}
    assert entry["actor_name"] == "Ann"


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 101}, {"unknown_stations": "maybe"}, {"connection_code": "a-"}]
)
async def test_a_change_that_breaks_a_rule_is_refused(ann, body):
    assert (await patch(ann, body)).status_code == 422


async def test_the_doors_follow_the_setting(ann, wiring, account):
    doors: Doors = wiring.services["doors"]
    assert doors.tenant_of_code(account.connection_code) == account.account_id
    assert doors.tenant_of_code("a-aaaaaaaaaaaa") is None
    assert doors.holds_unknown(None) is None
    await patch(ann, {"unknown_stations": "pending"})
    assert doors.holds_unknown(None) == account.account_id
    assert doors.holds_unknown(account.connection_code) == account.account_id
    assert doors.holds_unknown("a-aaaaaaaaaaaa") is None


async def test_what_the_command_line_writes_beside_the_service_is_noticed(ann, wiring, db, url, clock):
    doors = tenants.MemoryDoors(db, InProcessBus())
    watch = OutsideWatch(db, [db.renew, doors.load])
    await watch.begin()
    await doors.load()
    assert not await watch.look()
    outside = Database(url, InProcessBus(), clock, vault_of(url), 2)
    made = await create_account(outside, "Bolt", "ann@example.org", PASSWORD)
    await create_api_key(outside, "Bolt", "ci", ["*"])
    await outside.close()
    assert doors.tenant_of_code(made["connection_code"]) is None
    assert await watch.look()
    assert doors.tenant_of_code(made["connection_code"]) is not None
    assert not await watch.look()
    assert (await ann.post(f"/console/account/{made['account_id']}")).status_code == 303


async def test_an_account_is_found_by_what_names_it_alone(db, wiring):
    unit = db.unit(PROVIDER)
    for name in ("Twin", "Twin", "Only"):
        await tenants.create(unit, name)
    await unit.commit()
    assert (await tenants.find(db.unit(PROVIDER), "Only")).name == "Only"
    with pytest.raises(AccountNameAmbiguous):
        await tenants.find(db.unit(PROVIDER), "Twin")
    with pytest.raises(AccountUnknown):
        await tenants.find(db.unit(PROVIDER), "Nobody")


async def test_the_page_changes_the_account(ann, wiring, account):
    page = await ann.get("/console/settings/account")
    assert account.connection_code in page.text
    assert (await ann.get("/console/settings")).headers["location"] == "/console/settings/account"
    bad = await ann.post("/console/settings/account", {"name": "", "unknown_stations": "pending"})
    assert bad.status_code == 422
    assert "Give the account a name" in bad.text
    good = await ann.post("/console/settings/account", {"name": "Pier", "region": "", "unknown_stations": "pending"})
    assert good.status_code == 303
    assert wiring.services["doors"].holds_unknown(None) == account.account_id
