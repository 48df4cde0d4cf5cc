"""The whole way of a new customer, through the program itself: `ocpp-css serve` and `emulate` as processes, letters by
a real mail server, a real browser; in English on a desk, and in Russian on a phone at night.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Console
from tests.browser.test_pages import overflow
from tests.browser.test_sign_up import SECRET, box, keep
from tests.journeys.serving import Served
from tests.mail_server import Mailbox, code_of, path_of
from tests.people.notices.test_returns import POSTFIX, report

from ocpp_css.edge import Languages, gettext

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("browser"), pytest.mark.requirement("CS-11")]
__all__ = ["box"]
NINA, TESS = "nina@example.org", "tess@example.org"
STATION, CARD = "HARBOUR-1", "04A1B2C3"
STORY = """
name = "a long charge"
meter_interval_s = 1
steps = [{do = "plug", soc = 5, capacity_kwh = 90}, {do = "start"}, {do = "charge", minutes = 600}]
"""
REFUSALS = re.compile("40[13]")
"""The browser tells them as failed requests: what a technician may not see, and streams of ended sessions."""
ELSEWHERE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"
)
LOOKS: dict[str, dict[str, Any]] = {
    "en": {"locale": "en-GB", "color_scheme": "light"},
    "ru": {
        "locale": "ru-RU", "color_scheme": "dark", "viewport": {"width": 390, "height": 844}, "has_touch": True,
    },
}  # fmt: skip


@dataclass
class Way:
    """A browser's window onto the service, in one language; texts are named by their English."""

    console: Console
    box: Mailbox
    language: str

    def says(self, text: str, **values: str) -> str:
        """The text in the language of this way."""
        with Languages().reading(self.language):
            return gettext(text, **values)

    async def page(self, path: str, **look: Any) -> Page:
        """A browser that the service has never seen."""
        return await self.console.page(path, timezone_id="Europe/Amsterdam", **LOOKS[self.language], **look)

    async def open(self, page: Page, path: str) -> None:
        await page.goto(self.console.service.web_url + path)

    async def press(self, page: Page, text: str) -> None:
        await page.get_by_role("button", name=self.says(text)).first.click()

    async def agree(self, page: Page) -> None:
        """Say yes to "Are you sure?"."""
        await page.get_by_role("dialog").locator("[data-yes]").click()

    async def letter(self, address: str, subject: str) -> Any:
        return await self.box.to(address, self.says(subject))

    async def shoot(self, page: Page, name: str) -> None:
        """A picture where such are kept; nothing stands beyond the frame."""
        await keep(page, f"way-{self.language}-{name}")
        assert await overflow(page) == []


async def fill(page: Page, **fields: str) -> None:
    """Fill fields by their names in the form."""
    for name, value in fields.items():
        await page.locator(f"main [name={name}]").first.fill(value)


async def about_oneself(page: Page, name: str) -> None:
    await fill(page, name=name, password=SECRET, birth_date="1990-05-05")
    await page.locator("[name=has_agreed]").check()


async def signs_up(way: Way) -> Page:
    """From the sign-in page, by the code of a letter, to the first steps."""
    page = await way.page("/console/sign-in")
    await way.shoot(page, "1-sign-in")
    await page.get_by_role("link", name=way.says("Sign up")).click()
    await fill(page, email=NINA, company="Harbour Charging")
    await about_oneself(page, "Nina Newcomer")
    await page.locator("[name=country]").select_option("NL")
    await way.shoot(page, "2-sign-up")
    await way.press(page, "Sign up")
    await page.wait_for_url("**/console/sign-up/**")
    await way.shoot(page, "3-code")
    await fill(page, code=code_of(await way.letter(NINA, "Your code for OCPP CSS")))
    await way.press(page, "Go on")
    await page.wait_for_url("**/console/first-steps")
    return page


