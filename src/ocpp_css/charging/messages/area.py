"""What the message log offers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.charging.messages import api, jobs, pages
from ocpp_css.gateway.messages import LATE, MESSAGES
from ocpp_css.storage.removing import forgetting


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Forget old messages each hour."""
    if not wiring.does_timed_work:
        return None
    settings = wiring.settings
    keeping = jobs.Keeping(
        timedelta(days=settings.keep_messages_days), timedelta(days=settings.keep_transaction_messages_days)
    )
    return forgetting("messages", lambda: jobs.forget(wiring.db, keeping))


AREA = Area(
    name="charging/messages",
    tables=[MESSAGES, LATE],
    start=start,
    routes=api.HANDLERS,
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    permissions={"messages:read": "Read what stations say and are told"},
    personal_data=[
        PersonalData(
            columns=["pseudonyms.value"],
            purpose="Show id tokens where messages and transactions name them",
            basis="contract",
            keep_for="as long as a message or transaction names it",
        )
    ],
)
