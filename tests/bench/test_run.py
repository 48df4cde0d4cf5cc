"""A run of the benchmarks, as short as can be: what is written, not how fast anything is."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from bench.building import program
from bench.command import Options, run
from rich.console import Console

FIELDS = {
    "name", "version", "mode", "connections",
    "msg_per_s", "us_cpu_per_msg", "p50_ms", "p99_ms", "rss_kb_per_connection",
}  # fmt: skip

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("bench")]


def short_run(tmp_path: Path, *rows: str, connections: int = 3, **options: Any) -> tuple[dict[str, Any], str]:
    """The file of results and what was shown."""
    results, shown = tmp_path / "results" / "latest.json", io.StringIO()
    given = Options(rows=rows, seconds=0.5, connections=connections, results=results, **options)
    assert run(given, Console(file=shown, width=160)) == 0, shown.getvalue()
    return json.loads(results.read_text()), shown.getvalue()


def test_each_row_has_its_figures(tmp_path: Path) -> None:
    told, shown = short_run(tmp_path, "package-meter", "memory-meter", "many-tls")
    assert {"commit", "machine", "rows"} <= told.keys()
    rows = told["rows"]
    assert [(row["name"], row["mode"]) for row in rows] == [
        ("ocpp", "meter"),
        ("ocpp-css, in memory", "meter"),
        ("ocpp-css", "boot-tls"),
        ("ocpp-css", "mix-tls"),
    ]
    for row in rows:
        assert row.keys() >= FIELDS
        assert row["connections"] == 3
        assert row["msg_per_s"] > 0
        assert (row["wrong_answers"], row["lost_connections"]) == (0, 0), row
        assert not row["remark"], row
    assert rows[-1]["rss_kb_per_connection"] is not None
    assert rows[2]["connect_s"] > 0
    assert [found["title"] for found in told["checks"]] == ["MeterValues, in memory : `ocpp` package"]
    assert "in memory" in shown


def test_the_generator_in_python_does_the_same(tmp_path: Path) -> None:
    told, shown = short_run(tmp_path, "package-many", "package-tx", "flooded", python_generator=True)
    assert [(row["wrong_answers"], row["lost_connections"]) for row in told["rows"]] == [(0, 0)] * 4
    assert_flooded(told["rows"][-1], "heartbeat")
    assert all(row["msg_per_s"] > 0 for row in told["rows"])
    assert told["machine"]["generator"] == "Python"
    assert "generator in Python" in shown


def assert_flooded(row: dict[str, Any], words: str) -> None:
    assert (row["connections"], row["wrong_answers"], row["lost_connections"]) == (3, 0, 0), row
    assert f"10,000 {words} calls a second" in row["beside"]
    assert ": 0 a second left it" not in row["beside"]
    assert ", 0 were answered" not in row["beside"]


def test_a_station_floods_beside_others_and_a_rate_is_a_part_of_what_was_reached(tmp_path: Path) -> None:
    told, _ = short_run(tmp_path, "flooded", "flooded-meter", "ceiling")
    heartbeats, values, _, ceiling, paced = told["rows"]
    assert_flooded(heartbeats, "heartbeat")
    assert_flooded(values, "meter")
    assert paced["rate"] == int(0.6 * ceiling["msg_per_s"])
    assert paced["p99_ms"] > 0


def test_several_processes_share_the_load_and_a_command_goes_from_one_to_another(tmp_path: Path) -> None:
    told, shown = short_run(tmp_path, "processes", "nodes", connections=5)
    one, two, commands = told["rows"]
    for row in (one, two):
        assert (row["connections"], row["wrong_answers"], row["lost_connections"]) == (5, 0, 0), row
        assert row["us_cpu_of"].keys() == {"ocpp-css", "PostgreSQL", "NATS"}
        assert row["us_cpu_per_msg"] == pytest.approx(sum(row["us_cpu_of"].values()), abs=0.1)
        assert row["us_cpu_of"]["ocpp-css"] > 0
    assert commands["mode"] == "commands"
    assert commands["msg_per_s"] > 0
    assert commands["p99_ms"] >= commands["p50_ms"] > 0
    assert "messages a second meanwhile" in commands["beside"]
    assert "CPU a message, ocpp-css" in shown


def test_the_server_in_c_answers_where_it_can_be_compiled(tmp_path: Path) -> None:
    results, shown = tmp_path / "latest.json", io.StringIO()
    given = Options(rows=("c-heartbeat",), seconds=0.5, connections=3, results=results)
    code = run(given, Console(file=shown, width=160))
    told = json.loads(results.read_text())
    if program("echo") is None:
        assert code == 1
        assert "no C compiler" in told["failures"][0]
    else:
        assert [(row["name"], row["wrong_answers"]) for row in told["rows"]] == [("C server", 0)]


def test_a_wrong_name_shows_the_right_ones(tmp_path: Path) -> None:
    shown = io.StringIO()
    results = tmp_path / "latest.json"
    assert run(Options(rows=("nonsense",), results=results), Console(file=shown, width=300)) == 2
    assert "postgres-meter" in shown.getvalue()
    assert not results.exists()


def test_sign_ins_are_measured_beside_heartbeats(tmp_path: Path) -> None:
    told, shown = short_run(tmp_path, "calm", "signing-in")
    calm, busy = told["rows"]
    assert (calm["sign_ins"], busy["sign_ins"]) == (None, 100)
    assert busy["sign_ins_per_s"] > 0
    assert busy["p99_ms"] > 0
    assert "sign-ins were answered before" not in busy["remark"]
    assert "lines in the server's log" not in busy["remark"]
    assert (busy["wrong_answers"], busy["lost_connections"]) == (0, 0)
    assert "100 signing in" in shown
