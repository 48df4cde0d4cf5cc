"""Meter values, whatever version they came in."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
SOC = "SoC"
MOST = {ENERGY: 10**15, POWER: 10**9, SOC: 10**9}
"""A reading beyond is no reading."""
FARTHEST = 1_000
"""Powers of ten beyond are taken as they were written: the arithmetic of decimals ends there."""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One measured value; `value` is a number in `unit`, or text where the station signed or garbled it."""

    at: datetime
    measurand: str
    value: Decimal | str
    unit: str
    phase: str | None = None
    location: str | None = None
    context: str | None = None


class Reading(NamedTuple):
    """What the newest meter values of a message say in sum; None where they do not."""

    at: datetime | None = None
    energy_wh: int | None = None
    power_w: int | None = None
    soc_percent: int | None = None

    def then(self, later: "Reading") -> "Reading":
        """What is known when `later` was read too; one that is older changes nothing."""
        if self.at is not None and later.at is not None and later.at < self.at:
            return self
        if later.energy_wh is not None and later.power_w is not None and later.soc_percent is not None:
            return later
        return Reading(
            later.at,
            self.energy_wh if later.energy_wh is None else later.energy_wh,
            self.power_w if later.power_w is None else later.power_w,
            self.soc_percent if later.soc_percent is None else later.soc_percent,
        )


NO_READING = Reading()
