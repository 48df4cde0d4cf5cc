"""Reservations: who may use an EVSE, and until when (1.6 5.13, 2.x H)."""

from typing import Literal

from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Machine, Reservation
from ocpp_css.simulator.status import report
from ocpp_css.simulator.tokens import Token

Verdict = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]


def reserve(machine: Machine, reservation: Reservation) -> Verdict:
    """Accepted, Faulted, Occupied or Unavailable; an id that is known already is replaced."""
    refusal = _refusal(machine, reservation)
    if refusal is not None:
        return refusal
    machine.reservations[reservation.number] = reservation
    wait = max(0.0, reservation.expires_s - machine.now)
    machine.after(_timer(reservation.number), wait, lambda: _expire(machine, reservation.number))
    machine.link.after(lambda: _report(machine, reservation.evse))
    return "Accepted"


def _refusal(machine: Machine, wish: Reservation) -> Verdict | None:
    evses = [evse for evse in machine.evses.values() if wish.evse in {0, evse.number}]
    if not evses or wish.expires_s <= machine.now:
        return "Rejected"
    if all(evse.fault is not None for evse in evses):
        return "Faulted"
    if not any(evse.is_operative for evse in evses):
        return "Unavailable"
    others = [known for known in machine.reservations.values() if known.number != wish.number]
    if wish.evse:
        others = [known for known in others if known.evse == wish.evse]
        return None if evses[0].is_free and not evses[0].is_plugged and not others else "Occupied"
    return None if len([evse for evse in evses if evse.is_free]) > len(others) else "Occupied"


def cancel(machine: Machine, number: int) -> bool:
    """Forget a reservation; False when it is not known."""
    reservation = machine.reservations.pop(number, None)
    if reservation is None:
        return False
    machine.timers.cancel(_timer(number))
    machine.link.after(lambda: _report(machine, reservation.evse))
    return True


def _expire(machine: Machine, number: int) -> None:
    reservation = machine.reservations.pop(number, None)
    if reservation is not None:
        machine.send(machine.words.reservation_over(number, "Expired"))
        _report(machine, reservation.evse)


def held(machine: Machine, evse: Evse) -> Reservation | None:
    """The reservation of this EVSE itself."""
    return next((known for known in machine.reservations.values() if known.evse == evse.number), None)


def claim(machine: Machine, evse: Evse, token: Token, group: str | None) -> Reservation | None:
    """The reservation that `token` may use at `evse`."""
    for known in machine.reservations.values():
        is_owner = known.token.is_same(token) or (group is not None and group == known.group)
        if known.evse in {0, evse.number} and is_owner:
            return known
    return None


def bars(machine: Machine, evse: Evse, token: Token, group: str | None) -> bool:
    """True when `evse` is kept for somebody else."""
    if not machine.reservations or claim(machine, evse, token, group) is not None:
        return False
    if held(machine, evse) is not None:
        return True
    free = [other for other in machine.evses.values() if other.is_free and held(machine, other) is None]
    open_ones = [known for known in machine.reservations.values() if known.evse == 0]
    return bool(open_ones) and len(free) <= len(open_ones)


def use(machine: Machine, reservation: Reservation) -> None:
    """The transaction began: the reservation is used up."""
    machine.reservations.pop(reservation.number, None)
    machine.timers.cancel(_timer(reservation.number))


def _report(machine: Machine, number: int) -> None:
    evse = machine.evses.get(number)
    if evse is not None:
        report(machine, evse)


def _timer(number: int) -> str:
    return f"reservation:{number}"
