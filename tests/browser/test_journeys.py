"""What an operator does in the first minutes, in a real browser: nothing needs a reload."""

import re

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Console, Depot, connected
from tests.running import station

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-14"), pytest.mark.xdist_group("browser")]


async def test_the_first_start_leads_to_the_first_station(fresh: Console) -> None:
    await fresh.sign_in()
    page = await fresh.page()
    await expect(page.get_by_role("heading", name="Connect the first station")).to_be_visible()
    await page.get_by_role("link", name="Add the first station").click()
    await page.get_by_label("Identity").fill("FIRST")
    await expect(page.get_by_label("Password", exact=True)).to_have_value(re.compile(r"^.{24}$"))
    password = await page.get_by_label("Password", exact=True).input_value()
    await page.get_by_role("button", name="Add the station").click()
    await expect(page.get_by_label("Password", exact=True)).to_have_value(password)
    assert (await page.get_by_label("Address of the central system").input_value()).endswith("/ocpp/FIRST")
    await page.get_by_role("link", name="To the station").click()
    await expect(page.get_by_text("It has not connected yet")).to_be_visible()
    async with station(fresh.service, "FIRST", password=password) as wire:
        await wire.boot()
        await expect(page.get_by_text("Online since")).to_be_visible()
        await expect(page.get_by_text("OCPP 1.6").first).to_be_visible()


async def test_a_charge_appears_on_the_overview_as_it_begins(fresh: Console) -> None:
    await fresh.sign_in()
    await fresh.api.post("/stations", json={"identity": "CS-1"})
    await fresh.api.post("/tokens", json={"id_token": "04A1B2C3"})
    page = await fresh.page()
    await expect(page.get_by_text("Nobody charges right now.")).to_be_visible()
    made = await connected(fresh.service, "CS-1", "2.0.1")
    try:
        await expect(page.locator(".stat", has_text="Stations online")).to_contain_text("1")
        await made.plug_in(1)
        await made.start(1, "04A1B2C3")
        running = page.locator(".lines-list li")
        await expect(running).to_have_count(1)
        await expect(running).to_contain_text("Charging")
        await made.send_meter_values(1)
        await expect(page.locator(".stat", has_text="Power now")).to_contain_text("kW")
        await made.stop(1, "04A1B2C3")
        await expect(page.get_by_text("charging ended")).to_be_visible()
    finally:
        await made.close()


async def test_the_station_page_follows_its_connectors(depot: Depot, console: Console) -> None:
    page = await console.page("/console/stations/CS-001")
    drawing = page.locator(".drawing svg")
    await expect(drawing).to_contain_text("Available")
    await depot.stations["CS-001"].break_down(2, "OverVoltage")
    await expect(drawing).to_contain_text("Faulted")
    await expect(drawing).to_contain_text("OverVoltage")
    await depot.stations["CS-001"].repair(2)
    await expect(drawing).to_contain_text("Available")


@pytest.mark.requirement("CS-3")
async def test_a_reset_is_sent_from_the_form_and_answered(console: Console) -> None:
    page = await console.page("/console/stations/CS-004/commands")
    await page.get_by_label("Search actions").fill("unlock")
    await expect(page.locator("[data-choice]:visible")).to_have_count(1)
    await page.get_by_label("Search actions").fill("reset")
    await page.keyboard.press("Enter")
    form = page.locator("#command-form")
    await expect(form.get_by_role("heading", name="Reset")).to_be_visible()
    await form.get_by_label("Type").select_option("Soft")
    assert '"Soft"' in await form.locator("[data-json]").input_value()
    await form.get_by_role("button", name="Send").click()
    answer = page.locator("#answer")
    await expect(answer).to_contain_text("The station accepted Reset.")
    await expect(answer).to_contain_text(" ms")
    await expect(page.locator("#command-history tbody tr").first).to_contain_text("Reset")
    await expect(page.locator(".picker")).to_be_visible()


@pytest.mark.requirement("CS-3")
async def test_a_fault_of_the_payload_stands_beside_its_field(console: Console) -> None:
    page = await console.page("/console/stations/CS-002/commands?action=GetVariables")
    form = page.locator("#command-form")
    view = form.locator("[data-json]")
    await view.fill('{"getVariableData": [{"component": {"name": "X"}, "variable": {"name": 7}}]}')
    await form.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer")).to_contain_text("Not sent")
    await expect(form.locator("[aria-invalid]").first).to_be_visible()


@pytest.mark.requirement("CS-3")
async def test_a_command_waits_for_a_station_that_is_offline(console: Console) -> None:
    page = await console.page("/console/stations/CS-005/commands?action=ClearCache")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#answer")).to_contain_text("The command waits")
    row = page.locator("#command-history tbody tr").first
    await expect(row).to_contain_text("Waiting for the station")
    await row.get_by_role("button", name="Take back").click()
    await expect(row).to_contain_text("Cancelled")


async def test_quick_actions_say_how_they_ended(console: Console) -> None:
    page = await console.page("/console/stations/CS-002")
    await page.get_by_role("button", name="Start…", exact=True).click()
    dialog = page.get_by_role("dialog", name="Start charging")
    await dialog.get_by_label("Id token").fill("04D4E5F6")
    await dialog.get_by_label("Where").select_option("2")
    await dialog.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator("#toasts")).to_contain_text("The station accepted RequestStartTransaction.")
    await expect(dialog).to_be_hidden()


async def test_the_transaction_shows_its_curves_and_is_stopped(depot: Depot, console: Console) -> None:
    page = await console.page(f"/console/transactions/{depot.transactions['CS-003']}")
    await expect(page.locator(".plot canvas").first).to_be_visible()
    readings = page.locator(".readings")
    for label in ("Power", "Energy", "Current", "Voltage", "State of charge"):
        await expect(readings).to_contain_text(label)
    await page.get_by_text("Figures as a table").click()
    rows = page.locator(".figures tbody tr")
    before = await rows.count()
    await depot.stations["CS-003"].send_meter_values(1)
    await expect(rows.nth(before)).to_be_attached()
    await page.get_by_role("button", name="Stop", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop charging").click()
    await expect(page.locator("#toasts")).to_contain_text("The station accepted RequestStopTransaction.")
    await expect(page.locator("#transaction-head .badge")).to_contain_text(re.compile("Ended|Doubtful"))


async def test_the_configuration_is_read_searched_and_changed(console: Console) -> None:
    page = await console.page("/console/stations/CS-001/configuration")
    await page.get_by_role("button", name="Read from the station").click()
    row = page.locator(".value-row", has_text="HeartbeatInterval").first
    await expect(row).to_be_visible()
    await page.get_by_label("Search names and values").fill("heartbeat")
    await expect(page.locator(".value-row")).to_have_count(1)
    await row.locator("summary").click()
    await row.get_by_role("textbox").fill("240")
    await row.get_by_role("button", name="Set").click()
    await expect(page.locator("#toasts")).to_contain_text("HeartbeatInterval is set")
    await expect(page.locator(".value-row code")).to_have_text("240")


async def test_the_device_model_is_a_tree(console: Console) -> None:
    page = await console.page("/console/stations/CS-002/configuration")
    await page.get_by_role("button", name="Read from the station").click()
    tree = page.locator(".tree", has_text="OCPPCommCtrlr")
    await expect(tree).to_be_visible()
    await tree.locator("summary").first.click()
    row = tree.locator(".value-row", has_text="HeartbeatInterval")
    await row.locator("summary").click()
    await row.get_by_role("textbox").fill("180")
    await row.get_by_role("button", name="Set").click()
    await expect(page.locator("#toasts")).to_contain_text("HeartbeatInterval is set")
