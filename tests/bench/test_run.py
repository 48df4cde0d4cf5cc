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
    told, shown = short_run(tmp_path, "package-many", "package-tx", python_generator=True)
    assert [(row["wrong_answers"], row["lost_connections"]) for row in told["rows"]] == [(0, 0)] * 3
    assert all(row["msg_per_s"] > 0 for row in told["rows"])
    assert told["machine"]["generator"] == "Python"
    assert "generator in Python" in shown


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
