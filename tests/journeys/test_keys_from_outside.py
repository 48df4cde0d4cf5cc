"""A key that the command line makes beside a running service counts there at once."""

import httpx
import pytest
from tests.running import default_account

from ocpp_css.app.running import Service
from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.people.access import commands
from ocpp_css.storage.opening import open_database

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]


async def test_a_key_made_beside_the_service_counts_at_once(service: Service) -> None:
    name = (await default_account(service)).name
    outside = await open_database(service.wiring.db.url, InProcessBus(), system_clock, service.settings.vault())
    try:
        for number in range(3):
            await commands.create_account(
                outside, f"Other {number}", f"owner{number}@example.org", "a long passphrase 17"
            )
            for account in (name, f"Other {number}"):
                made = await commands.create_api_key(outside, account, "tests", ["*"])
                headers = {"Authorization": f"Bearer {made['api_key']}"}
                async with httpx.AsyncClient(base_url=service.web_url, headers=headers) as client:
                    assert (await client.get("/api/v1/stations")).status_code == 200
    finally:
        await outside.close()
