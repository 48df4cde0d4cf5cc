"""Many variables in batches that the station can take (B05, B06)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ocpp_css.charging.commands.service.sending import Commands
from ocpp_css.charging.stations import Station
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Unavailable
from ocpp_css.storage import Unit

DEFAULT_BATCH = 50


class Batches(NamedTuple):
    """The action, the members that hold what is sent and what comes back, and the name of the station's limit."""

    action: str
    data: str
    result: str
    limit: str


async def send(
    commands: Commands,
    unit: Unit,
    station: Station,
    batches: Batches,
    entries: Sequence[Mapping[str, Any]],
    *,
    by: Principal,
) -> dict[str, Any]:
    """`{result: […], "commands": […]}`; an entry of a batch that failed has no result, and the first failure is told.

    Unavailable when not even the first batch was answered.
    """
    size = station.limits.get(batches.limit, DEFAULT_BATCH)
    results: list[Any] = []
    statuses: list[str] = []
    for start in range(0, len(entries), size):
        payload = {batches.data: list(entries[start : start + size])}
        command = await commands.send(unit, station, batches.action, payload, by=by)
        statuses.append(command.status)
        if command.status != "answered" or command.response is None:
            break
        results += command.response.get(batches.result, [])
    if statuses[0] != "answered":
        raise Unavailable("The station did not answer: {status}.", status=statuses[0])
    return {batches.result: results, "batches": statuses}
