"""Scenario files: what happens at the EVSEs of an emulated station, step by step, in TOML."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from ocpp_css.simulator.mischief import Bad

Amount: TypeAlias = Annotated[float, Meta(ge=0)]
Span: TypeAlias = Amount | Annotated[list[Amount], Meta(min_length=2, max_length=2)]
"""A number, or two between which one is drawn by chance."""

Count: TypeAlias = Annotated[int, Meta(ge=1)]


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step; without `evse` it happens at the EVSE that plays the scenario."""

    evse: Count | None = None


class Plug(Step, frozen=True):
    """A vehicle is plugged in; `soc` is its charge in percent."""

    soc: Span | None = None
    capacity_kwh: Span | None = None


class Unplug(Step, frozen=True):
    """The cable is pulled."""


class Authorize(Step, frozen=True):
    """A token is shown to the central system, and nothing else happens."""

    token: str | None = None


class Start(Step, frozen=True):
    """A token is shown to start; without one, any of the station's."""

    token: str | None = None


class Charge(Step, frozen=True):
    """Go on until one of the limits is reached, the battery is full or the charging was stopped."""

    minutes: Span | None = None
    kwh: Span | None = None
    soc: Span | None = None


class Stop(Step, frozen=True):
    """A token is shown to stop, that of the start unless another is named."""

    token: str | None = None


class Wait(Step, frozen=True):
    """Nothing happens for a while."""

    seconds: Span = 0.0
    minutes: Span = 0.0


class Suspend(Step, frozen=True):
    """The vehicle pauses for a while."""

    seconds: Span


class Fault(Step, frozen=True):
    """The EVSE breaks down, with an error code of 1.6, and works again after a while."""

    seconds: Span
    code: str = "OtherError"


class Meter(Step, frozen=True):
    """A reading is sent at once."""


class Offline(Step, frozen=True):
    """The connection is lost for so many real seconds."""

    seconds: Span


class Restart(Step, frozen=True):
    """Somebody restarts the station."""


class DropSocket(Step, frozen=True):
    """The socket is lost, by chance where `probability` is below 1."""

    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0


class DuplicateCalls(Step, frozen=True):
    """The next calls are sent twice."""

    count: Count = 1


class SlowAnswers(Step, frozen=True):
    """The next answers come late."""

    seconds: Span
    count: Count = 1


class WrongClock(Step, frozen=True):
    """The clock is wrong by so many seconds; 0 puts it right."""

    offset_s: float


class RollBack(Step, frozen=True):
    """The meter jumps back."""

    wh: Span


class BadMessage(Step, frozen=True):
    """A message is sent that is none; without a kind, any."""

    kind: Bad | None = None


class Repeat(Step, frozen=True):
    """The steps inside, `times` times; 0 is for ever."""

    steps: tuple[Step, ...]
    times: Annotated[int, Meta(ge=0)] = 0


STEPS: Final[Mapping[str, type[Step]]] = {
    "plug": Plug,
    "unplug": Unplug,
    "authorize": Authorize,
    "start": Start,
    "charge": Charge,
    "stop": Stop,
    "wait": Wait,
    "suspend": Suspend,
    "fault": Fault,
    "meter": Meter,
    "offline": Offline,
    "restart": Restart,
    "drop": DropSocket,
    "duplicate": DuplicateCalls,
    "slow": SlowAnswers,
    "clock": WrongClock,
    "rollback": RollBack,
    "garbage": BadMessage,
    "repeat": Repeat,
}
"""What `do` may say."""


class Scenario(Struct, frozen=True, kw_only=True):
    """Steps that every EVSE of a station plays, each on its own, once from the begin to the end.

    `time_scale` and `meter_interval_s` overrule those of the station, where they are given.
    """

    name: str = "scenario"
    steps: tuple[Step, ...] = ()
    time_scale: float | None = None
    meter_interval_s: int | None = None


IDLE: Final = Scenario(name="idle")
"""Nobody comes."""

DEFAULT: Final = Scenario(
    name="charge loops",
    steps=(
        Repeat(
            steps=(
                Wait(seconds=[5, 120]),
                Plug(),
                Wait(seconds=[2, 15]),
                Start(),
                Charge(minutes=[10, 45]),
                Stop(),
                Wait(seconds=[5, 60]),
                Unplug(),
            )
        ),
    ),
)
"""Drivers come, charge, leave, for ever, with pauses by chance."""


class ScenarioError(ValueError):
    """The file is not a scenario; the text names the line or the step."""


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    steps: list[Any]
    name: str = "scenario"
    time_scale: Annotated[float, Meta(gt=0)] | None = None
    meter_interval_s: Annotated[int, Meta(ge=0)] | None = None


def load(path: Path) -> Scenario:
    """Read a file; ScenarioError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}") from None
    return parse(text, str(path))


def parse(text: str, name: str = "the scenario") -> Scenario:
    """Read the text of a scenario; ScenarioError."""
    try:
        tree = tomllib.loads(text)
        head = msgspec.convert(tree, _Head)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{name} is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{name}: {error}") from None
    lines = _lines(text)
    steps = tuple(_step(row, (number,), lines, name) for number, row in enumerate(head.steps, 1))
    return Scenario(name=head.name, steps=steps, time_scale=head.time_scale, meter_interval_s=head.meter_interval_s)


Place: TypeAlias = tuple[int, ...]

_HEADER: Final = re.compile(r"^\s*\[\[\s*(steps(?:\s*\.\s*steps)*)\s*\]\]")


def _lines(text: str) -> dict[Place, int]:
    """The line of each step that has a header of its own: `[[steps]]`, or `[[steps.steps]]` inside a repeat."""
    found: dict[Place, int] = {}
    counts: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header is None:
            continue
        depth = header[1].count("steps")
        counts = [*counts, *[0] * depth][:depth]
        counts[-1] += 1
        found[tuple(counts)] = number
    return found


def _step(row: Any, place: Place, lines: Mapping[Place, int], name: str) -> Step:
    kind = row.get("do") if isinstance(row, dict) else None
    where = _where(place, lines, name, kind)
    if not isinstance(row, dict) or not isinstance(kind, str):
        raise ScenarioError(f"{where}: a step is a table with the key `do`")
    if kind not in STEPS:
        raise ScenarioError(f"{where}: there is no step `{kind}`; there are {', '.join(STEPS)}")
    inner = row.get("steps") if kind == "repeat" else None
    if kind == "repeat" and (not isinstance(inner, list) or not inner):
        raise ScenarioError(f"{where}: a repeat has `steps`")
    members = {key: value for key, value in row.items() if key != "do"} | ({"steps": []} if inner else {})
    try:
        step = msgspec.convert(members, STEPS[kind])
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{where}: {error}") from None
    if not inner:
        return step
    steps = tuple(_step(part, (*place, at), lines, name) for at, part in enumerate(inner, 1))
    return msgspec.structs.replace(step, steps=steps)


def _where(place: Place, lines: Mapping[Place, int], name: str, kind: object) -> str:
    known = next((lines[place[:depth]] for depth in range(len(place), 0, -1) if place[:depth] in lines), None)
    line = "" if known is None else f", line {known}"
    word = f" ({kind})" if isinstance(kind, str) else ""
    return f"{name}{line}, step {'.'.join(map(str, place))}{word}"
