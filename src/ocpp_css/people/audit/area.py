"""What the audit log offers, and what it keeps about people."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.people.audit import api, pages
from ocpp_css.people.audit.jobs import keeper_of
from ocpp_css.people.audit.store import AUDIT

KEPT = ("actor_id", "actor_name", "subject", "before", "after", "address", "reason", "person_id")


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Keeps the log where timed work is done."""
    if not wiring.does_timed_work:
        return None
    keeper = keeper_of(wiring.db, wiring.secrets, wiring.settings)
    await keeper.begin()
    return keeper.end


AREA = Area(
    name="people/audit",
    tables=[AUDIT],
    routes=[api.list_audit, api.export_audit, pages.audit_page, pages.audit_export],
    templates=Path(__file__).parent / "templates",
    personal_data=[
        PersonalData(
            columns=[f"audit.{name}" for name in KEPT],
            purpose="Showing who changed what in an account, and finding misuse",
            basis="Legitimate interest of the account's operator; legal duty to secure the service",
            keep_for="two years, or as `keep_audit_days` says",
        )
    ],
    start=start,
)
