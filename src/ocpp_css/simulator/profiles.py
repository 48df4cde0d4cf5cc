"""Charging profiles on the station: which limit holds now, and the composite schedule (1.6 chapter 3.13, 2.x K)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from ocpp_css.simulator.power import VOLTS

Unit = Literal["A", "W"]
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S

_STATION = frozenset({"ChargePointMaxProfile", "ChargingStationMaxProfile"})
_EXTERNAL = frozenset({"ChargingStationExternalConstraints"})


class Period(NamedTuple):
    """From `start_s` into the schedule on: a limit in the schedule's unit, None for no limit."""

    start_s: int
    limit: float | None
    phases: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, version-neutral; times are seconds since 1970. `message` is what the central system sent."""

    number: int
    evse: int
    purpose: str
    stack_level: int
    kind: str
    recurrency: str | None
    valid_from: float | None
    valid_to: float | None
    transaction: str | int | None
    unit: Unit
    duration_s: int | None
    start: float | None
    periods: tuple[Period, ...]
    message: Any

    def offset(self, at: float, started: float | None) -> float | None:
        """How far `at` lies in the schedule, None outside; `started` is the begin of the transaction."""
        if (self.valid_from is not None and at < self.valid_from) or (
            self.valid_to is not None and at >= self.valid_to
        ):
            return None
        start = started if self.kind == "Relative" or self.start is None else self.start
        if start is None or at < start:
            return None
        offset = at - start
        if self.kind == "Recurring":
            offset %= WEEK_S if self.recurrency == "Weekly" else DAY_S
        return None if self.duration_s is not None and offset >= self.duration_s else offset

    def limit_w(self, at: float, started: float | None, phases: int) -> float | None:
        """Watts allowed at `at`; None where the profile says nothing."""
        offset = self.offset(at, started)
        if offset is None:
            return None
        present = None
        for period in self.periods:
            if period.start_s > offset:
                break
            present = period
        if present is None or present.limit is None:
            return None
        return present.limit if self.unit == "W" else present.limit * VOLTS * (present.phases or phases)


class Moment(NamedTuple):
    """For what a limit is asked: an EVSE, a time, the transaction there and its begin, the phases in use."""

    evse: int
    at: float
    transaction: str | int | None
    started: float | None
    phases: int


class Profiles:
    """The profiles installed on one station."""

    __slots__ = ("has_priority", "installed")

    def __init__(self) -> None:
        self.has_priority = False
        self.installed: list[Profile] = []

    def install(self, profile: Profile) -> None:
        """Put `profile` in place of one with its id, or with its purpose, level and EVSE."""
        self.installed = [known for known in self.installed if not _replaces(profile, known)]
        self.installed.append(profile)

    def remove(self, matches: Callable[[Profile], bool]) -> list[Profile]:
        """Remove and return what matches."""
        gone = [profile for profile in self.installed if matches(profile)]
        if gone:
            self.installed = [profile for profile in self.installed if not matches(profile)]
        return gone

    def limit_w(self, moment: Moment) -> float | None:
        """The lowest of the station's, the external and the transaction's limit; None without any."""
        if not self.installed:
            return None
        limits = [self._of_transaction(moment), self._highest(_STATION, moment), self._highest(_EXTERNAL, moment)]
        return min((limit for limit in limits if limit is not None), default=None)

    def _of_transaction(self, moment: Moment) -> float | None:
        """A TxProfile overrules the TxDefaultProfile (1.6 3.13.3), priority charging both (2.1 K21)."""
        if self.has_priority:
            first = self._highest(frozenset({"PriorityCharging"}), moment)
            if first is not None:
                return first
        own = self._highest(frozenset({"TxProfile"}), moment) if moment.started is not None else None
        return own if own is not None else self._highest(frozenset({"TxDefaultProfile"}), moment)

    def _highest(self, purposes: frozenset[str], moment: Moment) -> float | None:
        """The limit of the highest stack level that says something now; the EVSE's own before that of EVSE 0."""
        fitting = [profile for profile in self.installed if profile.purpose in purposes and _fits(profile, moment)]
        for profile in sorted(fitting, key=lambda profile: (-profile.stack_level, -profile.evse)):
            limit = profile.limit_w(moment.at, moment.started, moment.phases)
            if limit is not None:
                return limit
        return None

    def composite(self, moment: Moment, duration_s: int, most_w: float) -> list[tuple[int, float]]:
        """From `moment` on: start in seconds and watts of each piece."""
        pieces: list[tuple[int, float]] = []
        for start in self._edges(moment, duration_s):
            limit = self.limit_w(moment._replace(at=moment.at + start))
            watts = most_w if limit is None else min(limit, most_w)
            if not pieces or pieces[-1][1] != watts:
                pieces.append((start, watts))
        return pieces

    def _edges(self, moment: Moment, duration_s: int) -> list[int]:
        edges = {0}
        for profile in self.installed:
            edges.update(_edges_of(profile, moment, duration_s))
        return sorted(edges)


def _replaces(new: Profile, old: Profile) -> bool:
    if new.number == old.number:
        return True
    same = (new.purpose, new.stack_level, new.evse) == (old.purpose, old.stack_level, old.evse)
    return same and new.transaction == old.transaction


def _fits(profile: Profile, moment: Moment) -> bool:
    if profile.evse not in {0, moment.evse}:
        return False
    return profile.transaction is None or profile.transaction == moment.transaction


def _edges_of(profile: Profile, moment: Moment, duration_s: int) -> Iterable[int]:
    """Where `profile` may change within the window, in whole seconds from its begin."""
    base = moment.started if profile.kind == "Relative" or profile.start is None else profile.start
    marks = [profile.valid_from, profile.valid_to]
    if base is not None:
        inner = [base + period.start_s for period in profile.periods]
        inner += [base, *([] if profile.duration_s is None else [base + profile.duration_s])]
        marks += _repeated(inner, profile, moment.at, duration_s)
    for mark in marks:
        if mark is not None and 0 < mark - moment.at < duration_s:
            # up to the next whole second, so that the piece lies behind the edge
            yield int(-(-(mark - moment.at) // 1))


def _repeated(marks: list[float], profile: Profile, at: float, duration_s: int) -> list[float]:
    if profile.kind != "Recurring":
        return marks
    every = WEEK_S if profile.recurrency == "Weekly" else DAY_S
    rounds = range(duration_s // every + 2)
    return [mark + ((at - mark) // every + turn) * every for mark in marks for turn in rounds]
