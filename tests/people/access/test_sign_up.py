"""Signing up: rules of the form, the code, the proof of work, and that nobody learns who has an account."""

import asyncio
import hashlib
import html
import itertools
import re

import pytest
from sqlalchemy import select

from ocpp_css.kit.ids import parse_public
from ocpp_css.people import accounts, consent, tenants
from ocpp_css.people.access.service.sign_up import LETTERS_A_DAY
from ocpp_css.people.accounts.store import CHALLENGES
from ocpp_css.people.notices import store as letters
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("ACC-1")]
FORM = {
    "email": "bob@example.org", "password": "seven purple herons quarrel", "name": "Bob Builder", "company": "Bob & Co",
    "country": "NL", "birth_date": "1990-05-05", "time_zone": "Europe/Amsterdam", "has_agreed": "yes",
}  # fmt: skip


def solved(question):
    bits = int(question.split(".")[1])
    return next(
        f"{question}:{n}"
        for n in itertools.count()
        if int.from_bytes(hashlib.sha256(f"{question}:{n}".encode()).digest()) >> (256 - bits) == 0
    )


async def work(browser):
    shown = await browser.get("/console/sign-up")
    return solved(html.unescape(re.search(r'data-work="([^"]+)"', shown.text)[1]))


async def ask(browser, **changes):
    form = {**FORM, "work": await work(browser), **changes}
    return await browser.post("/console/sign-up", {name: value for name, value in form.items() if value is not None})


async def letters_to(db, address):
    """All letters to this address, the oldest first; the database cannot look for one, since addresses are sealed."""
    rows = await db.unit(PROVIDER).all(select(letters.LETTERS).order_by(letters.LETTERS.c.letter_id))
    return [row for row in rows if row.address == address]


async def newest_letter(wiring, address):
    found = await letters_to(wiring.db, address)
    letter = await letters.letter(wiring.db.unit(PROVIDER), found[-1].letter_id)
    return wiring.services["post"].contents(letter)


async def sign_up(browser, wiring, **changes):
    page = (await ask(browser, **changes)).headers["location"]
    code = (await newest_letter(wiring, changes.get("email", FORM["email"]))).attachment.code
    return await browser.post(page, {"code": code})


@pytest.mark.requirement("ACC-2")
async def test_whoever_signs_up_owns_a_new_account(wiring, db, browser):
    answer = await sign_up(browser, wiring, username="bobby", phone="+31 20 123 4567")
    assert answer.headers["location"] == "/console/first-steps"
    me = (await browser.get("/api/v1/me")).json()
    assert (me["email"], me["username"], me["time_zone"]) == ("bob@example.org", "bobby", "Europe/Amsterdam")
    assert me["account"] == "Bob & Co"
    assert me["permissions"] == ["*"]
    account = await tenants.get(db.unit(PROVIDER), parse_public(me["account_id"]))
    assert not account.is_default
    contact = await accounts.contact_of(db.unit(PROVIDER), parse_public(me["id"]))
    assert (contact.country, contact.phone, contact.birth_date) == ("NL", "+31 20 123 4567", "1990-05-05")
    assert contact.verified_at is not None


@pytest.mark.requirement("USE-1")
async def test_the_agreement_names_the_text_by_its_hash(wiring, db, browser):
    await sign_up(browser, wiring)
    me = (await browser.get("/api/v1/me")).json()
    given = {one.document: one for one in await consent.given(db.unit(PROVIDER), parse_public(me["id"]))}
    for name, path in (("terms", "/terms"), ("privacy", "/privacy")):
        shown = await browser.get(path)
        assert given[name].text_hash in shown.text
        assert given[name].version == consent.DOCUMENTS[name].text_hash[:12]


@pytest.mark.trust("A63")
async def test_a_taken_address_is_answered_like_a_free_one(wiring, db, browser, other, ann):
    before = len(await db.unit(PROVIDER).all(select(CHALLENGES)))
    free, taken = await ask(other), await ask(other, email="Ann@Example.org")
    assert free.status_code == taken.status_code == 303
    pages = [(await other.get(one.headers["location"])).text for one in (free, taken)]
    tokens = [one.headers["location"].rsplit("/", 1)[1] for one in (free, taken)]
    assert pages[0].replace(tokens[0], "") == pages[1].replace(tokens[1], "")
    assert len(await db.unit(PROVIDER).all(select(CHALLENGES))) == before + 2
    contents = await newest_letter(wiring, "ann@example.org")
    assert contents.notice.title == "You have an account already"
    assert contents.attachment.code == ""
    wrong = [await other.post(one.headers["location"], {"code": "00000000"}) for one in (free, taken)]
    assert wrong[0].status_code == wrong[1].status_code == 422


@pytest.mark.trust("A63")
async def test_both_ways_hash_a_password(wiring, ann, other, monkeypatch):
    passwords, hashed = wiring.services["passwords"], []
    real = passwords.hash
    monkeypatch.setattr(passwords, "hash", lambda text: (hashed.append(text), real(text))[1])
    await ask(other)
    await ask(other, email="ann@example.org")
    assert len(hashed) == 2


