"""Boot, heartbeat, reset and reconnecting, by the clock of the test."""

import pytest
from tests.simulator.conftest import START, Csms

NOW = "2026-05-28T20:26:40Z"


def boot_answer(status: str, interval: int) -> dict[str, object]:
    return {"currentTime": NOW, "interval": interval, "status": status}


def test_an_accepted_station_tells_its_statuses(csms: Csms):
    expected = 2 if csms.version == "1.6" else 1
    assert csms.names == ["BootNotification", *["StatusNotification"] * expected]


def test_it_sends_heartbeats_at_the_interval_of_the_boot(csms: Csms):
    csms.forget()
    csms.wait(299)
    assert csms.names == []
    csms.wait(602)
    assert csms.names == ["Heartbeat"] * 3


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_it_boots_again_until_it_is_accepted(version: str, status: str):
    csms = Csms(version)
    csms.answers["BootNotification"] = boot_answer(status, 40)
    csms.boot()
    csms.wait(39)
    assert csms.names == ["BootNotification"]
    assert not csms.station.is_ready
    csms.answers["BootNotification"] = boot_answer("Accepted", 0)
    csms.wait(2)
    assert csms.station.is_ready
    assert csms.names[:3] == ["BootNotification", "BootNotification", "StatusNotification"]


def test_no_interval_means_a_minute(csms: Csms):
    fresh = Csms(csms.version)
    fresh.answers["BootNotification"] = boot_answer("Pending", 0)
    fresh.boot()
    fresh.wait(59)
    assert len(fresh.all("BootNotification")) == 1
    fresh.wait(2)
    assert len(fresh.all("BootNotification")) == 2


def test_a_pending_station_sends_only_what_it_is_asked_for(csms: Csms):
    fresh = Csms(csms.version)
    fresh.answers["BootNotification"] = boot_answer("Pending", 300)
    fresh.boot()
    fresh.charge()
    fresh.forget()
    assert fresh.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    assert fresh.names == ["Heartbeat"]


