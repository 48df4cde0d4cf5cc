"""From nothing to a charge, as a new person would: sign up by a real mail server, first steps, a test charge."""

import re
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import FOLDER, LOOKS, SHOTS, Console
from tests.browser.test_pages import faults, overflow
from tests.mail_server import Mailbox, code_of, mail_server, path_of
from tests.running import whole_service

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("browser")]
SECRET = "nine quiet stations hum at dawn"


@pytest.fixture
async def box(anyio_backend):
    async with mail_server() as found:
        yield found


@pytest.fixture
async def mailing(tmp_path: Path, browser, box):
    """A service with a mail server, that nobody has used yet."""
    async with whole_service(tmp_path / "data", smtp_url=box.url) as service:
        console = Console(service, None, browser)
        yield console
        await console.close()


async def keep(page: Page, name: str) -> None:
    """A picture of the whole page, where such are wanted."""
    if SHOTS:
        FOLDER.mkdir(exist_ok=True, parents=True)
        await page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


async def shoot(page: Page, name: str) -> None:
    await keep(page, name)
    assert await faults(page) == []
    assert await overflow(page) == []


async def sign_up(page: Page, box: Mailbox, email: str = "nina@example.org") -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(SECRET)
    await page.get_by_label("Your name").fill("Nina Newcomer")
    await page.get_by_label("Company").fill("Harbour Charging")
    await page.get_by_label("Country").select_option("NL")
    await page.get_by_label("Date of birth").fill("1990-05-05")
    await page.get_by_label("I agree").check()
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_label("Code").fill(code_of(await box.to(email, "code")))
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/console/first-steps")


@pytest.mark.requirement("ACC-1")
async def test_a_new_person_signs_up_and_charges(mailing, box):
    page = await mailing.page("/console/sign-in", timezone_id="Europe/Amsterdam")
    await page.get_by_role("link", name="Sign up").click()
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Amsterdam")
    await expect(page.get_by_label("Country")).to_have_value("NL")
    await sign_up(page, box)
    await expect(page.locator(".qr svg")).to_be_visible()
    await page.get_by_label("Identity of the station").fill("HARBOUR-1")
    await page.get_by_role("button", name="Add the station").click()
    await expect(page.get_by_label("Password")).to_have_value(re.compile(r".{20,}"))
    await page.get_by_label("What stands on the card").fill("04A1B2C3")
    await page.get_by_role("button", name="Add the card").click()
    await expect(page.locator("#steps-card")).to_contain_text("Accepted")
    await page.get_by_role("button", name="Start a test charge").click()
    await expect(page.get_by_text("Charging", exact=True)).to_be_visible()
    await expect(page.get_by_label("Password")).to_have_value(re.compile(r".{20,}"))
    await shoot(page, "first-steps")
    await page.goto(mailing.service.web_url + "/console/settings/audit")
    await expect(page.get_by_role("cell", name=re.compile("TEST-"))).to_have_count(1)


@pytest.mark.requirement("USE-9")
@pytest.mark.parametrize("look", LOOKS)
async def test_the_pages_of_signing_up_in_every_look(mailing, box, look):
    page = await mailing.page("/console/sign-up", **LOOKS[look])
    await shoot(page, f"sign-up-{look}")
    await sign_up(page, box)
    await shoot(page, f"first-steps-{look}")
    for path, name in (("/console/me/notices", "notices"), ("/terms", "terms")):
        await page.goto(mailing.service.web_url + path)
        await shoot(page, f"{name}-{look}")


async def test_the_sum_of_the_page_is_the_one_of_the_server(mailing, box):
    page = await mailing.page("/console/sign-up", locale="ru-RU")
    await expect(page.get_by_role("heading", name="Зарегистрироваться")).to_be_visible()
    await shoot(page, "sign-up-ru")


@pytest.mark.requirement("USE-10")
async def test_a_stranger_is_refused_and_the_person_says_that_it_was_not_them(mailing, box):
    page = await mailing.page("/console/sign-up")
    await sign_up(page, box)
    stranger = await mailing.page("/console/sign-in")
    await stranger.get_by_label("E-mail address or user name").fill("nina@example.org")
    await stranger.get_by_label("Password").fill(SECRET)
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    await shoot(stranger, "sign-in-code")
    letter = await box.to("nina@example.org", "code to sign in")
    await stranger.get_by_label("Code").fill(code_of(letter))
    await stranger.get_by_role("button", name="Sign in").click()
    await stranger.wait_for_url("**/console")
    await expect(page.locator("#bell .count")).to_have_text("1")
    await page.goto(mailing.service.web_url + "/console/me/notices")
    await expect(page.get_by_text("A new sign-in")).to_be_visible()
    await shoot(page, "notices-new")
    warning = await box.to("nina@example.org", "A new sign-in")
    await page.goto(mailing.service.web_url + path_of(warning, "/console/not-me/"))
    await shoot(page, "not-me")
    await page.get_by_role("button", name="Freeze my access").click()
    await expect(page.get_by_role("heading", name="Your access is frozen")).to_be_visible()
    await stranger.goto(mailing.service.web_url + "/console/stations")
    await expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    ended = [text for text in mailing.complaints if "401" not in text]
    assert ended == [], "only the streams of ended sessions are refused"
    mailing.complaints.clear()


@pytest.mark.requirement("ACC-2")
@pytest.mark.parametrize("look", LOOKS)
async def test_the_account_pages_in_every_look(mailing, box, look):
    page = await mailing.page("/console/sign-up", **LOOKS[look])
    await sign_up(page, box)
    keys = ("settings/api-keys", "settings/api-keys/new")
    for path in ("me", "me/security", "me/sessions", "me/history", "me/address", "me/prove", *keys):
        await page.goto(f"{mailing.service.web_url}/console/{path}")
        await shoot(page, f"{path.replace('/', '-')}-{look}")
    await page.goto(mailing.service.web_url + "/console/me/security")
    await page.get_by_role("button", name="Add a second factor").click()
    await expect(page.locator(".qr svg")).to_be_visible()
    await shoot(page, f"factor-{look}")
    secret = await page.get_by_label("Key", exact=True).input_value()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Switch it on").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await shoot(page, f"recovery-codes-{look}")
