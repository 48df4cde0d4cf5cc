"""Faults on purpose."""

import msgspec
import pytest
from tests.simulator.conftest import Csms

from ocpp_css.ocpp.frames import Malformed, parse
from ocpp_css.simulator import mischief


def test_a_call_goes_out_twice_with_one_id(csms: Csms):
    csms.do("misbehave", mischief.Duplicate(count=1))
    csms.forget()
    csms.do("plug_in", 1)
    assert csms.raw[0] == csms.raw[1]
    assert csms.station.is_settled


def test_a_socket_is_lost_by_chance(csms: Csms):
    csms.do("misbehave", mischief.Drop(probability=0.0))
    assert csms.hung_up == []
    csms.do("misbehave", mischief.Drop())
    assert csms.hung_up[0].is_abrupt


def test_a_clock_is_wrong_and_put_right(csms: Csms):
    csms.do("misbehave", mischief.Clock(offset_s=-86_400))
    csms.do("plug_in", 1)
    assert csms.last("StatusNotification")["timestamp"] == "2026-05-27T20:26:40Z"
    csms.do("misbehave", mischief.Clock(offset_s=0))
    csms.do("unplug", 1)
    assert csms.last("StatusNotification")["timestamp"] == "2026-05-28T20:26:40Z"


def test_a_meter_jumps_back(csms: Csms):
    evse = csms.station.evse(1)
    before = evse.meter.register_wh
    csms.do("misbehave", mischief.Rollback(evse=1, energy_wh=400))
    assert evse.meter.register_wh == before - 400


@pytest.mark.parametrize("kind", ["text", "object", "arity", "type", "long-id"])
def test_a_bad_frame_is_none(csms: Csms, kind: mischief.Bad):
    csms.forget()
    csms.do("misbehave", mischief.Garbage(kind))
    assert isinstance(parse(csms.raw[0]), Malformed)


@pytest.mark.parametrize("kind", ["action", "payload"])
def test_a_bad_call_is_a_frame(csms: Csms, kind: mischief.Bad):
    csms.forget()
    csms.do("misbehave", mischief.Garbage(kind))
    assert msgspec.json.decode(csms.raw[0])[0] == 2
