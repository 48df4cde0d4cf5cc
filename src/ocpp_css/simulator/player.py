"""Plays a scenario at one EVSE: a generator that says what it waits for, driven by the station's own clock."""

from collections.abc import Callable, Generator, Iterable
from math import inf
from typing import Final, NamedTuple, TypeAlias

from ocpp_css.simulator import charging, lifecycle, metering, mischief
from ocpp_css.simulator import scenario as steps
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Machine
from ocpp_css.simulator.power import Vehicle
from ocpp_css.simulator.scenario import Scenario, Span, Step
from ocpp_css.simulator.tokens import Grant, Token

ANSWER_S: Final = 90.0
"""So long a step waits for what the central system has to say."""

_LOOK_S: Final = 15.0


class Pause(NamedTuple):
    """Wait for so long, in emulated seconds unless `is_real`."""

    seconds: float
    is_real: bool = False


class Until(NamedTuple):
    """Wait until something is so, at most for so many real seconds."""

    is_so: Callable[[], bool]
    limit_s: float = ANSWER_S


Play: TypeAlias = Generator[Pause | Until, None, None]


class Player:
    """One EVSE's player; a listener of its station."""

    __slots__ = ("_evse", "_is_due", "_machine", "_name", "_play", "_until", "is_over")

    def __init__(self, machine: Machine, scenario: Scenario, evse: Evse) -> None:
        self._machine = machine
        self._evse = evse
        self._name = f"player:{evse.number}"
        self._until: Callable[[], bool] | None = lambda: machine.link.is_ready
        self._is_due = False
        self._play = self._all(scenario)
        self.is_over = False
        machine.listeners.append(self.look)

    def look(self) -> None:
        """Go on, if what was waited for is there."""
        while not self.is_over and (self._is_due or (self._until is not None and self._until())):
            self._go_on()

    def _go_on(self) -> None:
        machine = self._machine
        self._is_due, self._until = False, None
        machine.timers.cancel(self._name)
        wish = next(self._play, None)
        match wish:
            case None:
                self.is_over = True
                machine.listeners.remove(self.look)
            case Pause(seconds=seconds, is_real=is_real):
                scale = 1.0 if is_real else machine.options.time_scale
                machine.after(self._name, seconds / scale, self._due)
            case Until(is_so=is_so, limit_s=limit_s):
                self._until = is_so
                if limit_s != inf:
                    machine.after(self._name, limit_s, self._due)

    def _due(self) -> None:
        self._is_due = True

    # --- the steps ----------------------------------------------------------------------------------------------

    def _all(self, scenario: Scenario) -> Play:
        yield Pause(self._machine.rng.uniform(0, 1))
        yield from self._each(scenario.steps)

    def _each(self, rows: Iterable[Step]) -> Play:
        for step in rows:
            evse = self._evse if step.evse is None else self._machine.evses.get(step.evse)
            if evse is not None:
                yield from self._one(step, evse)

    def _one(self, step: Step, evse: Evse) -> Play:
        machine = self._machine
        match step:
            case steps.Repeat():
                yield from self._repeat(step)
            case steps.Wait():
                yield Pause(self._some(step.seconds) + 60 * self._some(step.minutes))
            case steps.Plug():
                charging.plug_in(machine, evse, self._vehicle(step))
            case steps.Unplug():
                charging.unplug(machine, evse)
            case steps.Authorize():
                yield from self._authorize(step)
            case steps.Start():
                yield from self._start(step, evse)
            case steps.Charge():
                yield from self._charge(step, evse)
            case steps.Stop():
                charging.leave(machine, evse, None if step.token is None else Token(step.token))
                yield Until(lambda: evse.transaction is None)
            case steps.Meter():
                metering.sample(machine, evse)
            case _:
                yield from self._trouble(step, evse)

    def _trouble(self, step: Step, evse: Evse) -> Play:
        machine = self._machine
        match step:
            case steps.Suspend():
                charging.suspend(machine, evse, is_paused=True)
                yield Pause(self._some(step.seconds))
                charging.suspend(machine, evse, is_paused=False)
            case steps.Fault():
                charging.break_down(machine, evse, step.code)
                yield Pause(self._some(step.seconds))
                charging.repair(machine, evse)
            case steps.Offline():
                lifecycle.stay_away(machine, self._some(step.seconds))
                yield Until(lambda: not machine.link.is_online)
                yield Until(lambda: machine.link.is_ready, inf)
            case steps.Restart():
                lifecycle.reset_soft(machine, "LocalReset")
                yield Until(lambda: not machine.link.is_online)
                yield Until(lambda: machine.link.is_ready, inf)
            case _:
                mischief.play(machine, self._mischief(step, evse))

    def _mischief(self, step: Step, evse: Evse) -> mischief.Trouble:
        match step:
            case steps.DropSocket():
                return mischief.Drop(step.probability)
            case steps.DuplicateCalls():
                return mischief.Duplicate(step.count)
            case steps.SlowAnswers():
                return mischief.Slow(self._some(step.seconds), step.count)
            case steps.WrongClock():
                return mischief.Clock(step.offset_s)
            case steps.RollBack():
                return mischief.Rollback(evse.number, self._some(step.wh))
            case steps.BadMessage():
                return mischief.Garbage(step.kind)
            case _:
                raise TypeError(step)

    def _repeat(self, step: steps.Repeat) -> Play:
        turn = 0
        while step.times == 0 or turn < step.times:
            turn += 1
            yield from self._each(step.steps)
            # a loop of steps that take no time must not stand still
            yield Pause(1.0 if step.times == 0 else 0.0)

    def _authorize(self, step: steps.Authorize) -> Play:
        heard: list[object] = []
        letter = self._machine.words.authorize(self._token(step.token))
        letter.done = heard.append
        self._machine.send(letter)
        yield Until(lambda: bool(heard))

    def _start(self, step: steps.Start, evse: Evse) -> Play:
        if evse.transaction is not None and evse.grant is not None:
            return
        charging.present(self._machine, evse, Grant(self._token(step.token)))
        yield Until(lambda: evse.transaction is not None or evse.refusal is not None)

    def _charge(self, step: steps.Charge, evse: Evse) -> Play:
        transaction, machine = evse.transaction, self._machine
        if transaction is None:
            return
        scale = machine.options.time_scale
        minutes = None if step.minutes is None else self._some(step.minutes)
        most_wh = None if step.kwh is None else self._some(step.kwh) * 1000
        soc = 1.0 if step.soc is None else self._some(step.soc) / 100
        while evse.transaction is transaction:
            metering.check(machine, evse)
            left = None if minutes is None else minutes * 60 - (machine.now - transaction.started_s) * scale
            has_all = most_wh is not None and evse.meter.register_wh - transaction.meter_start_wh >= most_wh
            is_full = evse.vehicle is None or evse.vehicle.is_full or evse.vehicle.charge >= soc
            if has_all or is_full or (left is not None and left <= 0):
                return
            wait = _LOOK_S if left is None else min(_LOOK_S, left)
            yield Until(lambda: evse.transaction is not transaction, max(0.05, wait / scale))

    # --- chance -------------------------------------------------------------------------------------------------

    def _some(self, span: Span) -> float:
        if isinstance(span, list):
            return self._machine.rng.uniform(span[0], span[1])
        return float(span)

    def _token(self, text: str | None) -> Token:
        return Token(text or self._machine.rng.choice(self._machine.options.id_tokens))

    def _vehicle(self, step: steps.Plug) -> Vehicle | None:
        if step.soc is None and step.capacity_kwh is None:
            return None
        options = self._machine.options
        vehicle = Vehicle.arriving(self._machine.rng, options.power_w, is_dc=options.is_dc)
        if step.soc is not None:
            vehicle.charge = min(1.0, self._some(step.soc) / 100)
        if step.capacity_kwh is not None:
            vehicle.capacity_wh = max(1.0, self._some(step.capacity_kwh) * 1000)
        return vehicle


def play(machine: Machine, scenario: Scenario) -> list[Player]:
    """Let every EVSE of a station play; with no steps nobody comes."""
    if scenario.meter_interval_s is not None:
        machine.settings.put("sample_s", str(scenario.meter_interval_s))
    if not scenario.steps:
        return []
    return [Player(machine, scenario, evse) for evse in machine.evses.values()]
