"""What a thief made in somebody's name works no more after "this was not me", though the person gets back in."""

from datetime import timedelta

import pyotp
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select
from tests.people.access.test_people import NEW, accept_as_new, call, invite, promoted, tess  # noqa: F401 - a fixture
from tests.people.access.test_sign_up import letters_to, newest_letter
from tests.people.access.test_standing import bearer, key_of, may, states
from tests.people.conftest import ORIGIN, Browser

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import parse_public
from ocpp_css.people import accounts
from ocpp_css.people.access.jobs import tidy
from ocpp_css.people.access.service import disowned, former
from ocpp_css.people.access.store.former import FORMER
from ocpp_css.people.notices import store as letters
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-3")]
TESS = "tess@example.org"
PASSWORD = "four green tractors whistle"


@pytest.fixture
async def thief(app):
    """A browser that nobody knows."""
    async with AsyncClient(transport=ASGITransport(app), base_url=ORIGIN) as client:
        yield Browser(client)


@pytest.fixture
async def mole(app):
    """A browser of whoever the thief invites."""
    async with AsyncClient(transport=ASGITransport(app), base_url=ORIGIN) as client:
        yield Browser(client)


async def get_in(browser, wiring):
    """With the password, and the code of the letter: the thief reads the mailbox."""
    answer = await browser.sign_in(TESS, NEW["password"])
    await browser.get(answer.headers["location"])
    code = (await newest_letter(wiring, TESS)).attachment.code
    assert (await browser.post(answer.headers["location"], {"code": code})).status_code == 303
    await browser.get("/console/me")


async def say_not_me(browser, wiring, title):
    """Follow the link of the newest letter with this title."""
    path = [one.attachment.not_me for one in await written(wiring) if one.notice.title == title][-1]
    assert (await browser.client.post(path)).status_code == 200


async def written(wiring):
    unit = wiring.db.unit(PROVIDER)
    rows = await letters_to(wiring.db, TESS)
    return [wiring.services["post"].contents(await letters.letter(unit, row.letter_id)) for row in rows]


async def recover(browser, wiring, clock):
    """The code of a letter, a day's wait, the new password, and in."""
    page = (await browser.post("/console/recovery", {"login": TESS})).headers["location"]
    await browser.post(page, {"code": (await newest_letter(wiring, TESS)).attachment.code})
    clock.go(hours=25)
    path = [one.attachment.path for one in await written(wiring) if one.attachment.path][-1]
    assert (await browser.post(path, {"new_password": PASSWORD})).status_code == 303
    answer = await browser.sign_in(TESS, PASSWORD)
    code = (await newest_letter(wiring, TESS)).attachment.code
    assert (await browser.post(answer.headers["location"], {"code": code})).status_code == 303


@pytest.fixture
async def robbed(ann, tess, thief, mole, wiring, clock):  # noqa: F811 - the fixture
    """Tess, an administrator with a key of hers, and what the thief made: a key, one by it, and two invitations."""
    await promoted(ann, tess, "administrator")
    await tess.get("/console/me")
    mine = await key_of(tess, "stations:read")
    clock.go(hours=1)
    await get_in(thief, wiring)
    clock.go(minutes=1)
    first = await key_of(thief, "keys:write", "users:read")
    body = {"name": "of the pump", "scopes": ["users:read"]}
    second = bearer((await thief.client.post("/api/v1/api-keys", json=body, headers=first)).json()["api_key"])
    _, pending = await invite(thief, wiring, "spy@example.org")
    _, taken = await invite(thief, wiring, "mole@example.org")
    assert (await accept_as_new(mole, taken)).status_code == 303
    return mine, (first, second), pending


@pytest.mark.trust("I9")
@pytest.mark.parametrize("title", ["An API key was made", "A new sign-in"])
async def test_keys_that_a_thief_made_stay_dead_when_the_person_is_back(
    ann, tess, robbed, wiring, clock, title  # noqa: F811 - the fixture
):  # fmt: skip
    mine, stolen, pending = robbed
    assert [await may(ann, key) is not None for key in (mine, *stolen)] == [True] * 3
    await say_not_me(tess, wiring, title)
    assert [await may(ann, key) for key in (mine, *stolen)] == [None] * 3
    assert await states(ann) == [("pump", "maker_frozen", [])], "the thief's are revoked, hers waits"
    assert (await tess.get(pending)).status_code == 404
    clock.go(minutes=1)
    await recover(tess, wiring, clock)
    assert await may(ann, mine) == {"stations:read"}
    assert [await may(ann, key) for key in stolen] == [None, None]


async def test_the_person_and_the_account_are_told_what_was_undone(
    ann, tess, robbed, wiring, clock  # noqa: F811 - the fixture
):  # fmt: skip
    await say_not_me(tess, wiring, "An API key was made")
    entries = [one for one in (await ann.get("/api/v1/audit")).json()["items"] if one["reason"]]
    assert [(one["action"], one["reason"]) for one in entries] == [
        ("api_key.revoked", disowned.REASON), ("api_key.revoked", disowned.REASON),
        ("invitation.withdrawn", disowned.REASON),
    ]  # fmt: skip
    await recover(tess, wiring, clock)
    (told,) = [one for one in await written(wiring) if one.notice.title == "What was done while it was not you"]
    assert told.notice.facts == [("API keys", "pump, of the pump")]
    page = (await tess.get("/console/me/security")).text
    for text in ("API key of the pump", "Invitation as Technician", "Somebody who was invited joined as Technician",
                 "Revoked", "Taken back", "Look at it", "Main"):  # fmt: skip
        assert text in page, text
    clock.go(days=31)
    await tess.sign_in(TESS, PASSWORD)
    assert "API key of the pump" not in (await tess.get("/console/me/security")).text


