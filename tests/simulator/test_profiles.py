"""Charging profiles: which limit holds, and that it really holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulator.conftest import START, Csms

from ocpp_css.simulator.profiles import DAY_S, Moment, Period, Profile, Profiles

NOW = "2026-05-28T20:26:40Z"


def profile(**changes: Any) -> Profile:
    members: dict[str, Any] = {
        "number": 1,
        "evse": 0,
        "purpose": "TxDefaultProfile",
        "stack_level": 0,
        "kind": "Absolute",
        "recurrency": None,
        "valid_from": None,
        "valid_to": None,
        "transaction": None,
        "unit": "W",
        "duration_s": None,
        "start": START,
        "periods": (Period(0, 5000.0, None),),
        "message": None,
    }
    return Profile(**members | changes)


def at(seconds: float, **changes: Any) -> Moment:
    return Moment(1, START + seconds, None, START, 3)._replace(**changes)


def installed(*rows: Profile) -> Profiles:
    profiles = Profiles()
    for row in rows:
        profiles.install(row)
    return profiles


def test_periods_follow_one_another():
    found = profile(periods=(Period(0, 5000.0, None), Period(60, 3000.0, None), Period(120, 0.0, None)))
    assert [found.limit_w(START + second, None, 3) for second in (-1, 0, 59, 60, 130)] == [None, 5000, 5000, 3000, 0]


def test_amperes_are_per_phase():
    assert profile(unit="A", periods=(Period(0, 10.0, None),)).limit_w(START, None, 3) == 6900
    assert profile(unit="A", periods=(Period(0, 10.0, 1),)).limit_w(START, None, 3) == 2300


def test_a_duration_and_a_validity_end_it():
    assert profile(duration_s=60).limit_w(START + 60, None, 3) is None
    assert profile(valid_to=START + 30).limit_w(START + 30, None, 3) is None
    assert profile(valid_from=START + 30).limit_w(START + 29, None, 3) is None


def test_a_relative_profile_counts_from_the_begin_of_charging():
    found = profile(kind="Relative", start=None, periods=(Period(0, 1.0, None), Period(100, 2.0, None)))
    assert found.limit_w(START, None, 3) is None
    assert found.limit_w(START + 150, START + 100, 3) == 1
    assert found.limit_w(START + 200, START + 100, 3) == 2


def test_a_recurring_profile_comes_back_every_day():
    found = profile(kind="Recurring", recurrency="Daily", duration_s=3600)
    assert found.limit_w(START + 3 * DAY_S + 100, None, 3) == 5000
    assert found.limit_w(START + 3 * DAY_S + 3700, None, 3) is None


def test_the_higher_level_wins_while_it_says_something():
    high = profile(number=2, stack_level=5, duration_s=60, periods=(Period(0, 8000.0, None),))
    profiles = installed(profile(), high)
    assert profiles.limit_w(at(10)) == 8000
    assert profiles.limit_w(at(70)) == 5000


def test_a_tx_profile_overrules_the_default_and_the_station_caps_both():
    own = profile(number=2, purpose="TxProfile", evse=1, periods=(Period(0, 9000.0, None),))
    cap = profile(number=3, purpose="ChargingStationMaxProfile", periods=(Period(0, 7000.0, None),))
    profiles = installed(profile(), own)
    assert profiles.limit_w(at(0)) == 9000
    assert profiles.limit_w(at(0, started=None)) == 5000
    profiles.install(cap)
    assert profiles.limit_w(at(0)) == 7000


def test_a_profile_of_another_transaction_or_evse_says_nothing():
    profiles = installed(profile(purpose="TxProfile", evse=1, transaction="A"), profile(number=2, evse=2))
    assert profiles.limit_w(at(0, transaction="B")) is None
    assert profiles.limit_w(at(0, transaction="A")) == 5000


def test_the_same_place_is_taken_by_the_newer():
    profiles = installed(profile(), profile(number=2), profile(number=2, stack_level=3))
    assert [row.stack_level for row in profiles.installed] == [3]


limits = st.floats(0, 22_000).map(lambda watts: round(watts, 1))
starts = st.lists(st.integers(0, 7200), min_size=1, max_size=5, unique=True).map(sorted)


@st.composite
def some_profile(draw: st.DrawFn) -> Profile:
    periods = tuple(Period(start, draw(limits), None) for start in draw(starts))
    kind = draw(st.sampled_from(["Absolute", "Relative", "Recurring"]))
    return profile(
        number=draw(st.integers(1, 5)),
        purpose=draw(st.sampled_from(["TxDefaultProfile", "TxProfile", "ChargePointMaxProfile"])),
        stack_level=draw(st.integers(0, 3)),
        kind=kind,
        recurrency="Daily" if kind == "Recurring" else None,
        duration_s=draw(st.none() | st.integers(1, 7200)),
        start=START + draw(st.integers(-5000, 5000)),
        periods=periods,
    )


@given(st.lists(some_profile(), max_size=4), st.integers(0, 7199))
def test_the_composite_schedule_says_what_holds(rows: list[Profile], second: int):
    profiles = installed(*rows)
    pieces = profiles.composite(at(0), 7200, 11_000)
    assert pieces[0][0] == 0
    told = [watts for start, watts in pieces if start <= second][-1]
    limit = profiles.limit_w(at(second))
    assert told == min(11_000, 11_000 if limit is None else limit)


# --- on a station ----------------------------------------------------------------------------------------------------


def wire(csms: Csms, watts: float, purpose: str, **more: Any) -> dict[str, Any]:
    periods = [{"startPeriod": 0, "limit": watts}]
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": periods, "startSchedule": NOW}
    shared = {"stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute"} | more
    if csms.version == "1.6":
        return shared | {"chargingProfileId": 5, "chargingSchedule": schedule}
    return shared | {"id": 5, "chargingSchedule": [schedule | {"id": 1}]}


def install(csms: Csms, evse: int, watts: float, purpose: str = "TxDefaultProfile", **more: Any) -> str:
    place, member = ("connectorId", "csChargingProfiles") if csms.version == "1.6" else ("evseId", "chargingProfile")
    answer = csms.ask("SetChargingProfile", {place: evse, member: wire(csms, watts, purpose, **more)})
    return str(answer["status"])


def power(csms: Csms) -> float:
    csms.wait(60)
    return csms.station.evse(1).meter.power_w


def test_a_profile_limits_the_power_and_lets_it_go(csms: Csms):
    csms.charge()
    assert power(csms) == 11_000
    assert install(csms, 1, 6000) == "Accepted"
    assert power(csms) == 6000
    member = "id" if csms.version == "1.6" else "chargingProfileId"
    assert csms.ask("ClearChargingProfile", {member: 5}) == {"status": "Accepted"}
    assert csms.ask("ClearChargingProfile", {member: 5}) == {"status": "Unknown"}
    assert power(csms) == 11_000


def test_the_energy_obeys_the_limit(csms: Csms):
    install(csms, 1, 6000)
    csms.charge()
    before = csms.station.evse(1).meter.register_wh
    csms.wait(3600)
    assert 5900 < csms.station.evse(1).meter.register_wh - before <= 6000


def test_below_six_amperes_charging_is_held_and_told(csms: Csms):
    csms.charge()
    csms.wait(60)
    install(csms, 1, 1000)
    assert power(csms) == 0
    if csms.version == "1.6":
        assert csms.last("StatusNotification")["status"] == "SuspendedEVSE"
    else:
        assert csms.last("TransactionEvent")["transactionInfo"]["chargingState"] == "SuspendedEVSE"


def test_a_station_profile_goes_to_evse_0(csms: Csms):
    purpose = "ChargePointMaxProfile" if csms.version == "1.6" else "ChargingStationMaxProfile"
    assert install(csms, 1, 5000, purpose) == "Rejected"
    assert install(csms, 0, 5000, purpose) == "Accepted"
    csms.charge()
    assert power(csms) == 5000


def test_a_tx_profile_needs_its_transaction_and_ends_with_it(csms: Csms):
    assert install(csms, 1, 5000, "TxProfile") == "Rejected"
    csms.charge()
    assert install(csms, 1, 5000, "TxProfile", transactionId=csms.transaction_id) == "Accepted"
    assert power(csms) == 5000
    csms.do("stop", 1)
    assert csms.station.machine.profiles.installed == []


@pytest.mark.parametrize(("evse", "level"), [(9, 0), (1, 99)])
def test_a_profile_that_does_not_fit_is_rejected(csms: Csms, evse: int, level: int):
    assert install(csms, evse, 5000, stackLevel=level) == "Rejected"


def test_a_remote_start_brings_its_profile(csms: Csms):
    csms.do("plug_in", 1)
    brought = {"chargingProfile": wire(csms, 5000, "TxProfile")}
    if csms.version == "1.6":
        csms.ask("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1} | brought)
    else:
        token = {"idToken": "TAG", "type": "ISO14443"}
        csms.ask("RequestStartTransaction", {"idToken": token, "remoteStartId": 1, "evseId": 1} | brought)
    assert power(csms) == 5000


def test_the_composite_schedule_is_told(csms: Csms):
    install(csms, 1, 6900)
    place = "connectorId" if csms.version == "1.6" else "evseId"
    answer = csms.ask("GetCompositeSchedule", {place: 1, "duration": 3600, "chargingRateUnit": "A"})
    schedule = answer["chargingSchedule" if csms.version == "1.6" else "schedule"]
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.0}]
    assert csms.ask("GetCompositeSchedule", {place: 8, "duration": 3600})["status"] == "Rejected"


def test_installed_profiles_are_reported(csms2: Csms):
    install(csms2, 1, 6900)
    wish = {"requestId": 3, "chargingProfile": {"chargingProfilePurpose": "TxDefaultProfile"}}
    assert csms2.ask("GetChargingProfiles", wish) == {"status": "Accepted"}
    report = csms2.last("ReportChargingProfiles")
    assert report["chargingProfile"][0]["id"] == 5
    nothing = wish | {"evseId": 0}
    assert csms2.ask("GetChargingProfiles", nothing) == {"status": "NoProfiles"}


def test_a_dynamic_profile_of_2_1_is_updated():
    csms = Csms("2.1").boot()
    install(csms, 1, 8000, chargingProfileKind="Dynamic")
    csms.charge()
    assert power(csms) == 8000
    update = {"chargingProfileId": 5, "scheduleUpdate": {"limit": 5000}}
    assert csms.ask("UpdateDynamicSchedule", update) == {"status": "Accepted"}
    assert power(csms) == 5000
    assert csms.ask("UpdateDynamicSchedule", update | {"chargingProfileId": 6}) == {"status": "Rejected"}


def test_priority_charging_of_2_1_goes_first():
    csms = Csms("2.1").boot()
    install(csms, 1, 5000)
    csms.charge()
    wish = {"transactionId": csms.transaction_id, "activate": True}
    assert csms.ask("UsePriorityCharging", wish) == {"status": "NoProfile"}
    rows = wire(csms, 9000, "PriorityCharging") | {"id": 6}
    csms.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": rows})
    assert power(csms) == 5000
    assert csms.ask("UsePriorityCharging", wish) == {"status": "Accepted"}
    assert csms.last("NotifyPriorityCharging")["activated"] is True
    assert power(csms) == 9000
