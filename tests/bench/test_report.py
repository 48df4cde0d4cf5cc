"""What is said of figures: ratios, verdicts, the page."""

from typing import Any

import pytest
from bench.checks import check
from bench.document import page
from bench.measuring import Measured
from bench.report import Report, cells, remarks

from ocpp_css.app.cli import bench as command

MACHINE = {
    "cpu": "A CPU", "cores": 2, "memory_gib": 4.0, "system": "Linux 6", "python": "3.11", "sqlite": "3.40",
    "file_system": "ext4", "fsync_ms": 0.5, "load_before": 0.1,
}  # fmt: skip


def line(key: str, **figures: Any) -> Measured:
    given = {"name": "ocpp-css", "version": "1", "mode": "meter", "connections": 500, "msg_per_s": 1000.0}
    return Measured(key=key, **{**given, "us_cpu_per_msg": 10.0, "p50_ms": 1.0, "p99_ms": 2.0, **figures})


def report(*lines: Measured, **more: Any) -> Report:
    given = {"commit": "abc", "machine": MACHINE, "command": "make bench", "generator": "C", "postgres": ""}
    return Report(**{**given, "seconds": 10.0, "lines": lines, **more})


@pytest.mark.parametrize(("ours", "verdict"), [(7_900.0, "below"), (9_000.0, "ok, below the aim"), (10_000.0, "ok")])
def test_a_ratio_is_judged_by_what_is_required_and_by_the_aim(ours: float, verdict: str) -> None:
    (found,) = check([line("heartbeat", msg_per_s=ours), line("package-heartbeat", us_cpu_per_msg=95.0)])
    assert found.measured == pytest.approx(ours / 1000)
    assert found.by_cpu == pytest.approx(9.5)
    assert found.verdict == verdict


def test_a_bound_for_many_stations_is_not_judged_by_few() -> None:
    few, many = line("many-boot", connect_s=1.0), line("many-boot", connect_s=11.0, connections=10_000)
    assert check([few]) == []
    assert [found.verdict for found in check([many])] == ["below"]


def test_a_rate_that_was_not_kept_does_not_hide_the_latency() -> None:
    paced = line("paced", p50_ms=300.0, rate=8000, msg_per_s=6000.0)
    without = line("memory-paced", p50_ms=299.0, rate=8000, msg_per_s=6000.0)
    assert check([paced, without])[0].measured == pytest.approx(300.0)


@pytest.mark.parametrize(("with_flood", "verdict"), [(9.0, "ok"), (11.0, "below")])
def test_what_a_flood_may_cost_the_others(with_flood: float, verdict: str) -> None:
    rows = [line("unflooded", p99_ms=5.0, connections=1000), line("flooded", p99_ms=with_flood, connections=1000)]
    (found,) = check(rows)
    assert found.measured == pytest.approx(with_flood / 5)
    assert found.verdict == verdict
    assert check([rows[0], line("flooded", p99_ms=99.0, connections=3)]) == []
    assert check([line("unflooded", p99_ms=500.0, connections=1000, is_pace_kept=False), rows[1]]) == []


@pytest.mark.parametrize(("cpu", "verdict"), [(11.9, "ok"), (12.1, "below")])
def test_what_a_second_gateway_may_cost(cpu: float, verdict: str) -> None:
    two = line("gateways", us_cpu_per_msg=cpu, connections=1000)
    (found,) = check([line("gateway", connections=1000), two])
    assert (found.measured, found.verdict) == (pytest.approx(cpu / 10), verdict)


def test_bounds_of_one_row() -> None:
    slow, late = line("middle-paced", p99_ms=101.0, connections=5000), line("commands", p99_ms=49.0)
    assert [(found.measured, found.verdict) for found in check([slow, late])] == [(101.0, "below"), (49.0, "ok")]


def test_who_used_the_cpu_and_what_went_on_beside_is_told() -> None:
    parts = {"ocpp-css": 6.0, "PostgreSQL": 3.5, "NATS": 0.5}
    told = remarks(report(line("gateways", us_cpu_of=parts), line("flooded", beside="a flood")))
    assert "gateways: CPU a message, ocpp-css 6.0 µs, PostgreSQL 3.5 µs, NATS 0.5 µs" in told
    assert "flooded: a flood" in told


def test_the_page_has_command_figures_and_remarks() -> None:
    text = page(report(line("meter", p99_ms=300.0, remark="it rained"), machine=MACHINE | {"load_before": 3.0}))
    for part in ("make bench", "| ocpp-css 1 | meter | 500 | 1,000 |", "| below |", "it rained", "load 3.0", "`abc`"):
        assert part in text


def test_a_full_generator_and_a_file_system_in_memory_are_told() -> None:
    told = " ".join(
        remarks(report(line("meter", generator_cpu_percent=99), machine=MACHINE | {"file_system": "tmpfs"}))
    )
    assert "generator was full in meter" in told
    assert "tmpfs" in told


def test_what_a_row_does_not_tell_stays_empty() -> None:
    assert cells(line("meter", rss_kb_per_connection=None))[-1] == ""


def test_without_the_source_code_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "__file__", "/nowhere/site-packages/ocpp_css/app/cli/bench.py")
    with pytest.raises(command.NoCheckout, match="make bench"):
        command.bench()
