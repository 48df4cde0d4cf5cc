"""A thief changes where letters go and takes the second factor: the person says "this was not me" and gets back in."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pyotp
import pytest
from httpx import AsyncClient
from sqlalchemy import select
from tests.mail_server import Mailbox, code_of, mail_server, path_of, text_of
from tests.people.conftest import Browser
from tests.running import PATIENCE_S, api_of, whole_service

from ocpp_css.app.running import Service
from ocpp_css.people.access.commands import create_account
from ocpp_css.people.access.store.former import FORMER
from ocpp_css.people.access.store.proofs import INCIDENTS
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-3"), pytest.mark.trust("I9")]
TESS, THIEF, FURTHER = "tess@example.org", "thief@example.net", "further@example.net"
PASSWORD, NEW = "seven purple herons quarrel", "four green tractors whistle"
SECURITY = "/console/me/security"


@pytest.fixture
async def box(anyio_backend: str) -> AsyncIterator[Mailbox]:
    async with mail_server() as found:
        yield found


@pytest.fixture
async def service(tmp_path: Path, database_url: str, box: Mailbox) -> AsyncIterator[Service]:
    """The whole service, whose letters go out."""
    database = None if database_url.startswith("sqlite") else database_url
    async with whole_service(tmp_path / "data", database=database, smtp_url=box.url) as found:
        await create_account(found.wiring.db, "Harbour", TESS, PASSWORD)
        yield found


class Site(Browser):
    """A browser at the service's own address."""

    async def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        return await super().post(path, data, headers={"Origin": str(self.client.base_url).rstrip("/")}, **options)


@pytest.fixture
async def opened(service: Service) -> AsyncIterator[Any]:
    """Opens a browser that nobody knows."""
    async with AsyncExitStack() as stack:

        async def open_one() -> Site:
            client = AsyncClient(base_url=service.web_url, timeout=PATIENCE_S)
            return Site(await stack.enter_async_context(client))

        yield open_one


async def let_in(browser: Site, box: Mailbox, code: str = "") -> None:
    """With the password, and a code of the generator or that of a letter."""
    answer = await browser.sign_in(TESS, PASSWORD)
    page = answer.headers["location"]
    code = code or code_of(await box.to(TESS, "code"))
    answer = await browser.post(page, {"code": code})
    assert answer.status_code == 303, (code, answer.text)
    await browser.get("/console/me")


async def add_factor(browser: Site) -> list[str]:
    """The recovery codes of a new second factor."""
    shown = await browser.post(f"{SECURITY}/factor")
    found = re.search(r'id="secret" value="([A-Z2-7]+)"', shown.text)
    assert found
    shown = await browser.post(f"{SECURITY}/factor/confirm", {"code": pyotp.TOTP(found[1]).now()})
    return re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", re.sub(r"(?s)^.*<pre|</pre>.*$", "", shown.text))


async def change_address(browser: Site, box: Mailbox, email: str) -> None:
    page = (await browser.post("/console/me/address", {"email": email})).headers["location"]
    code = code_of(await box.to(email, "confirm this address"))
    assert (await browser.post(page, {"code": code})).headers["location"] == "/console/me"


@pytest.fixture
async def robbed(opened: Any, box: Mailbox) -> tuple[Site, list[str], list[str]]:
    """Tess at her browser, her codes and the thief's, who took her session, her address and her factor."""
    tess, thief = await opened(), await opened()
    await let_in(tess, box)
    hers = await add_factor(tess)
    await tess.post("/console/sign-out")
    await let_in(tess, box, hers.pop())
    thief.client.cookies.update(tess.client.cookies)
    await thief.get("/console/me")
    assert (await thief.post(f"{SECURITY}/factor/remove")).status_code == 303
    await box.to(TESS, "second factor was removed")
    await change_address(thief, box, THIEF)
    theirs = await add_factor(thief)
    await change_address(thief, box, FURTHER)
    return tess, hers, theirs


async def ask_recovery(browser: Site, login: str) -> str:
    """The page that waits for the code of a letter."""
    return str((await browser.post("/console/recovery", {"login": login})).headers["location"])


async def recover(browser: Site, box: Mailbox, code: str, nth: int) -> int:
    """What is answered to the code of the nth letter, a new password and a code of the generator."""
    page = await ask_recovery(browser, TESS)
    letter = await box.to(TESS, "code to set a new password", nth=nth)
    answer = await browser.post(page, {"code": code_of(letter)})
    assert answer.status_code == 303, answer.text
    return int((await browser.post(answer.headers["location"], {"new_password": NEW, "code": code})).status_code)


async def test_the_way_back_leads_to_the_person_again(
    service: Service, opened: Any, box: Mailbox, robbed: tuple[Site, list[str], list[str]]
) -> None:
    tess, hers, theirs = robbed
    link = path_of(await box.to(TESS, "second factor was removed"), "/console/not-me/")
    assert (await tess.post(link)).status_code == 200
    assert "ask support" in text_of(await box.to(FURTHER, "not yours to sign in"))
    await box.to(TESS, "access is frozen")
    await ask_recovery(await opened(), FURTHER)
    assert await recover(await opened(), box, theirs[0], 1) == 422
    assert await recover(tess, box, hers[0], 2) == 303
    await box.to(TESS, "password was changed")
    assert [one["Subject"] for one in box.letters if one["To"] == FURTHER and "password" in str(one["Subject"])] == []
    unit = service.wiring.db.unit(PROVIDER)
    (incident,) = await unit.all(select(INCIDENTS))
    kinds = [(one["kind"], one["name"]) for one in incident.found]
    assert kinds == [
        ("proof", "second_factor.removed"), ("proof", "user.address_changed"),
        ("proof", "second_factor.added"), ("proof", "user.address_changed"),
    ]  # fmt: skip
    assert len(await unit.all(select(FORMER))) == 1, "that of before: her own first factor"
    async with await api_of(service, "Harbour") as api:
        entries = (await api.get("/audit", params={"action": "user.changed_back"})).json()["items"]
    assert [(one["reason"], one["after"]["changed"]) for one in entries] == [
        ("This was not me", ["email", "second_factor", "recovery_codes"])
    ]


async def test_a_thief_who_says_it_too_does_not_get_the_address_back(
    opened: Any, box: Mailbox, robbed: tuple[Site, list[str], list[str]]
) -> None:
    """A link to the thief's first address tells of the same time: it leads back to the person as well."""
    tess, hers, _ = robbed
    theirs = path_of(await box.to(THIEF, "address was changed"), "/console/not-me/")
    thief = await opened()
    assert (await thief.post(theirs)).status_code == 200
    await box.to(TESS, "access is frozen")
    link = path_of(await box.to(TESS, "second factor was removed"), "/console/not-me/")
    assert (await tess.post(link)).status_code == 200
    assert await recover(tess, box, hers[0], 1) == 303
    for path in (link, path_of(await box.to(THIEF, "factor was added"), "/console/not-me/")):
        assert (await thief.post(path)).status_code == 404, "what was told of that time is settled"
