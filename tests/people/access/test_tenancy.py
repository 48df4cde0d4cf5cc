"""An account is a wall: the owner of one sees nothing of another."""

import pytest

from ocpp_css.people.access.commands import create_account, create_api_key

pytestmark = pytest.mark.anyio
PASSWORD = "seven purple herons quarrel"


@pytest.fixture
async def bob(wiring, db, other):
    """The owner of another account, signed in."""
    await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    await other.sign_in("bob@example.org")
    return other


async def test_an_owner_sees_nothing_of_another_account(ann, bob, db):
    key = await create_api_key(db, "Main", "secret plan", ["*"])
    assert [one["name"] for one in (await ann.get("/api/v1/api-keys")).json()["items"]] == ["secret plan"]
    assert (await bob.get("/api/v1/api-keys")).json()["items"] == []
    assert (await bob.get("/api/v1/account")).json()["name"] == "Bolt"
    told = (await bob.get("/api/v1/audit")).text
    assert "secret plan" not in told
    assert "Ann" not in told
    assert (await bob.post(f"/console/settings/api-keys/{key['api_key_id']}/revoke")).status_code == 404
    mine = {"Authorization": f"Bearer {key['api_key']}"}
    assert (await bob.get("/api/v1/account", headers=mine)).json()["name"] == "Main"


async def test_an_owner_changes_nothing_of_another_account(ann, bob):
    headers = {"X-CSRF-Token": bob.csrf, "Origin": "http://testserver.local"}
    changed = await bob.client.patch("/api/v1/account", json={"name": "Mine now"}, headers=headers)
    assert changed.json()["name"] == "Mine now"
    assert (await ann.get("/api/v1/account")).json()["name"] == "Main"