async def test_a_code_is_tried_five_times_and_then_never(wiring, browser):
    page = (await ask(browser)).headers["location"]
    code = (await newest_letter(wiring, "bob@example.org")).attachment.code
    for _ in range(5):
        assert (await browser.post(page, {"code": "00000000"})).status_code == 422
    assert (await browser.post(page, {"code": code})).status_code == 404


async def test_a_code_dies_after_ten_minutes(wiring, browser, clock):
    page = (await ask(browser)).headers["location"]
    code = (await newest_letter(wiring, "bob@example.org")).attachment.code
    assert "ten minutes" in (await browser.get(page)).text
    clock.go(minutes=10)
    assert (await browser.post(page, {"code": code})).status_code == 404


@pytest.mark.trust("A64")
async def test_a_code_used_many_times_at_once_makes_one_person(wiring, db, browser):
    page = (await ask(browser)).headers["location"]
    code = (await newest_letter(wiring, "bob@example.org")).attachment.code
    answers = await asyncio.gather(*(browser.post(page, {"code": code}) for _ in range(20)))
    assert sum(one.status_code == 303 for one in answers) == 1
    rows = await db.unit(PROVIDER).all(select(accounts.store.USERS.c.user_id))
    assert len(rows) == 1


async def test_two_sign_ups_with_one_address_make_one_person(wiring, browser, other):
    pages = [(await ask(one)).headers["location"] for one in (browser, other)]
    rows = await wiring.db.unit(PROVIDER).all(select(letters.LETTERS.c.letter_id))
    codes = [
        wiring.services["post"].contents(await letters.letter(wiring.db.unit(PROVIDER), row.letter_id)).attachment.code
        for row in sorted(rows)
    ]
    assert (await browser.post(pages[0], {"code": codes[0]})).status_code == 303
    assert (await other.post(pages[1], {"code": codes[1]})).status_code == 404


@pytest.mark.trust("I1")
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("password", "short", "at least 15"),
        ("password", "bobbuilder bobbuilder", "Uncommon words"),
        ("password", "passwordpassword", "guess"),
        ("birth_date", "2015-01-01", "too young"),
        ("birth_date", "2010-03-02", "too young"),
        ("birth_date", "not a date", "not a date"),
        ("country", "XX", "Choose a country"),
        ("country", "", "Choose a country"),
        ("phone", "call me", "country code"),
        ("time_zone", "Mars/Base", "time zone is not known"),
        ("has_agreed", None, "agreement"),
        ("email", "nonsense", "not an e-mail address"),
        ("name", "", "Give a name"),
        ("username", "a@b", "no @"),
    ],
)
async def test_what_breaks_a_rule_is_told_beside_its_field(wiring, browser, field, value, told):
    answer = await ask(browser, **{field: value})
    assert answer.status_code == 422
    assert told in html.unescape(answer.text)


@pytest.mark.trust("I1")
async def test_a_long_password_of_any_characters_is_taken(wiring, browser):
    answer = await sign_up(browser, wiring, password="пять тихих станций гудят на рассвете ☀ и поют")
    assert answer.status_code == 303


async def test_old_enough_on_the_birthday(wiring, browser):
    assert (await ask(browser, birth_date="2010-03-01")).status_code == 303


async def test_without_the_work_nobody_signs_up_and_an_answer_works_once(wiring, browser, clock):
    answer = await work(browser)
    for wrong in ("", "x", answer[:-1] + "x", answer.replace(".15.", ".1."), answer.rpartition(":")[0] + ":"):
        assert (await ask(browser, work=wrong)).status_code == 422, wrong
    assert (await ask(browser, work=answer)).status_code == 303
    assert (await ask(browser, work=answer)).status_code == 422
    late = await work(browser)
    clock.go(hours=3)
    assert (await ask(browser, work=late)).status_code in {303, 422}


async def test_one_address_gets_few_letters_a_day(wiring, db, browser):
    for _ in range(LETTERS_A_DAY + 2):
        assert (await ask(browser)).status_code == 303
    assert len(await db.unit(PROVIDER).all(select(letters.LETTERS))) == LETTERS_A_DAY


async def test_a_taken_user_name_is_told_to_nobody_before_the_address_is_proven(wiring, browser, other):
    await sign_up(browser, wiring, username="bobby")
    answer = await sign_up(other, wiring, email="carl@example.org", username="Bobby")
    assert answer.status_code == 303
    await other.get("/console/me")
    assert (await other.get("/api/v1/me")).json()["username"] is None


async def test_what_waits_for_its_code_cannot_be_read_in_the_database(wiring, db, browser):
    await ask(browser)
    told = str(await db.unit(PROVIDER).all(select(CHALLENGES)))
    assert "bob" not in told.lower()
    assert "argon2" not in told
