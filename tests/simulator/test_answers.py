"""Every action of the central system, in each version: a valid answer, and every message that follows is valid."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.simulator.conftest import START, VERSIONS, Csms

from ocpp_css.ocpp import versions
from ocpp_css.ocpp.forms import example
from ocpp_css.simulator.station import TABLES

NOW = datetime.fromtimestamp(START, UTC)


def asked_of_a_station(version: str) -> list[str]:
    actions = versions.BY_NAME[version].actions.values()
    return [action.name for action in actions if action.origin in {"csms", "both"}]


CASES = [(version, name) for version in VERSIONS for name in asked_of_a_station(version)]


def smallest(version: str, name: str) -> dict[str, Any]:
    return example(versions.BY_NAME[version].actions[name], NOW)


@pytest.mark.parametrize(("version", "name"), CASES)
def test_an_idle_station_answers(version: str, name: str):
    csms = Csms(version).boot()
    answer = csms.ask(name, smallest(version, name))
    assert isinstance(answer, dict), answer
    csms.wait(120)


@pytest.mark.parametrize(("version", "name"), CASES)
def test_a_charging_station_answers(version: str, name: str):
    csms = Csms(version, evses=2).boot()
    csms.charge()
    payload = smallest(version, name)
    if "transactionId" in payload:
        payload["transactionId"] = csms.transaction_id
    assert isinstance(csms.ask(name, payload), dict)
    csms.wait(120)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_action_is_left_out(version: str):
    assert set(TABLES[version]) == set(asked_of_a_station(version))


def test_an_unknown_action_is_not_implemented(csms: Csms):
    assert csms.ask("NoSuchAction") == "NotImplemented"


def test_an_action_of_stations_is_not_supported(csms: Csms):
    assert csms.ask("Heartbeat") == "NotSupported"


def test_a_bad_payload_is_refused_by_its_fault(csms: Csms):
    expected = {"1.6": "ProtocolError"}.get(csms.version, "OccurrenceConstraintViolation")
    assert csms.ask("Reset", {}) == expected


def test_a_second_question_waits_for_the_first(csms: Csms):
    csms.do("misbehave", mischief_slow())
    csms.station.receive(b'[2,"one","ClearCache",{}]', csms.now)
    csms.station.receive(b'[2,"two","ClearCache",{}]', csms.now)
    csms.run()
    assert csms.results == {}
    csms.wait(5)
    assert list(csms.results) == ["one", "two"]


def mischief_slow() -> Any:
    from ocpp_css.simulator.mischief import Slow

    return Slow(seconds=3)


def test_a_retransmission_gets_the_same_answer(csms: Csms):
    for _ in range(2):
        csms.station.receive(b'[2,"one","ClearCache",{}]', csms.now)
    csms.run()
    answers = [data for data in csms.raw if msgspec.json.decode(data)[0] == 3]
    assert answers == [b'[3,"one",{"status":"Accepted"}]'] * 2
