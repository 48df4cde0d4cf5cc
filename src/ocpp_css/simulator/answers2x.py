"""What a 2.x station answers about transactions, availability, reservations, tokens, firmware and logs."""

from typing import Final

from msgspec import UNSET, UnsetType

from ocpp_css.ocpp import v201
from ocpp_css.simulator import certificates, commands, lifecycle, profiles2x, reservations
from ocpp_css.simulator.answers import Answers
from ocpp_css.simulator.machine import Machine, Reservation
from ocpp_css.simulator.tokens import Grant, Token
from ocpp_css.simulator.words2x import token_info

ANSWERS: Final = Answers()


def token_of(token: v201.IdToken) -> Token:
    """A token as the core has it."""
    return Token(token.id_token, token.type)


def _group(token: v201.IdToken | UnsetType) -> str | None:
    return None if token is UNSET else token.id_token


# --- transactions ---------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.REQUEST_START_TRANSACTION)
def request_start(
    machine: Machine, request: v201.RequestStartTransactionRequest
) -> v201.RequestStartTransactionResponse:
    """F01, F02: a transaction that runs already without a token is named in the answer."""
    grant = Grant(token_of(request.id_token), _group(request.group_id_token), True, request.remote_start_id)
    number = None if request.evse_id is UNSET else request.evse_id
    evse = commands.choose(machine, number, grant) if machine.link.is_accepted else None
    profile = request.charging_profile
    if evse is None or (profile is not UNSET and profile.charging_profile_purpose != "TxProfile"):
        return v201.RequestStartTransactionResponse(status="Rejected")
    if profile is not UNSET:
        machine.profiles.install(profiles2x.neutral(profile, evse.number, machine.now))
    commands.start(machine, evse, grant)
    running = evse.transaction
    key = UNSET if running is None else str(running.key)
    return v201.RequestStartTransactionResponse(status="Accepted", transaction_id=key)


@ANSWERS.on(v201.REQUEST_STOP_TRANSACTION)
def request_stop(machine: Machine, request: v201.RequestStopTransactionRequest) -> v201.RequestStopTransactionResponse:
    """F03."""
    is_known = commands.stop(machine, request.transaction_id)
    return v201.RequestStopTransactionResponse(status="Accepted" if is_known else "Rejected")


@ANSWERS.on(v201.GET_TRANSACTION_STATUS)
def transaction_status(
    machine: Machine, request: v201.GetTransactionStatusRequest
) -> v201.GetTransactionStatusResponse:
    """E14."""
    waits = any(True for letter in machine.link.outbox.kept)
    if request.transaction_id is UNSET:
        return v201.GetTransactionStatusResponse(messages_in_queue=waits)
    is_running = commands.find(machine, request.transaction_id) is not None
    return v201.GetTransactionStatusResponse(ongoing_indicator=is_running, messages_in_queue=waits)


@ANSWERS.on(v201.COST_UPDATED)
def cost_updated(_machine: Machine, _request: v201.CostUpdatedRequest) -> v201.CostUpdatedResponse:
    """I02: the display of an emulated station shows nothing."""
    return v201.CostUpdatedResponse()


# --- the station ----------------------------------------------------------------------------------------------------


@ANSWERS.on(v201.RESET)
def reset(machine: Machine, request: v201.ResetRequest) -> v201.ResetResponse:
    """B11, B12: of one EVSE it is a stop and a new status; of the station, a restart."""
    evses = [evse for evse in machine.evses.values() if request.evse_id in {UNSET, evse.number}]
    if not evses:
        return v201.ResetResponse(status="Rejected")
    is_busy = any(evse.transaction is not None for evse in evses)
    if request.type == "OnIdle" and is_busy:
        machine.restarts_when_idle = machine.restarts_when_idle or request.evse_id is UNSET
        return v201.ResetResponse(status="Scheduled")
    if request.evse_id is UNSET:
        machine.link.after(lambda: lifecycle.reset_soft(machine))
    else:
        machine.link.after(lambda: lifecycle.reset_evses(machine, evses))
    return v201.ResetResponse(status="Accepted")


