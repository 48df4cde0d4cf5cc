"""What drivers do at a station: plug, present a token, charge, stop, leave. Every version flows the same way."""

from typing import Final

from ocpp_css.simulator import metering, reservations
from ocpp_css.simulator.evse import Evse, Transaction
from ocpp_css.simulator.machine import Ending, Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.power import Vehicle
from ocpp_css.simulator.status import report
from ocpp_css.simulator.tokens import Grant, Token, TokenInfo

UNPLUG_AFTER_S: Final = 3.0
_PLUGGED: Final = frozenset({"EVConnected", "ParkingBayOccupancy"})
_BOTH: Final = frozenset({"PowerPathClosed", "EnergyTransfer", "DataSigned"})


# --- the cable -------------------------------------------------------------------------------------------------------


def plug_in(machine: Machine, evse: Evse, vehicle: Vehicle | None = None) -> None:
    """A vehicle is connected; without one given, some car comes."""
    if evse.is_plugged:
        return
    metering.advance(machine, evse)
    options = machine.options
    evse.vehicle = vehicle or Vehicle.arriving(machine.rng, options.power_w, is_dc=options.is_dc)
    evse.is_finishing = False
    machine.timers.cancel(f"connect:{evse.number}")
    if not _begin_if_due(machine, evse, "CablePluggedIn") and evse.transaction is not None:
        metering.tell_state(machine, evse, "CablePluggedIn")
    report(machine, evse)


def unplug(machine: Machine, evse: Evse) -> None:
    """The cable is pulled, whether the charging was stopped or not."""
    if not evse.is_plugged:
        return
    metering.advance(machine, evse)
    evse.has_driver = False
    machine.timers.cancel(f"driver:{evse.number}")
    if evse.transaction is not None and _ends_without_cable(machine, evse):
        stop(machine, evse, Ending("EVDisconnected", "EVCommunicationLost"))
    evse.vehicle = None
    evse.is_finishing = False
    if evse.transaction is None:
        evse.grant = None
    metering.check(machine, evse)


def _ends_without_cable(machine: Machine, evse: Evse) -> bool:
    points = set(machine.settings.names("tx_stop"))
    return evse.grant is None or machine.settings.flag("stop_on_unplug") or bool(points & (_PLUGGED | _BOTH))


# --- the token -------------------------------------------------------------------------------------------------------


def present(machine: Machine, evse: Evse, grant: Grant) -> None:
    """A token is shown to start: it is checked here or by the central system. `evse.refusal` tells why not."""
    evse.refusal = _refusal(machine, evse, grant)
    if evse.refusal is not None:
        return
    token, link = grant.token, machine.link
    verdict = machine.tokens.verdict(token, machine.settings, machine.wall, is_online=link.is_ready)
    if grant.is_remote and not machine.settings.flag("authorize_remote"):
        verdict = "accept"
    known = machine.tokens.lookup(token, machine.settings, machine.wall)
    grant.group = grant.group or (known.group if known is not None else None)
    match verdict:
        case "accept":
            admit(machine, evse, grant)
        case "refuse":
            evse.refusal = known.status if known is not None else "Unknown"
        case "ask":
            ask(machine, evse, grant)


def _refusal(machine: Machine, evse: Evse, grant: Grant) -> str | None:
    if evse.fault is not None:
        return "Faulted"
    if not evse.is_operative:
        return "Unavailable"
    if evse.grant is not None:
        return "Occupied"
    return "Reserved" if reservations.bars(machine, evse, grant.token, grant.group) else None


def may_use(machine: Machine, evse: Evse, grant: Grant) -> bool:
    """True unless the EVSE is in use, out of order or kept for somebody else."""
    return _refusal(machine, evse, grant) is None


def ask(machine: Machine, evse: Evse, grant: Grant) -> None:
    """Send Authorize; go on with the answer."""
    letter = machine.words.authorize(grant.token)

    def done(answer: object) -> None:
        info = machine.words.token_info(answer) if answer is not None else None
        if info is None:
            evse.refusal = "NoAnswer"
            return
        machine.tokens.learn(grant.token, info, machine.settings)
        grant.group = info.group or grant.group
        if info.is_accepted and _refusal(machine, evse, grant) is None:
            admit(machine, evse, grant)
        else:
            evse.refusal = info.status

    letter.done = done
    machine.send(letter)


