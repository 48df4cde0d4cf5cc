"""The button that gives a station a new password."""

import json

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import stations
from ocpp_css.charging.commands.pages.sending import STATION
from ocpp_css.charging.commands.service import Commands, rotation
from ocpp_css.edge import Principal, lazy, needs
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

_SAID = {
    "rotated": ("ok", lazy("The station has its new password; the old one counts no more.")),
    "refused": ("warn", lazy("The station did not take the new password; the old one stays.")),
    "pending": ("warn", lazy("The station has not said that it took the new password. Until it uses it, both count.")),
}


@post(f"{STATION}/password/rotate", opt=needs("stations:write"), status_code=200)
async def rotate_password(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[stations.MemoryDirectory],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[str]:
    station = await stations.get(unit, identity)
    audit.record(unit, principal, "station.password_rotate", "station", identity)
    rotated = await rotation.rotate(db, directory, commands, unit, station, by=principal)
    kind, text = _SAID[rotated.status]
    trigger = {"toast": {"kind": kind, "text": str(text), "undo": ""}, "commands-changed": {}}
    return Response("", headers={"HX-Trigger": json.dumps(trigger), "HX-Reswap": "none"}, media_type="text/html")


HANDLERS = (rotate_password,)
