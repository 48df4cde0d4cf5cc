"""An emulated charging station, without I/O: frames and times in, effects out. No test of it needs to sleep."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ocpp_css.ocpp.errors import CallError
from ocpp_css.ocpp.messages import Wire
from ocpp_css.simulator import (
    answers2x,
    answers2x_charging,
    answers2x_model,
    answers16,
    answers21,
    charging,
    lifecycle,
    metering,
    mischief,
)
from ocpp_css.simulator.answers import Table, respond
from ocpp_css.simulator.effects import Counts, Effect, Frame
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Machine, Options, Words
from ocpp_css.simulator.power import Vehicle
from ocpp_css.simulator.tokens import Grant, Token
from ocpp_css.simulator.words2x import Words2x
from ocpp_css.simulator.words16 import Words16

_TABLE_2X: Final[Table] = {
    **answers2x.ANSWERS.table,
    **answers2x_charging.ANSWERS.table,
    **answers2x_model.ANSWERS.table,
}
TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {"1.6": answers16.ANSWERS.table, "2.0.1": _TABLE_2X, "2.1": {**_TABLE_2X, **answers21.ANSWERS.table}}
)
"""What is answered, by version and action."""


class NoSuchEvse(ValueError):  # noqa: N818 -- a refusal
    """The station has no EVSE of that number."""

    def __init__(self, number: int, count: int) -> None:
        super().__init__(f"There is no EVSE {number}: the station has {count}.")


class Station:
    """The core of an emulated station.

    Every method takes `now`, in seconds since 1970, which must not run backward. After each call the shell carries out
    `take_effects()` and calls `tick` at `next_due`.
    """

    __slots__ = ("machine",)

    def __init__(self, options: Options, *, password: bytes | str | None = None) -> None:
        secret = password.encode() if isinstance(password, str) else password
        table = TABLES[options.version]

        def handle(action: str, payload: Wire) -> bytes | CallError:
            return respond(self.machine, table, action, payload)

        self.machine = Machine(options, handle, password=secret)
        words: Words = Words16(self.machine) if options.version == "1.6" else Words2x(self.machine)
        self.machine.words = words

    # --- what is to see -----------------------------------------------------------------------------------------

    @property
    def options(self) -> Options:
        """What kind of station it is."""
        return self.machine.options

    @property
    def counts(self) -> Counts:
        """Messages and connections so far."""
        return self.machine.link.counts

    @property
    def frames(self) -> list[Frame]:
        """The messages sent and received, oldest first, as far as they are kept."""
        return list(self.machine.link.frames)

    @property
    def password(self) -> bytes | None:
        """For Basic authentication at the next connection; the central system may have changed it."""
        return self.machine.password

    @property
    def is_online(self) -> bool:
        """Connected."""
        return self.machine.link.is_online

    @property
    def is_ready(self) -> bool:
        """Connected, and accepted by the central system."""
        return self.machine.link.is_ready

    @property
    def registration(self) -> str | None:
        """What the central system answered to the boot; None before."""
        return self.machine.registration

    @property
    def is_settled(self) -> bool:
        """No message is on its way or may go out now."""
        return self.machine.link.is_settled(self.machine.now)

    @property
    def evses(self) -> Mapping[int, Evse]:
        """The EVSEs by number, to look at."""
        return self.machine.evses

    def evse(self, number: int) -> Evse:
        """One EVSE; NoSuchEvse."""
        known = self.machine.evses.get(number)
        if known is None:
            raise NoSuchEvse(number, len(self.machine.evses))
        return known

    # --- the shell ----------------------------------------------------------------------------------------------

    @property
    def next_due(self) -> float | None:
        """When `tick` has something to do."""
        timers, link = self.machine.timers.next_due, self.machine.link.next_due
        if timers is None or link is None:
            return link if timers is None else timers
        return min(timers, link)

    def take_effects(self) -> list[Effect]:
        """What the shell is to do, in order."""
        effects = self.machine.link.effects
        if effects:
            self.machine.link.effects = []
        return effects

    def power_on(self, now: float) -> None:
        """Begin to connect."""
        self._do(now, lambda: lifecycle.power_on(self.machine))

    def power_off(self, now: float) -> None:
        """Close the connection and stay away."""
        self._do(now, lambda: lifecycle.power_off(self.machine))

    def connected(self, now: float) -> None:
        """The shell opened a connection."""
        self._do(now, lambda: lifecycle.connected(self.machine))

    def disconnected(self, now: float) -> None:
        """The connection is gone, or could not be opened."""
        self._do(now, lambda: lifecycle.disconnected(self.machine))

    def receive(self, data: bytes, now: float) -> None:
        """One message came."""
        self._do(now, lambda: self.machine.link.receive(data, now))

    def tick(self, now: float) -> None:
        """Time went by."""
        self._do(now, self._run_timers)

    def _run_timers(self) -> None:
        machine = self.machine
        for action in machine.timers.pop_due(machine.now):
            action()
        machine.link.tick(machine.now)

    def _do(self, now: float, action: Callable[[], None]) -> None:
        """Every entry: set the clock, act, let listeners look, send what may go out."""
        machine = self.machine
        machine.now = max(now, machine.now)
        action()
        if machine.restarts_when_idle:
            lifecycle.restart_if_idle(machine)
        machine.link.pump(machine.now)
        for listener in tuple(machine.listeners):
            listener()
        machine.link.pump(machine.now)

    # --- what people do -----------------------------------------------------------------------------------------

    def plug_in(self, evse: int, now: float, vehicle: Vehicle | None = None) -> None:
        """Connect a vehicle; without one given, some car comes."""
        place = self.evse(evse)
        self._do(now, lambda: charging.plug_in(self.machine, place, vehicle))

    def unplug(self, evse: int, now: float) -> None:
        """Pull the cable."""
        place = self.evse(evse)
        self._do(now, lambda: charging.unplug(self.machine, place))

    def authorize(self, token: str, now: float) -> None:
        """Show a token to the central system without starting anything."""
        machine = self.machine
        shown = self._token(token)
        letter = machine.words.authorize(shown)

        def done(answer: object) -> None:
            info = machine.words.token_info(answer) if answer is not None else None
            if info is not None:
                machine.tokens.learn(shown, info, machine.settings)

        letter.done = done
        self._do(now, lambda: machine.send(letter))

    def start(self, evse: int, token: str, now: float) -> None:
        """Show a token to start; charging begins once a vehicle is there. `evse.refusal` tells why it does not."""
        place = self.evse(evse)
        grant = Grant(self._token(token))
        self._do(now, lambda: charging.present(self.machine, place, grant))

    def stop(self, evse: int, now: float, token: str | None = None) -> None:
        """Show a token to stop, that of the start unless another is given."""
        place = self.evse(evse)
        shown = None if token is None else self._token(token)

        def action() -> None:
            place.refusal = charging.leave(self.machine, place, shown)

        self._do(now, action)

    def send_meter_values(self, evse: int, now: float) -> None:
        """Send a reading now, besides the periodic ones."""
        place = self.evse(evse)
        self._do(now, lambda: metering.sample(self.machine, place))

    def suspend(self, evse: int, now: float, *, is_paused: bool = True) -> None:
        """The vehicle pauses, or goes on."""
        place = self.evse(evse)
        self._do(now, lambda: charging.suspend(self.machine, place, is_paused=is_paused))

    def break_down(self, evse: int, now: float, code: str = "OtherError") -> None:
        """A fault, by an error code of 1.6."""
        place = self.evse(evse)
        self._do(now, lambda: charging.break_down(self.machine, place, code))

    def repair(self, evse: int, now: float) -> None:
        """The fault is over."""
        place = self.evse(evse)
        self._do(now, lambda: charging.repair(self.machine, place))

    def go_offline(self, seconds: float, now: float) -> None:
        """Lose the connection for so many real seconds."""
        self._do(now, lambda: lifecycle.stay_away(self.machine, seconds))

    def restart(self, now: float) -> None:
        """Somebody restarts it by hand."""
        self._do(now, lambda: lifecycle.reset_soft(self.machine, "LocalReset"))

    def misbehave(self, trouble: mischief.Trouble, now: float) -> None:
        """Do what no station should; see `mischief`."""
        self._do(now, lambda: mischief.play(self.machine, trouble))

    def _token(self, text: str) -> Token:
        return Token(text)
