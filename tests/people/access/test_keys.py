"""API keys: their text, their scopes, their end, their page."""

import re

import pytest
from sqlalchemy import select

from ocpp_css.kit.errors import Invalid
from ocpp_css.kit.ids import parse_public
from ocpp_css.people.access import PERMISSIONS, ROLES
from ocpp_css.people.access.commands import create_account, create_api_key
from ocpp_css.people.access.model import is_scope, permits
from ocpp_css.people.access.service import keys
from ocpp_css.people.access.store.keys import KEY_USES, KEYS

pytestmark = pytest.mark.anyio
PASSWORD = "seven purple herons quarrel"


async def make(ann, *scopes, name="meter import", **more):
    # a browser's REST write carries the token in a header
    return await ann.client.post(
        "/api/v1/api-keys",
        json={"name": name, "scopes": list(scopes), **more},
        headers={"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"},
    )


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.trust("I9")
async def test_a_key_is_shown_once_and_only_its_hash_is_kept(ann, other, db, account):
    made = (await make(ann, "account:read")).json()
    text = made["api_key"]
    assert re.fullmatch(r"css_[0-9a-hjkmnp-tv-z]{65}", text)
    assert text.startswith(made["prefix"])
    (row,) = await db.unit(account.account_id).all(select(KEYS))
    assert text[-39:-7] not in str(row)
    listed = (await ann.get("/api/v1/api-keys")).json()["items"]
    assert [one["name"] for one in listed] == ["meter import"]
    assert "api_key" not in listed[0]
    assert listed[0]["created_by"] == "Ann"


