"""Signing in and out, the first start, links, sessions, the CSRF token, another account."""

import html
from dataclasses import replace

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select

from ocpp_css.kit.ids import public
from ocpp_css.people import accounts
from ocpp_css.people.access import Device, join
from ocpp_css.people.access.commands import create_account
from ocpp_css.people.access.jobs import KEPT_FOR, tidy
from ocpp_css.people.access.service.sessions import MOST
from ocpp_css.people.access.service.tries import delay_s
from ocpp_css.people.access.store.sessions import ATTEMPTS, SESSION_USES, SESSIONS
from ocpp_css.people.accounts.store import LINKS
from ocpp_css.people.audit import COMMAND_LINE
from ocpp_css.storage import PROVIDER

pytestmark = pytest.mark.anyio
PASSWORD = "seven purple herons quarrel"
PERSON = {"name": "Ann", "email": "ann@example.org", "password": PASSWORD}


async def test_the_first_start_link_makes_the_owner_once(wiring, db, browser, account):
    path = await accounts.open_first_start(db)
    shown = await browser.get(path)
    assert shown.status_code == 200
    assert "Welcome" in shown.text
    assert (await browser.post(path, PERSON)).headers["location"] == "/console"
    me = (await browser.get("/api/v1/me")).json()
    assert me["name"] == "Ann"
    assert me["account_id"] == public(account.account_id)
    assert me["permissions"] == ["*"]
    assert (await browser.post(path, {**PERSON, "email": "eve@example.org"})).status_code in {403, 404}
    assert (await browser.get(path)).status_code == 404
    assert await accounts.open_first_start(db) is None


async def test_a_later_first_start_link_makes_the_earlier_one_void(db, wiring, browser):
    first, second = await accounts.open_first_start(db), await accounts.open_first_start(db)
    assert (await browser.get(first)).status_code == 404
    assert (await browser.get(second)).status_code == 200


async def test_only_the_hash_of_a_link_is_kept(db, wiring):
    path = await accounts.open_first_start(db)
    (row,) = await db.unit(PROVIDER).all(select(LINKS))
    assert path.rsplit("/", 1)[1] not in str(row)


async def test_the_first_start_tells_what_is_wrong_with_the_password(db, wiring, browser):
    path = await accounts.open_first_start(db)
    answer = await browser.post(path, {**PERSON, "password": "too short"})
    assert answer.status_code == 422
    assert "Use at least 15 characters" in html.unescape(answer.text)
    assert (await browser.post(path, PERSON)).status_code == 303


async def test_a_link_signs_in_once_and_for_half_an_hour(ann, other, db, clock):
    me = (await ann.get("/api/v1/me")).json()
    user = await accounts.find_login(db.unit(PROVIDER), me["email"])
    unit = db.unit(PROVIDER)
    paths = [accounts.create_sign_in_link(unit, user.user_id) for _ in range(2)]
    await unit.commit()
    assert (await other.get(paths[0])).status_code == 303
    assert (await other.get("/api/v1/me")).status_code == 200
    assert (await other.get(paths[0])).status_code == 404
    clock.go(minutes=31)
    assert (await other.get(paths[1])).status_code == 404


@pytest.mark.trust("I8")
async def test_the_cookie_is_out_of_reach_of_scripts(ann, other):
    answer = await other.sign_in()
    told = answer.headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=lax" in told
    assert "Path=/" in told


@pytest.mark.trust("I3")
async def test_a_wrong_password_and_an_unknown_person_are_told_the_same(ann, other):
    wrong = await other.sign_in(password="not the right one at all")
    unknown = await other.sign_in(login="nobody@example.org")
    assert wrong.status_code == unknown.status_code == 422
    strip = [text.replace("nobody@", "ann@") for text in (wrong.text, unknown.text)]
    assert strip[0] == strip[1]
    assert "The name or the password is not right" in wrong.text
    assert not other.cookie


