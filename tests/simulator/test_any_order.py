"""Whatever people, networks and the central system do, in whatever order: every message is valid, nothing is lost."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.simulator.conftest import VERSIONS, Csms

EVSES = st.integers(1, 2)
TOKENS = st.sampled_from(["TAG", "OTHER"])


class AnyOrder(RuleBasedStateMachine):
    """`Csms` checks each message by its type; here is checked what they say together."""

    version = "1.6"

    @initialize(start=st.sampled_from(["PowerPathClosed", "EVConnected", "Authorized"]))
    def begin(self, start: str) -> None:
        self.csms = Csms(self.version, evses=2)
        self.refuses = False
        if self.version != "1.6":
            self.csms.station.machine.settings.put("tx_start", start)
        self.csms.station.machine.settings.put("unknown_offline", "true")
        self.csms.boot()

    @rule(evse=EVSES)
    def plug_in(self, evse: int) -> None:
        self.csms.do("plug_in", evse)

    @rule(evse=EVSES)
    def unplug(self, evse: int) -> None:
        self.csms.do("unplug", evse)

    @rule(evse=EVSES, token=TOKENS)
    def start(self, evse: int, token: str) -> None:
        self.csms.do("start", evse, token)

    @rule(evse=EVSES)
    def stop(self, evse: int) -> None:
        self.csms.do("stop", evse)

    @rule(evse=EVSES)
    def suspend(self, evse: int) -> None:
        self.csms.do("suspend", evse)

    @rule(evse=EVSES)
    def break_down(self, evse: int) -> None:
        self.csms.do("break_down", evse)

    @rule(evse=EVSES)
    def repair(self, evse: int) -> None:
        self.csms.do("repair", evse)

    @rule(seconds=st.sampled_from([1, 45, 400]))
    def wait(self, seconds: int) -> None:
        self.csms.wait(seconds)

    @rule()
    def cut(self) -> None:
        self.csms.cut()

    @rule()
    def mend(self) -> None:
        self.csms.mend()

    @rule()
    def restart(self) -> None:
        self.csms.do("restart")

    @rule(is_operative=st.booleans(), evse=EVSES)
    def availability(self, is_operative: bool, evse: int) -> None:
        if not self.csms.station.is_online:
            return
        word = "Operative" if is_operative else "Inoperative"
        if self.version == "1.6":
            self.csms.ask("ChangeAvailability", {"connectorId": evse, "type": word})
        else:
            self.csms.ask("ChangeAvailability", {"operationalStatus": word, "evse": {"id": evse}})

    @rule()
    def refuse(self) -> None:
        self.refuses = not self.refuses
        status = "Blocked" if self.refuses else "Accepted"
        if self.version == "1.6":
            self.csms.answers["Authorize"] = {"idTagInfo": {"status": status}}
        else:
            self.csms.answers["TransactionEvent"] = {"idTokenInfo": {"status": status}}

    @invariant()
    def ids_are_new(self) -> None:
        assert len(set(self.csms.ids)) == len(self.csms.ids)

    def teardown(self) -> None:
        if not hasattr(self, "csms"):
            return
        self.csms.mend()
        for evse in (1, 2):
            self.csms.do("stop", evse)
            self.csms.do("unplug", evse)
        self.csms.wait(100)
        self.csms.mend()
        self.check_16() if self.version == "1.6" else self.check_2x()

    def check_16(self) -> None:
        stops = [payload["transactionId"] for payload in self.csms.all("StopTransaction")]
        assert len(stops) == len(set(stops)) == len(self.csms.all("StartTransaction"))

    def check_2x(self) -> None:
        by_key: dict[str, list[dict[str, Any]]] = {}
        for event in self.csms.all("TransactionEvent"):
            by_key.setdefault(event["transactionInfo"]["transactionId"], []).append(event)
        for events in by_key.values():
            assert [event["seqNo"] for event in events] == list(range(len(events)))
            kinds = [event["eventType"] for event in events]
            assert kinds[0] == "Started"
            assert kinds[-1] == "Ended"
            assert set(kinds[1:-1]) <= {"Updated"}


@pytest.mark.parametrize("version", VERSIONS)
def test_any_order(version: str):
    machine = type("AnyOrder" + version.replace(".", ""), (AnyOrder,), {"version": version})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