def test_a_pending_station_reports_when_asked(csms2: Csms):
    fresh = Csms(csms2.version)
    fresh.answers["BootNotification"] = boot_answer("Pending", 300)
    fresh.boot()
    fresh.ask("GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
    assert len(fresh.all("NotifyReport")) > 2


def test_a_rejected_station_of_2_x_does_nothing_for_its_rejecter(csms2: Csms):
    fresh = Csms(csms2.version)
    fresh.answers["BootNotification"] = boot_answer("Rejected", 300)
    fresh.boot()
    assert fresh.ask("ClearCache") == "SecurityError"


def test_an_error_at_boot_is_tried_again(csms: Csms):
    fresh = Csms(csms.version)
    fresh.answers["BootNotification"] = ("InternalError",)
    fresh.boot()
    fresh.wait(61)
    assert len(fresh.all("BootNotification")) == 2
    assert fresh.station.counts.errors == 2


def test_it_reconnects_with_growing_pauses_and_no_new_boot(csms: Csms):
    csms.forget()
    csms.cut()
    pauses = []
    for _ in range(5):
        due = csms.station.next_due
        assert due is not None
        pauses.append(due - csms.now)
        csms.wait(due - csms.now)
    for doubling, pause in enumerate(pauses):
        assert 2**doubling <= pause <= 2**doubling + 2
    csms.mend()
    assert csms.station.is_ready
    assert "BootNotification" not in csms.names
    assert csms.station.counts.reconnects == 1


def test_after_a_short_absence_only_news_is_told(csms: Csms):
    csms.forget()
    csms.cut()
    csms.is_reachable = True
    csms.wait(5)
    assert csms.names == []


def test_after_a_long_absence_every_status_is_told(csms: Csms):
    csms.forget()
    csms.cut()
    csms.wait(100)
    csms.mend()
    assert len(csms.all("StatusNotification")) == (2 if csms.version == "1.6" else 1)


def test_a_change_while_away_is_told(csms: Csms):
    csms.forget()
    csms.cut()
    csms.do("plug_in", 1)
    csms.is_reachable = True
    csms.wait(5)
    assert len(csms.all("StatusNotification")) == 1


def test_no_answer_three_times_means_a_new_connection(csms: Csms):
    csms.is_silent = True
    csms.wait(300 * 3 + 100)
    assert csms.hung_up[0].reason == "no answer"
    assert csms.station.counts.timeouts >= 3


def test_a_hard_reset_stops_and_closes_at_once(csms16: Csms):
    csms16.charge()
    csms16.forget()
    csms16.answers["StopTransaction"] = None
    assert csms16.ask("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    assert csms16.names == ["StopTransaction"]
    assert csms16.last("StopTransaction")["reason"] == "HardReset"
    assert len(csms16.hung_up) == 1
    csms16.answers["StopTransaction"] = {}
    csms16.forget()
    csms16.wait(20)
    assert csms16.names[0] == "BootNotification"
    assert csms16.names.count("StopTransaction") == 1


def test_a_soft_reset_waits_for_the_answers(csms16: Csms):
    csms16.charge()
    csms16.forget()
    csms16.ask("Reset", {"type": "Soft"})
    csms16.wait(1)
    assert csms16.names == ["StopTransaction", "StatusNotification"]
    assert csms16.last("StopTransaction")["reason"] == "SoftReset"
    csms16.wait(20)
    assert "BootNotification" in csms16.names


def test_a_reset_of_2_x_tells_its_reason(csms2: Csms):
    csms2.charge()
    assert csms2.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    csms2.wait(20)
    ended = csms2.last("TransactionEvent")
    assert ended["eventType"] == "Ended"
    assert ended["triggerReason"] == "ResetCommand"
    assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert csms2.last("BootNotification")["reason"] == "RemoteReset"


def test_a_reset_on_idle_waits_for_the_transaction(csms2: Csms):
    csms2.charge()
    assert csms2.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    csms2.wait(60)
    assert len(csms2.all("BootNotification")) == 1
    csms2.do("stop", 1)
    csms2.wait(30)
    assert csms2.last("BootNotification")["reason"] == "ScheduledReset"


def test_one_evse_is_reset_without_a_restart(csms2: Csms):
    csms2.charge()
    assert csms2.ask("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Accepted"}
    csms2.wait(30)
    assert csms2.station.evse(1).transaction is None
    assert len(csms2.all("BootNotification")) == 1
    assert csms2.ask("Reset", {"type": "Immediate", "evseId": 9}) == {"status": "Rejected"}


def test_a_station_that_is_switched_off_stays_away(csms: Csms):
    csms.do("power_off")
    assert not csms.station.is_online
    csms.wait(1000)
    assert not csms.station.is_online


def test_the_same_seed_sends_the_same_bytes(csms: Csms):
    def play() -> list[bytes]:
        other = Csms(csms.version).boot()
        other.charge()
        other.wait(300)
        return other.raw

    assert play() == play()


def test_a_new_interval_holds_at_once(csms: Csms):
    if csms.version == "1.6":
        csms.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "10"})
    else:
        component, variable = {"name": "OCPPCommCtrlr"}, {"name": "HeartbeatInterval"}
        row = {"attributeValue": "10", "component": component, "variable": variable}
        csms.ask("SetVariables", {"setVariableData": [row]})
    csms.forget()
    csms.wait(25)
    assert csms.names == ["Heartbeat"] * 2


def test_pings_go_out_at_their_interval(csms16: Csms):
    from ocpp_css.simulator.effects import Ping

    csms16.ask("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "30"})
    csms16.cut()
    csms16.mend()
    pings = 0
    end = csms16.now + 61
    while (due := csms16.station.next_due) is not None and due <= end:
        csms16.station.tick(due)
        pings += sum(isinstance(effect, Ping) for effect in csms16.station.take_effects())
    assert pings == 2


def test_time_stamps_follow_the_given_clock(csms2: Csms):
    csms2.wait(3600)
    csms2.do("plug_in", 1)
    assert csms2.last("StatusNotification")["timestamp"] == "2026-05-28T21:26:40Z"
    assert csms2.now == START + 3600