async def test_one_signs_in_with_the_address_in_any_case_and_goes_where_one_wanted(ann, other):
    await other.get("/console/sign-in?next=/console/me")
    answer = await other.post(
        "/console/sign-in", {"login": " ANN@Example.org ", "password": PASSWORD, "next": "/console/me"}
    )
    assert answer.headers["location"] == "/console/me"
    elsewhere = await other.post(
        "/console/sign-in", {"login": "ann@example.org", "password": PASSWORD, "next": "//evil.example"}
    )
    assert elsewhere.headers.get("location") != "//evil.example"


async def test_a_disabled_person_is_out_at_once_and_cannot_come_back(ann, other, db):
    unit = db.unit(PROVIDER)
    user = await accounts.find_login(unit, "ann@example.org")
    from ocpp_css.people.accounts import store

    store.change(unit, user, disabled_at=unit.now)
    await unit.commit()
    assert (await ann.get("/api/v1/me")).status_code == 401
    assert (await other.sign_in()).status_code == 422


@pytest.mark.trust("I2")
async def test_after_ten_failures_each_try_waits_longer_and_success_resets(ann, other, db, clock, monkeypatch):
    from ocpp_css.people.access.pages import asking

    at_home = asking.client_address
    monkeypatch.setattr(asking, "client_address", lambda *_: "198.51.100.7")
    for _ in range(10):
        assert (await other.sign_in(password="wrong")).status_code == 422
    delayed = await other.sign_in()
    assert delayed.status_code == 429
    assert delayed.headers["retry-after"] == "2"
    assert "Too many sign-ins failed" in delayed.text
    assert "Try again in" in delayed.text
    clock.go(seconds=2)
    assert (await other.sign_in(password="wrong")).status_code == 422
    assert (await other.sign_in()).headers["retry-after"] == "4"
    monkeypatch.setattr(asking, "client_address", at_home)
    clock.go(seconds=5)
    assert (await other.sign_in()).status_code == 303
    assert delay_s(9) == 0
    assert delay_s(40) == 900


@pytest.mark.trust("I2")
async def test_guessing_from_elsewhere_does_not_lock_the_person_out(ann, other, monkeypatch):
    from ocpp_css.people.access.pages import asking

    at_home = asking.client_address
    monkeypatch.setattr(asking, "client_address", lambda *_: "198.51.100.7")
    for _ in range(11):
        refused = await other.sign_in(password="wrong")
    assert refused.status_code == 429
    monkeypatch.setattr(asking, "client_address", at_home)
    assert (await other.sign_in()).status_code == 303


async def test_an_unknown_name_is_delayed_like_a_known_one(wiring, other):
    for _ in range(10):
        assert (await other.sign_in(login="nobody@example.org", password="wrong")).status_code == 422
    assert (await other.sign_in(login="nobody@example.org", password="wrong")).status_code == 429


