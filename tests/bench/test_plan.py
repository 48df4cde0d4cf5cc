"""Which rows are measured, and what is made of what was seen."""

import pytest
from bench.commanding import Commanded
from bench.faults import CannotMeasure
from bench.generator import Load
from bench.plan import GROUPS, ROWS, Plan, choose, keys_of


def keys(*names: str) -> list[str]:
    return [row.key for row in choose(names, is_quick=False)]


def test_a_group_stands_for_its_rows() -> None:
    assert keys("flood", "heartbeat") == ["unflooded", "flooded", "flooded-meter", "heartbeat"]
    assert {key for name in GROUPS for key in keys_of(name)} <= {row.key for row in ROWS}
    with pytest.raises(KeyError, match="nonsense"):
        choose(("nonsense",), is_quick=False)


def test_the_row_that_a_rate_is_a_part_of_comes_before() -> None:
    assert keys("middle-paced") == ["middle", "middle-paced"]
    assert keys("middle-paced", "middle") == ["middle", "middle-paced"]
    order = keys()
    assert all(order.index(row.ceiling) < order.index(row.key) for row in ROWS if row.ceiling)


def test_what_a_quick_run_measures_does_not_need_what_it_leaves_out() -> None:
    quick = {row.key for row in choose((), is_quick=True)}
    assert {"middle-paced", "flooded", "gateways", "commands"} <= quick
    assert quick.isdisjoint({"thousand", "most"})
    assert all(row.ceiling in quick for row in ROWS if row.ceiling)


def test_the_station_that_floods_is_registered_too() -> None:
    plan = Plan(rows=choose(("flooded", "heartbeat"), is_quick=False), seconds=2, warm_up_s=1, connections=7)
    assert plan.stations == 8
    assert [plan.seconds_of(row) for row in plan.rows] == [6, 2]


def test_a_flood_is_told_to_the_generator() -> None:
    given = {"port": 1, "path": "/", "mode": "mix", "connections": 1, "seconds": 1, "warm_up_s": 1, "pid": 1}
    told = " ".join(Load(**given, other_pids=(2, 3), flood="meter", flood_rate=50).options())
    assert "-F meter -f 50" in told
    assert "-Q 2,3" in told
    assert "-f" not in Load(**given, flood_rate=50).options()


def test_commands_that_did_not_end_well_are_told() -> None:
    found = Commanded(took_ms=[3.0, 1.0, 2.0], others={"offline": 2, "500": 1}, seconds=2)
    assert (found.per_s, found.quantile_ms(0.5), found.quantile_ms(0.99)) == (1.5, 2.0, 3.0)
    assert found.faults == "1 commands ended as 500, 2 commands ended as offline"
    with pytest.raises(CannotMeasure, match="offline"):
        Commanded(others={"offline": 2}).quantile_ms(0.5)