@ANSWERS.on(v201.CHANGE_AVAILABILITY)
def change_availability(machine: Machine, request: v201.ChangeAvailabilityRequest) -> v201.ChangeAvailabilityResponse:
    """G03, G04."""
    number = None if request.evse is UNSET or request.evse.id == 0 else request.evse.id
    evses = [evse for evse in machine.evses.values() if number in {None, evse.number}]
    if not evses or (request.evse is not UNSET and request.evse.connector_id not in {UNSET, 0, 1}):
        return v201.ChangeAvailabilityResponse(status="Rejected")
    is_operative = request.operational_status == "Operative"
    return v201.ChangeAvailabilityResponse(
        status=commands.change_availability(machine, evses, is_operative=is_operative)
    )


@ANSWERS.on(v201.UNLOCK_CONNECTOR)
def unlock(machine: Machine, request: v201.UnlockConnectorRequest) -> v201.UnlockConnectorResponse:
    """F05."""
    evse = machine.evses.get(request.evse_id)
    if evse is None or request.connector_id != 1:
        return v201.UnlockConnectorResponse(status="UnknownConnector")
    if evse.transaction is not None and evse.grant is not None:
        return v201.UnlockConnectorResponse(status="OngoingAuthorizedTransaction")
    return v201.UnlockConnectorResponse(status="Unlocked")


@ANSWERS.on(v201.TRIGGER_MESSAGE)
def trigger_message(machine: Machine, request: v201.TriggerMessageRequest) -> v201.TriggerMessageResponse:
    """F06."""
    number = None if request.evse is UNSET else request.evse.id
    if request.requested_message == "StatusNotification" and number is None and len(machine.evses) > 1:
        # F06.FR.12: it needs an EVSE and a connector; all are told where there is no doubt
        return v201.TriggerMessageResponse(status="Rejected")
    return v201.TriggerMessageResponse(status=commands.trigger(machine, request.requested_message, number))


@ANSWERS.on(v201.DATA_TRANSFER)
def data_transfer(machine: Machine, request: v201.DataTransferRequest) -> v201.DataTransferResponse:
    """P01: the station knows its own vendor, whose messages it sends back."""
    if request.vendor_id != machine.options.vendor:
        return v201.DataTransferResponse(status="UnknownVendorId")
    return v201.DataTransferResponse(status="Accepted", data=request.data)


@ANSWERS.on(v201.SET_NETWORK_PROFILE)
def set_network_profile(machine: Machine, request: v201.SetNetworkProfileRequest) -> v201.SetNetworkProfileResponse:
    """B09: kept, never with less security than now."""
    wished = request.connection_data
    if request.configuration_slot < 0 or wished.ocpp_transport != "JSON":
        return v201.SetNetworkProfileResponse(status="Rejected")
    if wished.security_profile < machine.settings.number("security_profile") or wished.security_profile > 3:
        return v201.SetNetworkProfileResponse(status="Rejected")
    machine.shelf.networks[request.configuration_slot] = wished
    return v201.SetNetworkProfileResponse(status="Accepted")


# --- tokens and reservations ----------------------------------------------------------------------------------------


