"""Logs of the running program: one JSON line an event on stderr, or plain text on a terminal.

Only what is on the list below is written, whatever code hands in: no text of an exception or of a library, since both
may quote what people and stations sent (decision 32). What was said on the wire is in the message log.
"""

import contextlib
import errno
import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

FIELDS: Final = frozenset({
    "action", "address", "bytes", "check", "command", "count", "event", "exception", "is_known", "level", "logger",
    "method", "node", "order", "outcome", "path", "pattern", "place", "reason", "request_id", "station", "stations",
    "tenant", "timestamp", "topic", "where",
})  # fmt: skip
"""Every field of a line. A field that is not here is left out; a test compares the list with the program."""

_LONGEST: Final = 300
_PACKAGE: Final = Path(__file__).parents[1]
Event = MutableMapping[str, Any]


def configure(*, is_verbose: bool = False) -> None:
    """Set up once, at the start of a command that runs the service."""
    level = logging.DEBUG if is_verbose else logging.INFO
    structlog.configure(
        processors=processors(is_terminal=sys.stderr.isatty()),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(Lines, sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[Libraries()], force=True)


def processors(*, is_terminal: bool) -> list[Processor]:
    """What is done with an event until it is a line, or a few for a reader at a terminal."""
    shown: list[Processor] = [structlog.processors.JSONRenderer()]
    if is_terminal:
        shown = [_in_lines, structlog.dev.ConsoleRenderer()]
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        told_exceptions,
        only_listed,
        *shown,
    ]


class Lines:
    """Writes lines; where that cannot be done (the disk is full, the reader is gone), nobody is disturbed."""

    def __init__(self, to: TextIO, *_: Any) -> None:
        self._to = to

    def msg(self, line: str) -> None:
        """One line."""
        with contextlib.suppress(OSError, ValueError):
            self._to.write(line + "\n")
            self._to.flush()

    log = debug = info = warn = warning = error = err = exception = critical = fatal = failure = msg


def only_listed(_logger: Any, _method: str, event: Event) -> Event:
    """Keep the fields of the list; long texts are cut."""
    return {name: _short(event[name]) for name in sorted(event) if name in FIELDS}


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | list):
        return value
    return str(value)[:_LONGEST]


def told_exceptions(_logger: Any, _method: str, event: Event) -> Event:
    """`exc_info` as the types of the exception and its causes, each with the places it went through."""
    given = event.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    fault = given if isinstance(given, BaseException) else sys.exception() if given else None
    if fault is not None:
        event["exception"] = _told(fault)
    return event


def _in_lines(_logger: Any, _method: str, event: Event) -> Event:
    """An exception as one text, which is all that structlog shows at a terminal."""
    if isinstance(event.get("exception"), list):
        event["exception"] = "\n".join(event["exception"])
    return event


def _told(fault: BaseException | None) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines.append(f"{type(fault).__module__}.{type(fault).__qualname__}{_code(fault)}")
        lines += _places(fault.__traceback__)
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return lines


def _code(fault: BaseException) -> str:
    """The number or name by which the system or a database says what was wrong."""
    number = fault.errno if isinstance(fault, OSError) else None
    code = (
        errno.errorcode.get(number or 0) or getattr(fault, "sqlite_errorname", None) or getattr(fault, "sqlstate", None)
    )
    return f" {code}" if isinstance(code, str) else ""


def _places(begun: TracebackType | None) -> list[str]:
    return [
        f"  {_file(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in traceback.walk_tb(begun)
    ]


def _file(name: str) -> str:
    """The path within the package, or the library's last two parts: where it is installed is nobody's business."""
    path = Path(name)
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else "/".join(path.parts[-2:])


class Libraries(logging.Handler):
    """What libraries log: who, how grave, where in their code; their texts are not ours to show."""

    def emit(self, record: logging.LogRecord) -> None:
        told: Mapping[str, Any] = {
            "logger": record.name,
            "where": f"{_file(record.pathname)}:{record.lineno} {record.funcName}",
            "exc_info": record.exc_info,
        }
        structlog.get_logger().log(record.levelno, "library", **told)
