"""What both families of versions do alike when the central system asks: start, stop, lock, update, upload, trigger."""

from collections.abc import Callable, Iterable
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import UNSET

from ocpp_css.ocpp import v201
from ocpp_css.simulator import certificates, charging, lifecycle, metering
from ocpp_css.simulator.evse import Evse, Transaction
from ocpp_css.simulator.machine import Ending, Machine
from ocpp_css.simulator.outbox import Letter
from ocpp_css.simulator.settings import Outcome
from ocpp_css.simulator.status import report, report_all
from ocpp_css.simulator.tokens import Grant

STEP_S: Final = 3.0
"""Emulated seconds between two statuses of a transfer or an installation."""

_SCHEMES: Final = frozenset({"http", "https", "ftp", "ftps", "sftp"})


# --- transactions ---------------------------------------------------------------------------------------------------


def choose(machine: Machine, number: int | None, grant: Grant) -> Evse | None:
    """The EVSE for a remote start: the named one, or the first that takes this token; one with a car goes first."""
    if number is not None:
        evses = [evse for evse in machine.evses.values() if evse.number == number]
    else:
        evses = sorted(machine.evses.values(), key=lambda evse: not evse.is_plugged)
    return next((evse for evse in evses if charging.may_use(machine, evse, grant)), None)


def start(machine: Machine, evse: Evse, grant: Grant) -> None:
    """A remote start that was accepted: begin when the answer is out."""
    machine.link.after(lambda: charging.present(machine, evse, grant))


def find(machine: Machine, key: str | int) -> tuple[Evse, Transaction] | None:
    """The EVSE where the transaction runs."""
    for evse in machine.evses.values():
        if evse.transaction is not None and evse.transaction.key == key:
            return evse, evse.transaction
    return None


def stop(machine: Machine, key: str | int) -> bool:
    """A remote stop; False for an unknown transaction."""
    found = find(machine, key)
    if found is None:
        return False
    evse = found[0]
    machine.link.after(lambda: charging.stop(machine, evse, Ending("Remote", "RemoteStop")))
    return True


def change_availability(
    machine: Machine, evses: Iterable[Evse], *, is_operative: bool
) -> Literal["Accepted", "Scheduled"]:
    """Open or close EVSEs; one with a transaction closes when that ends (1.6 5.2, 2.x G03)."""
    status: Literal["Accepted", "Scheduled"] = "Accepted"
    for evse in evses:
        evse.closes_later = not is_operative and evse.transaction is not None
        if evse.closes_later:
            status = "Scheduled"
        else:
            evse.is_operative = is_operative
    machine.link.after(lambda: report_all(machine))
    return status


# --- firmware and logs ----------------------------------------------------------------------------------------------


def is_reachable(location: str) -> bool:
    """Whether the emulated transfer succeeds: known schemes do, hosts under `.invalid` (RFC 2606) do not."""
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(host) and not host.endswith(".invalid")


def upload(machine: Machine, location: str, request_id: int | None) -> tuple[str, bool]:
    """Emulate an upload and tell its statuses; the name of the file, and whether an earlier upload was cancelled."""
    was_busy = machine.log_status == "Uploading"
    last = "Uploaded" if is_reachable(location) else "UploadFailure"

    def tell(status: str) -> None:
        machine.log_status = status
        machine.send(machine.words.log_status(status, request_id))

    machine.link.after(lambda: _play(machine, "log", ("Uploading", last), tell))
    return f"{machine.options.identity}-{machine.wall:%Y%m%dT%H%M%S}.log"[:255], was_busy


def update_firmware(machine: Machine, location: str, request_id: int | None, *, is_signed: bool) -> bool:
    """Emulate a download and an installation with its restart; True where an earlier update was cancelled."""
    was_busy = "firmware" in machine.timers
    checked = ("SignatureVerified",) if is_signed else ()
    good = ("Downloading", "Downloaded", *checked, "Installing", "Installed")
    statuses = good if is_reachable(location) else ("Downloading", "DownloadFailed")

    def tell(status: str) -> None:
        machine.firmware_status = status
        machine.send(machine.words.firmware_status(status, request_id))
        if status == "Installed":
            machine.firmware = _next_version(machine.firmware)
            lifecycle.reset_soft(machine, "FirmwareUpdate")

    machine.link.after(lambda: _play(machine, "firmware", statuses, tell))
    return was_busy


def publish(machine: Machine, location: str, request_id: int) -> None:
    """Emulate a local publication (2.x L03)."""
    good = ("Downloading", "Downloaded", "ChecksumVerified", "Published")
    statuses = good if is_reachable(location) else ("Downloading", "DownloadFailed")

    def tell(status: str) -> None:
        request = v201.PublishFirmwareStatusNotificationRequest(
            status=status,  # type: ignore[arg-type]
            location=["http://station.local/firmware"] if status == "Published" else UNSET,
            request_id=request_id,
        )
        machine.send(Letter("PublishFirmwareStatusNotification", request))

    _play(machine, "publish", statuses, tell)


def _next_version(text: str) -> str:
    head, _, last = text.rpartition(".")
    return f"{head}.{int(last) + 1}" if last.isdigit() else f"{text}.1"


