"""How an emulated vehicle draws power, and what the meter shows of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

VOLTS: Final = 230.0
"""Nominal voltage between a phase and the neutral."""

RAMP_S: Final = 20.0
MIN_AMPERES: Final = 6.0
"""Below this AC charging stops (IEC 61851-1)."""

_STEP_S: Final = 10.0
_DC_KNEE, _AC_KNEE = 0.6, 0.95
_DC_LAST, _AC_LAST = 0.12, 0.25


@dataclass(slots=True)
class Vehicle:
    """The car at an EVSE: `charge` is its share of `capacity_wh`, `limit_w` what it can take; it rests when paused."""

    capacity_wh: float
    charge: float
    limit_w: float
    target: float = 1.0
    is_paused: bool = False

    @property
    def is_full(self) -> bool:
        """It takes nothing more."""
        return self.charge >= self.target

    @classmethod
    def arriving(cls, rng: Random, power_w: float, *, is_dc: bool) -> "Vehicle":
        """Some car, with some charge left."""
        capacity_wh = rng.choice((40_000, 52_000, 58_000, 77_000, 82_000, 100_000))
        limit_w = power_w * rng.uniform(0.8, 1.0) if is_dc else power_w
        return cls(capacity_wh, rng.uniform(0.1, 0.55), limit_w)

    def demand_w(self, since_s: float, *, is_dc: bool) -> float:
        """What it would take now, `since_s` seconds after the contactor closed: a ramp, a plateau, a taper."""
        if self.is_paused or self.is_full:
            return 0.0
        knee, last = (_DC_KNEE, _DC_LAST) if is_dc else (_AC_KNEE, _AC_LAST)
        taper = 1.0
        if self.charge > knee:
            taper = 1.0 - (1.0 - last) * (self.charge - knee) / (1.0 - knee)
        return self.limit_w * min(1.0, max(0.05, since_s / RAMP_S)) * taper


@dataclass(slots=True)
class Meter:
    """An electricity meter: the register only grows, unless a fault is asked for."""

    register_wh: float = 0.0
    power_w: float = 0.0

    def step(self, vehicle: Vehicle, power_w: float, seconds: float) -> None:
        """Let `power_w` flow for so long, as far as the battery takes it."""
        room_wh = max(0.0, (vehicle.target - vehicle.charge) * vehicle.capacity_wh)
        energy_wh = min(power_w * seconds / 3600, room_wh)
        vehicle.charge += energy_wh / vehicle.capacity_wh
        if room_wh - energy_wh < 0.5:
            vehicle.charge = vehicle.target
        self.register_wh += energy_wh


def steps(seconds: float) -> Iterable[float]:
    """Pieces short enough to follow the curve; a long gap gets at most some hundred."""
    count = min(360, int(seconds // _STEP_S) + 1)
    return (seconds / count for _ in range(count))


def allowed_w(demand_w: float, limit_w: float, *, is_dc: bool, phases: int) -> float:
    """What flows under a limit; AC below 6 A a phase does not flow at all."""
    power_w = min(demand_w, limit_w)
    return 0.0 if not is_dc and limit_w < MIN_AMPERES * VOLTS * phases else power_w


class Value(NamedTuple):
    """One measured value, version-neutral."""

    measurand: str
    value: Decimal
    unit: str
    phase: str | None = None


class Supply(NamedTuple):
    """What the readings depend on besides the meter."""

    offered_w: float
    charge: float | None
    is_dc: bool
    phases: int


def readings(measurands: Iterable[str], meter: Meter, supply: Supply, rng: Random) -> list[Value]:
    """One reading of the meter: the measurands that apply, with a little noise."""
    values: list[Value] = []
    for measurand in measurands:
        values.extend(_reading(measurand, meter, supply, rng))
    return values


def _reading(measurand: str, meter: Meter, supply: Supply, rng: Random) -> list[Value]:
    match measurand:
        case "Energy.Active.Import.Register":
            return [Value(measurand, Decimal(int(meter.register_wh)), "Wh")]
        case "Power.Active.Import":
            return [Value(measurand, _number(meter.power_w, 1), "W")]
        case "Power.Offered":
            return [Value(measurand, _number(supply.offered_w, 1), "W")]
        case "Current.Import":
            return _currents(meter, supply, rng)
        case "Current.Offered":
            return [Value(measurand, _number(supply.offered_w / _volts(supply), 1), "A")]
        case _:
            return _others(measurand, supply, rng)


def _others(measurand: str, supply: Supply, rng: Random) -> list[Value]:
    match measurand:
        case "Voltage":
            return _voltages(supply, rng)
        case "Frequency":
            return [Value(measurand, _number(50 + rng.uniform(-0.03, 0.03), 2), "Hertz")]
        case "Temperature":
            return [Value(measurand, _number(28 + rng.uniform(-1, 1), 1), "Celsius")]
        case "SoC" if supply.charge is not None:
            return [Value(measurand, Decimal(int(supply.charge * 100)), "Percent")]
        case _:
            return []


def _volts(supply: Supply) -> float:
    return 400.0 if supply.is_dc else VOLTS * supply.phases


def _currents(meter: Meter, supply: Supply, rng: Random) -> list[Value]:
    amperes = meter.power_w / _volts(supply)
    if supply.is_dc:
        return [Value("Current.Import", _number(amperes, 1), "A")]
    return [
        Value("Current.Import", _number(max(0.0, amperes * rng.uniform(0.99, 1.01)), 2), "A", f"L{phase}")
        for phase in range(1, supply.phases + 1)
    ]


def _voltages(supply: Supply, rng: Random) -> list[Value]:
    if supply.is_dc:
        charge = supply.charge or 0.0
        return [Value("Voltage", _number(350 + 80 * charge + rng.uniform(-1, 1), 1), "V")]
    return [
        Value("Voltage", _number(VOLTS + rng.uniform(-2.5, 2.5), 1), "V", f"L{phase}-N")
        for phase in range(1, supply.phases + 1)
    ]


def _number(value: float, places: int) -> Decimal:
    return Decimal(f"{value:.{places}f}")
