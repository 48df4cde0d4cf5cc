"""New places, second factors, recovery, freezing, proving again: what a password alone does not open."""

import asyncio
import html
import re

import pyotp
import pytest
from sqlalchemy import select
from tests.people.access.test_sign_up import letters_to, newest_letter, sign_up

from ocpp_css.kit.ids import parse_public
from ocpp_css.people.access.service.places import network_of
from ocpp_css.people.access.store import proofs
from ocpp_css.people.accounts.store import LINKS
from ocpp_css.people.notices import store as letters
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("USE-10")]
BOB, PASSWORD = "bob@example.org", "seven purple herons quarrel"
NEW = "four green tractors whistle"


@pytest.fixture
async def bob(wiring, browser):
    """Somebody who signed up, so that letters may be asked for."""
    await sign_up(browser, wiring)
    await browser.get("/console/me")
    return browser


async def give_password(browser, password=PASSWORD, **more):
    browser.client.cookies.delete("css_session")
    await browser.get("/console/sign-in")
    return await browser.post("/console/sign-in", {"login": BOB, "password": password, **more})


async def letter_code(wiring):
    return (await newest_letter(wiring, BOB)).attachment.code


async def subjects(wiring):
    rows = await letters_to(wiring.db, BOB)
    found = [await letters.letter(wiring.db.unit(PROVIDER), row.letter_id) for row in rows]
    return [wiring.services["post"].contents(one).notice.title for one in found]


def from_elsewhere(monkeypatch, address="198.51.100.7"):
    from ocpp_css.people.access.pages import asking

    monkeypatch.setattr(asking, "client_address", lambda *_: address)


@pytest.mark.trust("I6")
async def test_a_new_device_is_refused_until_its_code_comes(wiring, bob, other):
    answer = await give_password(other)
    page = answer.headers["location"]
    assert page.startswith("/console/sign-in/code/")
    assert not other.cookie
    assert (await other.get("/api/v1/me")).status_code == 401
    assert (await other.post(page, {"code": "00000000"})).status_code == 422
    contents = await newest_letter(wiring, BOB)
    assert contents.attachment.not_me
    assert dict(contents.notice.facts)["Address"] == "127.0.0.1"
    answer = await other.post(page, {"code": contents.attachment.code})
    assert answer.headers["location"] == "/console"
    assert (await other.get("/api/v1/me")).status_code == 200
    assert (await subjects(wiring))[-1] == "A new sign-in"
    assert (await give_password(other)).headers["location"] == "/console"


@pytest.mark.trust("I6")
async def test_a_known_device_at_a_new_place_is_refused_too(wiring, bob, monkeypatch):
    assert (await give_password(bob)).headers["location"] == "/console"
    from_elsewhere(monkeypatch)
    assert "/code/" in (await give_password(bob)).headers["location"]
    from_elsewhere(monkeypatch, "127.0.0.200")
    assert (await give_password(bob)).headers["location"] == "/console"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"


async def test_the_code_works_only_in_the_browser_that_gave_the_password(wiring, bob, other):
    page = (await give_password(other)).headers["location"]
    code = await letter_code(wiring)
    assert (await bob.post(page, {"code": code})).status_code in {403, 404}
    assert (await other.post(page, {"code": code})).status_code == 303


async def test_who_was_made_on_the_machine_is_not_locked_out_without_a_mail_server(ann, other):
    assert (await other.sign_in()).headers["location"] == "/console"


@pytest.mark.requirement("SEC-2")
async def test_one_stays_signed_in_only_where_one_wants(wiring, bob, clock):
    plain = await give_password(bob)
    kept = await give_password(bob, is_kept="yes")
    cookies = [one for one in plain.headers.get_list("set-cookie") if one.startswith("css_session")]
    assert "Max-Age" not in cookies[0]
    assert any("Max-Age=2592000" in one for one in kept.headers.get_list("set-cookie"))
    clock.go(days=8)
    assert (await bob.get("/api/v1/me")).status_code == 200
    clock.go(days=23)
    assert (await bob.get("/api/v1/me")).status_code == 401


async def add_factor(browser):
    shown = await browser.post("/console/me/security/factor")
    secret = re.search(r'id="secret" value="([A-Z2-7]+)"', shown.text)[1]
    assert "<svg" in shown.text
    return secret


async def confirm_factor(browser, secret, clock):
    generator = pyotp.TOTP(secret)
    wrong = await browser.post("/console/me/security/factor/confirm", {"code": "000000"})
    assert wrong.status_code == 422
    shown = await browser.post("/console/me/security/factor/confirm", {"code": generator.at(clock.now)})
    listed = re.search(r"<pre[^>]*>(.*?)</pre>", shown.text, re.DOTALL)[1]
    return html.unescape(listed).split()


