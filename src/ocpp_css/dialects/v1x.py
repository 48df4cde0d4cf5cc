"""OCPP 1.6 to the model and back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from msgspec import UNSET, UnsetType

from ocpp_css.model.metering import ENERGY, FARTHEST, MOST, POWER, Reading, Sample
from ocpp_css.model.station import Boot
from ocpp_css.model.token import Authorization
from ocpp_css.ocpp import v16

T = TypeVar("T")

_DEFAULT_UNIT = {
    "Energy": "Wh",
    "Power": "W",
    "Current": "A",
    "Voltage": "V",
    "SoC": "Percent",
    "Temperature": "Celsius",
}
_FEW_DIGITS = 10
"""A whole number of less needs no look at how large a reading may be."""
_KILO = {"kWh": "Wh", "kvarh": "varh", "kW": "W", "kVA": "VA", "kvar": "var"}


def boot(request: v16.BootNotificationRequest) -> Boot:
    """A station's description of itself; the charge box serial number stands in for a missing one."""
    serial = _or_none(request.charge_point_serial_number) or _or_none(request.charge_box_serial_number)
    return Boot(
        vendor=request.charge_point_vendor,
        model=request.charge_point_model,
        serial_number=serial,
        firmware_version=_or_none(request.firmware_version),
        iccid=_or_none(request.iccid),
        imsi=_or_none(request.imsi),
        meter_serial_number=_or_none(request.meter_serial_number),
        meter_type=_or_none(request.meter_type),
    )


def place(connector_id: int) -> tuple[int, int]:
    """(EVSE, connector) of a 1.6 connector; connector 0 is the station (RULES 2.7)."""
    return (connector_id, 1) if connector_id else (0, 0)


def id_tag_info(verdict: Authorization) -> v16.IdTagInfo:
    """The verdict in the words of 1.6; a group longer than 20 characters cannot be told."""
    fits = verdict.group is not None and len(verdict.group) <= 20
    return v16.IdTagInfo(
        status=verdict.status,
        parent_id_tag=verdict.group if fits and verdict.group is not None else UNSET,
        expiry_date=_told_time(verdict.expires_at),
    )


def samples(values: Iterable[v16.MeterValue | v16.TransactionData]) -> Iterator[Sample]:
    """Every sample with its unit spelled out, kilo units brought to their base."""
    for value in values:
        for sampled in value.sampled_value:
            measurand = sampled.measurand or ENERGY
            unit = sampled.unit or _DEFAULT_UNIT.get(measurand.split(".", 1)[0], "")
            yield Sample(
                value.timestamp,
                measurand,
                _in_base_unit(sampled.value, kilo=unit in _KILO),
                _KILO.get(unit, unit),
                _or_none(sampled.phase),
                _or_none(sampled.location),
                sampled.context or "Sample.Periodic",
            )


def reading(values: Sequence[v16.MeterValue | v16.TransactionData]) -> Reading:
    """The newest energy register, power and state of charge, for the whole connector (no phase)."""
    at: datetime | None = None
    energy = power = soc = None
    for value in values:
        at = value.timestamp
        for sampled in value.sampled_value:
            if sampled.phase is not UNSET:
                continue
            measurand = sampled.measurand or ENERGY
            if measurand not in MOST or sampled.format == "SignedData":
                continue
            text = sampled.value
            if text.isdecimal() and len(text) < _FEW_DIGITS and sampled.unit not in _KILO:
                number: int | None = int(text)
            else:
                number = _whole(text, MOST[measurand], kilo=sampled.unit in _KILO)
            if number is None:
                continue
            if measurand == ENERGY:
                energy = number
            elif measurand == POWER:
                power = number
            else:
                soc = number
    return Reading(at, energy, power, soc)


def _whole(text: str, most: int, *, kilo: bool) -> int | None:
    number = _in_base_unit(text, kilo=kilo)
    return None if isinstance(number, str) or abs(number) >= most else round(number)


def _in_base_unit(text: str, *, kilo: bool) -> Decimal | str:
    """The number, or the text where it is none or has so many digits that no meter can mean it."""
    number = _number(text)
    if isinstance(number, str) or (kilo and number.adjusted() > FARTHEST):
        return text
    return number.scaleb(3) if kilo else number


def _number(text: str) -> Decimal | str:
    """A finite number, else the text as it came."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _or_none(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _told_time(moment: datetime | None) -> datetime | UnsetType:
    """A time as a station is told it: whole seconds."""
    return UNSET if moment is None else moment.replace(microsecond=0)
