"""What transactions offer."""

from pathlib import Path

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.charging.transactions import actions, api, pages, store
from ocpp_css.charging.transactions.pages import own
from ocpp_css.edge import NavEntry, lazy

AREA = Area(
    name="charging/transactions",
    tables=[store.TRANSACTIONS, store.READINGS, store.REVIEW],
    routes=[*api.HANDLERS, *pages.HANDLERS],
    nav=[
        NavEntry(lazy("Transactions"), "/console/transactions", "arrows-exchange", 30, "transactions:read"),
        NavEntry(lazy("My charging"), own.PATH, "battery-charging", 95, is_of_people=True, wider="transactions:read"),
        NavEntry(lazy("Review"), "/console/review", "shield-check", 50, "review:read"),
    ],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    actions=[actions.routes],
    states=[store.CHARGING],
    permissions={
        "transactions:read": "See charging transactions and their meter values",
        "review:read": "See what is doubtful",
        "review:settle": "Settle doubts and close stuck transactions",
    },
    personal_data=[
        PersonalData(
            columns=["transactions.token", "review.settled_by", "review.reason", "review.person_id"],
            purpose="Bill charging and settle doubts about it",
            basis="contract",
            keep_for="as the law of invoices demands",
        ),
        PersonalData(
            columns=["transactions.person_id"],
            purpose="Show people what they charged",
            basis="contract",
            keep_for="as long as the transaction",
        ),
    ],
)
