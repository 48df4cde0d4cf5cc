"""What id tokens offer."""

from functools import partial
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.charging.tokens import actions, api, pages, service
from ocpp_css.charging.tokens.store import TOKENS
from ocpp_css.edge import NavEntry, lazy


async def start(wiring: Wiring) -> None:
    """Tokens of a person who leaves the account are nobody's from then on."""
    wiring.services["departures"].add(partial(service.give_back, wiring.db))


AREA = Area(
    name="charging/tokens",
    tables=[TOKENS],
    routes=[*api.HANDLERS, *pages.HANDLERS],
    nav=[NavEntry(lazy("Tokens"), "/console/tokens", "nfc", 40, "tokens:read")],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    actions=[actions.routes],
    start=start,
    permissions={"tokens:read": "See id tokens", "tokens:write": "Add, change and remove id tokens"},
    personal_data=[
        PersonalData(
            columns=["tokens.folded", "tokens.id_token", "tokens.group_id", "tokens.parent", "tokens.note"],
            purpose="Decide who may charge",
            basis="contract",
            keep_for="until the operator removes the token",
        ),
        PersonalData(
            columns=["tokens.person_id"],
            purpose="Show people their own tokens and what they charge with them",
            basis="contract",
            keep_for="as long as the person belongs to the account, or until the token is somebody else's",
        ),
    ],
)
