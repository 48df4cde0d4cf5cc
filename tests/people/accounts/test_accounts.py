"""People: their passwords, their profile, what is kept of them."""

import asyncio
import os
import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select

from ocpp_css.people import accounts
from ocpp_css.people.accounts.errors import EmailInvalid, EmailTaken, PasswordWeak
from ocpp_css.people.accounts.service.passwords import Passwords
from ocpp_css.people.accounts.store import USERS
from ocpp_css.storage import PROVIDER

pytestmark = pytest.mark.anyio
PASSWORD = "seven purple herons quarrel"


@pytest.fixture
def passwords():
    made = Passwords()
    yield made
    made.close()


@pytest.mark.trust("I3")
async def test_passwords_are_kept_as_argon2id_with_enough_memory(passwords):
    stored = await passwords.hash(PASSWORD)
    found = extract_parameters(stored)
    assert found.type.name == "ID"
    assert found.memory_cost >= 19 * 1024
    assert found.time_cost >= 2
    assert await passwords.check(stored, PASSWORD)
    assert not await passwords.check(stored, PASSWORD + "x")
    assert not await passwords.check(None, PASSWORD)
    assert not await passwords.check("damaged", PASSWORD)


@pytest.mark.trust("I3")
@pytest.mark.parametrize(("cores", "at_once"), [(1, 1), (2, 1), (3, 2), (64, 2)])
async def test_the_hashing_leaves_a_core_to_the_stations(monkeypatch, cores, at_once):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    made = Passwords()
    running: list[int] = []
    most = [0]

    def watched(stored, password):
        running.append(1)
        most[0] = max(most[0], len(running))
        time.sleep(0.05)
        running.pop()

    monkeypatch.setattr(made, "_check", watched)
    await asyncio.gather(*(made.check(None, PASSWORD) for _ in range(4)))
    made.close()
    assert most[0] == at_once


@pytest.mark.trust("I1")
async def test_the_whole_password_counts_in_any_spelling(passwords):
    long = "каждый охотник желает знать " * 4
    stored = await passwords.hash(long)
    assert not await passwords.check(stored, long[:-1] + "x")
    decomposed = await passwords.hash("cafe\u0301 in the long morning")
    assert await passwords.check(decomposed, "caf\u00e9 in the long morning")


@pytest.mark.trust("I1")
@pytest.mark.parametrize(
    "password",
    ["short one", "x" * 200, "passwordpassword", "aaaaaaaaaaaaaaaaaaaa", "ann@example.org", "ann@example.org1"],
)
async def test_a_password_that_can_be_guessed_is_refused(passwords, password):
    with pytest.raises(PasswordWeak) as refused:
        await passwords.judge(password, ["ann@example.org", "ann", "example", "org"])
    assert refused.value.detail


@pytest.mark.trust("I1")
async def test_a_long_password_needs_no_composition(passwords):
    await passwords.judge(PASSWORD)
    await passwords.judge("правильная лошадь батарея скрепка")


@pytest.mark.trust("I3")
async def test_an_old_hash_is_made_anew_at_sign_in(ann, other, db):
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    unit = db.unit(PROVIDER)
    user = await accounts.find_login(unit, "ann@example.org")
    from ocpp_css.people.accounts import store

    store.change(unit, user, password_hash=weak)
    await unit.commit()
    assert (await other.sign_in()).status_code == 303
    (row,) = await db.unit(PROVIDER).all(select(USERS.c.user_id, USERS.c.password_hash))
    assert extract_parameters(row.password_hash).memory_cost >= 19 * 1024


async def test_an_address_belongs_to_one_person(ann, db, passwords):
    with pytest.raises(EmailTaken):
        await accounts.create(db.unit(PROVIDER), passwords, email="ANN@example.org", name="", password=PASSWORD)
    with pytest.raises(EmailInvalid):
        await accounts.create(db.unit(PROVIDER), passwords, email="no address", name="", password=PASSWORD)


async def test_one_changes_ones_profile(ann, other):
    headers = {"X-CSRF-Token": ann.csrf, "Origin": "http://testserver.local"}
    body = {"name": "Ann B.", "username": "annb", "time_zone": "Europe/Riga", "language": "ru", "theme": "dark"}
    changed = await ann.client.patch("/api/v1/me", json=body, headers=headers)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in body} == body
    assert (await ann.get("/api/v1/me")).json()["name"] == "Ann B."
    bad = await ann.client.patch("/api/v1/me", json={"time_zone": "Moon/Crater"}, headers=headers)
    assert bad.status_code == 422
    assert (await other.sign_in("ANNB")).status_code == 303
    none = await ann.client.patch("/api/v1/me", json={"permissions": ["*"]}, headers=headers)
    assert none.status_code == 422


async def test_the_profile_page(ann):
    shown = await ann.get("/console/me")
    assert "ann@example.org" in shown.text
    bad = await ann.post("/console/me", {"name": "A", "username": "a@b", "time_zone": "UTC", "theme": "dark"})
    assert bad.status_code == 422
    assert "no @" in bad.text
    good = await ann.post("/console/me", {"name": "A", "username": "", "time_zone": "UTC", "theme": "dark"})
    assert good.status_code == 303
    assert "css_theme=dark" in good.headers["set-cookie"]


async def test_the_chosen_language_is_kept(ann, db):
    await ann.get("/console/me")
    await ann.post("/console/language", {"language": "ru", "next": "/console/me"})
    assert (await ann.get("/api/v1/me")).json()["language"] == "ru"
