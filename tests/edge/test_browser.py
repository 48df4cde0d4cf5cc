"""The pieces in a real browser: nothing complained of, nothing blocked, usable by keyboard and on a phone."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from prometheus_client import CollectorRegistry

from ocpp_css import edge
from ocpp_css.edge.app import Extras, build_web

FEED = "/console/_pieces/live?every_ms=400"
CHROMIUM = os.environ.get("OCPP_CSS_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ADA = edge.Principal(
    "user", 1, "Ada Lovelace", 7, frozenset({"*"}), "en", "Europe/Berlin", "secret", "s", account="Depot"
)
NAV = [
    edge.NavEntry(label, f"/console/{label.lower()}", sign, order)
    for order, (label, sign) in enumerate(
        [("Overview", "layout-dashboard"), ("Stations", "charging-pile"), ("Transactions", "arrows-exchange"),
         ("Tokens", "nfc"), ("Tariffs", "discount"), ("Settings", "settings")]
    )
]  # fmt: skip


class Ada:
    async def by_session(self, cookie: str, *, is_use: bool = True) -> edge.Principal | None:
        return ADA if cookie == "ada" else None

    async def by_bearer(self, token: str, *, is_use: bool = True) -> edge.Principal | None:
        return None


class NoUnits:
    def unit(self, tenant: int) -> Any:
        raise NotImplementedError


@contextmanager
def served(port: int) -> Iterator[uvicorn.Server]:
    app = build_web(
        handlers=[], authenticator=Ada(), units=NoUnits(), nav=NAV,
        settings=edge.WebSettings(public_url=f"http://127.0.0.1:{port}", is_development=True),
        extras=Extras(live=[edge.LiveFeed(FEED, ["message"])], registry=CollectorRegistry()),
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    yield server
    server.force_exit = server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with served(port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"Chromium is not at {CHROMIUM}: run `make browser`, or set OCPP_CSS_CHROMIUM")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Any]:
    """Opens a page, and fails at the end when the browser complained of anything."""
    complaints: list[str] = []
    contexts = []

    def open_page(path: str = "/console/_pieces", *, login: bool = True, **look: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **look})
        contexts.append(context)
        if login:
            context.add_cookies([{"name": "css_session", "value": "ada", "url": address}])
        page = context.new_page()
        page.on("console", lambda message: message.type in {"error", "warning"} and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith((address, "data:", "blob:")) or complaints.append(request.url),
        )
        page.goto(address + path)
        if path.startswith("/console"):
            page.locator("[data-schema-form][data-ready]").wait_for()
            page.locator("[data-log][data-ready]").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in complaints if "409" not in text] == []


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 780}, "has_touch": True},
    "narrow": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_piece_is_accessible_and_fits(opened, look):
    page = opened(**LOOKS[look])
    page.locator(".plot canvas").wait_for()
    page.locator("[data-log] li").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    told = [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found.response["violations"]]
    assert told == []


def test_right_to_left_fits(opened):
    page = opened()
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".side").bounding_box()["x"] > 900


def test_the_description_page_works_under_the_same_policy(opened):
    page = opened("/docs/", login=False)
    expect(page.get_by_text("/api/v1/ping")).to_be_visible()
    page.get_by_text("/api/v1/ping").click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()


def test_the_form_and_its_json_follow_each_other(opened):
    page = opened()
    form = page.locator("[data-schema-form]")
    view = form.locator("[data-json]")
    form.get_by_label("Stack level").fill("7")
    assert json.loads(view.input_value())["chargingProfile"]["stackLevel"] == 7
    form.get_by_role("button", name="Add Charging schedule period").click()
    form.get_by_label("Limit").nth(2).fill("6.3")
    assert json.loads(view.input_value())["chargingProfile"]["chargingSchedulePeriod"][2] == {"limit": 6.3}
    form.get_by_role("button", name="Remove Charging schedule period").first.click()
    assert len(json.loads(view.input_value())["chargingProfile"]["chargingSchedulePeriod"]) == 2
    view.fill('{"evseId": 3, "persistent": false, "customData": {"vendorId": "v", "more": [1]}, "unknown": 1}')
    assert form.get_by_label("EVSE ID").input_value() == "3"
    assert form.get_by_label("Vendor ID").input_value() == "v"
    form.get_by_label("EVSE ID").fill("4")
    told = json.loads(view.input_value())
    assert told["customData"] == {"vendorId": "v", "more": [1]}
    assert (told["evseId"], told["persistent"], told["unknown"]) == (4, False, 1)


def test_a_time_in_the_form_is_sent_as_utc(opened):
    page = opened(timezone_id="Europe/Berlin")
    form = page.locator("[data-schema-form]")
    assert form.get_by_label("Valid from").input_value().startswith("2026-01-01T07:00")
    form.get_by_label("Valid from").fill("2026-07-01T12:00:00")
    sent = json.loads(form.locator("[data-json]").input_value())["chargingProfile"]["validFrom"]
    assert sent == "2026-07-01T10:00:00.000Z"


def test_faults_stand_beside_their_fields_and_hold_the_form_back(opened):
    page = opened()
    form = page.locator("[data-schema-form]")
    expect(form.get_by_text("Another profile has this level.")).to_be_visible()
    form.get_by_label("EVSE ID").fill("")
    page.get_by_role("button", name="Send").click()
    expect(form.get_by_label("EVSE ID")).to_be_focused()
    expect(form.get_by_label("EVSE ID")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("EVSE ID").fill("1")
    form.locator("[data-json]").fill("{")
    page.get_by_role("button", name="Send").click()
    expect(form.locator("[data-json]")).to_be_focused()


def test_a_table_searches_sorts_pages_and_chooses_columns(opened):
    page = opened()
    table = page.locator("#stations")
    table.get_by_role("searchbox").fill("cs-01")
    expect(table.locator("tbody tr")).to_have_count(8)
    expect(table.get_by_text("CS-010")).to_be_visible()
    expect(table.get_by_role("searchbox")).to_be_focused()
    assert "q=cs-01" in page.url
    table.get_by_role("link", name="Station").click()
    expect(table.locator("tbody tr").first).to_contain_text("CS-019")
    table.get_by_role("link", name="Next page").click()
    expect(table.locator("tbody tr")).to_have_count(2)
    table.get_by_label("Columns").click()
    table.get_by_role("checkbox", name="Vendor").check()
    expect(table.locator("tbody tr").first).to_contain_text("Acme")
    expect(table.get_by_role("columnheader", name="Vendor")).to_be_visible()
    page.go_back()
    expect(page.locator("#stations tbody tr")).to_have_count(8)


def test_rows_are_selected_and_asked_about_once(opened):
    page = opened()
    table = page.locator("#stations")
    table.get_by_label("Select all on this page").check()
    expect(table.get_by_text("8 selected")).to_be_visible()
    table.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog", name="Are you sure?")
    expect(dialog).to_contain_text("This removes the selected stations.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    table.get_by_role("button", name="Remove").click()
    with page.expect_request("**/toast") as sent:
        dialog.get_by_role("button", name="Remove").click()
    assert sent.value.post_data.count("id=") == 8
    assert sent.value.headers["x-csrf-token"]


def test_messages_are_said_and_can_be_undone(opened):
    page = opened()
    page.get_by_role("button", name="warn").click()
    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("Two stations did not answer.")
    toasts.get_by_role("button", name="Undo").click()
    expect(toasts).to_contain_text("Waiting for the station.")
    page.get_by_role("button", name="error").click()
    expect(toasts).to_contain_text("The request conflicts with the current state")


def test_the_log_pauses_without_losing_and_filters(opened):
    page = opened()
    log = page.locator("[data-log]")
    log.locator("li").nth(1).wait_for()
    log.get_by_role("button", name="Pause").click()
    shown = log.locator("li").count()
    expect(log.get_by_text("2 new while paused")).to_be_visible()
    assert log.locator("li").count() == shown
    log.get_by_role("button", name="Pause").click()
    expect(log.locator("li").nth(shown + 1)).to_be_visible()
    log.get_by_label("Direction").select_option("out")
    expect(log.locator('li[data-direction="in"]')).to_have_count(0)
    log.locator("li button").first.click()
    expect(log.locator("li pre").first).to_contain_text('"connectorId": 1')


def test_a_flood_of_messages_keeps_a_thousand_lines(opened):
    page = opened()
    page.evaluate(
        """() => {
          const at = new Date();
          const one = (_, n) => ({at, direction: "in", action: "Heartbeat", message_id: `x${n}`, payload: {}});
          const event = new CustomEvent("log-entries", {detail: Array.from({length: 5000}, one)});
          document.querySelector("[data-log]").dispatchEvent(event);
        }"""
    )
    expect(page.locator("[data-log] li")).to_have_count(1000)


def test_the_stream_is_shown_and_its_loss_too(opened):
    page = opened()
    sign = page.locator("[data-live-state]")
    expect(sign).to_have_text("Live")
    heard = page.evaluate(
        """new Promise((done) => {
          document.body.addEventListener("live:message", (event) => done(event.detail.items[0].direction));
        })"""
    )
    assert heard in {"in", "out"}


def test_keys_lead_to_search_and_out_of_menus(opened):
    page = opened()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.get_by_label("Look", exact=True).click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_label("You", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Ada Lovelace")).to_be_hidden()


def test_the_first_tab_skips_to_the_content(opened):
    page = opened()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


def test_the_figures_of_a_chart_are_there_as_a_table(opened):
    page = opened()
    page.locator(".plot canvas").wait_for()
    page.get_by_text("Figures as a table").click()
    expect(page.locator(".figures tbody tr")).to_have_count(288)
    expect(page.locator(".figures tbody tr").first).to_contain_text("01:00:00")


def test_the_language_changes_on_the_same_page(opened):
    page = opened()
    page.get_by_label("Language").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert page.url.endswith("/console/_pieces")
