"""OCPP 2.0.1 and 2.1 to the model and back; where the two differ only in class, both are taken."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import UNSET, UnsetType

from ocpp_css.model.metering import ENERGY, FARTHEST, MOST, POWER, SOC, Reading, Sample
from ocpp_css.model.station import Boot
from ocpp_css.model.token import Authorization
from ocpp_css.ocpp import v21, v201

T = TypeVar("T")

_TOLD = frozenset({ENERGY, POWER, SOC})

ChargingStation = v201.ChargingStation | v21.ChargingStation
MeterValue = v201.MeterValue | v21.MeterValue
SampledValue = v201.SampledValue | v21.SampledValue


def boot(station: ChargingStation, reason: str) -> Boot:
    """A station's description of itself."""
    modem = station.modem
    return Boot(
        vendor=station.vendor_name,
        model=station.model,
        serial_number=_or_none(station.serial_number),
        firmware_version=_or_none(station.firmware_version),
        iccid=None if modem is UNSET else _or_none(modem.iccid),
        imsi=None if modem is UNSET else _or_none(modem.imsi),
        reason=reason,
    )


def id_token_info_201(verdict: Authorization) -> v201.IdTokenInfo:
    """The verdict in the words of 2.0.1 (E01.FR.12, C02.FR.02, C09.FR.12); a group that does not fit cannot be told."""
    fits = verdict.group is not None and len(verdict.group) <= 36
    group = v201.IdToken(id_token=verdict.group, type="Central") if fits and verdict.group is not None else UNSET
    return v201.IdTokenInfo(
        status=verdict.status,
        cache_expiry_date_time=_told_time(verdict.expires_at),
        group_id_token=group,
        language1=verdict.language or UNSET,
    )


def id_token_info_21(verdict: Authorization) -> v21.IdTokenInfo:
    """The verdict in the words of 2.1."""
    group = UNSET if verdict.group is None else v21.IdToken(id_token=verdict.group, type="Central")
    return v21.IdTokenInfo(
        status=verdict.status,
        cache_expiry_date_time=_told_time(verdict.expires_at),
        group_id_token=group,
        language1=verdict.language or UNSET,
    )


def samples(values: Iterable[MeterValue]) -> Iterator[Sample]:
    """Every sample with its unit spelled out and its multiplier applied, kilo units brought to their base."""
    for value in values:
        for sampled in value.sampled_value:
            number, unit = _in_base_unit(sampled)
            yield Sample(
                value.timestamp,
                sampled.measurand or ENERGY,
                number,
                unit,
                _or_none(sampled.phase),
                _or_none(sampled.location),
                sampled.context or "Sample.Periodic",
            )


def reading(values: Sequence[MeterValue]) -> Reading:
    """The newest energy register, power and state of charge, for the whole EVSE (no phase)."""
    at: datetime | None = None
    energy = power = soc = None
    for value in values:
        at = value.timestamp
        for sampled in value.sampled_value:
            measurand = sampled.measurand or ENERGY
            if measurand not in _TOLD or sampled.phase is not UNSET:
                continue
            number = _in_base_unit(sampled)[0]
            whole = round(number) if abs(number) < MOST[measurand] else None
            if measurand == ENERGY:
                energy = whole if whole is not None else energy
            elif measurand == POWER:
                power = whole if whole is not None else power
            else:
                soc = whole if whole is not None else soc
    return Reading(at, energy, power, soc)


def _in_base_unit(sampled: SampledValue) -> tuple[Decimal, str]:
    number = sampled.value
    default = "W" if (sampled.measurand or ENERGY).startswith("Power") else "Wh"
    if sampled.unit_of_measure is UNSET:
        return number, default if (sampled.measurand or ENERGY).startswith(("Energy", "Power")) else ""
    unit = sampled.unit_of_measure.unit or default
    kilo = unit in {"kWh", "kW", "kvar", "kvarh", "kVA"}
    power = (sampled.unit_of_measure.multiplier or 0) + (3 if kilo else 0)
    if max(abs(power), abs(number.adjusted())) <= FARTHEST:
        number = number.scaleb(power)
    return number, unit[1:] if kilo else unit


def _or_none(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def characteristics(
    found: v201.VariableCharacteristics | v21.VariableCharacteristics | UnsetType,
) -> dict[str, str | bool] | None:
    """Unit, type and limits of a variable as plain JSON values; numbers as text, so that none loses digits."""
    if isinstance(found, UnsetType):
        return None
    values: dict[str, object] = {
        "data_type": found.data_type,
        "unit": _or_none(found.unit),
        "min_limit": _or_none(found.min_limit),
        "max_limit": _or_none(found.max_limit),
        "values": _or_none(found.values_list),
        "supports_monitoring": found.supports_monitoring,
    }
    return {
        name: value if isinstance(value, bool) else str(value) for name, value in values.items() if value is not None
    }


def _told_time(moment: datetime | None) -> datetime | UnsetType:
    """A time as a station is told it: whole seconds."""
    return UNSET if moment is None else moment.replace(microsecond=0)
