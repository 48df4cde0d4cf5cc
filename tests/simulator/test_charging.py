"""Plugging, tokens, transactions and meter values, in each version."""

from decimal import Decimal
from typing import Any

import pytest
from tests.simulator.conftest import Csms

from ocpp_css.simulator.power import Vehicle
from ocpp_css.simulator.station import NoSuchEvse


def energies(csms: Csms) -> list[Decimal]:
    """The energy register in the order it was told."""
    found = []
    for name, payload in csms.calls:
        rows = payload.get("meterValue", []) if name != "StopTransaction" else payload.get("transactionData", [])
        for row in rows[-1:]:
            register = [v for v in row["sampledValue"] if v["measurand"] == "Energy.Active.Import.Register"]
            found += [Decimal(str(value["value"])) for value in register]
    return found


def values(payload: dict[str, Any], measurand: str) -> dict[str | None, float]:
    rows = payload["meterValue"][0]["sampledValue"]
    return {row.get("phase"): float(row["value"]) for row in rows if row["measurand"] == measurand}


def refusing(csms: Csms, action: str, status: str = "Blocked") -> None:
    member = "idTagInfo" if csms.version == "1.6" else "idTokenInfo"
    number = {"transactionId": 77} if action == "StartTransaction" else {}
    csms.answers[action] = lambda payload: {member: {"status": status}, **number}


def test_a_charge_of_1_6(csms16: Csms):
    csms16.forget()
    csms16.charge()
    csms16.wait(130)
    csms16.do("stop", 1)
    csms16.do("unplug", 1)
    assert csms16.names == [
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
        "MeterValues",
        "MeterValues",
        "StopTransaction",
        "StatusNotification",
        "StatusNotification",
    ]
    statuses = [payload["status"] for payload in csms16.all("StatusNotification")]
    assert statuses == ["Preparing", "Charging", "Finishing", "Available"]
    stop = csms16.last("StopTransaction")
    assert stop["transactionId"] == csms16.last("MeterValues")["transactionId"] == 101
    assert stop["meterStop"] > csms16.last("StartTransaction")["meterStart"]
    assert stop["reason"] == "Local"
    contexts = [row["sampledValue"][0]["context"] for row in stop["transactionData"]]
    assert contexts == ["Transaction.Begin", "Transaction.End"]


def test_a_charge_of_2_x(csms2: Csms):
    csms2.forget()
    csms2.charge()
    csms2.wait(130)
    csms2.do("stop", 1)
    csms2.do("unplug", 1)
    events = csms2.all("TransactionEvent")
    assert [event["eventType"] for event in events] == ["Started", "Updated", "Updated", "Updated", "Ended"]
    assert [event["triggerReason"] for event in events] == [
        "Authorized",
        "ChargingStateChanged",
        "MeterValuePeriodic",
        "MeterValuePeriodic",
        "StopAuthorized",
    ]
    assert [event["seqNo"] for event in events] == list(range(5))
    assert len({event["transactionInfo"]["transactionId"] for event in events}) == 1
    assert events[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}
    assert events[1]["transactionInfo"]["chargingState"] == "Charging"
    assert events[-1]["transactionInfo"]["stoppedReason"] == "Local"
    assert all("offline" not in event for event in events)


def test_the_order_of_token_and_cable_does_not_matter(csms: Csms):
    csms.do("start", 1, "TAG")
    assert csms.station.evse(1).transaction is None
    csms.do("plug_in", 1)
    assert csms.station.evse(1).transaction is not None


def test_nobody_plugs_in_and_the_token_expires(csms: Csms):
    csms.do("start", 1, "TAG")
    csms.wait(61)
    assert csms.station.evse(1).grant is None
    csms.do("plug_in", 1)
    assert csms.station.evse(1).transaction is None


def test_a_refused_token_starts_nothing(csms: Csms):
    refusing(csms, "Authorize")
    csms.charge()
    assert csms.station.evse(1).transaction is None
    assert csms.station.evse(1).refusal == "Blocked"


def test_a_token_refused_at_the_start_stops_the_transaction(csms: Csms):
    action = "StartTransaction" if csms.version == "1.6" else "TransactionEvent"
    refusing(csms, action, "ConcurrentTx")
    csms.charge()
    assert csms.station.evse(1).transaction is None
    if csms.version == "1.6":
        assert csms.last("StopTransaction")["reason"] == "DeAuthorized"
        assert csms.last("StopTransaction")["transactionId"] == 77
    else:
        last = csms.last("TransactionEvent")
        assert last["triggerReason"] == "Deauthorized"
        assert last["transactionInfo"]["stoppedReason"] == "DeAuthorized"