@ANSWERS.on(v201.CLEAR_CACHE)
def clear_cache(machine: Machine, _request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
    """C11."""
    machine.tokens.cache.clear()
    return v201.ClearCacheResponse(status="Accepted" if machine.settings.flag("cache") else "Rejected")


@ANSWERS.on(v201.GET_LOCAL_LIST_VERSION)
def local_list_version(machine: Machine, _request: v201.GetLocalListVersionRequest) -> v201.GetLocalListVersionResponse:
    """D02: 0 where there is no list."""
    return v201.GetLocalListVersionResponse(version_number=machine.tokens.list_version)


@ANSWERS.on(v201.SEND_LOCAL_LIST)
def send_local_list(machine: Machine, request: v201.SendLocalListRequest) -> v201.SendLocalListResponse:
    """D01: an entry without idTokenInfo leaves the list."""
    tokens = machine.tokens
    if not machine.settings.flag("list") or request.version_number <= 0:
        return v201.SendLocalListResponse(status="Failed")
    if request.update_type == "Differential" and request.version_number <= tokens.list_version:
        return v201.SendLocalListResponse(status="VersionMismatch")
    if request.update_type == "Full":
        tokens.listed = {}
    for entry in () if request.local_authorization_list is UNSET else request.local_authorization_list:
        key = entry.id_token.id_token.lower()
        if entry.id_token_info is UNSET:
            tokens.listed.pop(key, None)
        else:
            tokens.listed[key] = token_info(entry.id_token_info)
    tokens.list_version = request.version_number
    return v201.SendLocalListResponse(status="Accepted")


@ANSWERS.on(v201.RESERVE_NOW)
def reserve_now(machine: Machine, request: v201.ReserveNowRequest) -> v201.ReserveNowResponse:
    """H01."""
    reservation = Reservation(
        request.id,
        0 if request.evse_id is UNSET else request.evse_id,
        token_of(request.id_token),
        _group(request.group_id_token),
        request.expiry_date_time.timestamp(),
    )
    return v201.ReserveNowResponse(status=reservations.reserve(machine, reservation))


@ANSWERS.on(v201.CANCEL_RESERVATION)
def cancel_reservation(machine: Machine, request: v201.CancelReservationRequest) -> v201.CancelReservationResponse:
    """H02."""
    is_known = reservations.cancel(machine, request.reservation_id)
    return v201.CancelReservationResponse(status="Accepted" if is_known else "Rejected")


# --- firmware and logs ----------------------------------------------------------------------------------------------


@ANSWERS.on(v201.UPDATE_FIRMWARE)
def update_firmware(machine: Machine, request: v201.UpdateFirmwareRequest) -> v201.UpdateFirmwareResponse:
    """L01, L02: a certificate that is given must be one."""
    firmware = request.firmware
    is_signed = firmware.signing_certificate is not UNSET
    if firmware.signing_certificate is not UNSET and certificates.read(firmware.signing_certificate, "") is None:
        return v201.UpdateFirmwareResponse(status="InvalidCertificate")
    was_busy = commands.update_firmware(machine, firmware.location, request.request_id, is_signed=is_signed)
    return v201.UpdateFirmwareResponse(status="AcceptedCanceled" if was_busy else "Accepted")


@ANSWERS.on(v201.PUBLISH_FIRMWARE)
def publish_firmware(machine: Machine, request: v201.PublishFirmwareRequest) -> v201.PublishFirmwareResponse:
    """L03: offered on the local network, in name only."""

    def tell() -> None:
        machine.shelf.published.add(request.checksum)
        commands.publish(machine, request.location, request.request_id)

    machine.link.after(tell)
    return v201.PublishFirmwareResponse(status="Accepted")


@ANSWERS.on(v201.UNPUBLISH_FIRMWARE)
def unpublish_firmware(machine: Machine, request: v201.UnpublishFirmwareRequest) -> v201.UnpublishFirmwareResponse:
    """L04."""
    is_known = request.checksum in machine.shelf.published
    machine.shelf.published.discard(request.checksum)
    return v201.UnpublishFirmwareResponse(status="Unpublished" if is_known else "NoFirmware")


@ANSWERS.on(v201.GET_LOG)
def get_log(machine: Machine, request: v201.GetLogRequest) -> v201.GetLogResponse:
    """N01."""
    name, was_busy = commands.upload(machine, request.log.remote_location, request.request_id)
    return v201.GetLogResponse(status="AcceptedCanceled" if was_busy else "Accepted", filename=name)