@pytest.mark.trust("I9")
def test_a_keys_checksum_tells_it_from_noise():
    text = keys.compose(5, 7, "0" * 32)
    assert keys.parse(text) == (5, 7, "0" * 32)
    assert keys.parse(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    assert keys.parse(text.replace("0", "1", 1)) is None
    assert keys.parse("css_") is None
    assert keys.parse("eyJhbGciOi") is None
    assert keys.parse(text[:-1] + "é") is None


@pytest.mark.trust("I9")
async def test_the_scopes_of_a_key_are_honoured(ann, other):
    text = (await make(ann, "account:read")).json()["api_key"]
    assert (await other.get("/api/v1/account", headers=bearer(text))).status_code == 200
    refused = await other.get("/api/v1/audit", headers=bearer(text))
    assert refused.status_code == 403
    assert refused.json()["code"] == "permission_missing"
    me = (await other.get("/api/v1/me", headers=bearer(text))).json()
    assert me["kind"] == "key"
    assert me["permissions"] == ["account:read"]
    changed = await other.client.patch("/api/v1/me", json={"name": "x"}, headers=bearer(text))
    assert changed.json()["code"] == "person_needed"


async def test_a_revoked_key_is_refused_at_once(ann, other):
    made = (await make(ann, "*")).json()
    assert (await other.get("/api/v1/account", headers=bearer(made["api_key"]))).status_code == 200
    gone = await ann.client.delete(
        f"/api/v1/api-keys/{made['id']}", headers={"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"}
    )
    assert gone.status_code == 204
    refused = await other.get("/api/v1/account", headers=bearer(made["api_key"]))
    assert refused.status_code == 401
    assert refused.json()["code"] == "invalid_token"
    assert (await ann.get("/api/v1/api-keys")).json()["items"] == []


async def test_a_late_write_of_the_last_use_does_not_wake_a_revoked_key(ann, other, db, account):
    made = (await make(ann, "*")).json()
    await other.get("/api/v1/account", headers=bearer(made["api_key"]))
    await ann.client.delete(
        f"/api/v1/api-keys/{made['id']}", headers={"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"}
    )
    await db.flush()
    db.caches.clear()
    assert (await other.get("/api/v1/account", headers=bearer(made["api_key"]))).status_code == 401
    assert len(await db.unit(account.account_id).all(select(KEY_USES))) == 1


async def test_an_altered_key_and_one_of_another_account_are_refused(ann, other, db, account):
    text = (await make(ann, "*")).json()["api_key"]
    parts = keys.parse(text)
    guessed = keys.compose(parts.key_id, parts.account, "0" * 32)
    elsewhere = keys.compose(parts.key_id, parts.account + 1, parts.secret)
    for wrong in (guessed, elsewhere, text[:-1], "css_nonsense"):
        assert (await other.get("/api/v1/account", headers=bearer(wrong))).status_code == 401


@pytest.mark.trust("I9")
async def test_a_key_ends_when_it_should_and_when_nobody_uses_it(ann, other, clock):
    text = (await make(ann, "*", expires_at="2026-03-02T12:00:00Z")).json()["api_key"]
    idle = (await make(ann, "*", name="idle")).json()["api_key"]
    used = (await make(ann, "*", name="used")).json()["api_key"]
    clock.go(days=1, seconds=1)
    assert (await other.get("/api/v1/account", headers=bearer(text))).status_code == 401
    clock.go(days=120)
    assert (await other.get("/api/v1/account", headers=bearer(used))).status_code == 200
    clock.go(days=70)
    assert (await other.get("/api/v1/account", headers=bearer(idle))).status_code == 401
    assert (await other.get("/api/v1/account", headers=bearer(used))).status_code == 200


async def test_a_key_makes_no_key_that_may_more_than_itself(ann, other):
    text = (await make(ann, "keys:write", "account:read")).json()["api_key"]
    wide = await other.client.post("/api/v1/api-keys", json={"name": "w", "scopes": ["*"]}, headers=bearer(text))
    assert wide.status_code == 403
    assert wide.json()["code"] == "scope_too_wide"
    same = await other.client.post(
        "/api/v1/api-keys", json={"name": "w", "scopes": ["account:read"]}, headers=bearer(text)
    )
    assert same.status_code == 201


@pytest.mark.parametrize(
    "body",
    [{"name": "x", "scopes": []}, {"name": " ", "scopes": ["*"]}, {"name": "x", "scopes": ["all"]}, {"scopes": ["*"]}],
)
async def test_a_key_needs_a_name_and_scopes_that_there_are(ann, body):
    answer = await ann.client.post(
        "/api/v1/api-keys", json=body, headers={"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"}
    )
    assert answer.status_code == 422


async def test_a_key_asked_often_costs_no_query(ann, db, wiring, monkeypatch):
    text = (await make(ann, "*")).json()["api_key"]
    authenticator = wiring.services["authenticator"]
    assert await authenticator.by_bearer(text)

    async def no_read(_query):
        raise AssertionError

    monkeypatch.setattr(db, "read", no_read)
    found = await authenticator.by_bearer(text)
    assert (found.kind, found.name, found.account) == ("key", "meter import", "Main")


async def test_the_pages_make_show_and_revoke_a_key(ann):
    assert "No API keys yet" in (await ann.get("/console/settings/api-keys")).text
    form = await ann.get("/console/settings/api-keys/new")
    assert "stations:read" in form.text
    refused = await ann.post("/console/settings/api-keys", {"name": "pump"})
    assert refused.status_code == 422
    assert "Choose at least one scope" in refused.text
    made = await ann.post(
        "/console/settings/api-keys", {"name": "pump", "scopes": ["stations:read", "events:read"], "lifetime": "90"}
    )
    assert re.search(r'value="css_[0-9a-z]{65}"', made.text)
    listed = await ann.get("/console/settings/api-keys")
    assert "pump" in listed.text
    (key_id,) = re.findall(r"api-keys/([0-9a-z]{13})/revoke", listed.text)
    assert parse_public(key_id)
    assert (await ann.post(f"/console/settings/api-keys/{key_id}/revoke")).status_code == 303
    assert "pump" not in (await ann.get("/console/settings/api-keys")).text
    assert (await ann.post(f"/console/settings/api-keys/{key_id}/revoke")).status_code == 404


async def test_the_command_line_makes_accounts_and_keys(wiring, db, other):
    made = await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    assert re.fullmatch(r"a-[a-z2-7]{12}", made["connection_code"])
    for named in (made["account_id"], made["connection_code"], "Bolt"):
        key = await create_api_key(db, named, "ci", ["*"])
        answer = await other.get("/api/v1/account", headers=bearer(key["api_key"]))
        assert answer.json()["account_id"] == made["account_id"] == key["account_id"]
    with pytest.raises(Invalid):
        await create_api_key(db, "Bolt", "ci", ["nonsense"])


def test_roles_name_only_permissions_that_there_are():
    for held in ROLES.values():
        assert held <= set(PERMISSIONS) | {"*"}
    assert "*" not in ROLES["administrator"]
    assert ROLES["viewer"] < ROLES["operator"]


def test_scopes():
    assert is_scope("stations:*")
    assert not is_scope("stations")
    assert not is_scope("nothing:*")
    assert permits(frozenset({"stations:read", "stations:write"}), "stations:*")
    assert not permits(frozenset({"stations:read"}), "stations:*")
    assert permits(frozenset({"stations:*"}), "stations:read")
