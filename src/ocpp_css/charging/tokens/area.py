"""What id tokens offer."""

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.charging.tokens import actions, api
from ocpp_css.charging.tokens.store import TOKENS

AREA = Area(
    name="charging/tokens",
    tables=[TOKENS],
    routes=api.HANDLERS,
    actions=[actions.routes],
    permissions={"tokens:read": "See id tokens", "tokens:write": "Add, change and remove id tokens"},
    personal_data=[
        PersonalData(
            columns=["tokens.folded", "tokens.id_token", "tokens.group_id", "tokens.parent", "tokens.note"],
            purpose="Decide who may charge",
            basis="contract",
            keep_for="until the operator removes the token",
        )
    ],
)
