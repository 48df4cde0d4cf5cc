"""Only what is on the list is written."""

import ast
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from ocpp_css.observe import logs

CANARY = "canary-7f3a"
SOURCE = Path(logs.__file__).parents[1]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What was written, parsed; the settings of the tests afterwards."""
    before, handlers, stream = structlog.get_config(), logging.getLogger().handlers[:], io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers


@pytest.mark.trust("R29")
def test_a_field_that_is_not_listed_is_not_written(lines: Any) -> None:
    structlog.contextvars.bind_contextvars(caller=CANARY)
    structlog.get_logger().error("something", station="CP1", id_token=CANARY, payload={"idTag": CANARY})
    structlog.contextvars.clear_contextvars()
    assert CANARY not in str(lines())
    assert [(line["event"], line["station"], line["level"]) for line in lines()] == [("something", "CP1", "error")]


def test_a_reader_at_a_terminal_sees_the_way_of_an_exception_too(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    try:
        int(CANARY)
    except ValueError:
        structlog.get_logger().exception("broken", station="CP1")
    shown = stream.getvalue()
    assert lines() == []
    assert "builtins.ValueError\n" in shown
    assert "test_logs.py" in shown
    assert "CP1" in shown
    assert CANARY not in shown


@pytest.mark.trust("R29")
def test_the_text_of_an_exception_is_not_written_but_its_way_is(lines: Any) -> None:
    def inner() -> None:
        raise ValueError(f"Key (id_token)=({CANARY}) already exists")

    def outer() -> None:
        try:
            inner()
        except ValueError as fault:
            raise RuntimeError(CANARY) from fault

    try:
        outer()
    except RuntimeError as fault:
        structlog.get_logger().error("by value", exc_info=fault)
        structlog.get_logger().exception("by name")
    assert CANARY not in str(lines())
    assert len(lines()) == 2
    for line in lines():
        assert [told for told in line["exception"] if not told.startswith(" ")] == [
            "builtins.RuntimeError", "builtins.ValueError",
        ]  # fmt: skip
        assert line["exception"][-1].endswith(" inner")


@pytest.mark.trust("R29")
def test_the_texts_of_libraries_are_not_written(lines: Any) -> None:
    try:
        {}[CANARY]
    except KeyError:
        logging.getLogger("library").exception("it said %s", CANARY)
    logging.getLogger("library").error(CANARY)
    assert CANARY not in str(lines())
    assert [(line["logger"], line["event"], line["level"]) for line in lines()] == [("library", "library", "error")] * 2
    assert all("test_logs.py:" in line["where"] for line in lines())


@pytest.mark.trust("A57")
def test_what_a_station_sends_stays_in_its_line_and_its_field(lines: Any) -> None:
    evil = 'CP\r\n{"event": "forged"}\u2028\x1b[2J'
    structlog.get_logger().warning("something", station=evil + "x" * 1_000_000)
    (line,) = lines()
    assert line["station"].startswith(evil)
    assert len(line["station"]) == 300
    assert line["event"] == "something"


def logging_calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "_log":
                assert isinstance(node, ast.Call)
                yield path, node


def test_every_event_of_the_program_is_a_fixed_text_with_listed_fields() -> None:
    calls = list(logging_calls())
    assert len(calls) > 10
    for path, call in calls:
        assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno} makes its text"
        given = {keyword.arg for keyword in call.keywords} - {"exc_info"}
        assert given <= logs.FIELDS, f"{path.name}:{call.lineno}"


@pytest.mark.trust("R29")
def test_a_served_process_writes_json_lines_only(tmp_path: Path) -> None:
    """What the loop itself complains about comes as JSON, too, and without its text."""
    program = (
        "import asyncio\nfrom ocpp_css.observe import logs\nlogs.configure()\n"
        f"async def broken():\n    raise ValueError('{CANARY}')\n"
        "async def main():\n    task = asyncio.ensure_future(broken())\n    await asyncio.sleep(0)\n"
        "    await asyncio.sleep(0)\n    del task\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert CANARY not in done.stderr
    assert [(line["logger"], line["exception"][0]) for line in told] == [("asyncio", "builtins.ValueError")]
