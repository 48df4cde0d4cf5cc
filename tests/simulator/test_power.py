"""The curve, the meter, the readings."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.simulator.power import Meter, Supply, Vehicle, allowed_w, readings, steps

shares = st.floats(0, 1)


@given(shares, st.floats(0, 36_000), st.booleans())
def test_the_demand_stays_within_what_the_vehicle_takes(charge: float, since_s: float, is_dc: bool):
    demand = Vehicle(60_000, charge, 11_000).demand_w(since_s, is_dc=is_dc)
    assert 0 <= demand <= 11_000


@given(shares, shares, st.booleans())
def test_a_fuller_battery_never_takes_more(one: float, other: float, is_dc: bool):
    low, high = sorted((one, other))
    demands = [Vehicle(60_000, charge, 100_000).demand_w(100, is_dc=is_dc) for charge in (low, high)]
    assert demands[0] >= demands[1]


@given(shares, st.floats(0, 350_000), st.floats(0, 7200))
def test_the_meter_only_grows_and_the_battery_does_not_overflow(charge: float, power_w: float, seconds: float):
    meter, vehicle = Meter(1000.0), Vehicle(60_000, charge, 350_000)
    meter.step(vehicle, power_w, seconds)
    assert meter.register_wh >= 1000
    assert charge <= vehicle.charge <= 1


def test_it_ramps_up():
    vehicle = Vehicle(60_000, 0.3, 10_000)
    demands = [vehicle.demand_w(second, is_dc=False) for second in (0, 5, 10, 20, 60)]
    assert demands == sorted(demands)
    assert demands[-1] == 10_000


def test_a_paused_vehicle_takes_nothing():
    assert Vehicle(60_000, 0.3, 10_000, is_paused=True).demand_w(60, is_dc=False) == 0


@pytest.mark.parametrize(("limit_w", "is_dc", "power_w"), [(4139, False, 0), (4140, False, 4140), (100, True, 100)])
def test_ac_needs_six_amperes(limit_w: float, is_dc: bool, power_w: float):
    assert allowed_w(11_000, limit_w, is_dc=is_dc, phases=3) == power_w


@given(st.floats(0, 1_000_000))
def test_steps_add_up(seconds: float):
    pieces = list(steps(seconds))
    assert len(pieces) <= 360
    assert sum(pieces) == pytest.approx(seconds)


def test_what_does_not_apply_is_left_out():
    ac = Supply(11_000, None, is_dc=False, phases=3)
    names = ["SoC", "NoSuchThing", "Frequency", "Temperature", "Power.Offered", "Current.Offered"]
    found = readings(names, Meter(), ac, Random(1))
    assert [value.measurand for value in found] == names[2:]
