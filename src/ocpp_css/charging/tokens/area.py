"""What id tokens offer."""

from pathlib import Path

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.charging.tokens import actions, api, pages
from ocpp_css.charging.tokens.store import TOKENS
from ocpp_css.edge import NavEntry, lazy

AREA = Area(
    name="charging/tokens",
    tables=[TOKENS],
    routes=[*api.HANDLERS, *pages.HANDLERS],
    nav=[NavEntry(lazy("Tokens"), "/console/tokens", "nfc", 40, "tokens:read")],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
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
