"""What the audit log offers, and what it keeps about people."""

from pathlib import Path

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.people.audit import api, pages
from ocpp_css.people.audit.store import AUDIT

AREA = Area(
    name="people/audit",
    tables=[AUDIT],
    routes=[api.list_audit, pages.audit_page, pages.audit_export],
    templates=Path(__file__).parent / "templates",
    personal_data=[
        PersonalData(
            columns=[f"audit.{name}" for name in ("actor_id", "actor_name", "subject", "before", "after", "address")],
            purpose="Showing who changed what in an account, and finding misuse",
            basis="Legitimate interest of the account's operator; legal duty to secure the service",
            keep_for="two years",
        )
    ],
)
