"""API keys follow the person who made them: they may no more than that person may in the account now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.people.access.test_people import NEW, call, number_of, promoted, tess  # noqa: F401 - a fixture
from tests.people.access.test_sign_up import newest_letter

from ocpp_css.people.access import PERMISSIONS, ROLES
from ocpp_css.people.access.commands import create_api_key
from ocpp_css.people.access.model import permits, within

WILD = sorted({f"{name.partition(':')[0]}:*" for name in PERMISSIONS} | {"*"})
SCOPES = st.frozensets(st.sampled_from([*PERMISSIONS, *WILD]))


async def key_of(browser, *scopes, **more):
    made = await call(browser, "POST", "/api-keys", {"name": "pump", "scopes": list(scopes), **more})
    assert made.status_code == 201, made.text
    return bearer(made.json()["api_key"])


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


async def may(browser, headers):
    """What the key may now; None where it is refused."""
    answer = await browser.get("/api/v1/me", headers=headers)
    if answer.status_code == 401:
        assert answer.json()["code"] == "invalid_token"
        return None
    return set(answer.json()["permissions"])


async def states(browser):
    found = (await browser.get("/api/v1/api-keys")).json()["items"]
    return [(one["name"], one["state"], one["effective_scopes"]) for one in found]


@pytest.fixture
async def keyed(ann, tess):  # noqa: F811 - the fixture
    """An administrator who made a key, from which another was made; and both keys."""
    await promoted(ann, tess, "administrator")
    await tess.get("/console/me")
    first = await key_of(tess, "keys:write", "stations:*", "users:read")
    body = {"name": "of the pump", "scopes": ["users:read"]}
    second = (await tess.client.post("/api/v1/api-keys", json=body, headers=first)).json()
    return tess, first, bearer(second["api_key"])


@pytest.mark.anyio
@pytest.mark.requirement("CS-11")
async def test_a_key_shrinks_with_the_role_of_who_made_it_and_grows_again(ann, keyed):
    tess, first, second = keyed  # noqa: F811 - the person
    assert await may(ann, first) == {"keys:write", "stations:*", "users:read"}
    await promoted(ann, tess, "viewer")
    assert await may(ann, first) == {"stations:read"}
    assert await may(ann, second) == set()
    refused = await ann.get("/api/v1/users", headers=first)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    body = {"name": "x", "scopes": ["stations:read"]}
    assert (await ann.client.post("/api/v1/api-keys", json=body, headers=first)).status_code == 403
    assert await states(ann) == [("of the pump", "narrowed", []), ("pump", "narrowed", ["stations:read"])]
    page = (await ann.get("/console/settings/api-keys")).text
    assert "Does less" in page
    assert "It may do now: <code>stations:read</code>" in page
    await promoted(ann, tess, "administrator")
    assert await may(ann, first) == {"keys:write", "stations:*", "users:read"}


@pytest.mark.anyio
@pytest.mark.trust("I9")
async def test_keys_of_who_was_taken_out_are_refused_at_once(ann, keyed, db):
    tess, first, second = keyed  # noqa: F811 - the person
    alone = bearer((await create_api_key(db, "Main", "ci", ["*"]))["api_key"])
    assert await may(ann, second) == {"users:read"}
    assert (await call(ann, "DELETE", f"/users/{await number_of(tess)}")).status_code == 204
    assert [await may(ann, key) for key in (first, second)] == [None, None]
    assert await may(ann, alone) == {"*"}, "nobody made it who could leave"
    assert await states(ann) == [("ci", "works", ["*"]), ("of the pump", "maker_gone", []), ("pump", "maker_gone", [])]
    assert "does not belong to the account any more" in (await ann.get("/console/settings/api-keys")).text


@pytest.mark.anyio
@pytest.mark.trust("I9")
async def test_keys_of_who_was_frozen_are_refused_at_once(ann, keyed, wiring, clock):
    tess, first, second = keyed  # noqa: F811 - the person
    clock.go(minutes=5)
    tess.client.cookies.clear()
    await tess.sign_in("tess@example.org", NEW["password"])
    warned = await newest_letter(wiring, "tess@example.org")
    assert (await tess.client.post(warned.attachment.not_me)).status_code == 200
    assert [await may(ann, key) for key in (first, second)] == [None, None]
    assert [state for _, state, _ in await states(ann)] == ["maker_frozen"] * 2
    assert "is frozen" in (await ann.get("/console/settings/api-keys")).text


@pytest.mark.anyio
async def test_the_list_says_which_keys_ended_by_themselves(ann, clock):
    await key_of(ann, "*", expires_at="2026-03-02T12:00:00Z")
    clock.go(days=2)
    await ann.sign_in()
    assert await states(ann) == [("pump", "ended", [])]
    await ann.sign_in()
    await key_of(ann, "*")
    clock.go(days=181)
    await ann.sign_in()
    assert [state for _, state, _ in await states(ann)] == ["unused", "ended"]


@given(SCOPES, st.sampled_from(sorted(ROLES)))
def test_what_is_left_of_scopes_is_what_both_permit(wide, role):
    held = ROLES[role]
    left = within(wide, held)
    for name in PERMISSIONS:
        assert permits(left, name) == (permits(wide, name) and permits(held, name))
    for scope in WILD:
        assert not permits(left, scope) or (permits(wide, scope) and permits(held, scope))
    assert within(left, held) == left