def admit(machine: Machine, evse: Evse, grant: Grant) -> None:
    """The token may charge here: begin, or wait for the cable until the connection time-out."""
    evse.grant = grant
    evse.is_finishing = False
    trigger = "RemoteStart" if grant.is_remote else "Authorized"
    if not _begin_if_due(machine, evse, trigger) and evse.transaction is not None:
        metering.advance(machine, evse)
        evse.transaction.token, evse.transaction.group = grant.token, grant.group
        evse.transaction.remote_start_id = grant.remote_start_id
        evse.transaction.state = evse.charging_state
        machine.send(_learning(machine, evse, machine.words.updated(evse, trigger, [])))
    if not evse.is_plugged:
        wait = machine.settings.number("connect_timeout_s")
        if wait > 0:
            machine.after(f"connect:{evse.number}", wait, lambda: _give_up(machine, evse))
        _call_driver(machine, evse, grant)
    report(machine, evse)


def _call_driver(machine: Machine, evse: Evse, grant: Grant) -> None:
    """Whoever asked for a remote start stands at the station and plugs in."""
    delay = machine.options.driver_delay_s
    if grant.is_remote and delay is not None:
        evse.has_driver = True
        machine.after(f"driver:{evse.number}", delay, lambda: plug_in(machine, evse))


def _give_up(machine: Machine, evse: Evse) -> None:
    """Nobody plugged in (1.6 ConnectionTimeOut, 2.x E03.FR.05)."""
    if evse.transaction is not None:
        stop(machine, evse, Ending("Timeout", "EVConnectTimeout"))
    evse.grant = None
    report(machine, evse)


# --- the transaction -------------------------------------------------------------------------------------------------


def _begin_if_due(machine: Machine, evse: Evse, trigger: str) -> bool:
    """Begin a transaction when a TxStartPoint is reached (2.x E01); 1.6 needs both cable and token."""
    if evse.transaction is not None or not evse.is_operative or evse.fault is not None:
        return False
    points, has_token = set(machine.settings.names("tx_start")), evse.grant is not None
    is_due = (
        (evse.is_plugged and bool(points & _PLUGGED))
        or (has_token and "Authorized" in points)
        or (has_token and evse.is_plugged and bool(points & _BOTH))
    )
    if is_due:
        _begin(machine, evse, trigger)
    return is_due


def _begin(machine: Machine, evse: Evse, trigger: str) -> None:
    metering.advance(machine, evse)
    grant = evse.grant
    transaction = evse.transaction = Transaction(
        key=None if machine.options.version == "1.6" else _new_key(machine),
        started_at=machine.wall,
        started_s=machine.now,
        meter_start_wh=evse.meter.register_wh,
    )
    if grant is not None:
        transaction.token, transaction.group = grant.token, grant.group
        transaction.remote_start_id = grant.remote_start_id
        reservation = reservations.claim(machine, evse, grant.token, grant.group)
        if reservation is not None:
            transaction.reservation_id = reservation.number
            reservations.use(machine, reservation)
    machine.link.counts.transactions += 1
    machine.has_charged = True
    transaction.state = "EVConnected" if evse.is_plugged else "Idle"
    reading = metering.values(machine, evse, "started")
    transaction.begin_readings = (machine.wall, reading)
    machine.send(_learning(machine, evse, machine.words.started(evse, trigger, reading)))
    metering.tell_state(machine, evse)
    metering.begin(machine, evse)


def _new_key(machine: Machine) -> str:
    text = f"{machine.rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _learning(machine: Machine, evse: Evse, letter: Letter | None) -> Letter | None:
    """Let the answer to `letter`, which names a token, be heard."""
    transaction = evse.transaction
    if letter is None or transaction is None:
        return letter
    first = letter.done

    def done(answer: object) -> None:
        if first is not None:
            first(answer)
        if answer is not None and transaction.token is not None:
            heard(machine, evse, transaction, machine.words.token_info(answer))

    letter.done = done
    return letter


