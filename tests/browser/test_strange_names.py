"""What stations and people write is text on every page: nothing of it runs, and the browser has no complaint."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Console
from tests.running import default_account, now, station

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-14"), pytest.mark.xdist_group("browser")]
SCRIPT = "<img src=x onerror=stolen()>"
QUOTES = "\"'><svg onload=x()>"


async def filled(console: Console) -> dict[str, str]:
    """A station that writes markup wherever it may write; the pages that show it."""
    await console.sign_in()
    await console.api.post("/stations", json={"identity": "CP1", "name": SCRIPT * 2})
    await console.api.post("/tokens", json={"id_token": "<b>T</b>", "note": SCRIPT})
    code = (await default_account(console.service)).connection_code
    async with station(console.service, "CP1", path=f"{code}/CP1") as wire:
        given = {
            "chargePointVendor": "<script>v</script>"[:20],
            "chargePointModel": "<b>m</b>",
            "firmwareVersion": SCRIPT,
        }
        await wire.ask("BootNotification", {**given, "chargePointSerialNumber": QUOTES})
        status = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted", "info": SCRIPT}
        await wire.ask("StatusNotification", {**status, "vendorErrorCode": QUOTES, "vendorId": SCRIPT})
        await wire.ask("DataTransfer", {"vendorId": SCRIPT, "messageId": QUOTES, "data": SCRIPT})
        await wire.ask("SecurityEventNotification", {"type": SCRIPT, "timestamp": now(), "techInfo": QUOTES})
        start = {"connectorId": 1, "idTag": "<b>T</b>", "meterStart": 9, "timestamp": now()}
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1, "timestamp": now()})
        await wire.call(SCRIPT, {SCRIPT: QUOTES})
        await wire.send(f'[2,"{SCRIPT}"')
    found = (await console.api.get("/transactions")).json()["items"][0]["id"]
    entry = (await console.api.get("/review")).json()["items"][0]["id"]
    return {"transaction": found, "review": entry}


@pytest.mark.trust("A54")
async def test_what_a_station_writes_is_text_on_every_page(fresh: Console) -> None:
    made = await filled(fresh)
    page = await fresh.page("/console")
    for path in (
        "", "/stations", "/stations/CP1", "/stations/CP1/log", "/stations/CP1/transactions", "/stations/CP1/commands",
        "/stations/CP1/security", "/stations/CP1/settings", "/stations/CP1/configuration", "/transactions",
        f"/transactions/{made['transaction']}", "/tokens", "/review", f"/review/{made['review']}",
        f"/search?q={SCRIPT}", "/stations?q=%3Cimg", "/settings/audit",
    ):  # fmt: skip
        answer = await page.goto(f"{fresh.service.web_url}/console{path}", wait_until="load")
        assert answer is not None
        assert answer.status == 200, path
        await expect(page.locator("main")).to_be_visible()
        assert await page.locator("[onerror], [onload], main script").count() == 0, path
        assert await page.locator("img[src=x]").count() == 0, path
    await page.goto(f"{fresh.service.web_url}/console/stations")
    await expect(page.get_by_text(SCRIPT).first).to_be_visible()
