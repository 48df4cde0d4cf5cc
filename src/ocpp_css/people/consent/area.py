"""What consent offers, and what it keeps about people."""

from pathlib import Path

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.people.consent import pages
from ocpp_css.people.consent.store import AGREEMENTS

AREA = Area(
    name="people/consent",
    tables=[AGREEMENTS],
    routes=[pages.terms_page, pages.privacy_page],
    templates=Path(__file__).parent / "templates",
    personal_data=[
        PersonalData(
            columns=["agreements.user_id", "agreements.address"],
            purpose="Proving who agreed to which text, and when",
            basis="Contract; duty to prove consent",
            keep_for="as long as the person has an account, and three years after it",
        )
    ],
)