@pytest.mark.trust("I5")
@pytest.mark.requirement("ACC-2")
async def test_a_second_factor_is_asked_for_each_time_and_each_code_works_once(wiring, bob, other, clock):
    secret = await add_factor(bob)
    codes = await confirm_factor(bob, secret, clock)
    assert len(codes) == 10
    assert (await subjects(wiring))[-1] == "A second factor was added"
    told = str(await wiring.db.unit(PROVIDER).all(select(proofs.FACTORS)))
    assert secret not in told
    clock.go(minutes=2)
    code = pyotp.TOTP(secret).at(clock.now)
    page = (await give_password(other)).headers["location"]
    assert "generator" in (await other.get(page)).text
    assert (await other.post(page, {"code": code})).status_code == 303
    again = (await give_password(other)).headers["location"]
    assert (await other.post(again, {"code": code})).status_code == 422
    assert (await other.post(again, {"code": codes[0].upper()})).status_code == 303
    third = (await give_password(other)).headers["location"]
    assert (await other.post(third, {"code": codes[0]})).status_code == 422


@pytest.mark.trust("I2")
async def test_guessing_codes_is_slowed_down_over_all_pages(wiring, bob, other, clock):
    await confirm_factor(bob, await add_factor(bob), clock)
    answers = []
    for _ in range(3):
        page = (await give_password(other)).headers["location"]
        answers += [(await other.post(page, {"code": "123456"})).status_code for _ in range(5)]
    assert 429 in answers
    assert answers.index(429) == 10


@pytest.mark.trust("A64")
async def test_a_recovery_code_used_many_times_at_once_works_once(wiring, bob, clock):
    codes = await confirm_factor(bob, await add_factor(bob), clock)
    me = parse_public((await bob.get("/api/v1/me")).json()["id"])
    found = await asyncio.gather(*(wiring.services["factors"].check(me, codes[3]) for _ in range(20)))
    assert sum(found) == 1


@pytest.mark.trust("A61")
@pytest.mark.trust("I7")
async def test_a_sensitive_change_wants_a_fresh_proof_and_the_session_changes_its_id(wiring, bob, clock):
    clock.go(minutes=31)
    for path in ("/console/me/security/factor", "/console/settings/api-keys"):
        away = await bob.post(path, {"name": "x", "scopes": "*"})
        assert away.headers["location"].startswith("/console/me/prove?next=")
    headers = {"X-CSRF-Token": bob.csrf, "Origin": "http://testserver.local"}
    refused = await bob.client.post("/api/v1/api-keys", json={"name": "x", "scopes": ["*"]}, headers=headers)
    assert refused.json()["code"] == "proof_needed"
    before = bob.cookie
    assert (await bob.post("/console/me/prove", {"current_password": "wrong"})).status_code == 422
    answer = await bob.post("/console/me/prove?next=/console/me/security", {"current_password": PASSWORD})
    assert answer.headers["location"] == "/console/me/security"
    assert bob.cookie != before
    await bob.get("/console/me")
    assert (await bob.post("/console/me/security/factor")).status_code == 200
    bob.client.cookies.delete("css_session")
    bob.client.cookies.set("css_session", before)
    assert (await bob.client.get("/api/v1/me")).status_code == 401


@pytest.mark.requirement("SEC-3")
async def test_this_was_not_me_freezes_at_once_and_leaves_a_record(wiring, db, bob, other):
    page = (await give_password(other)).headers["location"]
    contents = await newest_letter(wiring, BOB)
    path = contents.attachment.not_me
    assert (await other.get(path)).status_code == 200
    assert (await bob.get("/api/v1/me")).status_code == 200, "a look at the page changes nothing"
    assert (await other.client.post(path)).status_code == 200
    assert (await bob.get("/api/v1/me")).status_code == 401
    assert (await give_password(bob)).status_code == 422
    assert (await other.post(page, {"code": contents.attachment.code})).status_code == 404
    assert (await other.client.post(path)).status_code == 404
    (incident,) = await db.unit(PROVIDER).all(select(proofs.INCIDENTS))
    assert incident.closed_at is None
    assert (await subjects(wiring))[-1] == "Your access is frozen"


async def ask_recovery(wiring, browser):
    page = (await browser.post("/console/recovery", {"login": BOB})).headers["location"]
    return page, await letter_code(wiring)


