"""What the message log offers."""

from ocpp_css.assembly import Area, PersonalData
from ocpp_css.charging.messages import api
from ocpp_css.gateway.messages import MESSAGES

AREA = Area(
    name="charging/messages",
    tables=[MESSAGES],
    routes=api.HANDLERS,
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
