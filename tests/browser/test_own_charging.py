"""A driver sees their own charge begin, run and end, and an operator puts a token in their name."""

import re
from http.cookies import SimpleCookie

import pytest
from playwright.async_api import expect
from tests.browser.conftest import LOOKS, Console, connected
from tests.browser.test_pages import FOLDER, SHOTS, faults, overflow
from tests.isolation import member, signed_in
from tests.running import default_account

from ocpp_css.people.access import Role

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("browser"), pytest.mark.requirement("CS-14")]
CARD = "04DDEEFF"


async def become(console: Console, name: str, role: Role) -> str:
    """Somebody new of the account; their address. The console's next pages are theirs."""
    account = (await default_account(console.service)).account_id
    user = await member(console.service, account, role, name)
    caller = await signed_in(console.service, user, account, role)
    (cookie,) = SimpleCookie(caller.client.headers["cookie"]).values()
    await caller.client.aclose()
    kept = {"name": cookie.key, "value": cookie.value, "url": console.service.web_url}
    console.state = {"cookies": [kept], "origins": []}
    return user.email


async def test_a_driver_watches_their_own_charge(fresh: Console) -> None:
    await fresh.sign_in()
    await fresh.api.post("/stations", json={"identity": "CS-1"})
    operator = await fresh.page("/console/tokens/~add")
    email = await become(fresh, "Dora", "driver")
    await operator.get_by_label("Id token").fill(CARD)
    await operator.get_by_label("Whose it is").fill(email)
    await operator.get_by_role("button", name="Add the token").click()
    await expect(operator.get_by_role("row", name=re.compile(CARD))).to_contain_text("Dora")
    page = await fresh.page()
    await page.wait_for_url("**/console/me/charging")
    await expect(page.get_by_text(CARD)).to_be_visible()
    await expect(page.get_by_text("You have not charged yet")).to_be_visible()
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    await expect(page.locator("nav.side li")).to_have_text([re.compile("My charging")])
    owner = await connected(fresh.service, "CS-1", power_w=11_000)
    try:
        await owner.plug_in(1)
        await owner.start(1, CARD)
        running = page.locator("#own-running")
        await expect(running.get_by_text("CS-1")).to_be_visible()
        for _ in range(5):
            await owner.send_meter_values(1)
        await expect(running).to_contain_text("kW")
        await looked_at(fresh)
        await running.get_by_role("link").click()
        await page.locator(".plot canvas").first.wait_for()
        await expect(page.get_by_role("button", name="Stop")).to_be_visible()
        await page.go_back()
        await running.get_by_role("button", name="Stop").click()
        await page.get_by_role("dialog").get_by_role("button", name="Stop charging").click()
        await expect(page.get_by_text("The station ends the charge.")).to_be_visible()
        await expect(page.locator("#own-running")).not_to_contain_text("CS-1")
        await expect(page.get_by_role("row", name=re.compile("CS-1"))).to_contain_text("Ended")
    finally:
        await owner.close()


async def looked_at(console: Console) -> None:
    """The page is accessible and fits, in every look."""
    for look, given in LOOKS.items():
        page = await console.page("/console/me/charging", **given)
        await expect(page.locator("#own-running")).to_contain_text("CS-1")
        assert await overflow(page) == []
        assert await faults(page) == []
        if SHOTS:
            FOLDER.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=FOLDER / f"driver-{look}.png")
        await page.close()
