"""Telling the central system of EVSEs and of the station itself."""

from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Machine


def report(machine: Machine, evse: Evse) -> None:
    """Send the status of `evse`, if it is another than the one told last."""
    status = machine.words.status_of(evse)
    if status == evse.reported or not machine.link.is_ready:
        return
    evse.reported = status
    letter = machine.words.status(evse.number, status)

    def done(answer: object) -> None:
        if answer is None and evse.reported == status:
            evse.reported = None

    letter.done = done
    machine.send(letter)


def report_station(machine: Machine) -> None:
    """The same for the station: connector 0, which only 1.6 has."""
    status = machine.words.station_status()
    if status is None or status == machine.reported or not machine.link.is_ready:
        return
    machine.reported = status
    machine.send(machine.words.status(0, status))


def report_all(machine: Machine) -> None:
    """Send whatever is news."""
    report_station(machine)
    for evse in machine.evses.values():
        report(machine, evse)


def forget(machine: Machine) -> None:
    """The central system is to hear everything again."""
    machine.reported = None
    for evse in machine.evses.values():
        evse.reported = None