@pytest.mark.trust("A61")
async def test_the_session_id_changes_at_sign_in_and_the_old_one_is_void(ann, other):
    old = ann.cookie
    await ann.client.post("/console/sign-in", data={"login": "x", "password": "y"})
    answer = await ann.post("/console/sign-in", {"login": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 303
    assert ann.cookie != old
    stale = await other.client.get("/api/v1/me", headers={"Cookie": f"css_session={old}"})
    assert stale.status_code == 401


async def test_only_a_keyed_hash_of_the_session_is_kept(ann, db):
    rows = await db.unit(PROVIDER).all(select(SESSIONS))
    assert rows
    assert ann.cookie not in str(rows)


async def test_signing_out_ends_the_session(ann, other):
    cookie = ann.cookie
    assert (await ann.post("/console/sign-out")).headers["location"] == "/console/sign-in"
    answer = await other.client.get("/api/v1/me", headers={"Cookie": f"css_session={cookie}"})
    assert answer.status_code == 401
    assert (await ann.get("/console/me")).headers["location"].startswith("/console/sign-in")


async def test_an_idle_session_and_an_old_one_are_over(ann, clock):
    for _ in range(13):
        clock.go(hours=11)
        assert (await ann.get("/api/v1/me")).status_code == 200
    clock.go(hours=12)
    assert (await ann.get("/api/v1/me")).status_code == 401
    await ann.sign_in()
    for _ in range(15):
        clock.go(hours=11)
        await ann.get("/api/v1/me")
    clock.go(hours=4)
    assert (await ann.get("/api/v1/me")).status_code == 401


async def test_the_last_use_is_written_late_and_at_most_once_a_minute(ann, db, clock):
    await db.flush()
    before = (await db.unit(PROVIDER).all(select(SESSION_USES.c.last_used_at)))[0][0]
    clock.go(seconds=30)
    await ann.get("/api/v1/me")
    await db.flush()
    assert (await db.unit(PROVIDER).all(select(SESSION_USES.c.last_used_at)))[0][0] == before
    clock.go(seconds=31)
    await ann.get("/api/v1/me")
    await db.flush()
    assert (await db.unit(PROVIDER).all(select(SESSION_USES.c.last_used_at)))[0][0] == clock.now


async def test_a_request_costs_no_query_once_the_session_is_known(ann, db, monkeypatch, wiring):
    authenticator = wiring.services["authenticator"]
    assert await authenticator.by_session(ann.cookie)

    async def no_read(_query):
        raise AssertionError

    monkeypatch.setattr(db, "read", no_read)
    found = await authenticator.by_session(ann.cookie)
    assert found.account == "Main"
    assert found.csrf


async def test_a_post_without_the_token_is_refused(ann):
    answer = await ann.client.post(
        "/console/me", data={"name": "Mallory"}, headers={"Origin": "http://testserver.local"}
    )
    assert answer.status_code == 403
    ann.csrf = "AAAA"
    assert (await ann.post("/console/sign-out")).status_code == 403
    foreign = await ann.client.post(
        "/console/sign-in", data={"login": "a", "password": "b"}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


@pytest.mark.trust("I7")
async def test_one_sees_and_ends_ones_sessions(ann, other):
    await other.sign_in()
    assert "This browser" in (await ann.get("/console/me/sessions")).text
    answer = await ann.post("/console/me/sessions/end-others")
    assert answer.headers["location"] == "/console/me/sessions"
    assert (await other.get("/api/v1/me")).status_code == 401
    assert (await ann.get("/api/v1/me")).status_code == 200


@pytest.mark.requirement("SEC-2")
async def test_one_session_too_many_ends_the_oldest(ann, db, wiring, clock):
    sessions, authenticator = wiring.services["sessions"], wiring.services["authenticator"]
    user = await accounts.find_login(db.unit(PROVIDER), "ann@example.org")
    cookies = [ann.cookie]
    for _ in range(MOST):
        clock.go(seconds=1)
        unit = db.unit(PROVIDER)
        cookies.append(await sessions.begin(unit, user, Device("robot", "127.0.0.1")))
        await unit.commit()
    stand = [await authenticator.by_session(cookie) is not None for cookie in cookies]
    assert stand == [False] + [True] * MOST
    unit = db.unit(PROVIDER)
    await sessions.begin(unit, user, Device("robot", "127.0.0.1"), replaces=cookies[-1])
    await unit.commit()
    assert await authenticator.by_session(cookies[1]), "a session that takes the place of another is not one more"


async def test_nobody_ends_the_session_of_another(ann, other, db):
    await create_account(db, "Bolt", "bob@example.org", PASSWORD)
    await other.sign_in("bob@example.org")
    rows = await db.unit(PROVIDER).all(select(SESSIONS.c.session_id, SESSIONS.c.user_id))
    own = (await ann.get("/api/v1/me")).json()["id"]
    (session,) = [row.session_id for row in rows if public(row.user_id) == own]
    assert (await other.post(f"/console/me/sessions/{public(session)}/end")).status_code == 404
    assert (await ann.get("/api/v1/me")).status_code == 200


@pytest.mark.trust("I7")
async def test_a_new_password_needs_the_present_one_and_ends_the_other_sessions(ann, other):
    await other.sign_in()
    await ann.get("/console/me/password")
    new = "nine yellow otters negotiate"
    wrong = await ann.post("/console/me/password", {"current_password": "guessed", "new_password": new})
    assert wrong.status_code == 422
    weak = await ann.post("/console/me/password", {"current_password": PASSWORD, "new_password": "aaaaaaaaaaaaaaaa"})
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    done = await ann.post("/console/me/password", {"current_password": PASSWORD, "new_password": new})
    assert done.status_code == 200
    assert (await other.get("/api/v1/me")).status_code == 401
    assert (await ann.get("/api/v1/me")).status_code == 200
    assert (await other.sign_in()).status_code == 422
    assert (await other.sign_in(password=new)).status_code == 303


async def test_a_person_of_two_accounts_switches_between_them(ann, other, db, account):
    made = await create_account(db, "Bolt", "ann@example.org", PASSWORD)
    assert (await ann.get("/api/v1/me")).json()["account"] == "Main"
    listed = await ann.get("/console/me/accounts")
    assert f"/console/account/{made['account_id']}" in listed.text
    assert (await ann.post(f"/console/account/{made['account_id']}")).status_code == 303
    assert (await ann.get("/api/v1/account")).json()["name"] == "Bolt"
    assert (await ann.get("/api/v1/me")).json()["account_id"] == made["account_id"]
    await ann.get("/console/me")
    third = await create_account(db, "Third", "eve@example.org", PASSWORD)
    assert (await ann.post(f"/console/account/{third['account_id']}")).status_code == 404
    assert (await ann.post("/console/account/nonsense")).status_code == 404


async def test_a_role_permits_what_it_says(ann, other, db, account, wiring):
    unit = db.unit(PROVIDER)
    user = await accounts.create(
        unit, wiring.services["passwords"], email="vera@example.org", name="Vera", password="quiet lamp beside rivers"
    )
    join(unit, replace(COMMAND_LINE, tenant=account.account_id), user.user_id, account.account_id, "viewer")
    await unit.commit()
    await other.sign_in("vera@example.org", "quiet lamp beside rivers")
    assert (await other.get("/api/v1/account")).status_code == 200
    assert (await other.get("/api/v1/api-keys")).status_code == 403
    assert (await other.get("/api/v1/audit")).status_code == 403
    assert (await other.get("/console/settings/account")).status_code == 200


async def test_what_nobody_can_use_any_more_is_removed(ann, other, db, clock):
    await other.sign_in(login="nobody@example.org", password="wrong")
    clock.go(days=1, seconds=1)
    assert await tidy(db) == 1
    assert not await db.unit(PROVIDER).all(select(ATTEMPTS))
    clock.go(days=7 + KEPT_FOR.days)
    assert await tidy(db) == 1
    assert not await db.unit(PROVIDER).all(select(SESSIONS))


async def test_a_person_without_an_account_may_do_nothing(wiring, db, other):
    unit = db.unit(PROVIDER)
    await accounts.create(unit, wiring.services["passwords"], email="lone@example.org", name="", password=PASSWORD)
    await unit.commit()
    await other.sign_in("lone@example.org")
    me = (await other.get("/api/v1/me")).json()
    assert me["account_id"] is None
    assert me["permissions"] == []
    assert (await other.get("/api/v1/account")).status_code == 403


@pytest.mark.trust("I8")
async def test_over_https_the_cookie_has_the_browsers_promise(wiring, db, build_app):
    path = await accounts.open_first_start(db)
    app = build_app(wiring, "https://testserver.local")
    async with AsyncClient(transport=ASGITransport(app), base_url="https://testserver.local") as client:
        answer = await client.post(path, data=PERSON, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-css_session=")
    assert "Secure" in answer.headers["set-cookie"]
