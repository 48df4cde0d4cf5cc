"""The rules of maintenance."""

from msgspec import UNSET, UnsetType

from ocpp_css.charging.maintenance import store
from ocpp_css.charging.maintenance.events import ProgressReported
from ocpp_css.gateway.context import Context


def report(context: Context, what: str, status: str, request_id: int | UnsetType = UNSET) -> None:
    """Keep and tell a report; `what` is firmware, diagnostics or log."""
    number = None if request_id is UNSET else request_id
    assert not isinstance(number, UnsetType)
    station = context.station
    store.add(context.unit, station.station_id, what, status, number)
    context.unit.emit(ProgressReported(station.station_id, station.identity, what, status, number))
