"""What a 1.6 station answers: the core and local list profiles, reservations, triggers, firmware, certificates."""

from typing import Final

from msgspec import UNSET

from ocpp_css.ocpp import v16
from ocpp_css.simulator import certificates, charging, commands, lifecycle, profiles16, reservations
from ocpp_css.simulator.answers import Answers
from ocpp_css.simulator.machine import Ending, Machine, Reservation
from ocpp_css.simulator.profiles import Profile
from ocpp_css.simulator.settings import Setting
from ocpp_css.simulator.tokens import Grant, Token
from ocpp_css.simulator.words16 import token_info

ANSWERS: Final = Answers()


# --- core -----------------------------------------------------------------------------------------------------------


@ANSWERS.on(v16.REMOTE_START_TRANSACTION)
def remote_start(machine: Machine, request: v16.RemoteStartTransactionRequest) -> v16.RemoteStartTransactionResponse:
    """5.11: Accepted when a connector is there for the token; then it goes on as a local start."""
    grant = Grant(Token(request.id_tag), is_remote=True)
    number = None if request.connector_id is UNSET else request.connector_id
    evse = commands.choose(machine, number, grant) if machine.link.is_accepted else None
    profile = request.charging_profile
    if evse is None or (profile is not UNSET and profile.charging_profile_purpose != "TxProfile"):
        return v16.RemoteStartTransactionResponse(status="Rejected")
    if profile is not UNSET:
        machine.profiles.install(profiles16.neutral(profile, evse.number, machine.now))
    commands.start(machine, evse, grant)
    return v16.RemoteStartTransactionResponse(status="Accepted")