@asynccontextmanager
async def emulated(data: Path, url: str, password: str) -> AsyncIterator[None]:
    """`ocpp-css emulate`: a vehicle is plugged in, charges, and goes on charging."""
    story = data / "story.toml"
    story.write_text(STORY)
    given = ["--url", url, "--identity", STATION, "--password", password, "--id-token", CARD, "--scenario", str(story)]
    with (data / "emulated").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "emulate", *given, "--time-scale", "60",
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def adds_a_station(way: Way, page: Page) -> tuple[str, str]:
    """The address for it and its password, from the page of the first steps."""
    await fill(page, id_token=CARD)
    await way.press(page, "Add the card")
    await expect(page.get_by_text(CARD, exact=True)).to_be_visible()
    await fill(page, identity=STATION)
    await way.press(page, "Add the station")
    password = await page.locator("#made-password").input_value()
    await way.shoot(page, "4-first-steps")
    return (await page.locator("#address").input_value()), password


async def sees_it_charge(way: Way, page: Page) -> None:
    """Nothing is loaded anew by hand."""
    await expect(page.locator("#steps-stations")).to_contain_text(way.says("Online"))
    await expect(page.locator("#steps-charge").get_by_text(way.says("Charging"), exact=True)).to_be_visible()
    await way.shoot(page, "5-charging")
    await page.get_by_role("link", name=way.says("To the overview")).click()
    await expect(page.locator(".lines-list li").first).to_contain_text("kW" if way.language == "en" else "кВт")
    await way.shoot(page, "6-overview")
    await way.open(page, f"/console/stations/{STATION}")
    await expect(page.locator(".drawing svg")).to_contain_text(way.says("Charging"))
    await way.shoot(page, "7-station")


async def invites_a_technician(way: Way, page: Page) -> None:
    """She follows the link of the letter, and sees less."""
    await way.open(page, "/console/people/~invite")
    await fill(page, email=TESS)
    await page.locator("[name=role][value=technician]").check()
    await way.press(page, "Send the invitation")
    await page.wait_for_url("**/~invitations")
    await way.shoot(page, "8-invitations")
    tess = await way.page(path_of(await way.box.to(TESS), "/console/invitation/"))
    await about_oneself(tess, "Tess Technician")
    await way.shoot(tess, "9-invitation")
    await way.press(tess, "Accept")
    await tess.wait_for_url("**/console")
    await way.shoot(tess, "10-technician")
    await way.open(tess, "/console/stations")
    await expect(tess.get_by_role("link", name=STATION).first).to_be_visible()
    shown = tess.get_by_role("navigation", name=way.says("Main"))
    for text in ("Tokens", "People"):
        await expect(shown.get_by_role("link", name=way.says(text), include_hidden=True)).to_have_count(0)
    await way.open(tess, "/console/tokens")
    await expect(tess.get_by_role("heading", name=way.says("You do not have the permission for this"))).to_be_visible()
    await way.shoot(tess, "11-refused")


async def makes_a_key(way: Way, page: Page) -> httpx.AsyncClient:
    """A program of the key reads stations, and may do no more."""
    await way.open(page, "/console/settings/api-keys")
    await page.get_by_role("link", name=way.says("Make a key")).first.click()
    await fill(page, name="Dashboard")
    await page.locator("[name=scopes][value='stations:read']").check()
    await way.shoot(page, "12-new-key")
    await way.press(page, "Make the key")
    key = await page.locator("#api-key").input_value()
    await way.shoot(page, "13-key")
    site = f"{way.console.service.web_url}/api/v1"
    return httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"})


