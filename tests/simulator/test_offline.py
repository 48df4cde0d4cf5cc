"""What a station keeps while it is away, and how it sends it."""

import pytest
from tests.simulator.conftest import Csms

from ocpp_css.simulator.outbox import KEPT_LIMIT, Letter, Outbox

KEPT = {"StartTransaction", "MeterValues", "StopTransaction", "TransactionEvent"}


def offline_charge(csms: Csms) -> None:
    csms.station.machine.settings.put("unknown_offline", "true")
    csms.cut()
    csms.charge()
    csms.wait(130)
    csms.do("stop", 1)
    csms.do("unplug", 1)


def test_a_charge_while_away_is_told_in_order(csms: Csms):
    csms.forget()
    offline_charge(csms)
    assert csms.names == []
    csms.mend()
    told = [name for name in csms.names if name in KEPT]
    if csms.version == "1.6":
        assert told == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
        assert csms.last("StopTransaction")["transactionId"] == 101
        assert {row["transactionId"] for row in csms.all("MeterValues")} == {101}
    else:
        events = csms.all("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        assert all(event["offline"] for event in events)
        stamps = [event["timestamp"] for event in events]
        assert stamps == sorted(stamps)


def test_what_was_on_its_way_is_sent_again_with_a_new_id(csms: Csms):
    first = "StartTransaction" if csms.version == "1.6" else "TransactionEvent"
    csms.answers[first] = None
    csms.charge()
    assert csms.names[-1] == first
    earlier = csms.calls[-1][1]
    old = csms.ids[-1]
    csms.answers[first] = Csms(csms.version).answers[first]
    csms.forget()
    csms.cut()
    csms.mend()
    assert csms.all(first)[0] == earlier
    assert old not in csms.ids
    assert len(set(csms.ids)) == len(csms.ids)


def test_every_message_id_is_new(csms: Csms):
    for _ in range(3):
        csms.charge()
        csms.wait(200)
        csms.cut()
        csms.wait(100)
        csms.mend()
        csms.do("stop", 1)
        csms.do("unplug", 1)
    assert len(csms.ids) > 20
    assert len(set(csms.ids)) == len(csms.ids)
    assert max(map(len, csms.ids)) <= 36


def test_an_error_is_answered_by_another_try_up_to_the_limit(csms: Csms):
    action = "StopTransaction" if csms.version == "1.6" else "TransactionEvent"
    csms.charge()
    csms.answers[action] = ("InternalError",)
    csms.forget()
    csms.do("stop", 1)
    assert csms.names.count(action) == 1
    csms.station.machine.link.retry.interval_s = 10
    csms.wait(69)
    attempts = csms.names.count(action)
    csms.wait(300)
    assert csms.names.count(action) == 3
    assert attempts >= 2
    assert len(csms.station.machine.link.outbox) == 0


def test_other_messages_pass_while_a_retry_waits(csms: Csms):
    action = "StopTransaction" if csms.version == "1.6" else "TransactionEvent"
    csms.charge()
    csms.answers[action] = ("InternalError",)
    csms.do("stop", 1)
    csms.forget()
    csms.do("unplug", 1)
    assert csms.names == ["StatusNotification"]


def test_an_unanswered_start_leaves_the_stop_without_an_id(csms16: Csms):
    csms16.ask("ChangeConfiguration", {"key": "TransactionMessageAttempts", "value": "1"})
    csms16.answers["StartTransaction"] = ("InternalError",)
    csms16.charge()
    csms16.do("stop", 1)
    assert csms16.last("StopTransaction")["transactionId"] == -1


@pytest.mark.parametrize(("known", "unknown", "is_started"), [("true", "false", True), ("false", "false", False)])
def test_away_a_known_token_starts_if_it_may(csms: Csms, known: str, unknown: str, is_started: bool):
    csms.do("authorize", "TAG")
    csms.station.machine.settings.put("local_offline", known)
    csms.station.machine.settings.put("unknown_offline", unknown)
    csms.cut()
    csms.charge()
    assert (csms.station.evse(1).transaction is not None) == is_started


def test_away_an_unknown_token_is_refused(csms: Csms):
    csms.cut()
    csms.charge()
    assert csms.station.evse(1).refusal == "Unknown"


def test_a_transaction_goes_on_while_away(csms2: Csms):
    csms2.charge()
    csms2.cut()
    csms2.wait(100)
    csms2.mend()
    csms2.do("stop", 1)
    events = csms2.all("TransactionEvent")
    assert [event["seqNo"] for event in events] == list(range(len(events)))
    assert any(event.get("offline") for event in events)
    assert "offline" not in events[-1]


def test_status_of_the_queue_is_told(csms2: Csms):
    csms2.charge()
    key = csms2.transaction_id
    answer = csms2.ask("GetTransactionStatus", {"transactionId": key})
    assert answer == {"ongoingIndicator": True, "messagesInQueue": False}
    csms2.answers["TransactionEvent"] = ("InternalError",)
    csms2.do("stop", 1)
    answer = csms2.ask("GetTransactionStatus", {"transactionId": key})
    assert answer == {"ongoingIndicator": False, "messagesInQueue": True}


def test_too_many_readings_are_thinned_but_begin_and_end_stay():
    outbox = Outbox()
    message = object()
    outbox.post(Letter("StartTransaction", message, is_kept=True))  # type: ignore[arg-type]
    for _ in range(KEPT_LIMIT):
        outbox.post(Letter("MeterValues", message, is_kept=True, is_reading=True))  # type: ignore[arg-type]
    assert len(outbox.kept) < KEPT_LIMIT * 0.6
    assert outbox.kept[0].action == "StartTransaction"
    numbers = [letter.number for letter in outbox.kept]
    assert numbers == sorted(numbers)