@ANSWERS.on(v16.REMOTE_STOP_TRANSACTION)
def remote_stop(machine: Machine, request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
    """5.12."""
    is_known = commands.stop(machine, request.transaction_id)
    return v16.RemoteStopTransactionResponse(status="Accepted" if is_known else "Rejected")


@ANSWERS.on(v16.RESET)
def reset(machine: Machine, request: v16.ResetRequest) -> v16.ResetResponse:
    """5.14."""
    action = lifecycle.reset_hard if request.type == "Hard" else lifecycle.reset_soft
    machine.link.after(lambda: action(machine))
    return v16.ResetResponse(status="Accepted")


@ANSWERS.on(v16.CHANGE_AVAILABILITY)
def change_availability(machine: Machine, request: v16.ChangeAvailabilityRequest) -> v16.ChangeAvailabilityResponse:
    """5.2; connector 0 stands for all."""
    evses = [evse for evse in machine.evses.values() if request.connector_id in {0, evse.number}]
    if not evses:
        return v16.ChangeAvailabilityResponse(status="Rejected")
    status = commands.change_availability(machine, evses, is_operative=request.type == "Operative")
    return v16.ChangeAvailabilityResponse(status=status)


@ANSWERS.on(v16.UNLOCK_CONNECTOR)
def unlock(machine: Machine, request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
    """5.18: a transaction is stopped first."""
    evse = machine.evses.get(request.connector_id)
    if evse is None:
        return v16.UnlockConnectorResponse(status="NotSupported")
    machine.link.after(lambda: charging.stop(machine, evse, Ending("UnlockCommand", "UnlockCommand")))
    return v16.UnlockConnectorResponse(status="Unlocked")


@ANSWERS.on(v16.GET_CONFIGURATION)
def get_configuration(machine: Machine, request: v16.GetConfigurationRequest) -> v16.GetConfigurationResponse:
    """5.8: no keys asks for all."""
    asked = [] if request.key is UNSET else request.key
    rows = [machine.settings.find(key) for key in asked] if asked else list(machine.settings)
    return v16.GetConfigurationResponse(
        configuration_key=[_key_value(machine, row) for row in rows if row is not None] or UNSET,
        unknown_key=[key for key in asked if machine.settings.find(key) is None] or UNSET,
    )


def _key_value(machine: Machine, setting: Setting) -> v16.KeyValue:
    value = UNSET if setting.is_writeonly else machine.settings.value(setting.name)
    return v16.KeyValue(key=setting.name, readonly=setting.is_readonly, value=value)


@ANSWERS.on(v16.CHANGE_CONFIGURATION)
def change_configuration(machine: Machine, request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
    """5.3."""
    outcome = machine.settings.change(request.key, request.value)
    commands.setting_changed(machine, request.key, outcome)
    match outcome:
        case "Unknown":
            return v16.ChangeConfigurationResponse(status="NotSupported")
        case "ReadOnly":
            return v16.ChangeConfigurationResponse(status="Rejected")
        case _:
            return v16.ChangeConfigurationResponse(status=outcome)


@ANSWERS.on(v16.CLEAR_CACHE)
def clear_cache(machine: Machine, _request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
    """5.4."""
    machine.tokens.cache.clear()
    return v16.ClearCacheResponse(status="Accepted" if machine.settings.flag("cache") else "Rejected")


@ANSWERS.on(v16.DATA_TRANSFER)
def data_transfer(machine: Machine, request: v16.DataTransferRequest) -> v16.DataTransferResponse:
    """5.6: the station knows its own vendor, whose messages it sends back."""
    if request.vendor_id != machine.options.vendor:
        return v16.DataTransferResponse(status="UnknownVendorId")
    return v16.DataTransferResponse(status="Accepted", data=request.data)


# --- local list, reservations, triggers ------------------------------------------------------------------------------


@ANSWERS.on(v16.GET_LOCAL_LIST_VERSION)
def local_list_version(machine: Machine, _request: v16.GetLocalListVersionRequest) -> v16.GetLocalListVersionResponse:
    """5.10: -1 where the list is switched off."""
    is_on = machine.settings.flag("list")
    return v16.GetLocalListVersionResponse(list_version=machine.tokens.list_version if is_on else -1)


@ANSWERS.on(v16.SEND_LOCAL_LIST)
def send_local_list(machine: Machine, request: v16.SendLocalListRequest) -> v16.SendLocalListResponse:
    """5.15: an entry without idTagInfo leaves the list."""
    tokens = machine.tokens
    if not machine.settings.flag("list"):
        return v16.SendLocalListResponse(status="NotSupported")
    if request.update_type == "Differential" and request.list_version <= tokens.list_version:
        return v16.SendLocalListResponse(status="VersionMismatch")
    if request.update_type == "Full":
        tokens.listed = {}
    for entry in () if request.local_authorization_list is UNSET else request.local_authorization_list:
        key = entry.id_tag.lower()
        if entry.id_tag_info is UNSET:
            tokens.listed.pop(key, None)
        else:
            tokens.listed[key] = token_info(entry.id_tag_info)
    tokens.list_version = request.list_version
    return v16.SendLocalListResponse(status="Accepted")


@ANSWERS.on(v16.RESERVE_NOW)
def reserve_now(machine: Machine, request: v16.ReserveNowRequest) -> v16.ReserveNowResponse:
    """5.13."""
    reservation = Reservation(
        request.reservation_id,
        request.connector_id,
        Token(request.id_tag),
        None if request.parent_id_tag is UNSET else request.parent_id_tag,
        request.expiry_date.timestamp(),
    )
    return v16.ReserveNowResponse(status=reservations.reserve(machine, reservation))


@ANSWERS.on(v16.CANCEL_RESERVATION)
def cancel_reservation(machine: Machine, request: v16.CancelReservationRequest) -> v16.CancelReservationResponse:
    """5.1."""
    is_known = reservations.cancel(machine, request.reservation_id)
    return v16.CancelReservationResponse(status="Accepted" if is_known else "Rejected")


@ANSWERS.on(v16.TRIGGER_MESSAGE)
def trigger_message(machine: Machine, request: v16.TriggerMessageRequest) -> v16.TriggerMessageResponse:
    """5.17."""
    number = None if request.connector_id is UNSET else request.connector_id
    return v16.TriggerMessageResponse(status=commands.trigger(machine, request.requested_message, number))


@ANSWERS.on(v16.EXTENDED_TRIGGER_MESSAGE)
def extended_trigger(
    machine: Machine, request: v16.ExtendedTriggerMessageRequest
) -> v16.ExtendedTriggerMessageResponse:
    """Security whitepaper, 5.5."""
    number = None if request.connector_id is UNSET else request.connector_id
    return v16.ExtendedTriggerMessageResponse(status=commands.trigger(machine, request.requested_message, number))


# --- smart charging -------------------------------------------------------------------------------------------------


@ANSWERS.on(v16.SET_CHARGING_PROFILE)
def set_profile(machine: Machine, request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
    """5.16."""
    profile = request.cs_charging_profiles
    if not profiles16.is_allowed(machine, request.connector_id, profile):
        return v16.SetChargingProfileResponse(status="Rejected")
    machine.profiles.install(profiles16.neutral(profile, request.connector_id, machine.now))
    commands.limits_changed(machine)
    return v16.SetChargingProfileResponse(status="Accepted")


@ANSWERS.on(v16.CLEAR_CHARGING_PROFILE)
def clear_profile(machine: Machine, request: v16.ClearChargingProfileRequest) -> v16.ClearChargingProfileResponse:
    """5.5: an id stands alone, the other members narrow the choice."""

    def matches(profile: Profile) -> bool:
        if request.id is not UNSET:
            return profile.number == request.id
        return (
            request.connector_id in {UNSET, profile.evse}
            and request.charging_profile_purpose in {UNSET, profile.purpose}
            and request.stack_level in {UNSET, profile.stack_level}
        )

    gone = machine.profiles.remove(matches)
    commands.limits_changed(machine)
    return v16.ClearChargingProfileResponse(status="Accepted" if gone else "Unknown")


@ANSWERS.on(v16.GET_COMPOSITE_SCHEDULE)
def composite_schedule(machine: Machine, request: v16.GetCompositeScheduleRequest) -> v16.GetCompositeScheduleResponse:
    """5.7."""
    if request.connector_id not in {0, *machine.evses} or request.duration <= 0:
        return v16.GetCompositeScheduleResponse(status="Rejected")
    unit = "W" if request.charging_rate_unit is UNSET else request.charging_rate_unit
    return v16.GetCompositeScheduleResponse(
        status="Accepted",
        connector_id=request.connector_id,
        schedule_start=machine.wall,
        charging_schedule=profiles16.composite(machine, request.connector_id, request.duration, unit),
    )


# --- firmware, logs, certificates -----------------------------------------------------------------------------------


@ANSWERS.on(v16.UPDATE_FIRMWARE)
def update_firmware(machine: Machine, request: v16.UpdateFirmwareRequest) -> v16.UpdateFirmwareResponse:
    """5.19."""
    commands.update_firmware(machine, request.location, None, is_signed=False)
    return v16.UpdateFirmwareResponse()


@ANSWERS.on(v16.SIGNED_UPDATE_FIRMWARE)
def signed_update_firmware(
    machine: Machine, request: v16.SignedUpdateFirmwareRequest
) -> v16.SignedUpdateFirmwareResponse:
    """Security whitepaper, 5.21: a certificate that cannot be read is invalid."""
    firmware = request.firmware
    if certificates.read(firmware.signing_certificate, "Manufacturer") is None:
        return v16.SignedUpdateFirmwareResponse(status="InvalidCertificate")
    was_busy = commands.update_firmware(machine, firmware.location, request.request_id, is_signed=True)
    return v16.SignedUpdateFirmwareResponse(status="AcceptedCanceled" if was_busy else "Accepted")


@ANSWERS.on(v16.GET_DIAGNOSTICS)
def get_diagnostics(machine: Machine, request: v16.GetDiagnosticsRequest) -> v16.GetDiagnosticsResponse:
    """5.9."""
    name, _ = commands.upload(machine, request.location, None)
    return v16.GetDiagnosticsResponse(file_name=name)


@ANSWERS.on(v16.GET_LOG)
def get_log(machine: Machine, request: v16.GetLogRequest) -> v16.GetLogResponse:
    """Security whitepaper, 5.9."""
    name, was_busy = commands.upload(machine, request.log.remote_location, request.request_id)
    return v16.GetLogResponse(status="AcceptedCanceled" if was_busy else "Accepted", filename=name)


@ANSWERS.on(v16.INSTALL_CERTIFICATE)
def install_certificate(machine: Machine, request: v16.InstallCertificateRequest) -> v16.InstallCertificateResponse:
    """Security whitepaper, 5.11."""
    found = certificates.read(request.certificate, request.certificate_type)
    if found is None:
        return v16.InstallCertificateResponse(status="Rejected")
    machine.shelf.certificates[found.key] = found
    return v16.InstallCertificateResponse(status="Accepted")


@ANSWERS.on(v16.DELETE_CERTIFICATE)
def delete_certificate(machine: Machine, request: v16.DeleteCertificateRequest) -> v16.DeleteCertificateResponse:
    """Security whitepaper, 5.3."""
    gone = machine.shelf.certificates.pop(certificates.key_of(request.certificate_hash_data), None)
    return v16.DeleteCertificateResponse(status="Accepted" if gone is not None else "NotFound")


@ANSWERS.on(v16.GET_INSTALLED_CERTIFICATE_IDS)
def installed_certificates(
    machine: Machine, request: v16.GetInstalledCertificateIdsRequest
) -> v16.GetInstalledCertificateIdsResponse:
    """Security whitepaper, 5.7."""
    known = machine.shelf.certificates.values()
    rows = [
        v16.CertificateHashData(
            hash_algorithm="SHA256",
            issuer_name_hash=found.issuer_name_hash,
            issuer_key_hash=found.issuer_key_hash,
            serial_number=found.serial_number,
        )
        for found in known
        if found.use == request.certificate_type
    ]
    return v16.GetInstalledCertificateIdsResponse(
        status="Accepted" if rows else "NotFound", certificate_hash_data=rows or UNSET
    )


@ANSWERS.on(v16.CERTIFICATE_SIGNED)
def certificate_signed(machine: Machine, request: v16.CertificateSignedRequest) -> v16.CertificateSignedResponse:
    """Security whitepaper, 5.1."""
    found = certificates.read(request.certificate_chain, certificates.OWN)
    if found is None:
        machine.link.after(lambda: machine.send(machine.words.security_event("InvalidChargePointCertificate")))
        return v16.CertificateSignedResponse(status="Rejected")
    machine.shelf.certificates[found.key] = found
    return v16.CertificateSignedResponse(status="Accepted")
