"""Scenario files: what is read, what is refused and where, and how it is played."""

from pathlib import Path

import pytest
from tests.simulator.conftest import Csms

from ocpp_css.simulator.player import play
from ocpp_css.simulator.scenario import DEFAULT, IDLE, STEPS, Charge, Repeat, Scenario, ScenarioError, load, parse

WHOLE = """
name = "a day"
time_scale = 20
meter_interval_s = 30

[[steps]]
do = "repeat"
times = 2

[[steps.steps]]
do = "plug"
soc = [20, 40]

[[steps.steps]]
do = "start"
token = "TAG"

[[steps.steps]]
do = "charge"
minutes = 10

[[steps.steps]]
do = "stop"

[[steps.steps]]
do = "unplug"

[[steps]]
do = "wait"
seconds = 5
"""


def test_a_file_is_read(tmp_path: Path):
    path = tmp_path / "day.toml"
    path.write_text(WHOLE)
    scenario = load(path)
    assert (scenario.name, scenario.time_scale, scenario.meter_interval_s) == ("a day", 20, 30)
    repeat = scenario.steps[0]
    assert isinstance(repeat, Repeat)
    assert repeat.times == 2
    assert repeat.steps[2] == Charge(minutes=10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = [}", r"is not TOML: .*line 1"),
        ("[[steps]]\ndo = 'plug'\n\n[[steps]]\ndo = 'fly'", r"line 4, step 2 \(fly\): there is no step `fly`"),
        ("[[steps]]\nwait = 3", r"line 1, step 1: a step is a table with the key `do`"),
        ("[[steps]]\ndo = 'wait'\nsecs = 3", r"line 1, step 1 \(wait\): .*unknown field `secs`"),
        ("[[steps]]\ndo = 'charge'\nminutes = 'ten'", r"step 1 \(charge\): Expected .*\$.minutes"),
        ("[[steps]]\ndo = 'charge'\nkwh = [1, 2, 3]", r"step 1 \(charge\): Expected .*\$.kwh"),
        ("[[steps]]\ndo = 'repeat'", r"step 1 \(repeat\): a repeat has `steps`"),
        ("[[steps]]\ndo = 'repeat'\n[[steps.steps]]\ndo = 'x'", r"line 3, step 1.1 \(x\)"),
        ("steps = [{do = 'plug'}, {do = 'x'}]", r"the scenario, step 2 \(x\)"),
        ("name = 'empty'", r"missing required field `steps`"),
        ("steps = []\nspeed = 3", r"unknown field `speed`"),
        ("steps = []\ntime_scale = 0", r"time_scale"),
        ("[[steps]]\ndo = 'drop'\nprobability = 2", r"step 1 \(drop\)"),
        ("[[steps]]\ndo = 'garbage'\nkind = 'nice'", r"step 1 \(garbage\)"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(text: str, message: str):
    with pytest.raises(ScenarioError, match=message):
        parse(text)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ScenarioError, match=r"none\.toml cannot be read"):
        load(tmp_path / "none.toml")


def played(version: str, scenario: Scenario, seconds: float, **options: object) -> Csms:
    csms = Csms(version, **{"time_scale": scenario.time_scale or 1.0} | options)  # type: ignore[arg-type]
    players = play(csms.station.machine, scenario)
    csms.boot()
    csms.wait(seconds)
    csms.is_over = all(one.is_over for one in players)  # type: ignore[attr-defined]
    return csms


def test_it_is_played_to_the_end(csms: Csms):
    other = played(csms.version, parse(WHOLE), 200)
    assert other.is_over  # type: ignore[attr-defined]
    if csms.version == "1.6":
        starts, stops = other.all("StartTransaction"), other.all("StopTransaction")
        assert (len(starts), len(stops)) == (2, 2)
        assert 2 * 19 <= len(other.all("MeterValues")) <= 2 * 20
        assert [row["idTag"] for row in starts] == ["TAG", "TAG"]
    else:
        kinds = [event["eventType"] for event in other.all("TransactionEvent")]
        assert (kinds.count("Started"), kinds.count("Ended")) == (2, 2)


def test_every_evse_plays_on_its_own(csms: Csms):
    other = played(csms.version, parse(WHOLE), 200, evses=3)
    assert other.station.counts.transactions == 6


def test_the_default_charges_again_and_again(csms: Csms):
    other = played(csms.version, DEFAULT, 6 * 3600)
    assert 4 <= other.station.counts.transactions <= 30
    assert other.station.counts.errors == 0
    assert not other.is_over  # type: ignore[attr-defined]


def test_nobody_comes_to_an_idle_station(csms: Csms):
    other = played(csms.version, IDLE, 3600)
    assert set(other.names) == {"BootNotification", "StatusNotification", "Heartbeat"}


def test_a_limit_of_energy_is_kept(csms: Csms):
    text = '[[steps]]\ndo="plug"\n[[steps]]\ndo="start"\n[[steps]]\ndo="charge"\nkwh=3\n[[steps]]\ndo="stop"'
    other = played(csms.version, parse(text), 7200)
    evse = other.station.evse(1)
    assert evse.transaction is None
    if csms.version == "1.6":
        energy = other.last("StopTransaction")["meterStop"] - other.last("StartTransaction")["meterStart"]
        assert 3000 <= energy <= 3100


def test_a_refused_driver_goes_on(csms: Csms):
    other = Csms(csms.version)
    member = "idTagInfo" if csms.version == "1.6" else "idTokenInfo"
    other.answers["Authorize"] = {member: {"status": "Invalid"}}
    (player,) = play(other.station.machine, parse(WHOLE))
    other.boot()
    other.wait(300)
    assert player.is_over
    assert other.station.counts.transactions == 0


TROUBLE = """
steps = [
  {do = "authorize", token = "TAG"}, {do = "plug", capacity_kwh = 60}, {do = "start"}, {do = "charge", minutes = 2},
  {do = "suspend", seconds = 60}, {do = "meter"}, {do = "duplicate", count = 2}, {do = "slow", seconds = 1},
  {do = "clock", offset_s = -3600}, {do = "rollback", wh = 500}, {do = "garbage"}, {do = "garbage", kind = "text"},
  {do = "offline", seconds = 30}, {do = "charge", minutes = 1}, {do = "drop"}, {do = "wait", seconds = 60},
  {do = "fault", seconds = 30, code = "GroundFailure"}, {do = "unplug"}, {do = "restart"},
  {do = "clock", offset_s = 0}, {do = "repeat", times = 2, steps = [{do = "wait", seconds = 1, evse = 7}]},
  {do = "stop"},
]
"""


def test_every_kind_of_step_is_played(csms: Csms):
    used = {row.split('"')[0] for row in TROUBLE.split('do = "')[1:]}
    assert used == set(STEPS)
    other = played(csms.version, parse(TROUBLE), 1200)
    assert other.is_over  # type: ignore[attr-defined]
    assert other.station.counts.transactions == 1
    assert other.station.counts.reconnects == 3
    kept = [name for name in other.names if name in {"StartTransaction", "StopTransaction"}]
    if csms.version == "1.6":
        # the first of each pair was doubled or not; order is what counts
        assert kept[0] == "StartTransaction"
        assert kept[-1] == "StopTransaction"
