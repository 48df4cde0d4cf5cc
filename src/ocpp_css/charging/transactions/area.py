"""What transactions offer."""

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.charging.transactions import actions, api, store

AREA = Area(
    name="charging/transactions",
    tables=[store.TRANSACTIONS, store.READINGS, store.REVIEW],
    routes=api.HANDLERS,
    actions=[actions.routes],
    states=[store.CHARGING],
    permissions={
        "transactions:read": "See charging transactions and their meter values",
        "review:read": "See what is doubtful",
        "review:settle": "Settle doubts and close stuck transactions",
    },
    personal_data=[
        PersonalData(
            columns=["transactions.token", "review.settled_by", "review.reason"],
            purpose="Bill charging and settle doubts about it",
            basis="contract",
            keep_for="as the law of invoices demands",
        )
    ],
)
