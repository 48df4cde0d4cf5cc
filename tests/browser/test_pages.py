"""Every page in light, dark and on a phone: accessible, within its frame, and kept as a picture when asked."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Response, expect
from tests.browser.conftest import FOLDER, LOOKS, SHOTS, Console, Depot

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-14"), pytest.mark.xdist_group("browser")]
PAGES = {
    "overview": "/console",
    "stations": "/console/stations",
    "add-station": "/console/stations/~add",
    "import-stations": "/console/stations/~import",
    "station": "/console/stations/CS-001",
    "live-log": "/console/stations/CS-001/log",
    "station-transactions": "/console/stations/CS-002/transactions",
    "commands": "/console/stations/CS-002/commands?action=SetChargingProfile",
    "configuration": "/console/stations/CS-002/configuration",
    "security": "/console/stations/CS-001/security",
    "station-settings": "/console/stations/CS-001/settings",
    "transactions": "/console/transactions",
    "transaction": "/console/transactions/{transaction}",
    "tokens": "/console/tokens",
    "add-token": "/console/tokens/~add",
    "my-charging": "/console/me/charging",
    "own-transaction": "/console/me/charging/{transaction}",
    "review": "/console/review",
    "review-entry": "/console/review/{review}",
    "search": "/console/search?q=CS-00",
}
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


async def path_of(depot: Depot, name: str) -> str:
    entry = (await depot.console.api.get("/review")).json()["items"][-1]["id"]
    return PAGES[name].replace("{transaction}", depot.transactions["CS-003"]).replace("{review}", entry)


async def faults(page: Page) -> list[tuple[str, list[str]]]:
    await expect(page.locator(".htmx-request")).to_have_count(0)  # what is read again is dimmed
    found = await Axe().run(page, options={"runOnly": RULES})
    return [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found.response["violations"]]


async def overflow(page: Page) -> list[str]:
    """What makes the page wider than the window."""
    return await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 40)}`)"""
    )


async def ready(page: Page, name: str) -> None:
    if name == "overview" and SHOTS:
        await expect(page.locator(".stat", has_text="Power now")).to_contain_text("kW")
    if name in {"transaction", "own-transaction"}:
        await page.locator(".plot canvas").first.wait_for()
    if name == "live-log":
        await page.locator("[data-log] li").first.wait_for()
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_accessible_and_fits(depot: Depot, console: Console, name: str, look: str) -> None:
    path = await path_of(depot, name)
    page = await console.page(path, **LOOKS[look])
    await ready(page, name)
    assert await overflow(page) == []
    assert await faults(page) == []
    if SHOTS:
        FOLDER.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=FOLDER / f"{name}-{look}.png")


@pytest.mark.parametrize(
    "name", ["overview", "stations", "station", "live-log", "commands", "transaction", "tokens", "my-charging"]
)
async def test_a_page_fits_into_320_pixels(depot: Depot, console: Console, name: str) -> None:
    path = await path_of(depot, name)
    page = await console.page(path, viewport={"width": 320, "height": 640})
    await ready(page, name)
    assert await overflow(page) == []


async def test_a_phone_has_the_pages_in_a_bottom_bar(console: Console) -> None:
    page = await console.page(**LOOKS["phone"])
    bar = page.locator(".bottom")
    await expect(bar.locator("li")).to_have_count(5)
    await bar.get_by_role("link", name="Stations").click()
    await expect(page.get_by_role("heading", name="Stations")).to_be_visible()
    await bar.get_by_role("button", name="More").click()
    await page.get_by_role("dialog").get_by_role("link", name="Review").click()
    await expect(page.get_by_role("heading", name="Review")).to_be_visible()


async def test_the_console_speaks_russian(fresh: Console) -> None:
    await fresh.sign_in()
    await fresh.api.post("/stations", json={"identity": "CS-1"})
    page = await fresh.page()
    await page.get_by_label("Language").click()
    await page.get_by_role("button", name="Русский").click()
    await expect(page.get_by_role("heading", name="Обзор")).to_be_visible()
    await page.get_by_role("link", name="Станции", exact=True).first.click()
    await expect(page.get_by_role("link", name="Добавить станцию")).to_be_visible()
    for path in ("/console/stations/CS-1", "/console/stations/CS-1/commands?action=Reset", "/console/transactions"):
        await page.goto(fresh.service.web_url + path)
        assert await faults(page) == []


async def test_the_first_page_is_light(console: Console, record_property) -> None:
    page = await console.page("/console/stations/~add")
    context = await page.context.browser.new_context(storage_state=console.state)
    console.contexts.append(context)
    first = await context.new_page()
    answers: list[Response] = []
    first.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - the browser cannot watch a built-in function
    await first.goto(console.service.web_url + "/console")
    await expect(first.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    sizes = [await one.request.sizes() for one in answers if "/live" not in one.url]
    octets = sum(size["responseBodySize"] for size in sizes)
    record_property("requests", len(answers))
    record_property("octets", octets)
    assert len(answers) <= 14
    assert octets <= 150_000


LIE_ON_EACH_OTHER = """(line) => {
    line.querySelector(".grow time").textContent = "12 секунд назад";
    const figures = line.querySelector(".figures-line");
    figures.querySelector("b").textContent = "726 Вт·ч";
    const words = document.createRange();
    words.selectNodeContents(line.querySelector(".grow"));
    const beside = figures.getBoundingClientRect();
    return [...words.getClientRects()].some((one) =>
        one.right > beside.left + 1 && one.bottom > beside.top + 1 && one.top < beside.bottom - 1);
}"""


async def test_words_and_figures_do_not_lie_on_each_other_on_a_phone(depot: Depot, console: Console) -> None:
    look = {"locale": "ru-RU", "viewport": {"width": 360, "height": 780}}
    page = await console.page("/console/stations/CS-001", **look)
    line = page.locator(".lines-list a", has=page.locator(".figures-line")).first
    await expect(line).to_be_visible()
    assert await line.evaluate(LIE_ON_EACH_OTHER) is False
