"""The account page: what one says of oneself, the picture, the address, and what was changed when."""

import io

import pytest
from PIL import Image
from tests.people.access.test_sign_up import newest_letter, sign_up

from ocpp_css.people.accounts.service.pictures import MOST_BYTES, SIDE

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("ACC-4"), pytest.mark.requirement("ACC-11")]
FORM = {
    "name": "Bob Builder", "username": "bob", "time_zone": "Europe/Amsterdam", "theme": "dark", "language": "ru",
    "phone": "+31 20 123 4567", "birth_date": "1990-05-05", "street": "Quay 1", "postal_code": "1011 AB",
    "city": "Amsterdam", "country": "NL",
}  # fmt: skip


@pytest.fixture
async def bob(wiring, browser):
    await sign_up(browser, wiring)
    await browser.get("/console/me")
    return browser


def picture(size=(600, 300), kind="JPEG", **more):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **more)
    return out.getvalue()


async def send(browser, raw):
    return await browser.post("/console/me/picture", files={"picture": ("me.jpg", raw, "image/jpeg")})


async def test_everything_one_says_of_oneself_can_be_changed(bob):
    assert (await bob.post("/console/me", FORM)).status_code == 303
    shown = (await bob.get("/console/me")).text
    for value in ("Quay 1", "1011 AB", "Amsterdam", "+31 20 123 4567", "1990-05-05"):
        assert f'value="{value}"' in shown
    assert 'lang="ru"' in shown
    history = (await bob.get("/console/me/history")).text
    assert "street" in history
    assert "Quay 1" not in history, "the log says what changed, not what it was"


@pytest.mark.parametrize(("field", "value"), [("birth_date", "2020-01-01"), ("country", "XX"), ("phone", "x")])
async def test_what_breaks_a_rule_changes_nothing(bob, field, value):
    assert (await bob.post("/console/me", {**FORM, field: value})).status_code == 422
    assert 'value="Quay 1"' not in (await bob.get("/console/me")).text


async def test_a_picture_is_drawn_anew_without_what_the_camera_wrote(bob):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x8825] = {1: "N", 2: (52.0, 22.0, 0.0)}
    raw = picture(exif=exif)
    assert b"taken at home" in raw
    assert (await send(bob, raw)).status_code == 303
    kept = await bob.client.get("/console/me/picture")
    assert kept.headers["content-type"] == "image/webp"
    assert kept.headers["cache-control"] == "no-store"
    found = Image.open(io.BytesIO(kept.content))
    assert found.size == (SIDE, SIDE)
    assert dict(found.getexif()) == {}
    assert b"taken at home" not in kept.content
    assert (await bob.post("/console/me/picture/remove")).status_code == 303
    assert (await bob.client.get("/console/me/picture")).status_code == 404


@pytest.mark.parametrize(
    "raw",
    [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()[:200], b"x" * (MOST_BYTES + 1),
     picture((9000, 9000), "PNG")],
    ids=["empty", "text", "svg", "cut", "large", "bomb"],
)  # fmt: skip
async def test_what_is_no_picture_is_refused(bob, raw):
    answer = await send(bob, raw)
    assert answer.status_code == 422
    assert "This picture cannot be used" in answer.text


@pytest.mark.trust("I11")
async def test_a_new_address_counts_when_its_code_comes_and_the_old_one_is_told(wiring, bob):
    page = (await bob.post("/console/me/address", {"email": "new@example.org"})).headers["location"]
    assert (await bob.get("/api/v1/me")).json()["email"] == "bob@example.org"
    assert (await bob.post(page, {"code": "00000000"})).status_code == 422
    code = (await newest_letter(wiring, "new@example.org")).attachment.code
    assert (await bob.post(page, {"code": code})).status_code == 303
    assert (await bob.get("/api/v1/me")).json()["email"] == "new@example.org"
    told = await newest_letter(wiring, "bob@example.org")
    assert told.notice.title == "Your e-mail address was changed"
    assert told.attachment.not_me


@pytest.mark.trust("A63")
async def test_an_address_of_another_person_is_answered_like_a_free_one(wiring, bob, other):
    await sign_up(other, wiring, email="carl@example.org")
    taken = await bob.post("/console/me/address", {"email": "Carl@example.org"})
    assert taken.status_code == 303
    assert (await newest_letter(wiring, "carl@example.org")).notice.title == "Your code for OCPP CSS"
    assert (await bob.post(taken.headers["location"], {"code": "12345678"})).status_code == 422


@pytest.mark.trust("I7")
async def test_an_address_is_changed_with_a_fresh_proof_only(bob, clock):
    clock.go(minutes=31)
    away = await bob.post("/console/me/address", {"email": "new@example.org"})
    assert away.headers["location"].startswith("/console/me/prove")