def heard(machine: Machine, evse: Evse, transaction: Transaction, info: TokenInfo | None) -> None:
    """The central system judged the token of a running transaction (1.6 4.8, 2.x E05)."""
    if info is None:
        return
    if transaction.token is not None:
        machine.tokens.learn(transaction.token, info, machine.settings)
        transaction.group = info.group or transaction.group
    if info.is_accepted or transaction.is_over:
        return
    evse.refusal = info.status
    metering.advance(machine, evse)
    if not machine.settings.flag("stop_on_invalid"):
        transaction.is_refused = True  # E05.FR.02
        metering.tell_state(machine, evse)
    elif set(machine.settings.names("tx_stop")) & (_BOTH | {"Authorized"}):
        stop(machine, evse, Ending("DeAuthorized", "Deauthorized"))  # E05.FR.10
    else:
        evse.grant = None  # E05.FR.09
        metering.tell_state(machine, evse, "Deauthorized")
    report(machine, evse)


def stop(machine: Machine, evse: Evse, ending: Ending) -> None:
    """End the transaction of `evse`, if there is one."""
    transaction = evse.transaction
    if transaction is None:
        return
    metering.advance(machine, evse)
    metering.end(machine, evse)
    transaction.is_over = True
    transaction.state = "EVConnected" if evse.is_plugged else "Idle"
    reading = metering.values(machine, evse, "ended")
    machine.send(machine.words.stopped(evse, ending, reading))
    machine.profiles.remove(lambda profile: profile.purpose == "TxProfile" and profile.evse == evse.number)
    machine.timers.cancel(f"connect:{evse.number}")
    machine.timers.cancel(f"driver:{evse.number}")
    evse.transaction = evse.grant = None
    evse.is_finishing = evse.is_plugged
    evse.meter.power_w = evse.contact_s = 0.0
    _after_stop(machine, evse)


def _after_stop(machine: Machine, evse: Evse) -> None:
    if evse.closes_later:
        evse.closes_later, evse.is_operative = False, False
    if evse.has_driver:
        machine.after(f"driver:{evse.number}", UNPLUG_AFTER_S, lambda: unplug(machine, evse))
    report(machine, evse)


def leave(machine: Machine, evse: Evse, token: Token | None) -> str | None:
    """The driver stops at the station, by the same token or one of its group; the refusal, if it is one."""
    transaction = evse.transaction
    if transaction is None:
        return "NoTransaction"
    if token is not None and transaction.token is not None and not token.is_same(transaction.token):
        known = machine.tokens.lookup(token, machine.settings, machine.wall)
        if known is None or known.group is None or known.group != transaction.group:
            return "OtherToken"
    shown = token or transaction.token
    points = set(machine.settings.names("tx_stop"))
    if points & (_BOTH | {"Authorized"}):
        stop(machine, evse, Ending("Local", "StopAuthorized", shown))
    else:
        metering.advance(machine, evse)
        evse.grant = None
        metering.tell_state(machine, evse, "StopAuthorized")
    return None


# --- trouble ---------------------------------------------------------------------------------------------------------


def break_down(machine: Machine, evse: Evse, code: str) -> None:
    """A fault: charging ends with it."""
    metering.advance(machine, evse)
    evse.fault = code
    stop(machine, evse, Ending("Other", "AbnormalCondition"))
    machine.send(machine.words.fault(evse, is_over=False))
    report(machine, evse)


def repair(machine: Machine, evse: Evse) -> None:
    """The fault is over."""
    if evse.fault is not None:
        machine.send(machine.words.fault(evse, is_over=True))
        evse.fault = None
        report(machine, evse)


def suspend(machine: Machine, evse: Evse, *, is_paused: bool) -> None:
    """The vehicle pauses, or goes on."""
    if evse.vehicle is not None:
        metering.advance(machine, evse)
        evse.vehicle.is_paused = is_paused
        metering.check(machine, evse)
