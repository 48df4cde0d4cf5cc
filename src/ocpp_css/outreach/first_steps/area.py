"""What the first steps offer."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, Wiring
from ocpp_css.outreach.first_steps import pages
from ocpp_css.outreach.first_steps.service import TestCharges


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]]:
    """Provides `services["charges"]`."""
    charges = wiring.services["charges"] = TestCharges(wiring.db, wiring.services["directory"])
    return charges.close


AREA = Area(
    name="outreach/first_steps",
    routes=[pages.first_steps_page, pages.add_station, pages.new_token, pages.test_charge],
    templates=Path(__file__).parent / "templates",
    start=start,
    dependencies={"charges": lambda wiring: wiring.services["charges"]},
)
