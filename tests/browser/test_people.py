"""An owner invites a technician by a real letter; the technician accepts, sees less, and switches accounts."""

import re

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import LOOKS, Console
from tests.browser.test_sign_up import SECRET, box, mailing, shoot, sign_up
from tests.mail_server import Mailbox, path_of

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("browser"), pytest.mark.requirement("CS-10")]
__all__ = ["box", "mailing"]
TESS = "tess@example.org"


async def invite(page: Page, email: str, role: str) -> None:
    await page.get_by_role("link", name="People").first.click()
    await page.get_by_role("link", name="Invite somebody").first.click()
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("radio", name=re.compile(f"^{role}")).check()
    await page.get_by_role("button", name="Send the invitation").click()
    await page.wait_for_url("**/~invitations")


async def accepted(mailing: Console, box: Mailbox, **look: object) -> Page:
    """The page of somebody new who followed the link of the letter and told who they are."""
    link = path_of(await box.to(TESS, "invites you"), "/console/invitation/")
    page = await mailing.page(link, timezone_id="Europe/Amsterdam", **look)
    await page.get_by_label("Your name").fill("Tess Technician")
    await page.get_by_label("Password").fill(SECRET)
    await page.get_by_label("Date of birth").fill("1990-05-05")
    await page.get_by_label("I agree").check()
    await shoot(page, "invitation")
    await page.get_by_role("button", name="Accept").click()
    await page.wait_for_url("**/console")
    return page


async def test_a_technician_is_invited_accepts_and_sees_less(mailing, box):
    owner = await mailing.page("/console/sign-up", timezone_id="Europe/Amsterdam")
    await sign_up(owner, box)
    await invite(owner, TESS, "Technician")
    await expect(owner.get_by_text(TESS)).to_be_visible()
    tess = await accepted(mailing, box)
    side = tess.get_by_role("navigation", name="Main").first
    await expect(side.get_by_role("link", name="Stations")).to_be_visible()
    for hidden in ("Tokens", "People"):
        await expect(side.get_by_role("link", name=hidden)).to_have_count(0)
    await owner.goto(f"{mailing.service.web_url}/console/people")
    await owner.get_by_role("link", name="Tess Technician").click()
    await owner.get_by_role("radio", name=re.compile("^Viewer")).check()
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.get_by_role("row", name=re.compile("Tess Technician")).get_by_text("Viewer")).to_be_visible()
    await tess.reload()
    await expect(side.get_by_role("link", name="Tokens")).to_be_visible()


async def test_who_belongs_to_two_accounts_switches_at_the_top(mailing, box):
    tess = await mailing.page("/console/sign-up")
    await sign_up(tess, box, TESS)
    owner = await mailing.page("/console/sign-up")
    await sign_up(owner, box, "nina@example.org")
    await invite(owner, TESS, "Operator")
    await tess.goto(mailing.service.web_url + path_of(await box.to(TESS, "invites you"), "/console/invitation/"))
    await shoot(tess, "invitation-known")
    await tess.get_by_role("button", name="Accept").click()
    await tess.wait_for_url("**/console")
    await tess.goto(f"{mailing.service.web_url}/console/people")
    await tess.locator("details.accounts > summary").click()
    await expect(tess.locator("details.accounts .list").get_by_text("Owner")).to_be_visible()
    await shoot(tess, "switcher")
    await tess.locator("details.accounts").get_by_role("button", name=re.compile("Owner")).click()
    await tess.wait_for_url("**/console")
    await tess.goto(f"{mailing.service.web_url}/console/people")
    await expect(tess.get_by_role("link", name="Invite somebody").first).to_be_visible()


@pytest.mark.requirement("USE-9")
@pytest.mark.parametrize("look", LOOKS)
async def test_the_pages_of_people_in_every_look(mailing, box, look):
    page = await mailing.page("/console/sign-up", **LOOKS[look])
    await sign_up(page, box)
    await page.goto(f"{mailing.service.web_url}/console/people/~invite")
    await page.get_by_label("E-mail address").fill(TESS)
    await page.get_by_role("radio", name=re.compile("^Technician")).check()
    await shoot(page, f"invite-{look}")
    await page.get_by_role("button", name="Send the invitation").click()
    await page.wait_for_url("**/~invitations")
    await shoot(page, f"invitations-{look}")
    await accepted(mailing, box, **LOOKS[look])
    for path, name in (("/console/people", "people"), ("/console/me/accounts", "accounts")):
        await page.goto(mailing.service.web_url + path)
        await shoot(page, f"{name}-{look}")
    await page.goto(f"{mailing.service.web_url}/console/people")
    await page.get_by_role("link", name="Tess Technician").click()
    await shoot(page, f"person-{look}")
    await page.context.add_cookies([{"name": "css_language", "value": "ru", "url": mailing.service.web_url}])
    for path, name in (("/console/people", "people"), ("/console/people/~invite", "invite")):
        await page.goto(mailing.service.web_url + path)
        await shoot(page, f"{name}-{look}-ru")