def test_a_refused_token_leaves_a_transaction_that_ends_with_the_cable(csms2: Csms):
    csms2.station.machine.settings.put("tx_stop", "EVConnected")
    refusing(csms2, "TransactionEvent")
    csms2.charge()
    last = csms2.last("TransactionEvent")
    assert (last["eventType"], last["triggerReason"]) == ("Updated", "Deauthorized")
    assert last["transactionInfo"]["chargingState"] == "EVConnected"
    csms2.do("unplug", 1)
    assert csms2.last("TransactionEvent")["eventType"] == "Ended"


def test_where_it_may_not_stop_it_gives_no_energy(csms: Csms):
    csms.station.machine.settings.put("stop_on_invalid", "false")
    refusing(csms, "StartTransaction" if csms.version == "1.6" else "TransactionEvent")
    csms.charge()
    evse = csms.station.evse(1)
    assert evse.transaction is not None
    before = evse.meter.register_wh
    csms.wait(600)
    assert evse.meter.register_wh == before
    assert evse.charging_state == "SuspendedEVSE"


def test_only_the_same_token_or_group_stops(csms: Csms):
    csms.charge()
    csms.do("stop", 1, token="OTHER")
    assert csms.station.evse(1).refusal == "OtherToken"
    csms.do("stop", 1, token="tag")
    assert csms.station.evse(1).transaction is None


def test_a_token_of_the_group_stops(csms16: Csms):
    info = {"status": "Accepted", "parentIdTag": "FLEET"}
    csms16.answers["Authorize"] = {"idTagInfo": info}
    csms16.answers["StartTransaction"] = {"idTagInfo": info, "transactionId": 5}
    csms16.do("authorize", "OTHER")
    csms16.charge()
    csms16.do("stop", 1, token="OTHER")
    assert csms16.last("StopTransaction")["idTag"] == "OTHER"


def test_pulling_the_cable_ends_it(csms: Csms):
    csms.charge()
    csms.do("unplug", 1)
    assert csms.station.evse(1).transaction is None
    if csms.version == "1.6":
        assert csms.last("StopTransaction")["reason"] == "EVDisconnected"
    else:
        assert csms.last("TransactionEvent")["triggerReason"] == "EVCommunicationLost"


def test_a_pause_of_the_vehicle_is_told(csms: Csms):
    csms.charge()
    csms.wait(30)
    csms.do("suspend", 1)
    csms.wait(1)
    if csms.version == "1.6":
        assert csms.last("StatusNotification")["status"] == "SuspendedEV"
    else:
        assert csms.last("TransactionEvent")["transactionInfo"]["chargingState"] == "SuspendedEV"
    csms.do("suspend", 1, is_paused=False)
    assert csms.station.evse(1).charging_state == "Charging"


def test_a_full_battery_suspends(csms: Csms):
    csms.do("plug_in", 1, vehicle=Vehicle(capacity_wh=500, charge=0.5, limit_w=11_000))
    csms.do("start", 1, "TAG")
    csms.wait(600)
    evse = csms.station.evse(1)
    assert evse.charging_state == "SuspendedEV"
    assert evse.transaction is not None
    assert round(evse.meter.register_wh - evse.transaction.meter_start_wh) == 250


def test_a_fault_ends_the_charge_and_is_told(csms: Csms):
    csms.charge()
    csms.do("break_down", 1, code="GroundFailure")
    assert csms.station.evse(1).transaction is None
    if csms.version == "1.6":
        assert csms.last("StatusNotification")["errorCode"] == "GroundFailure"
        assert csms.last("StatusNotification")["status"] == "Faulted"
    else:
        assert csms.last("NotifyEvent")["eventData"][0]["techCode"] == "GroundFailure"
        assert csms.last("StatusNotification")["connectorStatus"] == "Faulted"
    csms.do("repair", 1)
    assert csms.station.evse(1).fault is None


@pytest.mark.parametrize("power_w", [3_700, 11_000, 22_000, 150_000])
def test_energy_only_grows(csms: Csms, power_w: int):
    fresh = Csms(csms.version, power_w=power_w).boot()
    for _ in range(3):
        fresh.charge()
        fresh.wait(1800)
        fresh.do("stop", 1)
        fresh.do("unplug", 1)
        fresh.wait(60)
    told = energies(fresh)
    assert len(told) > 60
    assert told == sorted(told)
    assert told[-1] > told[0] + 1000


