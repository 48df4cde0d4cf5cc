"""Lists: searched, filtered, shown as tiles, changed many at a time; tokens and review."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Console
from tests.running import now, station

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-14"), pytest.mark.xdist_group("browser")]


async def test_stations_are_found_filtered_and_shown_as_tiles(console: Console) -> None:
    page = await console.page("/console/stations")
    rows = page.locator("#stations tbody tr")
    await page.get_by_role("searchbox", name="Search in: Stations").fill("cs-00")
    await expect(rows).to_have_count(5)
    await page.locator("summary.chip", has_text="State").click()
    await page.get_by_role("link", name="Faulted").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("CS-004")
    await page.get_by_role("link", name="Clear").click()
    await expect(rows).not_to_have_count(1)
    await page.get_by_role("link", name="As tiles").click()
    await expect(page.locator(".tile", has_text="CS-00")).to_have_count(5)
    await page.goto(page.url.partition("?")[0])
    await expect(page.locator(".tile", has_text="CS-00")).to_have_count(5)


async def test_many_are_removed_after_being_told_how_many(console: Console) -> None:
    for number in range(3):
        await console.api.post("/stations", json={"identity": f"OLD-{number}"})
    page = await console.page("/console/stations?q=OLD-")
    await page.get_by_label("Select all on this page").check()
    await page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Stations to remove: 3.")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(page.locator("#toasts")).to_contain_text("3 stations were removed.")
    await expect(page.get_by_text("Nothing fits")).to_be_visible()
    assert (await console.api.get("/stations?search=OLD-")).json()["items"] == []


async def test_stations_are_imported_and_faults_told_by_line(console: Console) -> None:
    page = await console.page("/console/stations/~import")
    await page.get_by_label("Rows").fill("identity;name\nIMP-1;One\nnot an identity;Two\nIMP-2;Three")
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("2 stations were added.")).to_be_visible()
    await expect(page.get_by_text("Line 3")).to_be_visible()
    for identity in ("IMP-1", "IMP-2"):
        await console.api.delete(f"/stations/{identity}")


async def test_a_token_is_added_blocked_and_accepted_again(console: Console) -> None:
    page = await console.page("/console/tokens/~add")
    await page.get_by_label("Id token").fill("NEW-CARD")
    await page.get_by_label("Transactions at once").fill("1")
    await page.get_by_role("button", name="Add the token").click()
    row = page.locator("#tokens tbody tr", has_text="NEW-CARD")
    await expect(row).to_contain_text("Accepted")
    await row.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Block").click()
    await page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await expect(row).to_contain_text("Blocked")
    await row.get_by_role("link").first.click()
    await page.get_by_label("Status").select_option("Accepted")
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Accepted")
    await row.get_by_role("link").first.click()
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.locator("#tokens")).to_be_visible()
    await expect(row).to_have_count(0)


async def test_a_token_that_exists_is_told_at_the_form(console: Console) -> None:
    page = await console.page("/console/tokens/~add")
    await page.get_by_label("Id token").fill("04a1b2c3")
    await page.get_by_role("button", name="Add the token").click()
    await expect(page.get_by_role("alert")).to_contain_text("This account has a token with that text.")


async def test_a_doubtful_transaction_is_corrected(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "ODD"})
    async with station(console.service, "ODD") as wire:
        await wire.boot()
        start = {"connectorId": 1, "idTag": "04A1B2C3", "meterStart": 5000, "timestamp": now()}
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1000, "timestamp": now()})
    page = await console.page("/console/review?settled=no")
    await page.locator("#review tbody tr", has_text="ODD").get_by_role("link").first.click()
    await page.get_by_label("Corrected").check()
    await page.get_by_text("Corrected values").click()
    await page.get_by_label("Meter at the end (kWh)").fill("7.5")
    await page.get_by_label("Why").fill("The meter was replaced.")
    await page.get_by_role("button", name="Decide").click()
    await expect(page.locator("#review tbody tr", has_text="ODD")).to_contain_text("Corrected")
    found = (await console.api.get("/transactions?station=ODD")).json()["items"][0]
    assert (found["energy_wh"], found["state"]) == (2500, "ended")


async def test_the_settings_of_a_station_are_changed_and_checked(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "SET-1"})
    page = await console.page("/console/stations/SET-1/settings")
    await page.get_by_label("Name").fill("Harbour")
    await page.get_by_label("Largest message (bytes)").evaluate("one => one.removeAttribute('min')")
    await page.get_by_label("Largest message (bytes)").fill("5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("At least 1024.")).to_be_visible()
    await expect(page.get_by_label("Name")).to_have_value("Harbour")
    await page.get_by_label("Largest message (bytes)").fill("2048")
    await page.get_by_label("Read times that are written loosely").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    found = (await console.api.get("/stations/SET-1")).json()
    assert (found["max_message_bytes"], found["leniency"]) == (2048, ["loose-timestamps"])
    told = (await console.api.get("/audit?action=station.change&subject=SET-1")).json()["items"]
    assert told[0]["after"] == {"name": "Harbour", "max_message_bytes": 2048, "quirks": ["loose-timestamps"]}
    await console.api.delete("/stations/SET-1")


async def test_the_search_finds_stations_transactions_and_tokens(console: Console) -> None:
    page = await console.page()
    await page.keyboard.press("/")
    await page.keyboard.type("04A1B2C3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Tokens")).to_be_visible()
    await expect(page.get_by_role("heading", name="Transactions")).to_be_visible()
    await page.goto(f"{console.service.web_url}/console/search?q=CS-00")
    await expect(page.locator(".lines-list li").first).to_contain_text("CS-001")
