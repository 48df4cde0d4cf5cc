"""The measured values of a transaction as curves on one time axis."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.service.queries import energy_of, power_of
from ocpp_css.edge import gettext, lazy
from ocpp_css.model.metering import SOC, Sample

MOST_POINTS = 2_000
_BY_PHASE = (("Current.Import", lazy("Current"), "A"), ("Voltage", lazy("Voltage"), "V"))
Points = list[tuple[datetime, float]]


def curves(found: Sequence[Sample], transaction: Transaction) -> dict[str, Any]:
    """`x` in seconds and the series that share it, as the chart piece takes them."""
    lines: list[tuple[str, str, Points]] = [
        (gettext("Power"), "kW", [(at, value / 1000) for at, value in power_of(found)])
    ]
    energy = with_ends(energy_of(found), transaction)
    start = transaction.meter_start_wh
    if start is None:
        start = int(energy[0][1]) if energy else 0
    lines.append((gettext("Energy"), "kWh", [(at, (value - start) / 1000) for at, value in energy]))
    for measurand, label, unit in _BY_PHASE:
        lines += [(f"{label} {phase}".strip(), unit, points) for phase, points in by_phase(found, measurand)]
    charge = [(s.at, float(s.value)) for s in found if s.measurand == SOC and isinstance(s.value, Decimal)]
    lines.append((gettext("State of charge"), "%", charge))
    return aligned([line for line in lines if line[2]])


def with_ends(energy: Points, transaction: Transaction) -> Points:
    """The register over time, from what the start to what the stop said: 1.6 tells both beside the meter values."""
    first, last = transaction.started_at, transaction.stopped_at
    if transaction.meter_start_wh is not None and first is not None and (not energy or first < energy[0][0]):
        energy = [(first, float(transaction.meter_start_wh)), *energy]
    if transaction.meter_stop_wh is not None and last is not None and (not energy or last > energy[-1][0]):
        energy = [*energy, (last, float(transaction.meter_stop_wh))]
    return energy


def by_phase(found: Sequence[Sample], measurand: str) -> list[tuple[str, Points]]:
    """The points of a measurand for each phase, the sum without a phase first."""
    phases: dict[str, Points] = defaultdict(list)
    for sample in found:
        if sample.measurand == measurand and isinstance(sample.value, Decimal) and sample.location in {None, "Outlet"}:
            phases[sample.phase or ""].append((sample.at, float(sample.value)))
    return sorted(phases.items())


def aligned(lines: Sequence[tuple[str, str, Points]]) -> dict[str, Any]:
    """All lines over the union of their moments, thinned to what a screen can show; null where a line has no value."""
    moments = sorted({round(at.timestamp(), 3) for _, _, points in lines for at, _ in points})
    step = max(1, -(-len(moments) // MOST_POINTS))
    kept = [*moments[:-1:step], *moments[-1:]]
    places = {moment: place for place, moment in enumerate(kept)}
    series = []
    for label, unit, points in lines:
        values: list[float | None] = [None] * len(kept)
        for at, value in points:
            place = places.get(round(at.timestamp(), 3))
            if place is not None:
                values[place] = round(value, 3)
        series.append({"label": label, "unit": unit, "values": values})
    return {"x": kept, "series": series}