async def test_the_way_back_undoes_what_the_freeze_could_not(
    ann, tess, robbed, wiring, clock, monkeypatch  # noqa: F811 - the fixture
):  # fmt: skip
    _mine, stolen, pending = robbed

    async def fall(*_):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(disowned, "undo", fall)
        with pytest.raises(AssertionError):
            await say_not_me(tess, wiring, "An API key was made")
    assert len(await states(ann)) == 3
    await recover(tess, wiring, clock)
    assert [await may(ann, key) for key in stolen] == [None, None]
    assert (await tess.get(pending)).status_code == 404


async def test_changes_are_told_and_what_the_warned_session_made_before_is_undone(
    ann, tess, robbed, thief, wiring, clock  # noqa: F811 - the fixture
):  # fmt: skip
    clock.go(minutes=5)
    form = {"current_password": NEW["password"], "new_password": "eight grey whales wander"}
    assert (await thief.post("/console/me/password", form)).status_code == 200
    await say_not_me(tess, wiring, "Your password was changed")
    await recover(tess, wiring, clock)
    assert [await may(ann, key) for key in robbed[1]] == [None, None]
    assert "Your password was changed" in (await tess.get("/console/me/security")).text


async def move(thief, wiring, email):
    """Letters go to the thief from now on."""
    page = (await thief.post("/console/me/address", {"email": email})).headers["location"]
    code = (await newest_letter(wiring, email)).attachment.code
    assert (await thief.post(page, {"code": code})).status_code == 303


async def number_of(browser):
    return parse_public((await browser.get("/api/v1/me")).json()["id"])


async def test_letters_never_go_to_the_thief_though_another_person_has_the_address_by_now(
    tess, robbed, thief, wiring, db  # noqa: F811 - the fixture
):  # fmt: skip
    number = await number_of(tess)
    await move(thief, wiring, "thief@example.net")
    unit = db.unit(PROVIDER)
    other = await accounts.create(unit, wiring.services["passwords"], email=TESS, name="Other", password=PASSWORD)
    await unit.commit()
    await say_not_me(tess, wiring, "Your e-mail address was changed")
    unit = db.unit(PROVIDER)
    found = await accounts.get(unit, number)
    assert (found.email, found.disabled_at is not None) == (TESS, True)
    assert (await accounts.find_login(unit, TESS)).user_id == other.user_id
    assert await accounts.find_login(unit, "thief@example.net") is None


async def test_who_says_it_of_a_later_time_does_not_lead_the_way_back_to_the_thief(
    tess, robbed, thief, wiring, db, clock  # noqa: F811 - the fixture
):  # fmt: skip
    number = await number_of(tess)
    await move(thief, wiring, "thief@example.net")
    clock.go(minutes=1)
    unit = db.unit(PROVIDER)
    later = accounts.create_link(unit, number, "not_me", timedelta(days=30), since=unit.now)
    await unit.commit()
    await move(thief, wiring, "further@example.net")
    await say_not_me(tess, wiring, "Your e-mail address was changed")
    assert (await thief.client.post(f"/console/not-me/{later}")).status_code == 200
    assert (await accounts.get(db.unit(PROVIDER), number)).email == TESS


@pytest.mark.trust("A64")
async def test_a_change_that_is_under_way_at_the_freeze_does_not_come_after_it(
    tess, robbed, wiring, db  # noqa: F811 - the fixture
):  # fmt: skip
    number = await number_of(tess)
    factors, unit = wiring.services["factors"], db.unit(PROVIDER)
    await factors.begin(unit, await accounts.get(unit, number))
    await unit.commit()
    late = db.unit(PROVIDER)
    secret, _ = await factors.secret_of(late, await accounts.get(late, number))
    await factors.confirm(late, Principal("user", number), pyotp.TOTP(secret).at(late.now))
    await say_not_me(tess, wiring, "A new sign-in")
    with pytest.raises(Conflict):
        await late.commit()
    assert not await factors.is_on(db.unit(PROVIDER), number)


async def test_a_thief_who_changes_something_all_the_time_does_not_keep_the_freeze_off(
    tess, robbed, wiring, db, monkeypatch  # noqa: F811 - the fixture
):  # fmt: skip
    number = await number_of(tess)
    look, meanwhile = disowned.look, iter(range(5))

    async def busy(*given):
        for _ in zip(range(1), meanwhile, strict=False):
            unit = db.unit(PROVIDER)
            accounts.hold(unit, await accounts.get(unit, number))
            await unit.commit()
        return await look(*given)

    monkeypatch.setattr(disowned, "look", busy)
    await say_not_me(tess, wiring, "A new sign-in")
    assert (await tess.get("/api/v1/me")).status_code == 401


async def test_what_was_before_a_change_is_kept_for_sixty_days(
    tess, robbed, thief, wiring, db, clock  # noqa: F811 - the fixture
):  # fmt: skip
    unit = db.unit(PROVIDER)
    await former.keep(unit, await accounts.get(unit, await number_of(tess)))
    await unit.commit()
    for waited, left in ((former.KEPT_FOR - timedelta(hours=1), 1), (timedelta(hours=2), 0)):
        clock.now += waited
        await tidy(db)
        assert len(await db.unit(PROVIDER).all(select(FORMER))) == left
