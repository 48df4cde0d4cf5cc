"""A station's life: connecting, boot, heartbeat, going down, coming back (1.6 4.2, 2.x B01 to B04)."""

from typing import Any, Final

from ocpp_css.simulator import charging, metering
from ocpp_css.simulator.evse import Evse
from ocpp_css.simulator.machine import Ending, Machine
from ocpp_css.simulator.status import forget, report_all

BOOT_RETRY_S: Final = 60.0
"""Where the central system names no interval."""

_GRACE_S: Final = 10.0
"""So long a soft reset waits for the last answers."""


# --- the connection -------------------------------------------------------------------------------------------------


def power_on(machine: Machine) -> None:
    """Begin to connect."""
    machine.is_wanted = True
    dial(machine)


def power_off(machine: Machine) -> None:
    """Close, and stay away."""
    machine.is_wanted = False
    machine.timers.cancel("dial")
    machine.link.hang_up(1000, "station stops")


def dial(machine: Machine) -> None:
    """Ask for a connection, if there is none."""
    if machine.is_wanted and not machine.link.is_online:
        machine.link.dial()


def connected(machine: Machine) -> None:
    """The socket is open. A station that was accepted goes on without a new BootNotification."""
    machine.failures = 0
    machine.link.connected()
    if not machine.is_wanted:
        machine.link.hang_up(1000, "station stops")
    elif machine.link.is_accepted:
        _resume(machine)
    else:
        boot(machine)
    _next_ping(machine)


def disconnected(machine: Machine) -> None:
    """The socket is gone, or could not be opened: try again after a growing, jittered pause (2.x part 4, 5.3)."""
    if machine.link.is_online:
        machine.offline_since = machine.now
    machine.link.disconnected()
    for name in ("heartbeat", "ping", "boot"):
        machine.timers.cancel(name)
    if machine.is_wanted and machine.options.reconnects:
        due = max(machine.ready_at, machine.now + _backoff_s(machine))
        machine.failures += 1
        machine.timers.set("dial", due, lambda: dial(machine))


def _backoff_s(machine: Machine) -> float:
    settings = machine.settings
    doublings = min(machine.failures, settings.number("backoff_repeats"))
    jitter = machine.rng.uniform(0, settings.number("backoff_random_s"))
    return float(settings.number("backoff_wait_s") * 2**doublings) + jitter


def _resume(machine: Machine) -> None:
    """After a longer absence every status is told again, else only what changed (2.x B04.FR.01, .02)."""
    if machine.now - machine.offline_since > machine.settings.number("offline_after_s"):
        forget(machine)
    report_all(machine)
    next_heartbeat(machine)


def _next_ping(machine: Machine) -> None:
    interval = machine.settings.number("ping_s")

    def action() -> None:
        machine.link.ping()
        _next_ping(machine)

    if interval > 0:
        machine.after("ping", interval, action)


def stay_away(machine: Machine, seconds: float, *, is_abrupt: bool = True) -> None:
    """Lose the connection for so long."""
    machine.ready_at = machine.now + seconds
    machine.link.hang_up(1001, "going offline", is_abrupt=is_abrupt)


# --- registration ---------------------------------------------------------------------------------------------------


def boot(machine: Machine) -> None:
    """Send BootNotification; nothing else goes out before it is accepted."""
    letter = machine.words.boot()
    letter.done = lambda answer: _booted(machine, answer)
    machine.timers.cancel("boot")
    machine.send(letter)


def boot_again(machine: Machine) -> None:
    """The central system wants to see a BootNotification (2.x F06)."""
    machine.boot_reason = "Triggered"
    boot(machine)


def _booted(machine: Machine, answer: Any) -> None:
    if answer is None:
        machine.after("boot", BOOT_RETRY_S, lambda: boot(machine))
        return
    machine.registration = answer.status
    machine.link.is_accepted = answer.status == "Accepted"
    if not machine.link.is_accepted:
        wait = float(answer.interval) if answer.interval > 0 else BOOT_RETRY_S
        machine.after("boot", wait, lambda: boot(machine))
        return
    if answer.interval > 0:
        machine.settings.put("heartbeat_s", str(answer.interval))
    forget(machine)
    report_all(machine)
    next_heartbeat(machine)
    metering.next_aligned(machine)


def next_heartbeat(machine: Machine) -> None:
    """Set the next heartbeat by the present interval."""
    interval = machine.settings.number("heartbeat_s")

    def action() -> None:
        machine.send(machine.words.heartbeat())
        next_heartbeat(machine)

    if interval > 0:
        machine.after("heartbeat", interval, action)


# --- reset ----------------------------------------------------------------------------------------------------------


def reset_hard(machine: Machine, reason: str = "HardReset") -> None:
    """Transactions are stopped, the socket closes at once; unanswered messages go out after the boot."""
    for evse in machine.evses.values():
        charging.stop(machine, evse, Ending(reason, "ResetCommand"))
    machine.link.pump(machine.now)
    restart(machine, "RemoteReset")


def reset_soft(machine: Machine, boot_reason: str = "RemoteReset") -> None:
    """Transactions are stopped, and the restart waits for the answers, though not for ever."""
    for evse in machine.evses.values():
        charging.stop(machine, evse, Ending("SoftReset", "ResetCommand"))
    limit = machine.now + _GRACE_S

    def wait() -> None:
        if machine.link.is_settled(machine.now) or machine.now >= limit:
            restart(machine, boot_reason)
        else:
            machine.after("soft", 0.05, wait)

    machine.after("soft", 0.0, wait)


def reset_evses(machine: Machine, evses: list[Evse]) -> None:
    """Reset single EVSEs: their transactions end, their authorizations are gone (2.x B11.FR.08)."""
    for evse in evses:
        charging.stop(machine, evse, Ending("ImmediateReset", "ResetCommand"))
        evse.grant = evse.reported = None
    report_all(machine)


def restart(machine: Machine, boot_reason: str) -> None:
    """Go down and boot again; what is stored survives, authorizations do not."""
    machine.boot_reason = boot_reason
    machine.restarts_when_idle = False
    machine.registration = None
    machine.ready_at = machine.now + machine.options.boot_s / machine.options.time_scale
    machine.link.hang_up(1001, "restart")
    machine.link.is_accepted = False
    for evse in machine.evses.values():
        evse.grant = None
    if not machine.link.is_online:
        machine.timers.set("dial", machine.ready_at, lambda: dial(machine))


def restart_if_idle(machine: Machine) -> None:
    """A reset that waited for the last transaction (2.x B12)."""
    is_idle = all(evse.transaction is None for evse in machine.evses.values())
    if machine.restarts_when_idle and is_idle and machine.link.is_settled(machine.now):
        restart(machine, "ScheduledReset")
