"""The people of an account: invitations, roles, leaving; what each may do, and that an owner is always left."""

import asyncio

import pytest
from litestar import Request
from tests.people.access.test_sign_up import newest_letter

from ocpp_css.edge import ANONYMOUS, WebSettings, needs
from ocpp_css.edge.gate import Gate
from ocpp_css.edge.live import while_let_in
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.people import accounts
from ocpp_css.people.access import ROLES, Device, join, memberships
from ocpp_css.people.access.commands import create_account, create_api_key
from ocpp_css.people.access.jobs import tidy
from ocpp_css.people.access.service.invitations import STANDS_FOR
from ocpp_css.people.access.store.invitations import INVITATIONS
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-10")]
ORIGIN = "http://testserver.local"
PASSWORD = "seven purple herons quarrel"
NEW = {
    "name": "Tess", "password": "nine quiet stations hum at dawn", "country": "NL", "birth_date": "1990-05-05",
    "time_zone": "UTC", "has_agreed": "yes",
}  # fmt: skip


async def call(browser, verb, path, body=None, **more):
    headers = {"X-CSRF-Token": browser.csrf, "Origin": ORIGIN, **more}
    return await browser.client.request(verb, f"/api/v1{path}", json=body, headers=headers)


async def invite(browser, wiring, email="tess@example.org", role="technician", *, to=""):
    answer = await call(browser, "POST", "/users", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return answer.json(), (await newest_letter(wiring, to or email)).attachment.path


async def accept_as_new(browser, path, **changes):
    await browser.get(path)
    answer = await browser.post(path, {**NEW, **changes})
    if answer.status_code == 303:
        await browser.get("/console/me")
    return answer


@pytest.fixture
async def tess(ann, other, wiring):
    """A technician whom the owner invited."""
    _, path = await invite(ann, wiring)
    assert (await accept_as_new(other, path)).headers["location"] == "/console"
    return other


async def number_of(browser):
    return (await browser.get("/api/v1/me")).json()["id"]


async def test_a_new_person_accepts_and_may_do_what_the_role_says(ann, tess, db):
    me = (await tess.get("/api/v1/me")).json()
    assert (me["email"], me["account"]) == ("tess@example.org", "Main")
    assert set(me["permissions"]) == ROLES["technician"]
    assert (await tess.get("/console/people")).status_code == 403
    assert (await tess.get("/console/settings/api-keys")).status_code == 403
    listed = (await ann.get("/api/v1/users?sort=name")).json()["items"]
    assert [(one["name"], one["role"]) for one in listed] == [("Ann", "owner"), ("Tess", "technician")]
    actions = [one["action"] for one in (await ann.get("/api/v1/audit")).json()["items"]]
    assert {"member.invited", "member.joined", "user.signed_up"} <= set(actions)
    assert "Tess" in (await ann.get("/console/me/notices")).text
    assert len(await memberships(db.unit(PROVIDER), parse_public(me["id"]))) == 1, "no account of their own"


async def test_who_has_an_account_signs_in_accepts_and_switches(ann, other, wiring, db):
    await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    _, path = await invite(ann, wiring, "Bob@example.org", "operator", to="bob@example.org")
    assert 'href="/console/sign-in?next=' in (await other.get(path)).text
    assert (await accept_as_new(other, path)).status_code == 403, "nobody makes a second person of the address"
    await other.sign_in("bob@example.org")
    before = other.cookie
    await other.get(path)
    answer = await other.post(path)
    assert answer.headers["location"] == "/console"
    assert other.cookie != before, "the session's id changes with what it may do (TRUST A61)"
    me = (await other.get("/api/v1/me")).json()
    assert (me["account"], set(me["permissions"])) == ("Main", ROLES["operator"])
    shown = await other.get("/console/me/accounts/menu")
    assert "Bolt" in shown.text
    account = (await other.get("/api/v1/account")).json()["account_id"]
    menu = [text.split('"')[0] for text in shown.text.split('action="/console/account/')[1:]]
    await other.get("/console/me")
    for one in menu:
        if one != account:
            await other.post(f"/console/account/{one}")
    assert (await other.get("/api/v1/me")).json()["account"] == "Bolt"
    await other.get("/console/me")
    assert (await other.post(f"/console/me/accounts/{account}/leave")).status_code == 303
    assert (await other.post(f"/console/account/{account}")).status_code == 404


async def test_an_invitation_is_for_the_address_it_was_sent_to(ann, tess, wiring):
    _, path = await invite(ann, wiring, "eve@example.org")
    assert "Sign out" in (await tess.get(path)).text
    assert (await tess.post(path)).status_code == 403


@pytest.mark.trust("A63")
async def test_inviting_tells_nobody_who_has_an_account(ann, wiring, db):
    await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    known, _ = await invite(ann, wiring, "bob@example.org")
    unknown, _ = await invite(ann, wiring, "new@example.org")
    for one in (known, unknown):
        del one["id"], one["email"], one["created_at"], one["expires_at"]
    assert known == unknown


@pytest.mark.trust("A64")
async def test_of_a_hundred_who_accept_at_once_one_is_admitted(ann, other, wiring, db):
    await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    _, path = await invite(ann, wiring, "bob@example.org")
    await other.sign_in("bob@example.org")
    await other.get(path)
    invitations = wiring.services["invitations"]
    principal = await wiring.services["authenticator"].by_session(other.cookie)
    token = path.rsplit("/", 1)[1]
    ended = await asyncio.gather(*(invitations.accept(token, principal) for _ in range(100)), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in ended) == 1
    assert {getattr(one, "code", "ok") for one in ended} == {"ok", "invitation_spent"}
    assert len((await ann.get("/api/v1/users")).json()["items"]) == 2


@pytest.mark.trust("A64")
async def test_of_a_hundred_new_people_at_once_one_is_made(ann, other, wiring, db):
    _, path = await invite(ann, wiring)
    await other.get(path)
    ended = await asyncio.gather(*(other.post(path, NEW) for _ in range(20)))
    assert sorted({one.status_code for one in ended} - {429}) in ([303, 404], [303, 403], [303, 403, 404])
    assert sum(one.status_code == 303 for one in ended) == 1
    assert len((await ann.get("/api/v1/users")).json()["items"]) == 2


async def test_a_link_works_once_and_not_when_taken_back_sent_anew_or_old(ann, other, wiring, clock):
    first, path = await invite(ann, wiring)
    assert (await call(ann, "POST", f"/invitations/{first['id']}/resend")).status_code == 200
    second = (await newest_letter(wiring, "tess@example.org")).attachment.path
    assert second != path
    assert (await other.get(path)).status_code == 404
    assert (await other.get(second)).status_code == 200
    assert (await call(ann, "DELETE", f"/invitations/{first['id']}")).status_code == 204
    assert (await other.get(second)).status_code == 404
    assert (await ann.get("/api/v1/invitations")).json()["items"] == []
    _, third = await invite(ann, wiring)
    clock.go(seconds=STANDS_FOR.total_seconds())
    assert (await other.get(third)).status_code == 404


async def test_an_address_is_invited_once_at_a_time_and_members_are_not(ann, tess, wiring):
    await invite(ann, wiring, "new@example.org")
    for email, code in (("NEW@example.org", "already_invited"), ("tess@example.org", "already_member")):
        told = await call(ann, "POST", "/users", {"email": email, "role": "viewer"})
        assert (told.status_code, told.json()["code"]) == (409, code)
    assert (await call(ann, "POST", "/users", {"email": "no address", "role": "viewer"})).status_code == 422
    assert (await call(ann, "POST", "/users", {"email": "x@example.org", "role": "king"})).status_code == 422


async def test_what_is_over_is_forgotten_after_a_month(ann, wiring, db, clock):
    await invite(ann, wiring)
    clock.go(days=38)
    await tidy(db)
    assert await db.unit(PROVIDER).all(INVITATIONS.select()) == []


async def promoted(ann, browser, role):
    answer = await call(ann, "PATCH", f"/users/{await number_of(browser)}", {"role": role})
    assert answer.status_code == 200, answer.text


async def test_a_role_counts_from_the_next_request(ann, tess):
    await promoted(ann, tess, "viewer")
    assert set((await tess.get("/api/v1/me")).json()["permissions"]) == ROLES["viewer"]
    assert (await call(ann, "DELETE", f"/users/{await number_of(tess)}")).status_code == 204
    me = (await tess.get("/api/v1/me")).json()
    assert (me["account_id"], me["permissions"]) == (None, [])
    assert "You belong to no account" in (await tess.get("/console/me/accounts")).text
    notices = (await tess.get("/console/me/notices")).text
    assert "You do not belong to Main any more" in notices


async def test_nobody_hands_out_or_takes_away_more_than_they_have(ann, tess, wiring):
    await promoted(ann, tess, "administrator")
    await tess.get("/console/me")
    owner, own = await number_of(ann), await number_of(tess)
    for verb, path, body in (
        ("POST", "/users", {"email": "x@example.org", "role": "owner"}),
        ("PATCH", f"/users/{owner}", {"role": "viewer"}),
        ("PATCH", f"/users/{own}", {"role": "owner"}),
        ("DELETE", f"/users/{owner}", None),
    ):
        told = await call(tess, verb, path, body)
        assert (told.status_code, told.json()["code"]) == (403, "role_too_high"), (verb, path)
    made, _ = await invite(ann, wiring, "y@example.org", "owner")
    assert (await call(tess, "DELETE", f"/invitations/{made['id']}")).json()["code"] == "role_too_high"
    assert (await call(tess, "POST", f"/invitations/{made['id']}/resend")).json()["code"] == "role_too_high"


async def test_a_key_with_one_permission_invites_nobody_with_more(db, ann, other):
    made = await create_api_key(db, "Main", "people", ["users:write"])
    headers = {"Authorization": f"Bearer {made['api_key']}"}
    body = {"email": "x@example.org", "role": "viewer"}
    told = await other.client.post("/api/v1/users", json=body, headers=headers)
    assert told.json()["code"] == "role_too_high"
    body["role"] = "driver"
    assert (await other.client.post("/api/v1/users", json=body, headers=headers)).status_code == 201


async def test_an_owner_is_always_left(ann, tess):
    own = await number_of(ann)
    account = (await ann.get("/api/v1/account")).json()["account_id"]
    assert (await call(ann, "PATCH", f"/users/{own}", {"role": "viewer"})).json()["code"] == "last_owner"
    assert (await call(ann, "DELETE", f"/users/{own}")).json()["code"] == "last_owner"
    await ann.get("/console/me")
    assert (await ann.post(f"/console/me/accounts/{account}/leave")).status_code == 409
    await promoted(ann, tess, "owner")
    assert (await call(ann, "PATCH", f"/users/{own}", {"role": "viewer"})).status_code == 200


@pytest.mark.trust("A64")
async def test_two_owners_who_leave_at_once_do_not_both_leave(ann, tess):
    await promoted(ann, tess, "owner")
    await tess.get("/console/me")
    numbers = await number_of(ann), await number_of(tess)
    ended = await asyncio.gather(
        *(call(one, "DELETE", f"/users/{number}") for one, number in zip((ann, tess), numbers, strict=True))
    )
    assert sorted(one.status_code for one in ended) == [204, 409]


@pytest.mark.requirement("SEC-2")
async def test_an_administrator_ends_the_sessions_of_a_person_in_this_account_alone(ann, tess, wiring, db):
    sessions, unit = wiring.services["sessions"], db.unit(PROVIDER)
    bolt = parse_public((await create_account(db, "Bolt", "bob@example.org", PASSWORD))["account_id"])
    number = await number_of(tess)
    user = await accounts.get(unit, parse_public(number))
    join(unit, ANONYMOUS, user.user_id, bolt, "viewer")
    elsewhere = await sessions.begin(unit, user, Device("robot", "127.0.0.1"), account=bolt)
    nowhere = await sessions.begin(unit, user, Device("robot", "127.0.0.1"), account=1)
    await unit.commit()
    assert (await call(ann, "DELETE", f"/users/{number}/sessions")).status_code == 204
    assert (await tess.get("/api/v1/me")).status_code == 401
    found = [await wiring.services["authenticator"].by_session(one) for one in (elsewhere, nowhere)]
    assert [one and one.tenant for one in found] == [bolt, None]
    entries = (await ann.get("/api/v1/audit?action=member.signed_out")).json()["items"]
    assert [(one["subject"], one["after"], one["actor_name"]) for one in entries] == [(number, {"sessions": 2}, "Ann")]
    told = await newest_letter(wiring, "tess@example.org")
    assert told.notice.title == "Your sessions in {account} were ended"


async def test_nobody_ends_the_sessions_of_who_may_more(ann, tess):
    owner = await number_of(ann)
    assert (await call(tess, "DELETE", f"/users/{owner}/sessions")).json()["code"] == "permission_missing"
    await promoted(ann, tess, "administrator")
    assert (await call(tess, "DELETE", f"/users/{owner}/sessions")).json()["code"] == "role_too_high"
    page = f"/console/people/{await number_of(tess)}"
    assert f'action="{page}/sessions/end"' in (await ann.get(page)).text
    assert f"/console/people/{owner}/sessions/end" not in (await ann.get(f"/console/people/{owner}")).text
    assert (await ann.post(f"{page}/sessions/end")).headers["location"] == page
    assert (await tess.get("/api/v1/me")).status_code == 401
    assert (await call(ann, "DELETE", f"/users/{public(5)}/sessions")).status_code == 404


async def test_invitations_of_who_lost_the_right_end(ann, tess, wiring):
    await promoted(ann, tess, "administrator")
    await tess.get("/console/me")
    await invite(tess, wiring, "friend@example.org", "administrator")
    await promoted(ann, tess, "viewer")
    assert (await ann.get("/api/v1/invitations")).json()["items"] == []


@pytest.mark.trust("A50")
async def test_fields_that_are_not_ones_own_to_set_are_refused(ann, tess, account):
    own = await number_of(ann)
    for verb, path, body in (
        ("PATCH", "/me", {"role": "owner"}),
        ("PATCH", "/me", {"tenant_id": 1}),
        ("PATCH", "/account", {"tenant_id": 1}),
        ("PATCH", "/account", {"is_default": True}),
        ("POST", "/users", {"email": "x@example.org", "role": "viewer", "account_id": public(1)}),
        ("PATCH", f"/users/{own}", {"role": "owner", "user_id": public(1)}),
        ("POST", "/api-keys", {"name": "x", "scopes": ["*"], "created_by": 1}),
    ):
        assert (await call(ann, verb, path, body)).status_code == 422, (verb, path, body)
    await tess.get("/console/me")
    await tess.post("/console/me", {"name": "Tess", "role": "owner", "is_admin": "yes", "account_id": public(1)})
    assert set((await tess.get("/api/v1/me")).json()["permissions"]) == ROLES["technician"]


async def test_lists_search_sort_and_turn_pages(ann, other, wiring, db):
    for number in range(3):
        _, path = await invite(ann, wiring, f"p{number}@example.org", "viewer")
        await accept_as_new(other, path, name=f"Person {2 - number}")
        other.client.cookies.clear()
    names = []
    cursor = ""
    while cursor is not None:
        found = (await ann.get(f"/api/v1/users?sort=-name&limit=1&cursor={cursor}")).json()
        names += [one["name"] for one in found["items"]]
        cursor = found["next_cursor"]
    assert names == ["Person 2", "Person 1", "Person 0", "Ann"]
    for query, count in (("search=PERSON", 3), ("search=p1@", 1), ("role=owner", 1), ("search=nobody", 0)):
        assert len((await ann.get(f"/api/v1/users?{query}")).json()["items"]) == count, query
    assert (await ann.get("/api/v1/users?sort=password_hash")).status_code == 422
    assert "Person 1" in (await ann.get("/console/people?q=person")).text
    roles = {one["role"]: one["permissions"] for one in (await ann.get("/api/v1/roles")).json()["items"]}
    assert roles["owner"] == ["*"]


async def test_the_pages_of_people_do_what_the_interface_does(ann, other, wiring):
    await ann.get("/console/people/~invite")
    wrong = await ann.post("/console/people/~invite", {"email": "tess@example.org", "role": "king"})
    assert wrong.status_code == 422
    sent = await ann.post("/console/people/~invite", {"email": "tess@example.org", "role": "technician"})
    assert sent.headers["location"] == "/console/people/~invitations"
    shown = await ann.get("/console/people/~invitations")
    number = shown.text.split("~invitations/")[2].split("/")[0] if "resend" in shown.text else ""
    assert (await ann.post(f"/console/people/~invitations/{number}/resend")).status_code == 303
    await accept_as_new(other, (await newest_letter(wiring, "tess@example.org")).attachment.path)
    person = f"/console/people/{await number_of(other)}"
    assert "Tess" in (await ann.get(person)).text
    assert (await ann.post(person, {"role": "viewer"})).headers["location"] == "/console/people"
    own = f"/console/people/{await number_of(ann)}"
    await ann.get(own)
    assert (await ann.post(f"{own}/remove")).status_code == 409
    assert (await ann.post(f"{person}/remove")).headers["location"] == "/console/people"
    await invite(ann, wiring, "late@example.org")
    shown = await ann.get("/console/people/~invitations")
    number = shown.text.split("/withdraw")[0].rsplit("/", 1)[1]
    assert (await ann.post(f"/console/people/~invitations/{number}/withdraw")).status_code == 303
    assert "No invitation is open" in (await ann.get("/console/people/~invitations")).text


async def test_a_stream_ends_with_the_right_to_follow_it(ann, tess, wiring, db):
    gate = Gate(WebSettings(public_url=ORIGIN), wiring.services["authenticator"], None)
    scope = {"type": "http", "headers": [(b"cookie", f"css_session={tess.cookie}".encode())], "state": {}}
    who = await wiring.services["authenticator"].by_session(tess.cookie)

    async def events():
        for number in range(3):
            yield number
            if number == 1:
                await promoted(ann, tess, "driver")

    def still():
        return gate._may_go_on(Request(scope), who, needs("events:read"))

    assert [one async for one in while_let_in(events(), still, 0.0)] == [0, 1]
