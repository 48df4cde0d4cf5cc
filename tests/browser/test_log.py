"""The live log of a station: whole, calm at speed, and a link to each message."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Console
from tests.running import Wire, station

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-14"), pytest.mark.xdist_group("browser")]


async def beats(wire: Wire, count: int) -> None:
    for _ in range(count):
        await wire.ask("DataTransfer", {"vendorId": "test"})


async def held(page: Page, address: str) -> asyncio.Event:
    """Requests to `address` wait until the event is set."""
    may_go = asyncio.Event()

    async def late(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    await page.route(address, late)
    return may_go


async def test_the_log_pauses_without_losing(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "LOG-1"})
    async with station(console.service, "LOG-1") as wire:
        await wire.boot()
        page = await console.page("/console/stations/LOG-1/log")
        log = page.locator("[data-log]")
        await expect(log.locator("li")).to_have_count(2)
        await log.get_by_role("button", name="Pause").click()
        await beats(wire, 3)
        await expect(log.get_by_text("6 new while paused")).to_be_visible()
        assert await log.locator("li").count() == 2
        await log.get_by_role("button", name="Pause").click()
        await expect(log.locator("li")).to_have_count(8)


async def test_what_comes_before_the_stream_is_open_is_there(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "LOG-5"})
    async with station(console.service, "LOG-5") as wire:
        await wire.boot()
        page = await console.page()
        may_open = await held(page, "**/messages/live*")
        await page.goto(f"{console.service.web_url}/console/stations/LOG-5/log")
        await expect(page.locator("[data-log] li")).to_have_count(2)
        await beats(wire, 3)
        may_open.set()
        await expect(page.locator("[data-log] li")).to_have_count(8)


async def test_a_page_is_told_what_happened_before_its_stream_was_open(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "LOG-6"})
    page = await console.page()
    may_open = await held(page, "**/events/live*")
    await page.goto(f"{console.service.web_url}/console/stations/LOG-6")
    async with station(console.service, "LOG-6") as wire:
        await wire.boot()
        may_open.set()
        await expect(page.get_by_text("Vendor Model").first).to_be_visible()


async def test_call_and_answer_are_paired_and_linked_to(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "LOG-2"})
    async with station(console.service, "LOG-2") as wire:
        await wire.boot()
        await beats(wire, 2)
        page = await console.page("/console/stations/LOG-2/log")
        log = page.locator("[data-log]")
        answer = log.locator("li[data-answer]").first
        await answer.locator(".line").click()
        await expect(answer.locator(".part")).to_have_count(2)
        await expect(answer.locator(".detail")).to_contain_text("chargePointVendor")
        await expect(answer.locator(".detail")).to_contain_text("ms")
        await answer.get_by_role("button", name="Copy the link").click()
        await page.goto(await page.evaluate("navigator.clipboard.readText()"))
        await expect(page.locator("li[data-shown] .detail")).to_contain_text("Accepted")
        await expect(page.get_by_text("The log stands still")).to_be_visible()


async def test_older_messages_come_when_one_scrolls_up(console: Console) -> None:
    await console.api.post("/stations", json={"identity": "LOG-3"})
    async with station(console.service, "LOG-3") as wire:
        await wire.boot()
        await beats(wire, 150)
    page = await console.page()
    may_open = await held(page, "**/messages/live*")
    await page.goto(f"{console.service.web_url}/console/stations/LOG-3/log")
    log = page.locator("[data-log]")
    await expect(log.locator("li")).to_have_count(200)
    assert await log.locator(".lines").evaluate("one => one.scrollHeight - one.scrollTop - one.clientHeight < 5")
    await log.locator(".lines").evaluate("one => { one.scrollTop = 0; }")
    await expect(log.locator("li")).to_have_count(302)
    async with page.expect_response("**/LOG-3/messages?*"):  # what was missed is asked for once the stream is open
        may_open.set()
    await log.get_by_label("Action", exact=True).select_option("DataTransfer")
    await expect(log.locator("[data-older]")).to_be_hidden()
    await log.get_by_label("Action", exact=True).select_option("BootNotification")
    await expect(log.locator("li")).to_have_count(2)


async def test_two_hundred_messages_a_second_stay_smooth(console: Console, record_property) -> None:
    await console.api.post("/stations", json={"identity": "LOG-4"})
    async with station(console.service, "LOG-4") as wire:
        await wire.boot()
        page = await console.page("/console/stations/LOG-4/log")
        await expect(page.locator("[data-log] li")).to_have_count(2)
        await page.evaluate(
            """() => {
              window.frames_seen = 0; window.longest = 0; let last = performance.now();
              const tick = (now) => {
                window.frames_seen += 1; window.longest = Math.max(window.longest, now - last); last = now;
                requestAnimationFrame(tick);
              };
              requestAnimationFrame(tick);
            }"""
        )
        began = asyncio.get_running_loop().time()
        for number in range(300):
            await wire.send([2, f"b{number}", "DataTransfer", {"vendorId": "burst"}])
            await wire.receive()
            await asyncio.sleep(max(0, began + number / 100 - asyncio.get_running_loop().time()))
        await expect(page.locator("[data-log] li")).to_have_count(602)
        record_property("frames_in_3_s", await page.evaluate("window.frames_seen"))
        record_property("longest_frame_ms", await page.evaluate("window.longest"))
    assert await page.locator(".lines").evaluate("one => one.scrollHeight - one.scrollTop - one.clientHeight < 5")