def test_ac_has_three_phases_that_add_up(csms: Csms):
    csms.charge()
    csms.wait(60)
    action = "MeterValues" if csms.version == "1.6" else "TransactionEvent"
    payload = csms.last(action)
    currents, voltages = values(payload, "Current.Import"), values(payload, "Voltage")
    assert list(currents) == ["L1", "L2", "L3"]
    assert list(voltages) == ["L1-N", "L2-N", "L3-N"]
    power = values(payload, "Power.Active.Import")[None]
    total = sum(a * v for a, v in zip(currents.values(), voltages.values(), strict=True))
    assert abs(total - power) < 0.05 * power


def test_dc_tells_the_state_of_charge_and_tapers(csms: Csms):
    fresh = Csms(csms.version, power_w=150_000).boot()
    fresh.do("plug_in", 1, vehicle=Vehicle(capacity_wh=80_000, charge=0.3, limit_w=150_000))
    fresh.do("start", 1, "TAG")
    action = "MeterValues" if csms.version == "1.6" else "TransactionEvent"
    powers, charges = [], []
    for _ in range(40):
        fresh.wait(60)
        payload = fresh.last(action)
        powers.append(values(payload, "Power.Active.Import")[None])
        charges.append(values(payload, "SoC")[None])
        if charges[-1] == 100:
            break
    assert charges == sorted(charges)
    assert powers[1] == 150_000
    assert powers == sorted(powers, reverse=True) or powers[0] < powers[1]
    assert powers[charges.index(next(c for c in charges if c > 90))] < 60_000


def test_clock_aligned_values_come_on_the_clock(csms: Csms):
    csms.station.machine.settings.put("aligned_s", "900")
    csms.do("restart")
    csms.wait(20)
    csms.forget()
    csms.wait(1800)
    rows = csms.all("MeterValues")
    assert [row["meterValue"][0]["timestamp"][14:] for row in rows] == ["30:00Z", "45:00Z"]
    assert rows[0]["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"


def test_no_interval_sends_no_samples(csms: Csms):
    csms.station.machine.settings.put("sample_s", "0")
    csms.charge()
    csms.forget()
    csms.wait(290)
    assert csms.names == []


def test_time_can_run_faster(csms: Csms):
    fresh = Csms(csms.version, time_scale=60).boot()
    fresh.charge()
    before = fresh.station.evse(1).meter.register_wh
    fresh.wait(30)
    assert 5000 < fresh.station.evse(1).meter.register_wh - before < 5600
    action = "MeterValues" if csms.version == "1.6" else "TransactionEvent"
    assert len(fresh.all(action)) >= 29


def test_local_pre_authorization_asks_nobody(csms: Csms):
    csms.charge()
    csms.do("stop", 1)
    csms.station.machine.settings.put("local_pre", "true")
    csms.forget()
    csms.do("start", 1, "TAG")
    assert "Authorize" not in csms.names
    assert csms.station.evse(1).transaction is not None


def test_a_transaction_may_begin_with_the_cable(csms2: Csms):
    csms2.station.machine.settings.put("tx_start", "EVConnected")
    csms2.station.machine.settings.put("tx_stop", "EVConnected")
    csms2.do("plug_in", 1)
    started = csms2.last("TransactionEvent")
    assert started["triggerReason"] == "CablePluggedIn"
    assert "idToken" not in started
    csms2.do("start", 1, "TAG")
    updated = csms2.last("TransactionEvent")
    assert (updated["eventType"], updated["triggerReason"]) == ("Updated", "Authorized")
    assert updated["idToken"]["idToken"] == "TAG"
    csms2.do("stop", 1)
    assert csms2.last("TransactionEvent")["triggerReason"] == "StopAuthorized"
    assert csms2.last("TransactionEvent")["eventType"] == "Updated"
    csms2.do("unplug", 1)
    assert csms2.last("TransactionEvent")["eventType"] == "Ended"


def test_a_transaction_may_begin_with_the_token(csms2: Csms):
    csms2.station.machine.settings.put("tx_start", "Authorized")
    csms2.do("start", 1, "TAG")
    assert csms2.last("TransactionEvent")["eventType"] == "Started"
    csms2.wait(61)
    ended = csms2.last("TransactionEvent")
    assert ended["triggerReason"] == "EVConnectTimeout"
    assert ended["transactionInfo"]["stoppedReason"] == "Timeout"


def test_an_evse_that_is_not_there_is_refused(csms: Csms):
    with pytest.raises(NoSuchEvse, match="no EVSE 3"):
        csms.do("plug_in", 3)