async def signs_in_elsewhere(way: Way) -> Page:
    """The right password is refused at a place that is not known, and so is a wrong code; the letter's code opens."""
    page = await way.page("/console/sign-in", user_agent=ELSEWHERE)
    await fill(page, login=NINA, password=SECRET)
    await way.press(page, "Sign in")
    await expect(page.get_by_role("heading", name=way.says("Confirm that it is you"))).to_be_visible()
    letter = await way.letter(NINA, "Your code to sign in")
    code = code_of(letter)
    await fill(page, code=f"{(int(code) + 1) % 10**8:08}")
    await way.press(page, "Sign in")
    await expect(page.get_by_role("heading", name=way.says("Confirm that it is you"))).to_be_visible()
    await way.shoot(page, "14-wrong-code")
    beside = await page.context.new_page()
    await way.open(beside, "/console/stations")
    await expect(beside.get_by_role("heading", name=way.says("Sign in"))).to_be_visible()
    await fill(page, code=code)
    await way.press(page, "Sign in")
    await page.wait_for_url("**/console")
    return page


async def ends_the_other_session(way: Way, page: Page, stranger: Page) -> None:
    await way.open(page, "/console/me/sessions")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await way.shoot(page, "15-sessions")
    await page.locator("tbody tr", has_text="Safari").get_by_role("button").click()
    await way.agree(page)
    await expect(page.locator("tbody tr")).to_have_count(1)
    beside = await stranger.context.new_page()
    await way.open(beside, "/console/stations")
    await expect(beside.get_by_role("heading", name=way.says("Sign in"))).to_be_visible()


async def learns_that_a_letter_came_back(way: Way, page: Page, data: Path) -> None:
    """A mail server's report, read by `ocpp-css mail bounce` beside the service, is told in the console."""
    letter = await way.letter(NINA, "A new sign-in")
    program = (sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "mail", "bounce", "--data", str(data))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe)
    said, _ = await process.communicate(report(POSTFIX, str(letter["X-Letter"])))
    assert (process.returncode, said.decode().strip()[-9:]) == (0, ": refused")
    await way.open(page, "/console/me/notices")
    await expect(page.get_by_text(way.says("A letter to you came back"))).to_be_visible()


async def says_that_it_was_not_her(way: Way, page: Page) -> None:
    """By the link of the letter; nobody gets in any more, and the link of another letter changes nothing."""
    await expect(page.get_by_text(way.says("A new sign-in")).first).to_be_visible()
    await way.shoot(page, "16-notices")
    await way.open(page, path_of(await way.letter(NINA, "A new sign-in"), "/console/not-me/"))
    await way.shoot(page, "17-not-me")
    await way.press(page, "Freeze my access")
    await expect(page.get_by_role("heading", name=way.says("Your access is frozen"))).to_be_visible()
    await way.shoot(page, "18-frozen")
    await way.open(page, "/console/sign-in")
    await fill(page, login=NINA, password=SECRET)
    await way.press(page, "Sign in")
    await expect(page.get_by_role("alert")).to_be_visible()
    await way.shoot(page, "19-no-way-in")


@pytest.mark.requirement("ACC-1")
@pytest.mark.requirement("ACC-2")
@pytest.mark.requirement("USE-10")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LOOKS)
async def test_the_whole_way_of_a_new_customer(tmp_path: Path, browser: Browser, box: Mailbox, language: str) -> None:
    served = await Served.start(tmp_path, more=("--smtp-url", box.url))
    try:
        way = Way(Console(served, None, browser), box, language)
        page = await signs_up(way)
        address, password = await adds_a_station(way, page)
        async with emulated(tmp_path, address, password):
            await sees_it_charge(way, page)
            await invites_a_technician(way, page)
            async with await makes_a_key(way, page) as program:
                (station,) = (await program.get("/stations")).json()["items"]
                assert (station["identity"], station["online"]) == (STATION, True)
                assert (await program.get("/tokens")).status_code == 403
                stranger = await signs_in_elsewhere(way)
                await ends_the_other_session(way, page, stranger)
                await learns_that_a_letter_came_back(way, page, tmp_path)
                await says_that_it_was_not_her(way, page)
                assert (await program.get("/stations")).status_code == 401
        way.console.complaints = [told for told in way.console.complaints if not REFUSALS.search(told)]
        await way.console.close()
        assert await served.stop() == 0
    finally:
        if served.process.returncode is None:
            await served.kill()