def _play(machine: Machine, name: str, statuses: tuple[str, ...], tell: Callable[[str], None]) -> None:
    """Tell one status now, the others one after the other; a new play of that name replaces this one."""
    machine.timers.cancel(name)
    if len(statuses) > 1:
        machine.after_scaled(name, STEP_S, lambda: _play(machine, name, statuses[1:], tell))
    tell(statuses[0])


# --- what a trigger sends -------------------------------------------------------------------------------------------


def trigger(machine: Machine, message: str, number: int | None) -> Literal["Accepted", "Rejected", "NotImplemented"]:
    """Send a message when the answer is out (1.6 5.17, 2.x F06)."""
    if number is not None and number not in machine.evses and not (number == 0 and message == "StatusNotification"):
        return "Rejected"
    evses = [evse for evse in machine.evses.values() if number in {None, 0, evse.number}]
    action = _triggered(machine, message, evses)
    if action is None:
        return "NotImplemented"
    if message == "TransactionEvent" and all(evse.transaction is None for evse in evses):
        return "Rejected"
    machine.link.after(action)
    return "Accepted"


def _triggered(machine: Machine, message: str, evses: list[Evse]) -> Callable[[], None] | None:
    match message:
        case "BootNotification":
            return lambda: lifecycle.boot_again(machine)
        case "StatusNotification":
            return lambda: _tell_statuses(machine, evses)
        case "MeterValues" | "TransactionEvent":
            only_running = message == "TransactionEvent"
            return lambda: _sample(machine, evses, only_running=only_running)
        case "Heartbeat" | "FirmwareStatusNotification" | "DiagnosticsStatusNotification" | "LogStatusNotification":
            return lambda: _send_free(machine, message)
        case "SignChargePointCertificate" | "SignChargingStationCertificate":
            return lambda: request_certificate(machine)
        case _:
            return None


def _send_free(machine: Machine, message: str) -> None:
    """What was asked for may go out before the station is accepted (2.x B02.FR.02)."""
    words = machine.words
    match message:
        case "Heartbeat":
            letter = words.heartbeat()
        case "FirmwareStatusNotification":
            busy = "firmware" in machine.timers
            letter = words.firmware_status(machine.firmware_status if busy else "Idle", None)
        case _:
            log_id = 0 if message == "LogStatusNotification" and machine.options.version == "1.6" else None
            letter = words.log_status(machine.log_status if "log" in machine.timers else "Idle", log_id)
    letter.is_free = True
    machine.send(letter)


def _tell_statuses(machine: Machine, evses: list[Evse]) -> None:
    for evse in evses:
        letter = machine.words.status(evse.number, machine.words.status_of(evse))
        letter.is_free = True
        machine.send(letter)


def _sample(machine: Machine, evses: list[Evse], *, only_running: bool) -> None:
    """TransactionEvents of what runs, or MeterValues of every EVSE, running or not (1.6 5.17, 2.x F06.FR.06, .07)."""
    word = "sampled" if machine.options.version == "1.6" else "aligned"
    for evse in evses:
        if only_running and evse.transaction is not None:
            metering.sample(machine, evse, "Trigger")
        elif not only_running and (reading := metering.values(machine, evse, word)):
            machine.send(machine.words.meter_values(evse, "Trigger", reading))


def request_certificate(machine: Machine) -> None:
    """Make a key pair and ask for a certificate (1.6 security whitepaper A02, 2.x A02)."""
    letter = machine.words.sign_certificate(certificates.signing_request(machine.options.identity))
    letter.is_free = True
    machine.send(letter)


# --- settings -------------------------------------------------------------------------------------------------------


def setting_changed(machine: Machine, key: str, outcome: Outcome) -> None:
    """Let a new value take effect."""
    if outcome not in {"Accepted", "RebootRequired"}:
        return
    words = machine.settings.words_of(key)
    if "heartbeat_s" in words and machine.link.is_ready:
        machine.link.after(lambda: lifecycle.next_heartbeat(machine))
    if words & {"sample_s", "aligned_s"}:
        machine.link.after(lambda: metering.resample(machine))
    if words & {"attempts", "retry_s"}:
        machine.link.retry.attempts = max(1, machine.settings.number("attempts"))
        machine.link.retry.interval_s = machine.settings.number("retry_s")
    if "password" in words:
        _new_password(machine, machine.settings.text("password"))


def _new_password(machine: Machine, text: str) -> None:
    """Connect again with the new password when the answer is out (1.6 security whitepaper A01, 2.x A01)."""
    machine.password = decode_password(text) if machine.options.version == "1.6" else text.encode()
    machine.link.after(lambda: lifecycle.stay_away(machine, 0.0, is_abrupt=False))


def decode_password(text: str) -> bytes:
    """The octets of an AuthorizationKey, which 1.6 writes in hex; other text stands for itself."""
    try:
        return bytes.fromhex(text) if len(text) >= 32 else text.encode()
    except ValueError:
        return text.encode()


def limits_changed(machine: Machine) -> None:
    """Charging profiles came or went: the new limits hold at once."""

    def action() -> None:
        for evse in machine.evses.values():
            metering.check(machine, evse)
            report(machine, evse)

    machine.link.after(action)