@pytest.mark.trust("I11")
async def test_on_a_known_device_the_code_lets_one_set_a_new_password(wiring, bob, other):
    page, code = await ask_recovery(wiring, bob)
    new = (await bob.post(page, {"code": code})).headers["location"]
    assert (await bob.post(new, {"new_password": "short"})).status_code == 422
    assert (await bob.post(new, {"new_password": NEW})).headers["location"] == "/console/sign-in"
    assert (await bob.get("/api/v1/me")).status_code == 401
    assert (await bob.post(new, {"new_password": NEW})).status_code == 404
    assert (await give_password(bob)).status_code == 422
    assert (await give_password(bob, NEW)).status_code == 303
    assert "Your password was changed" in await subjects(wiring)


@pytest.mark.trust("I5")
async def test_the_mailbox_alone_opens_nothing_for_a_day(wiring, db, bob, other, clock):
    page, code = await ask_recovery(wiring, other)
    waits = await other.post(page, {"code": code})
    assert waits.status_code == 200
    assert "24 hours" in waits.text
    told = await subjects(wiring)
    assert "Somebody wants to set a new password" in told
    due = {one.letter_id for one in await letters.due(db.unit(PROVIDER), 100)}
    rows = await letters_to(db, BOB)
    (late,) = [
        row.letter_id
        for row in rows
        if wiring.services["post"].contents(await letters.letter(db.unit(PROVIDER), row.letter_id)).attachment.path
    ]
    assert late not in due
    clock.go(hours=25)
    assert late in {one.letter_id for one in await letters.due(db.unit(PROVIDER), 100)}
    path = wiring.services["post"].contents(await letters.letter(db.unit(PROVIDER), late)).attachment.path
    assert (await other.post(path, {"new_password": NEW})).status_code == 303


async def test_the_warning_stops_a_recovery_that_waits(wiring, db, bob, other):
    page, code = await ask_recovery(wiring, other)
    await other.post(page, {"code": code})
    contents = await newest_letter(wiring, BOB)
    assert contents.notice.title == "Somebody wants to set a new password"
    await bob.client.post(contents.attachment.not_me)
    rows = await db.unit(PROVIDER).all(select(LINKS).where(LINKS.c.purpose == "recovery"))
    assert rows == []


@pytest.mark.trust("I5")
async def test_with_a_second_factor_recovery_asks_for_it(wiring, bob, other, clock):
    secret = await add_factor(bob)
    await confirm_factor(bob, secret, clock)
    page, code = await ask_recovery(wiring, other)
    new = (await other.post(page, {"code": code})).headers["location"]
    assert (await other.post(new, {"new_password": NEW, "code": "123456"})).status_code == 422
    clock.go(minutes=2)
    right = pyotp.TOTP(secret).at(clock.now)
    assert (await other.post(new, {"new_password": NEW, "code": right})).status_code == 303


@pytest.mark.trust("A64")
async def test_a_recovery_used_many_times_at_once_sets_one_password(wiring, bob):
    page, code = await ask_recovery(wiring, bob)
    new = (await bob.post(page, {"code": code})).headers["location"]
    answers = await asyncio.gather(*(bob.post(new, {"new_password": f"{NEW} {n} times"}) for n in range(8)))
    assert sum(one.status_code == 303 for one in answers) == 1


@pytest.mark.trust("A63")
async def test_recovery_says_the_same_of_a_name_that_nobody_has(wiring, bob, other):
    answers = [await other.post("/console/recovery", {"login": login}) for login in (BOB, "nobody@example.org")]
    shown = [(await other.get(one.headers["location"])).text for one in answers]
    tokens = [one.headers["location"].rsplit("/", 1)[1] for one in answers]
    assert shown[0].replace(tokens[0], "") == shown[1].replace(tokens[1], "")
    wrong = [await other.post(one.headers["location"], {"code": "00000000"}) for one in answers]
    assert wrong[0].status_code == wrong[1].status_code == 422


async def test_recovery_lifts_a_freeze_and_closes_the_record(wiring, db, bob, other, clock):
    await give_password(other)
    await other.client.post((await newest_letter(wiring, BOB)).attachment.not_me)
    page, code = await ask_recovery(wiring, bob)
    assert "24 hours" in (await bob.post(page, {"code": code})).text, "a freeze forgets the known devices"
    clock.go(hours=25)
    rows = await letters_to(db, BOB)
    found = [wiring.services["post"].contents(await letters.letter(db.unit(PROVIDER), row.letter_id)) for row in rows]
    path = next(one.attachment.path for one in found if one.attachment.path)
    assert (await bob.post(path, {"new_password": NEW})).status_code == 303
    (incident,) = await db.unit(PROVIDER).all(select(proofs.INCIDENTS))
    assert incident.closed_at is not None
    assert "/code/" in (await give_password(bob, NEW)).headers["location"]
